//! How long: a number with a unit, and whether it is a ceiling or a floor.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
};

use crate::time::CivilDate;

/// The unit of a limit. The instruments keep them apart, so nothing converts one into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// 工作日: days on which offices work, swapped working days included.
    WorkingDay,
    /// 日: calendar days.
    Day,
    /// 个月: the same day number of a later month.
    Month,
    /// 年: the same month and day number of a later year.
    Year,
}

/// Whether a limit is a ceiling (以内, 不超过) or a floor (以上, 不少于). Both include the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// At most: the act is in time up to and including the due date.
    AtMost,
    /// At least: the next act is possible only after this many whole days.
    AtLeast,
}

/// A limit of time as a text of law states it, for example 20 working days (YN-OP-039).
///
/// Text form `20 working_day`. In profiles it may also be written as `{ n = 20, unit = "working_day" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Limit {
    /// How many units, from 1 to [`Limit::MAX`] when read from text.
    pub n: u32,
    /// Of which unit.
    pub unit: LimitUnit,
}

/// A text that is not a limit like `20 working_day`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a limit (a number from 1 to 36500, a space, and working_day, day, month or year)")]
pub struct LimitError(pub String);

impl LimitUnit {
    /// All units.
    pub const ALL: [LimitUnit; 4] = [Self::WorkingDay, Self::Day, Self::Month, Self::Year];

    /// The name used in profiles, for example `working_day`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkingDay => "working_day",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Limit {
    /// The largest number read from text: about a hundred years of days. More is a slip of the pen.
    pub const MAX: u32 = 36_500;

    /// `n` working days (工作日).
    pub fn working_days(n: u32) -> Self {
        Self {
            n,
            unit: LimitUnit::WorkingDay,
        }
    }
    /// `n` calendar days (日).
    pub fn days(n: u32) -> Self {
        Self {
            n,
            unit: LimitUnit::Day,
        }
    }
    /// `n` months (个月).
    pub fn months(n: u32) -> Self {
        Self {
            n,
            unit: LimitUnit::Month,
        }
    }
    /// `n` years (年).
    pub fn years(n: u32) -> Self {
        Self {
            n,
            unit: LimitUnit::Year,
        }
    }

    /// The last day of the period as the almanac gives it, before any rolling over rest days.
    /// `None` for working days, which only a [`super::WorkCalendar`] can count.
    ///
    /// Terms of agreements use this: they do not roll.
    pub fn last_day(self, start: CivilDate) -> Option<CivilDate> {
        let months = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        match self.unit {
            LimitUnit::WorkingDay => None,
            LimitUnit::Day => Some(start.plus_days(i64::from(self.n))),
            LimitUnit::Month => Some(start.plus_months(months(self.n))),
            LimitUnit::Year => Some(start.plus_months(months(self.n.saturating_mul(12)))),
        }
    }

    fn checked(n: u64, unit: LimitUnit) -> Option<Self> {
        let n = u32::try_from(n).ok().filter(|n| (1..=Self::MAX).contains(n))?;
        Some(Self { n, unit })
    }
}

impl fmt::Display for LimitUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LimitUnit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.as_str() == text)
            .ok_or_else(|| LimitError(text.to_owned()))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.n, self.unit)
    }
}

impl FromStr for Limit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError(text.to_owned());
        let (n, unit) = text.split_once(' ').ok_or_else(wrong)?;
        // `parse` alone would also take `+5` and `007`, and then one limit has two spellings.
        if n.starts_with('0') || !n.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let n = n.parse().map_err(|_| wrong())?;
        let unit = unit.parse().map_err(|_| wrong())?;
        Self::checked(n, unit).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitVisitor)
    }
}

/// Reads both written forms; errors name the number, not "no variant matched".
struct LimitVisitor;

impl<'de> Visitor<'de> for LimitVisitor {
    type Value = Limit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a limit like \"20 working_day\" or { n = 20, unit = \"working_day\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limit, A::Error> {
        let (mut n, mut unit) = (None::<u64>, None::<LimitUnit>);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "n" if n.is_none() => n = Some(map.next_value()?),
                "unit" if unit.is_none() => unit = Some(map.next_value()?),
                "n" => return Err(de::Error::duplicate_field("n")),
                "unit" => return Err(de::Error::duplicate_field("unit")),
                other => return Err(de::Error::unknown_field(other, &["n", "unit"])),
            }
        }
        let n = n.ok_or_else(|| de::Error::missing_field("n"))?;
        let unit = unit.ok_or_else(|| de::Error::missing_field("unit"))?;
        Limit::checked(n, unit).ok_or_else(|| de::Error::custom(LimitError(format!("{n} {unit}"))))
    }
}
