//! Households, employees, measurements: the shapes that the disclosure rules work on.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{CivilDate, CreditCode};
use shuyu_testkit::registers as r;

use crate::support::{Writer, bytes, number, rows};

const OWN: [&str; 8] = [
    "py010n", "py050n", "py090n", "py100n", "py110n", "py120n", "py130n", "py140n",
];
const SHARED: [&str; 8] = [
    "hy040n", "hy050n", "hy070n", "hy080n", "hy090n", "hy110n", "hy130n", "hy145n",
];

#[test]
fn households_are_complete_and_their_income_adds_up() {
    let mut households: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for row in rows(r::write_households_csv, 5, 5_003) {
        households.entry(row["db030"].clone()).or_default().push(row);
    }
    for (id, members) in households {
        assert!(
            members
                .iter()
                .all(|row| row["hsize"] == members.len().to_string()),
            "{id}"
        );
        for column in SHARED
            .iter()
            .chain(&["db040", "eqSS", "eqIncome", "db090", "rb050"])
        {
            assert!(
                members.iter().all(|row| row[*column] == members[0][*column]),
                "{id} {column}"
            );
        }
        let filled = |row: &BTreeMap<String, String>, column: &str| row[column].parse().unwrap_or(0.0);
        let own: f64 = members
            .iter()
            .flat_map(|row| OWN.map(|column| filled(row, column)))
            .sum();
        let shared: f64 = SHARED.iter().map(|column| number(&members[0], column)).sum();
        let income = number(&members[0], "eqIncome") * number(&members[0], "eqSS");
        assert!(
            (own + shared - income).abs() < 0.01,
            "{id}: {own} + {shared} is not {income}"
        );
    }
}

#[test]
fn children_have_no_income_of_their_own_and_nothing_paid_is_minus_zero() {
    let people = rows(r::write_households_csv, 5, 5_000);
    for row in &people {
        let child = number(row, "age") < 16.0;
        for column in OWN.iter().chain(&["pl030", "pb220a"]) {
            assert_eq!(row[*column].is_empty(), child, "{column}");
        }
    }
    assert!(
        people.iter().any(|row| row["hy130n"] == "-0.0") && people.iter().any(|row| row["py010n"] == "0.0")
    );
    let ids: BTreeSet<&String> = people.iter().map(|row| &row["rb030"]).collect();
    assert_eq!(ids.len(), people.len());
    let sizes: BTreeSet<&String> = people.iter().map(|row| &row["hsize"]).collect();
    assert!(sizes.len() >= 6);
}

#[test]
fn enterprises_differ_in_size_and_earnings_are_skewed() {
    let staff = rows(r::write_employees_csv, 5, 15_000);
    let mut units: BTreeMap<&String, Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for row in &staff {
        CreditCode::parse(&row["IDunit"]).unwrap();
        units.entry(&row["IDunit"]).or_default().push(row);
    }
    for (unit, members) in &units {
        for column in [
            "location",
            "NACE1",
            "size",
            "economicFinanc",
            "payAgreement",
            "weightsEmployers",
        ] {
            assert!(
                members.iter().all(|row| row[column] == members[0][column]),
                "{unit} {column}"
            );
        }
    }
    assert!(
        units.len() > 300 && units.values().any(|m| m.len() > 100) && units.values().any(|m| m.len() < 5)
    );
    let mut months: Vec<f64> = staff.iter().map(|row| number(row, "earningsMonth")).collect();
    months.sort_by(f64::total_cmp);
    let mean = months.iter().sum::<f64>() / months.len() as f64;
    assert!(
        months[0] > 0.0 && mean > months[months.len() / 2],
        "the tail goes upwards"
    );
    for row in &staff {
        let (full, share) = (row["fullPart"] == "FT", number(row, "shareNormalHours"));
        assert!(full == (share == 100.0) && number(row, "hoursPaid") > 0.0 && number(row, "weeks") <= 52.14);
        let hourly = number(row, "earningsMonth") / number(row, "hoursPaid");
        assert!((hourly - number(row, "earningsHour")).abs() < 1e-6);
    }
}

#[test]
fn measurements_follow_each_other_hour_by_hour() {
    let all = rows(r::write_air_quality_csv, 5, 6 * 24 * 40);
    let hours = all.iter().filter(|row| row["station"] == r::STATIONS[0]);
    for (i, row) in (0i64..).zip(hours) {
        let day = CivilDate::new(2013, 3, 1).unwrap().plus_days(i / 24);
        let shown = format!("{}-{}-{} {}", day.year(), day.month(), day.day(), i % 24);
        assert_eq!(
            format!("{}-{}-{} {}", row["year"], row["month"], row["day"], row["hour"]),
            shown
        );
        assert_eq!(row["No"], (i + 1).to_string());
    }
    let stations: BTreeSet<&String> = all.iter().map(|row| &row["station"]).collect();
    assert_eq!(stations.len(), r::STATIONS.len());
}

#[test]
fn some_measurements_are_missing_and_the_rest_are_numbers() {
    let all = rows(r::write_air_quality_csv, 5, 20_000);
    for column in [
        "PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES", "DEWP", "RAIN", "WSPM",
    ] {
        let missing = all.iter().filter(|row| row[column] == "NA").count();
        assert!((1..1_300).contains(&missing), "{column}: {missing}");
        assert!(
            all.iter()
                .all(|row| row[column] == "NA" || row[column].parse::<f64>().is_ok()),
            "{column}"
        );
    }
}

#[test]
fn one_station_alone_is_the_same_station() {
    let all = bytes(r::write_air_quality_csv, 5, 600);
    for (station, name) in r::STATIONS.iter().enumerate() {
        let mut alone = Vec::new();
        r::write_station_csv(&mut alone, 5, station, 100).unwrap();
        let of_all = String::from_utf8(all.clone()).unwrap();
        let mine = of_all
            .lines()
            .filter(|line| line.ends_with(&format!("\"{name}\"")));
        assert!(
            String::from_utf8(alone).unwrap().lines().skip(1).eq(mine),
            "{name}"
        );
    }
    let mut nothing = Vec::new();
    assert!(r::write_station_csv(&mut nothing, 5, r::STATIONS.len(), 1).is_err() && nothing.is_empty());
}

#[test]
fn a_quoted_header_like_that_of_the_real_file() {
    let writer: Writer = r::write_air_quality_csv;
    assert!(bytes(writer, 1, 0).starts_with(b"\"No\",\"year\",\"month\""));
}
