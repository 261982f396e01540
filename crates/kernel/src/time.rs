//! Instants in UTC for what happened, civil dates in the profile's zone for what the law counts.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An instant in UTC, microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A date without a time or zone. Text form `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(Date);

/// The profile's zone as a fixed offset (China has had no summer time since 1991: +08:00).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// The only source of the present instant. The real one is built by `cli` alone.
pub trait Clock: Send + Sync {
    /// The present instant. Never goes backwards within a process.
    fn now(&self) -> Timestamp;
}

/// A text that is not a date of the form `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date (YYYY-MM-DD)")]
pub struct DateError(pub String);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0
    }
    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// This instant `seconds` later (or earlier when negative).
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(ts) => write!(f, "{ts}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Zone {
    /// China Standard Time, +08:00.
    pub const CHINA: Zone = Zone { offset_minutes: 480 };

    /// The civil date of an instant in this zone.
    pub fn date(self, at: Timestamp) -> CivilDate {
        CivilDate::from_days(self.local_seconds(at).div_euclid(86_400))
    }
    /// Hours and minutes of an instant in this zone, as `(hour, minute)`.
    pub fn time_of_day(self, at: Timestamp) -> (i64, i64) {
        let seconds = self.local_seconds(at).rem_euclid(86_400);
        (seconds / 3600, seconds % 3600 / 60)
    }
    /// The instant at `hour` o'clock of a civil date in this zone.
    pub fn at_hour(self, date: CivilDate, hour: i64) -> Timestamp {
        let midnight = date.days() * 86_400 - i64::from(self.offset_minutes) * 60;
        Timestamp(
            midnight
                .saturating_add(hour.saturating_mul(3600))
                .saturating_mul(1_000_000),
        )
    }
    fn local_seconds(self, at: Timestamp) -> i64 {
        at.0.div_euclid(1_000_000) + i64::from(self.offset_minutes) * 60
    }
}

impl CivilDate {
    /// The date with these parts, if there is one.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }
    /// Days since 1970-01-01 (negative before).
    pub fn days(self) -> i64 {
        let epoch = Date::constant(1970, 1, 1);
        self.0
            .since((jiff::Unit::Day, epoch))
            .map_or(0, |span| i64::from(span.get_days()))
    }
    /// The date `days` after 1970-01-01; saturates at the limits of the calendar.
    pub fn from_days(days: i64) -> Self {
        // Wider than the calendar's years -9999 to 9999, narrower than what a span can hold.
        let clamped = days.clamp(-5_000_000, 5_000_000);
        Self(Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(clamped)))
    }
    /// `days` later (or earlier when negative).
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_days(self.days().saturating_add(days))
    }
    /// The same day number `months` later, or the last day of that month (`regulations/README` §2).
    pub fn plus_months(self, months: i32) -> Self {
        // A span holds at most 19,998 years; the clamp only keeps absurd input from panicking.
        Self(
            self.0
                .saturating_add(jiff::Span::new().months(months.clamp(-239_000, 239_000))),
        )
    }
    /// Year, as in `2026`.
    pub fn year(self) -> i16 {
        self.0.year()
    }
    /// Month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }
    /// Day of the month, from 1.
    pub fn day(self) -> i8 {
        self.0.day()
    }
    /// Day of the week, Monday = 1 … Sunday = 7.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.0.year(),
            self.0.month(),
            self.0.day()
        )
    }
}

impl FromStr for CivilDate {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned());
        // Number parsing alone would also take signs, as in `+026-01-01`.
        if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(wrong());
        }
        let mut parts = text.split('-');
        let (Some(y), Some(m), Some(d), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        if (y.len(), m.len(), d.len()) != (4, 2, 2) {
            return Err(wrong());
        }
        let date = y.parse().ok().zip(m.parse().ok()).zip(d.parse().ok());
        date.and_then(|((y, m), d)| Self::new(y, m, d)).ok_or_else(wrong)
    }
}

impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
