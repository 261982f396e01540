//! Worked examples, with the two wrong counts that people make by hand.

use shuyu_kernel::calendar::{DayKind, Due, Limit, StepNote, WorkCalendar};

use crate::support::{CALENDAR, FILES, build, date};

/// A calendar that forgets: `keep` decides by the value of `off` which entries stay.
fn forgetful(keep: impl Fn(&str) -> bool) -> WorkCalendar {
    let files: Vec<(String, String)> = FILES
        .iter()
        .map(|(name, text)| {
            let mut blocks = text.split("[[day]]");
            let head = blocks.next().unwrap().to_owned();
            let kept = blocks
                .filter(|block| keep(block))
                .map(|block| format!("[[day]]{block}"));
            (name.clone(), head + &kept.collect::<String>())
        })
        .collect();
    build(&files)
}

/// Start, limit, right answer, Monday to Friday only, holidays without swapped working days.
const STORY: [(&str, &str, &str, &str, &str); 17] = [
    (
        "2025-10-15",
        "10 working_day",
        "2025-10-29",
        "2025-10-29",
        "2025-10-29",
    ),
    (
        "2025-11-14",
        "20 working_day",
        "2025-12-12",
        "2025-12-12",
        "2025-12-12",
    ),
    (
        "2026-01-20",
        "20 working_day",
        "2026-02-24",
        "2026-02-17",
        "2026-02-25",
    ),
    (
        "2026-01-23",
        "20 working_day",
        "2026-02-27",
        "2026-02-20",
        "2026-03-02",
    ),
    (
        "2026-01-27",
        "5 working_day",
        "2026-02-03",
        "2026-02-03",
        "2026-02-03",
    ),
    (
        "2026-01-30",
        "5 working_day",
        "2026-02-06",
        "2026-02-06",
        "2026-02-06",
    ),
    (
        "2026-02-03",
        "5 working_day",
        "2026-02-10",
        "2026-02-10",
        "2026-02-10",
    ),
    (
        "2026-02-09",
        "10 working_day",
        "2026-02-28",
        "2026-02-23",
        "2026-03-03",
    ),
    (
        "2026-02-10",
        "5 working_day",
        "2026-02-24",
        "2026-02-17",
        "2026-02-25",
    ),
    (
        "2026-02-11",
        "5 working_day",
        "2026-02-25",
        "2026-02-18",
        "2026-02-26",
    ),
    (
        "2026-02-12",
        "2 working_day",
        "2026-02-14",
        "2026-02-16",
        "2026-02-24",
    ),
    (
        "2026-02-14",
        "5 working_day",
        "2026-02-28",
        "2026-02-20",
        "2026-03-02",
    ),
    (
        "2026-02-14",
        "10 working_day",
        "2026-03-06",
        "2026-02-27",
        "2026-03-09",
    ),
    (
        "2026-03-09",
        "20 working_day",
        "2026-04-07",
        "2026-04-06",
        "2026-04-07",
    ),
    (
        "2026-03-20",
        "10 working_day",
        "2026-04-03",
        "2026-04-03",
        "2026-04-03",
    ),
    ("2026-04-03", "30 day", "2026-05-06", "", ""),
    (
        "2026-06-15",
        "10 working_day",
        "2026-06-30",
        "2026-06-29",
        "2026-06-30",
    ),
];

#[test]
fn the_story_counts_right_and_the_naive_counts_differ() {
    let weekdays_only = forgetful(|_| false);
    let no_swaps = forgetful(|block| block.contains("off = true"));
    for (start, limit, right, naive, swapless) in STORY {
        let limit: Limit = limit.parse().unwrap();
        let due = CALENDAR.due(date(start), limit);
        assert_eq!(due.on, date(right), "{start} + {limit}");
        assert!(!due.provisional, "{start} + {limit}");
        if naive.is_empty() {
            continue;
        }
        assert_eq!(
            weekdays_only.due_on(date(start), limit),
            date(naive),
            "{start} + {limit}, weekdays only"
        );
        assert_eq!(
            no_swaps.due_on(date(start), limit),
            date(swapless),
            "{start} + {limit}, no swaps"
        );
    }
}

