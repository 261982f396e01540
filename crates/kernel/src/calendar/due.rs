//! Due dates and how they come about.

use serde::{Deserialize, Serialize};

use super::{DayKind, Limit, LimitUnit, WorkCalendar};
use crate::{digest::Digest, time::CivilDate};

/// The last day on which an act is in time, with everything needed to explain and recompute it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last day in time.
    pub on: CivilDate,
    /// 暂定: the count touches a day for which no notice has been published.
    pub provisional: bool,
    /// The day of the starting event (发生日), not counted.
    pub start: CivilDate,
    /// The limit counted.
    pub limit: Limit,
    /// Version of the calendar it was counted with.
    pub calendar: Digest,
    /// The derivation, ascending: every day for short limits; start, end and rolling for long ones.
    pub steps: Vec<DayStep>,
}

/// One day of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayStep {
    /// The day.
    pub date: CivilDate,
    /// What kind of day it is.
    pub kind: DayKind,
    /// Its number in the count (the n-th day, month or year), if it is counted.
    pub counted: Option<u32>,
    /// False where no notice speaks of the day and Monday to Friday is assumed.
    pub gazetted: bool,
    /// What is special about it.
    pub note: Option<StepNote>,
}

/// What is special about a day of a derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepNote {
    /// The day of the starting event, not counted.
    Start,
    /// The period would end here or roll to here, but it is a rest day: it moves on.
    Rolled,
    /// The due date.
    Due,
}

/// Limits up to this number of (working) days are derived day by day; longer ones would bury the reader.
const DAY_BY_DAY: u32 = 100;

impl WorkCalendar {
    /// The last day in time for a limit that starts on `start`, with its derivation.
    pub fn due(&self, start: CivilDate, limit: Limit) -> Due {
        let nominal = self.nominal_end(start, limit);
        let on = self.due_on(start, limit);
        let daily = limit.n <= DAY_BY_DAY && matches!(limit.unit, LimitUnit::WorkingDay | LimitUnit::Day);
        let mut steps = vec![self.step(start, None, Some(StepNote::Start))];
        if daily {
            self.daily_steps(&mut steps, start, nominal, limit.unit);
        } else if nominal > start {
            steps.push(self.step(nominal, Some(limit.n), None));
        }
        let mut date = nominal;
        while date < on {
            self.mark(&mut steps, date, StepNote::Rolled);
            date = date.plus_days(1);
        }
        self.mark(&mut steps, on, StepNote::Due);
        let provisional = self.is_provisional(start, nominal, on, limit.unit);
        Due {
            on,
            provisional,
            start,
            limit,
            calendar: self.version(),
            steps,
        }
    }

    /// The due date alone, without derivation.
    pub fn due_on(&self, start: CivilDate, limit: Limit) -> CivilDate {
        self.on_or_after(self.nominal_end(start, limit))
    }

    /// The last day of the period before rolling. A limit of nothing ends on the start day itself.
    fn nominal_end(&self, start: CivilDate, limit: Limit) -> CivilDate {
        match limit.last_day(start) {
            Some(day) => day,
            None if limit.n == 0 => start,
            None => self.ranks.nth_after(start, i64::from(limit.n)),
        }
    }

    /// Only days whose kind matters decide: all days of a working-day count, otherwise the end and its rolling.
    fn is_provisional(&self, start: CivilDate, nominal: CivilDate, on: CivilDate, unit: LimitUnit) -> bool {
        let from = if unit == LimitUnit::WorkingDay && nominal > start {
            start.plus_days(1)
        } else {
            nominal
        };
        !self.is_gazetted(from) || !self.is_gazetted(on)
    }

    fn daily_steps(&self, steps: &mut Vec<DayStep>, start: CivilDate, end: CivilDate, unit: LimitUnit) {
        let (mut date, mut number) = (start, 0);
        while date < end {
            date = date.plus_days(1);
            let counts = unit == LimitUnit::Day || self.is_working(date);
            number += u32::from(counts);
            steps.push(self.step(date, counts.then_some(number), None));
        }
    }

    /// Notes something on the day, which is the last step so far or a new one after it.
    fn mark(&self, steps: &mut Vec<DayStep>, date: CivilDate, note: StepNote) {
        match steps.last_mut() {
            Some(last) if last.date == date => last.note = Some(note),
            _ => steps.push(self.step(date, None, Some(note))),
        }
    }

    fn step(&self, date: CivilDate, counted: Option<u32>, note: Option<StepNote>) -> DayStep {
        DayStep {
            date,
            kind: self.day(date),
            counted,
            gazetted: self.is_gazetted(date),
            note,
        }
    }
}
