//! A second opinion: due dates found by walking over a plain array of days, and properties.

use std::sync::LazyLock;

use proptest::prelude::*;
use shuyu_kernel::{CivilDate, Limit, LimitUnit};

use crate::support::{CALENDAR, date, entries};

const FIRST: &str = "2007-01-01";
const DAYS: usize = 7305 + 400; // 2007 to 2026, and a tail of plain weeks for counts across the end

/// `true` where offices work. Day 0 is Monday 2007-01-01.
static OPEN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut open: Vec<bool> = (0..DAYS).map(|i| i % 7 < 5).collect();
    let first = date(FIRST).days();
    for entry in entries() {
        if let Ok(i) = usize::try_from(entry.date.days() - first) {
            open[i] = !entry.off;
        }
    }
    open
});

#[test]
fn every_start_day_and_every_limit_up_to_sixty_agrees_with_walking() {
    let first = date(FIRST);
    let mut compared = 0;
    for start in 0..7305 {
        let start_date = first.plus_days(i64::try_from(start).unwrap());
        let mut walked = OPEN.iter().enumerate().skip(start + 1).filter(|(_, open)| **open);
        for n in 1..=60 {
            let (there, _) = walked.next().unwrap();
            let got = CALENDAR.due_on(start_date, Limit::working_days(n));
            assert_eq!(
                got,
                first.plus_days(i64::try_from(there).unwrap()),
                "{start_date} + {n}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 438_300);
}

#[test]
fn every_day_agrees_with_the_array() {
    let first = date(FIRST);
    for (i, open) in OPEN.iter().enumerate() {
        let day = first.plus_days(i64::try_from(i).unwrap());
        assert_eq!(CALENDAR.is_working(day), *open, "{day}");
        assert_eq!(CALENDAR.day(day).is_working(), *open, "{day}");
    }
}

/// Any date, mostly in and around the gazetted years.
fn any_date() -> impl Strategy<Value = CivilDate> {
    prop_oneof![8 => 13_000i64..22_000, 1 => -800_000i64..3_000_000].prop_map(CivilDate::from_days)
}

fn any_unit() -> impl Strategy<Value = LimitUnit> {
    prop::sample::select(LimitUnit::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_due_date_is_a_working_day_not_before_the_start(start in any_date(), n in 0u32..400, unit in any_unit()) {
        let due = CALENDAR.due(start, Limit { n, unit });
        prop_assert!(due.on >= start || start.year() == 9999);
        prop_assert!(CALENDAR.is_working(due.on));
        prop_assert_eq!(due.on, CALENDAR.due_on(start, Limit { n, unit }));
        prop_assert_eq!(due.steps.last().map(|step| step.date), Some(due.on));
        prop_assert!(due.steps.windows(2).all(|two| two[0].date < two[1].date));
        let touched = due.steps.iter().skip(1).any(|step| !step.gazetted);
        if unit == LimitUnit::WorkingDay {
            prop_assert!(due.provisional || !touched || n == 0);
        }
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(start in any_date(), n in 0u32..2000, unit in any_unit()) {
        let (short, long) = (Limit { n, unit }, Limit { n: n + 1, unit });
        prop_assert!(CALENDAR.due_on(start, short) <= CALENDAR.due_on(start, long));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(start in any_date(), later in 0i64..400, n in 0u32..400, unit in any_unit()) {
        let limit = Limit { n, unit };
        prop_assert!(CALENDAR.due_on(start, limit) <= CALENDAR.due_on(start.plus_days(later), limit));
    }

    #[test]
    fn counting_back_gives_the_limit(start in any_date(), n in 1u32..2000) {
        let due = CALENDAR.due_on(start, Limit::working_days(n));
        prop_assume!(due.year() < 9000);
        prop_assert_eq!(CALENDAR.working_days_between(start, due), i64::from(n));
        prop_assert_eq!(CALENDAR.working_days_between(due, start), -i64::from(n));
    }

    #[test]
    fn working_days_between_adds_up(a in any_date(), b in any_date(), c in any_date()) {
        let between = |x, y| CALENDAR.working_days_between(x, y);
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
    }

    #[test]
    fn a_floor_opens_the_working_day_after_the_ceiling_closes(start in any_date(), n in 1u32..400) {
        let due = CALENDAR.due_on(start, Limit::working_days(n));
        prop_assume!(due.year() < 9000);
        let open = CALENDAR.earliest_after(start, n);
        prop_assert_eq!(CALENDAR.working_days_between(due, open), 1);
        prop_assert!(CALENDAR.is_working(open));
        prop_assert!(!CALENDAR.whole_days_passed(start, n, due));
        prop_assert!(CALENDAR.whole_days_passed(start, n, open));
    }

    #[test]
    fn absurd_numbers_neither_panic_nor_hang(days in any::<i64>(), n in any::<u32>(), unit in any_unit()) {
        let due = CALENDAR.due(CivilDate::from_days(days), Limit { n, unit });
        prop_assert!(due.steps.len() < 1000);
        prop_assert!(CALENDAR.earliest_after(CivilDate::from_days(days), n) >= CivilDate::from_days(days) || days > 2_900_000);
    }
}
