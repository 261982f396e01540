//! What a single day is.

use serde::{Deserialize, Serialize};

use crate::time::CivilDate;

/// What kind of day a date is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// 工作日: Monday to Friday, not a holiday.
    Workday,
    /// 周末: Saturday or Sunday without a notice.
    Weekend,
    /// 节假日: off by notice, with the holiday's name. May fall on a weekend.
    Holiday(String),
    /// 调休上班: a Saturday or Sunday worked by notice, with the name of the holiday it pays for.
    SwappedWorkday(String),
}

/// One entry of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The date it speaks of.
    pub date: CivilDate,
    /// The holiday's name, for example 春节.
    pub name: String,
    /// Off (true) or worked (false).
    pub off: bool,
    /// The year of the notice, which may be the year after the date's.
    pub notice_year: i16,
}

impl DayKind {
    /// Whether offices work on such a day.
    pub fn is_working(&self) -> bool {
        matches!(self, Self::Workday | Self::SwappedWorkday(_))
    }
}
