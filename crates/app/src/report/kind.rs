//! Months, and what the figures of a report count.

use std::{fmt, str::FromStr};

use shuyu_kernel::{CivilDate, Manner, Refusal};

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: CivilDate,
}

impl Month {
    /// The month of a day.
    pub fn of(day: CivilDate) -> Option<Self> {
        let first = CivilDate::new(day.year(), day.month(), 1)?;
        Some(Self { first })
    }

    /// First day.
    pub fn first(self) -> CivilDate {
        self.first
    }

    /// Last day.
    pub fn last(self) -> CivilDate {
        self.first.plus_months(1).plus_days(-1)
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Self {
        Self {
            first: self.first.plus_months(-1),
        }
    }

    /// The month after.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            first: self.first.plus_months(1),
        }
    }
}

impl FromStr for Month {
    type Err = Refusal;

    /// `2026-02`.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let day = match text.len() {
            7 => format!("{text}-01").parse().ok(),
            _ => None,
        };
        day.and_then(Self::of)
            .ok_or_else(|| Refusal::unmet("month_invalid"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigureKind {
    /// Cases opened in the month.
    Opened,
    /// Cases that came to a final stage in the month.
    Finished,
    /// Acts of refusing in the month.
    Refused,
    /// Cases open at its end.
    Open,
    /// Clocks stopped in time in the month.
    InTime,
    /// Clocks stopped late in the month.
    Late,
    /// Clocks that run beyond their day at its end.
    Overdue,
    /// Acts in person.
    InPerson,
    /// Acts under a delegation.
    Delegate,
    /// Acts entered from a paper.
    OnBehalf,
    /// Acts of the system.
    System,
    /// Exceptions from what holds in principle.
    Exceptions,
    /// Objections raised.
    Objections,
    /// Disclosures whose day lies in the month.
    Disclosures,
    /// Queries answered, by day.
    Queries,
    /// Calls of products answered, by day.
    Calls,
}

impl FigureKind {
    /// All, in the order of the report.
    pub const ALL: [Self; 16] = [
        Self::Opened,
        Self::Finished,
        Self::Refused,
        Self::Open,
        Self::InTime,
        Self::Late,
        Self::Overdue,
        Self::InPerson,
        Self::Delegate,
        Self::OnBehalf,
        Self::System,
        Self::Exceptions,
        Self::Objections,
        Self::Disclosures,
        Self::Queries,
        Self::Calls,
    ];

    /// The word in addresses and keys of messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Finished => "finished",
            Self::Refused => "refused",
            Self::Open => "open",
            Self::InTime => "in-time",
            Self::Late => "late",
            Self::Overdue => "overdue",
            Self::InPerson => "in-person",
            Self::Delegate => "delegate",
            Self::OnBehalf => "on-behalf",
            Self::System => "system",
            Self::Exceptions => "exceptions",
            Self::Objections => "objections",
            Self::Disclosures => "disclosures",
            Self::Queries => "queries",
            Self::Calls => "calls",
        }
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(super) fn of_manner(manner: Manner) -> Self {
        match manner {
            Manner::InPerson => Self::InPerson,
            Manner::Delegate => Self::Delegate,
            Manner::OnBehalf => Self::OnBehalf,
            Manner::System => Self::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_they_are_written() {
        let month: Month = "2026-01".parse().expect("a month");
        assert_eq!(month.last().to_string(), "2026-01-31");
        assert_eq!(month.before().to_string(), "2025-12");
        assert_eq!(month.after().last().to_string(), "2026-02-28");
        for text in ["", "2026", "2026-13", "2026-1", "2026-01-01", "26-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in FigureKind::ALL {
            assert_eq!(FigureKind::from_word(kind.word()), Some(kind));
        }
    }
}
