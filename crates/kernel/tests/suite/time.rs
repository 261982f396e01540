//! Instants, civil dates, zones.

use proptest::prelude::*;
use shuyu_kernel::{CivilDate, Timestamp, Zone};

use crate::support::date;

#[test]
fn dates_read_and_write() {
    for text in [
        "1970-01-01",
        "2000-02-29",
        "2026-11-21",
        "0001-01-01",
        "9999-12-31",
    ] {
        assert_eq!(date(text).to_string(), text);
    }
    let table = [
        "",
        "2026",
        "2026-2-03",
        "2026-02-3",
        "26-02-03",
        "2026-02-30",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "1900-02-29",
        "2026/02/03",
        "2026-02-03T00:00",
        "2026-02-03 ",
        "+026-02-03",
        "2026-+2-03",
        "2026-02-+3",
        "-026-02-03",
        "２026-02-03",
        "2026-02-03-04",
    ];
    for text in table {
        assert!(text.parse::<CivilDate>().is_err(), "{text:?}");
        assert!(
            serde_json::from_value::<CivilDate>(text.into()).is_err(),
            "{text:?}"
        );
    }
}

#[test]
fn days_count_from_1970() {
    let table = [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-03-01", 11_017),
        ("2026-11-21", 20_778),
    ];
    for (text, days) in table {
        assert_eq!(date(text).days(), days, "{text}");
        assert_eq!(CivilDate::from_days(days), date(text));
    }
    assert_eq!(
        (date("2026-11-21").weekday(), date("2026-11-23").weekday()),
        (6, 1)
    );
}

#[test]
fn months_end_on_the_same_day_number_or_the_last() {
    let table = [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
    ];
    for (start, months, end) in table {
        assert_eq!(date(start).plus_months(months), date(end), "{start} + {months}");
    }
}

#[test]
fn the_edges_of_the_calendar_saturate() {
    let last = date("9999-12-31");
    for far in [
        last.plus_days(1),
        last.plus_days(i64::MAX),
        last.plus_months(1),
        last.plus_months(i32::MAX),
    ] {
        assert_eq!(far, last);
    }
    assert_eq!(CivilDate::from_days(i64::MAX), last);
    let first = CivilDate::from_days(i64::MIN);
    assert_eq!(first.plus_days(i64::MIN), first);
    assert_eq!(first.plus_months(i32::MIN), first);
    assert_eq!(date("9950-01-01").plus_days(1), date("9950-01-02"));
}

#[test]
fn the_zone_decides_the_date() {
    let before_midnight = Timestamp::from_micros(date("2026-02-10").days() * 86_400_000_000 + 57_599_999_999);
    assert_eq!(before_midnight.to_string(), "2026-02-10T15:59:59.999999Z");
    assert_eq!(Zone::CHINA.date(before_midnight), date("2026-02-10"));
    assert_eq!(Zone::CHINA.time_of_day(before_midnight), (23, 59));
    let midnight = Timestamp::from_micros(before_midnight.micros() + 1);
    assert_eq!(Zone::CHINA.date(midnight), date("2026-02-11"));
    assert_eq!(Zone::CHINA.at_hour(date("2026-02-11"), 0), midnight);
    assert_eq!(
        Zone::CHINA.date(Timestamp::from_micros(-28_800_000_001)),
        date("1969-12-31")
    );
}

#[test]
fn timestamps_saturate_and_round_down() {
    assert_eq!(Timestamp::from_micros(-1).millis(), -1);
    assert_eq!(Timestamp::from_micros(1999).millis(), 1);
    assert_eq!(
        Timestamp::from_micros(5).plus_seconds(i64::MAX).micros(),
        i64::MAX
    );
    assert_eq!(
        Timestamp::from_micros(-5).plus_seconds(i64::MIN).micros(),
        i64::MIN
    );
    assert_eq!(
        Timestamp::from_micros(i64::MAX).to_string(),
        format!("{}us", i64::MAX)
    );
}

proptest! {
    #[test]
    fn days_and_text_round_trip(days in -719_162i64..2_932_897) {
        let day = CivilDate::from_days(days);
        prop_assert_eq!(day.days(), days);
        prop_assert_eq!(day.to_string().parse::<CivilDate>().unwrap(), day);
        let json = serde_json::to_string(&day).unwrap();
        prop_assert_eq!(serde_json::from_str::<CivilDate>(&json).unwrap(), day);
    }

    #[test]
    fn an_hour_of_a_day_lies_in_that_day(days in -700_000i64..2_900_000, hour in 0i64..24, minutes in -840i32..841) {
        let (zone, day) = (Zone { offset_minutes: minutes }, CivilDate::from_days(days));
        let at = zone.at_hour(day, hour);
        prop_assert_eq!(zone.date(at), day);
        prop_assert_eq!(zone.time_of_day(at), (hour, 0));
    }

    #[test]
    fn nothing_panics_on_absurd_instants(micros in any::<i64>(), hour in any::<i64>()) {
        let at = Timestamp::from_micros(micros);
        let day = Zone::CHINA.date(at);
        let _ = (at.to_string(), Zone::CHINA.time_of_day(at), Zone::CHINA.at_hour(day, hour));
    }
}