/// Start, working days, right answer, Monday to Friday only.
const ACROSS_HOLIDAYS: [(&str, u32, &str, &str); 11] = [
    ("2026-02-13", 5, "2026-02-27", "2026-02-20"),
    ("2026-02-13", 10, "2026-03-05", "2026-02-27"),
    ("2026-04-03", 2, "2026-04-08", "2026-04-07"),
    ("2026-04-30", 5, "2026-05-11", "2026-05-07"),
    ("2026-09-18", 5, "2026-09-24", "2026-09-25"),
    ("2026-09-24", 5, "2026-10-09", "2026-10-01"),
    ("2026-09-30", 10, "2026-10-20", "2026-10-14"),
    ("2025-01-24", 20, "2025-02-27", "2025-02-21"),
    ("2024-12-31", 5, "2025-01-08", "2025-01-07"),
    ("2023-04-20", 5, "2023-04-26", "2023-04-27"),
    ("2026-01-02", 2, "2026-01-05", "2026-01-06"),
];

#[test]
fn working_days_across_holidays() {
    let weekdays_only = forgetful(|_| false);
    for (start, n, right, naive) in ACROSS_HOLIDAYS {
        assert_eq!(
            CALENDAR.due(date(start), Limit::working_days(n)).on,
            date(right),
            "{start} + {n}"
        );
        assert_eq!(
            weekdays_only.due_on(date(start), Limit::working_days(n)),
            date(naive),
            "{start} + {n}"
        );
    }
}

#[test]
fn days_months_and_years_roll_over_rest_days() {
    let table = [
        ("2026-01-31", "1 month", "2026-02-28"), // no 31 February; Saturday 28 is a swapped working day
        ("2025-01-31", "1 month", "2025-02-28"),
        ("2024-01-31", "1 month", "2024-02-29"),
        ("2026-01-15", "1 month", "2026-02-24"), // 02-15 opens the Spring Festival
        ("2026-08-30", "1 month", "2026-09-30"),
        ("2026-09-03", "1 month", "2026-10-08"), // National Day
        ("2025-11-14", "1 year", "2026-11-16"),  // a Saturday (story, step 5)
        ("2024-02-29", "1 year", "2025-02-28"),
        ("2021-02-28", "5 year", "2026-02-28"),
        ("2026-04-03", "30 day", "2026-05-06"),
        ("2026-02-13", "1 day", "2026-02-14"), // Saturday, but worked
        ("2026-02-14", "1 day", "2026-02-24"),
    ];
    for (start, limit, right) in table {
        let due = CALENDAR.due(date(start), limit.parse().unwrap());
        assert_eq!(due.on, date(right), "{start} + {limit}");
        assert_eq!(due.steps.last().unwrap().date, due.on, "{start} + {limit}");
    }
}

#[test]
fn terms_of_agreements_do_not_roll() {
    assert_eq!(
        Limit::years(5).last_day(date("2026-01-20")),
        Some(date("2031-01-20"))
    );
    assert_eq!(
        Limit::days(1).last_day(date("2026-02-14")),
        Some(date("2026-02-15"))
    );
    assert_eq!(Limit::working_days(1).last_day(date("2026-02-14")), None);
}

/// `02-14 swapped 4`, so that a derivation can be compared at a glance.
fn lines(due: &Due) -> Vec<String> {
    let line = |step: &shuyu_kernel::calendar::DayStep| {
        let kind = match &step.kind {
            DayKind::Workday => "workday".to_owned(),
            DayKind::Weekend => "weekend".to_owned(),
            DayKind::Holiday(name) => format!("off {name}"),
            DayKind::SwappedWorkday(name) => format!("swapped {name}"),
        };
        let counted = step.counted.map_or("-".to_owned(), |n| n.to_string());
        let note = step.note.map_or(String::new(), |note| format!(" {note:?}"));
        format!(
            "{} {kind} {counted}{note}{}",
            step.date,
            if step.gazetted { "" } else { " ?" }
        )
    };
    due.steps.iter().map(line).collect()
}

#[test]
fn the_derivation_names_every_day_of_a_short_limit() {
    let due = CALENDAR.due(date("2026-02-12"), Limit::working_days(3));
    let mut expected = vec![
        "2026-02-12 workday - Start".to_owned(),
        "2026-02-13 workday 1".to_owned(),
        "2026-02-14 swapped 春节 2".to_owned(),
    ];
    expected.extend((15..=23).map(|day| format!("2026-02-{day} off 春节 -")));
    expected.push("2026-02-24 workday 3 Due".to_owned());
    assert_eq!(lines(&due), expected);
    assert_eq!(due.calendar, CALENDAR.version());
}

