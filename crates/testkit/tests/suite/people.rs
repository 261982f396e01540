//! Persons, their contributions, their enterprises.

use std::collections::BTreeSet;

use shuyu_kernel::{CreditCode, ResidentId, cn::Sex};
use shuyu_testkit::registers as r;

use crate::support::rows;

#[test]
fn numbers_are_valid_unique_and_of_an_area_that_does_not_exist() {
    let mut seen = BTreeSet::new();
    for row in rows(r::write_persons_csv, 3, 70_000) {
        let id: ResidentId = row["resident_id"].parse().unwrap();
        assert!(id.area().starts_with("99"));
        assert!(row["village_code"].starts_with(id.area()));
        assert_eq!(row["birth_date"], id.birth().to_string());
        assert_eq!(row["sex"] == "1", id.sex() == Sex::Male);
        assert!(seen.insert(id), "a number stands twice");
    }
}

#[test]
fn numbers_stay_unique_when_a_slot_comes_again() {
    let slots = 60 * 999;
    let ids: BTreeSet<_> = (0..1000)
        .map(|round| r::person_id(3, 5 + round * slots).unwrap())
        .collect();
    assert_eq!(ids.len(), 1000);
    let slot = |id: &ResidentId| (id.area().to_owned(), id.reveal()[14..17].to_owned());
    assert_eq!(ids.iter().map(slot).collect::<BTreeSet<_>>().len(), 1);
    assert!(r::person_id(3, r::MAX_PERSONS - 1).is_some() && r::person_id(3, r::MAX_PERSONS).is_none());
}

#[test]
fn birth_dates_spread_and_villages_exist() {
    let persons = rows(r::write_persons_csv, 3, 5_000);
    let dates: BTreeSet<&String> = persons.iter().map(|row| &row["birth_date"]).collect();
    assert!(dates.len() > 4_000);
    let known: BTreeSet<String> = rows(r::write_villages_csv, 3, 30_000)
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    assert!(persons.iter().all(|row| known.contains(&row["village_code"])));
}

#[test]
fn contributions_are_of_the_same_persons() {
    let persons = rows(r::write_persons_csv, 3, 20_000);
    let known: BTreeSet<&String> = persons.iter().map(|row| &row["resident_id"]).collect();
    let paid = rows(r::write_contributions_csv, 3, 5_000);
    let payers: BTreeSet<&String> = paid.iter().map(|row| &row["resident_id"]).collect();
    assert!(payers.len() == paid.len() && payers.is_subset(&known));
    let end = shuyu_kernel::CivilDate::new(2025, 12, 31).unwrap();
    let age = |id: &String| id.parse::<ResidentId>().unwrap().age_on(end);
    assert!(payers.into_iter().all(|id| (18..60).contains(&age(id))));
    let missing = paid.iter().filter(|row| row["months_paid"].is_empty()).count();
    assert!((50..200).contains(&missing), "{missing}");
    for row in paid {
        CreditCode::parse(&row["credit_code"]).unwrap();
        assert_eq!(row["months_paid"].is_empty(), row["last_month"].is_empty());
        assert!((3800.0..=30_000.0).contains(&row["monthly_base"].parse().unwrap()));
    }
}

#[test]
fn enterprises_have_valid_unique_codes_of_no_area() {
    let codes: BTreeSet<CreditCode> = (0..60_000)
        .map(|index| r::credit_code(1, index).unwrap())
        .collect();
    assert_eq!(codes.len(), 60_000);
    assert!(
        codes
            .iter()
            .all(|code| code.division().starts_with("99") && code.authority() == '9')
    );
}
