//! Working days and deadlines.
//!
//! A [`WorkCalendar`] is built from the yearly notices of the State Council (project data, cited).
//! [`WorkCalendar::due`] answers "until when", with the derivation day by day; the at-least rules
//! ([`WorkCalendar::earliest_after`]) answer "from when". How time is counted is fixed in
//! `regulations/README` §2 "Counting time":
//!
//! - the day of the starting event is not counted;
//! - working days are Monday to Friday without holidays, plus swapped working days (调休上班);
//! - a period in days, months or years whose last day is a rest day ends on the next working day;
//! - a month ends on the same day number, else on the last day of that month.
//!
//! Beyond the last gazetted year Monday to Friday is assumed and every result is provisional (暂定).

mod count;
mod day;
mod due;
mod limit;
mod notice;

use std::collections::BTreeMap;

pub use day::{Day, DayKind};
pub use due::{DayStep, Due, StepNote};
pub use limit::{Bound, Limit, LimitError, LimitUnit};
pub use notice::{CalendarError, CalendarProblem};

use crate::{digest::Digest, time::CivilDate};
use count::Ranks;

/// The days off and swapped working days of a run of years, as the notices give them.
///
/// Equal content has equal [`version`](Self::version), however the files are laid out.
#[derive(Debug, Clone)]
pub struct WorkCalendar {
    days: BTreeMap<CivilDate, Day>,
    notices: BTreeMap<i16, Vec<String>>,
    first: CivilDate,
    horizon: CivilDate,
    ranks: Ranks,
    version: Digest,
}

impl WorkCalendar {
    /// Builds the calendar from `(file name, TOML text)`, one file for each year of notice.
    ///
    /// All files are merged: a date that two files name follows the later notice.
    ///
    /// # Errors
    /// With file and line: syntax, an unknown key, a date that its file cannot speak of, the same
    /// date or year twice, a missing year, a year without a notice; or no file at all.
    pub fn from_toml(files: &[(&str, &str)]) -> Result<WorkCalendar, CalendarError> {
        let years = notice::read(files)?;
        let version = notice::version(&years);
        let (Some(first), Some(last)) = (years.keys().next(), years.keys().next_back()) else {
            return Err(CalendarError::NoFiles);
        };
        // Years that a file may name are checked to lie between 1 and 9998, so both dates exist.
        let edge = |year: i16, month, day| CivilDate::new(year, month, day).ok_or(CalendarError::NoFiles);
        let (first, horizon) = (edge(*first, 1, 1)?, edge(*last, 12, 31)?);
        let mut days = BTreeMap::new();
        let mut notices = BTreeMap::new();
        for (year, content) in years {
            days.extend(content.days); // Ascending years: the later notice replaces the earlier.
            notices.insert(year, content.notices);
        }
        // The first file may speak of the December before it, so counting starts there.
        let ranks = Ranks::new(first.plus_days(-31), horizon, |date| working(&days, date));
        Ok(Self {
            days,
            notices,
            first,
            horizon,
            ranks,
            version,
        })
    }

    /// The digest of the content; recorded with every due date.
    pub fn version(&self) -> Digest {
        self.version
    }
    /// The first year with a notice.
    pub fn first_year(&self) -> i16 {
        self.first.year()
    }
    /// The last day of the last gazetted year. Later days are assumed.
    pub fn horizon(&self) -> CivilDate {
        self.horizon
    }
    /// Whether a year's notice speaks of this date. What depends on any other date is provisional.
    pub fn is_gazetted(&self, date: CivilDate) -> bool {
        (self.first..=self.horizon).contains(&date)
    }
    /// Addresses of the notices that rule this date; empty outside the gazetted years.
    pub fn notices(&self, date: CivilDate) -> &[String] {
        let year = self.days.get(&date).map_or(date.year(), |day| day.notice_year);
        self.notices.get(&year).map_or(&[], Vec::as_slice)
    }

    /// What kind of day this is. Outside the gazetted years Monday to Friday is assumed
    /// ([`is_gazetted`](Self::is_gazetted) tells).
    pub fn day(&self, date: CivilDate) -> DayKind {
        match (self.days.get(&date), date.weekday() <= 5) {
            (Some(day), _) if day.off => DayKind::Holiday(day.name.clone()),
            (Some(day), false) => DayKind::SwappedWorkday(day.name.clone()),
            (Some(_) | None, true) => DayKind::Workday,
            (None, false) => DayKind::Weekend,
        }
    }
    /// Whether offices work on this date.
    pub fn is_working(&self, date: CivilDate) -> bool {
        working(&self.days, date)
    }
    /// This date if it is a working day, else the next one.
    pub fn on_or_after(&self, date: CivilDate) -> CivilDate {
        self.ranks.nth_after(date.plus_days(-1), 1)
    }

    /// Working days after `from` up to and including `to`: the remaining days when `from` is today
    /// and `to` the due date. Negative when `to` lies before `from` (overdue).
    pub fn working_days_between(&self, from: CivilDate, to: CivilDate) -> i64 {
        self.ranks.through(to) - self.ranks.through(from)
    }

    /// The first day on which an act is possible that needs `n` whole working days after `start`
    /// (公示不少于 n 个工作日, YN-OP-057): the working day after the n-th.
    ///
    /// Published on 2026-02-10 for 5 working days: whole days are 02-11, 12, 13, 14 and 24,
    /// signing is possible from 02-25.
    pub fn earliest_after(&self, start: CivilDate, n: u32) -> CivilDate {
        self.ranks.nth_after(start, i64::from(n) + 1)
    }
    /// Whether on the day `on` an act is possible that needs `n` whole working days after `start`.
    /// True from [`earliest_after`](Self::earliest_after) on.
    pub fn whole_days_passed(&self, start: CivilDate, n: u32, on: CivilDate) -> bool {
        on >= self.earliest_after(start, n)
    }
}

/// The one rule that says which days offices work.
fn working(days: &BTreeMap<CivilDate, Day>, date: CivilDate) -> bool {
    days.get(&date).map_or(date.weekday() <= 5, |day| !day.off)
}