#[test]
fn the_derivation_of_days_shows_the_rolling() {
    let due = CALENDAR.due(date("2026-04-29"), Limit::days(3));
    let expected = [
        "2026-04-29 workday - Start",
        "2026-04-30 workday 1",
        "2026-05-01 off 劳动节 2",
        "2026-05-02 off 劳动节 3 Rolled",
        "2026-05-03 off 劳动节 - Rolled",
        "2026-05-04 off 劳动节 - Rolled",
        "2026-05-05 off 劳动节 - Rolled",
        "2026-05-06 workday - Due",
    ];
    assert_eq!(lines(&due), expected);
}

#[test]
fn the_derivation_of_long_limits_stays_short() {
    let due = CALENDAR.due(date("2025-11-14"), Limit::years(1));
    let expected = [
        "2025-11-14 workday - Start",
        "2026-11-14 weekend 1 Rolled",
        "2026-11-15 weekend - Rolled",
        "2026-11-16 workday - Due",
    ];
    assert_eq!(lines(&due), expected);
    assert_eq!(
        lines(&CALENDAR.due(date("2010-01-01"), Limit::working_days(2000))).len(),
        2
    );
    assert_eq!(
        lines(&CALENDAR.due(date("2010-01-01"), Limit::days(3000))).len(),
        2
    );
}

#[test]
fn beyond_the_horizon_a_date_is_provisional() {
    assert_eq!(
        (CALENDAR.first_year(), CALENDAR.horizon()),
        (2007, date("2026-12-31"))
    );
    let table = [
        ("2026-12-30", "1 working_day", "2026-12-31", false),
        ("2026-12-31", "1 working_day", "2027-01-01", true), // certainly off in truth, hence provisional
        ("2026-12-25", "10 working_day", "2027-01-08", true),
        ("2026-12-01", "1 month", "2027-01-01", true),
        ("2026-11-30", "1 month", "2026-12-30", false),
        ("2021-06-30", "5 year", "2026-06-30", false),
        ("2026-06-15", "5 year", "2031-06-16", true),
        ("2006-12-01", "1 working_day", "2006-12-04", true),
        ("2006-12-20", "10 working_day", "2007-01-04", true), // begins before the first notice
        ("2006-11-02", "2 month", "2007-01-04", false), // only the end decides; 01-02 and 01-03 were off
    ];
    for (start, limit, on, provisional) in table {
        let due = CALENDAR.due(date(start), limit.parse().unwrap());
        assert_eq!(
            (due.on, due.provisional),
            (date(on), provisional),
            "{start} + {limit}"
        );
    }
    let nothing = CALENDAR.due(date("2026-12-31"), Limit::working_days(0));
    assert_eq!((nothing.on, nothing.provisional), (date("2026-12-31"), false));
    let marked = CALENDAR.due(date("2026-12-31"), Limit::working_days(1));
    assert_eq!(
        lines(&marked),
        ["2026-12-31 workday - Start", "2027-01-01 workday 1 Due ?"]
    );
}

#[test]
fn whole_days_of_publicity() {
    let published = date("2026-02-10");
    assert_eq!(CALENDAR.earliest_after(published, 5), date("2026-02-25"));
    assert!(!CALENDAR.whole_days_passed(published, 5, date("2026-02-24")));
    assert!(CALENDAR.whole_days_passed(published, 5, date("2026-02-25")));
    // Five whole days end on a Friday: the sixth day is Monday.
    assert_eq!(CALENDAR.earliest_after(date("2026-03-06"), 5), date("2026-03-16"));
    assert!(!CALENDAR.whole_days_passed(date("2026-03-06"), 5, date("2026-03-14")));
    // Published on a holiday: the whole days are the next working days.
    assert_eq!(CALENDAR.earliest_after(date("2026-02-16"), 1), date("2026-02-25"));
}

#[test]
fn remaining_days_and_overdue_days() {
    let due = date("2026-02-28");
    let table = [
        ("2026-02-27", 1),
        ("2026-02-28", 0),
        ("2026-02-13", 6),
        ("2026-03-01", 0),
        ("2026-03-02", -1),
    ];
    for (today, remaining) in table {
        assert_eq!(
            CALENDAR.working_days_between(date(today), due),
            remaining,
            "{today}"
        );
    }
}

#[test]
fn notes_and_days_serialise_under_their_names() {
    let due = CALENDAR.due(date("2026-02-13"), Limit::working_days(1));
    let json = serde_json::to_value(&due).unwrap();
    assert_eq!(json["steps"][1]["kind"]["swapped_workday"], "春节");
    assert_eq!(json["steps"][1]["note"], "due");
    assert_eq!(json["limit"]["unit"], "working_day");
    assert_eq!(serde_json::from_value::<Due>(json).unwrap(), due);
    assert_eq!(due.steps[0].note, Some(StepNote::Start));
}
