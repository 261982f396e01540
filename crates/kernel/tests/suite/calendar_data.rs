//! The gazetted files themselves: cited, complete, plausible.

use shuyu_kernel::calendar::DayKind;

use crate::support::{CALENDAR, FILES, date, entries};

#[test]
fn every_year_from_2007_has_one_file_named_after_it() {
    let names: Vec<&str> = FILES.iter().map(|(name, _)| name.as_str()).collect();
    let expected: Vec<String> = (2007..=2026).map(|year| format!("{year}.toml")).collect();
    assert_eq!(names, expected);
}

#[test]
fn every_date_cites_a_notice_of_the_state_council() {
    for entry in entries().iter().filter(|entry| CALENDAR.is_gazetted(entry.date)) {
        let notices = CALENDAR.notices(entry.date);
        assert!(!notices.is_empty(), "{}", entry.date);
        for notice in notices {
            let rest = notice.strip_prefix("http").unwrap().trim_start_matches('s');
            assert!(rest.starts_with("://www.gov.cn/"), "{notice}");
        }
    }
    assert!(CALENDAR.notices(date("2027-01-01")).is_empty());
}

#[test]
fn days_off_and_worked_days_have_the_size_the_regulation_gives_them() {
    for year in 2007..=2026 {
        let of_year = |off| {
            entries()
                .iter()
                .filter(|e| e.date.year() == year && e.off == off)
                .count()
        };
        assert!(
            (20..=35).contains(&of_year(true)),
            "{year}: {} off",
            of_year(true)
        );
        assert!(
            (2..=12).contains(&of_year(false)),
            "{year}: {} worked",
            of_year(false)
        );
    }
    // Worked days of a notice are Saturdays and Sundays; in 2020 one names the Monday of the return.
    let weekdays = entries()
        .into_iter()
        .filter(|entry| !entry.off && entry.date.weekday() < 6);
    assert_eq!(
        weekdays.map(|entry| entry.date).collect::<Vec<_>>(),
        [date("2020-02-03")]
    );
    assert_eq!(CALENDAR.day(date("2020-02-03")), DayKind::Workday);
}

#[test]
fn known_days() {
    let table = [
        ("2026-02-13", DayKind::Workday),
        ("2026-02-14", DayKind::SwappedWorkday("春节".to_owned())),
        ("2026-02-15", DayKind::Holiday("春节".to_owned())),
        ("2026-02-24", DayKind::Workday),
        ("2026-03-01", DayKind::Weekend),
        ("2026-05-09", DayKind::SwappedWorkday("劳动节".to_owned())),
        ("2027-01-01", DayKind::Workday),
        ("2027-01-02", DayKind::Weekend),
    ];
    for (day, kind) in table {
        assert_eq!(CALENDAR.day(date(day)), kind, "{day}");
    }
}

#[test]
fn a_december_day_follows_the_notice_of_the_next_year() {
    let new_years_eve = date("2018-12-31");
    assert_eq!(CALENDAR.day(new_years_eve), DayKind::Holiday("元旦".to_owned()));
    assert_eq!(
        CALENDAR.notices(new_years_eve),
        CALENDAR.notices(date("2019-06-03"))
    );
    assert_eq!(
        CALENDAR.day(date("2018-12-29")),
        DayKind::SwappedWorkday("元旦".to_owned())
    );
}

#[test]
fn the_extended_spring_festival_of_2020_is_in() {
    assert!(!CALENDAR.is_working(date("2020-01-31")));
    assert_eq!(CALENDAR.notices(date("2020-01-31")).len(), 2);
}
