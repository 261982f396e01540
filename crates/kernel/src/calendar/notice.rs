//! Reading the yearly files: `year`, `notices`, and `[[day]]` with `date`, `name`, `off`.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;
use toml::Spanned;

use super::day::Day;
use crate::{digest::Digest, time::CivilDate};

/// The calendar could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// There is no calendar without at least one year.
    #[error("no calendar file was given")]
    NoFiles,
    /// Something in a file is wrong.
    #[error("{file}:{line}: {problem}")]
    Invalid {
        /// The file's name as given.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        problem: CalendarProblem,
    },
}

/// What is wrong at a place of a calendar file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarProblem {
    /// Not TOML, an unknown or missing key, or a value of the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A year that has no December before it or no year after it.
    #[error("year {0} is out of range")]
    YearOutOfRange(i64),
    /// A notice rules its own year and the December before.
    #[error("{date} is neither in {year} nor in the December before")]
    DateOutsideYear {
        /// The date.
        date: CivilDate,
        /// The year of the file.
        year: i16,
    },
    /// One file names the date twice.
    #[error("{0} is named twice")]
    DuplicateDate(CivilDate),
    /// Two files for one year.
    #[error("there is already a file for {0}")]
    DuplicateYear(i16),
    /// Years must be consecutive, else a gap would silently count as Monday to Friday.
    #[error("there is no file for {0}")]
    MissingYear(i16),
    /// Every year rests on at least one published notice.
    #[error("the year names no notice")]
    NoNotice,
    /// A day off or a swapped day belongs to a holiday.
    #[error("the name is empty")]
    EmptyName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYear {
    year: Spanned<i64>,
    notices: Spanned<Vec<String>>,
    #[serde(default)]
    day: Vec<Spanned<RawDay>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDay {
    date: Spanned<CivilDate>,
    name: Spanned<String>,
    off: bool,
}

/// The content of one file.
pub(super) struct Year {
    pub(super) notices: Vec<String>,
    pub(super) days: BTreeMap<CivilDate, Day>,
}

/// A file being read: knows how to say where something is wrong.
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn wrong_at(&self, offset: usize, problem: CalendarProblem) -> CalendarError {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        CalendarError::Invalid {
            file: self.name.to_owned(),
            line,
            problem,
        }
    }

    fn read(&self) -> Result<(Spanned<i16>, Year), CalendarError> {
        let raw: RawYear = toml::from_str(self.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            self.wrong_at(offset, CalendarProblem::Syntax(error.message().to_owned()))
        })?;
        let span = raw.year.span();
        let number = *raw.year.get_ref();
        let year = i16::try_from(number)
            .ok()
            .filter(|year| (1..=9998).contains(year))
            .ok_or_else(|| self.wrong_at(span.start, CalendarProblem::YearOutOfRange(number)))?;
        if raw
            .notices
            .get_ref()
            .iter()
            .all(|notice| notice.trim().is_empty())
        {
            return Err(self.wrong_at(raw.notices.span().start, CalendarProblem::NoNotice));
        }
        let mut days = BTreeMap::new();
        for raw_day in raw.day {
            let day = self.day(year, raw_day.into_inner(), &days)?;
            days.insert(day.date, day);
        }
        Ok((
            Spanned::new(span, year),
            Year {
                notices: raw.notices.into_inner(),
                days,
            },
        ))
    }

    fn day(&self, year: i16, raw: RawDay, known: &BTreeMap<CivilDate, Day>) -> Result<Day, CalendarError> {
        let (at, date) = (raw.date.span().start, raw.date.into_inner());
        let ours = date.year() == year || (date.year() == year - 1 && date.month() == 12);
        if !ours {
            return Err(self.wrong_at(at, CalendarProblem::DateOutsideYear { date, year }));
        }
        if known.contains_key(&date) {
            return Err(self.wrong_at(at, CalendarProblem::DuplicateDate(date)));
        }
        if raw.name.get_ref().trim().is_empty() {
            return Err(self.wrong_at(raw.name.span().start, CalendarProblem::EmptyName));
        }
        Ok(Day {
            date,
            name: raw.name.into_inner(),
            off: raw.off,
            notice_year: year,
        })
    }
}

/// Reads all files into consecutive years.
pub(super) fn read(files: &[(&str, &str)]) -> Result<BTreeMap<i16, Year>, CalendarError> {
    let mut years = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (name, text) in files {
        let file = File { name, text };
        let (year, content) = file.read()?;
        let (at, year) = (year.span().start, year.into_inner());
        if years.insert(year, content).is_some() {
            return Err(file.wrong_at(at, CalendarProblem::DuplicateYear(year)));
        }
        places.insert(year, (file, at));
    }
    let mut expected = None;
    for (year, (file, at)) in &places {
        if let Some(missing) = expected.filter(|missing| missing != year) {
            return Err(file.wrong_at(*at, CalendarProblem::MissingYear(missing)));
        }
        expected = Some(year + 1);
    }
    Ok(years)
}

/// The digest over a canonical text: years and days ascending, one fact a line, texts with their length.
pub(super) fn version(years: &BTreeMap<i16, Year>) -> Digest {
    let mut text = String::from("shuyu work calendar 1\n");
    for (year, content) in years {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "year {year}");
        for notice in &content.notices {
            let _ = writeln!(text, "notice {} {notice}", notice.len());
        }
        for day in content.days.values() {
            let state = if day.off { "off" } else { "on" };
            let _ = writeln!(text, "{} {state} {} {}", day.date, day.name.len(), day.name);
        }
    }
    Digest::of(text.as_bytes())
}
