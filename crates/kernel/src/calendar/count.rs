//! Counting working days in constant time, inside and outside the gazetted years.

use crate::time::CivilDate;

/// How many working days lie up to each day of a span, with Monday to Friday assumed outside it.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    /// First day of the span, as days since 1970-01-01.
    first: i64,
    /// `ranks[i]` = working days from `first` to `first + i`, both included. Never empty.
    ranks: Vec<i64>,
}

impl Ranks {
    /// Counts the span from `first` to `last`, both included.
    pub(super) fn new(first: CivilDate, last: CivilDate, working: impl Fn(CivilDate) -> bool) -> Self {
        let (first, last) = (first.days(), last.days().max(first.days()));
        let mut count = 0;
        let ranks = (first..=last)
            .map(|day| {
                count += i64::from(working(CivilDate::from_days(day)));
                count
            })
            .collect();
        Self { first, ranks }
    }

    /// Working days up to and including `date`, relative to the day before the span (negative before it).
    pub(super) fn through(&self, date: CivilDate) -> i64 {
        let day = date.days();
        if day < self.first {
            return weekdays_through(day) - weekdays_through(self.first - 1);
        }
        let inside = usize::try_from(day - self.first)
            .ok()
            .and_then(|i| self.ranks.get(i));
        inside
            .copied()
            .unwrap_or_else(|| self.total() + weekdays_through(day) - weekdays_through(self.last()))
    }

    /// The `n`-th working day after `start`, which itself is not counted. `n` is at least 1.
    pub(super) fn nth_after(&self, start: CivilDate, n: i64) -> CivilDate {
        let rank = self.through(start).saturating_add(n);
        let day = if rank <= 0 {
            nth_weekday(rank + weekdays_through(self.first - 1))
        } else if rank <= self.total() {
            let index = self.ranks.partition_point(|r| *r < rank);
            self.first + i64::try_from(index).unwrap_or(0)
        } else {
            nth_weekday((rank - self.total()).saturating_add(weekdays_through(self.last())))
        };
        CivilDate::from_days(day)
    }

    fn total(&self) -> i64 {
        self.ranks.last().copied().unwrap_or(0)
    }
    fn last(&self) -> i64 {
        self.first + i64::try_from(self.ranks.len()).unwrap_or(0) - 1
    }
}

/// Monday to Friday days up to and including `day`, counted from Monday 1970-01-05 (day 4).
fn weekdays_through(day: i64) -> i64 {
    let since_monday = day - 3;
    since_monday.div_euclid(7) * 5 + since_monday.rem_euclid(7).min(5)
}

/// The first day up to and including which `n` Monday to Friday days have passed; the inverse of the above.
fn nth_weekday(n: i64) -> i64 {
    let before = n.saturating_sub(1);
    before
        .div_euclid(5)
        .saturating_mul(7)
        .saturating_add(before.rem_euclid(5) + 4)
}
