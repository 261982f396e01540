//! From a cell to the text that the form would take. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CaseId, CivilDate};
use shuyu_office::{Cell, CellValue};
use shuyu_profile::{Field, FieldType};

/// What stands in a cell, without its value: an error that is sent on shows nobody's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Nothing, or the row as a whole.
    Empty,
    /// So many characters.
    Text(usize),
    /// A number.
    Number,
    /// A day.
    Date,
    /// A time of day or a duration.
    Moment,
    /// True or false.
    Flag,
    /// `#N/A` and its kin.
    Error,
    /// A formula.
    Formula,
}

impl Shape {
    /// The shape of a cell.
    pub fn of(cell: Option<&Cell>) -> Self {
        match cell {
            None => Self::Empty,
            Some(cell) if cell.formula => Self::Formula,
            Some(cell) => match &cell.value {
                CellValue::Text(text) => Self::Text(text.trim().chars().count()),
                CellValue::Number(_) => Self::Number,
                CellValue::Date(_) => Self::Date,
                CellValue::Moment(_) => Self::Moment,
                CellValue::Flag(_) => Self::Flag,
                CellValue::Error(_) => Self::Error,
            },
        }
    }
}

/// Bodies by name and cases by number, as people write them into cells.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Name → the bodies of it.
    pub(super) bodies: BTreeMap<String, Vec<BodyId>>,
    /// Procedure and case number → the case.
    pub(super) cases: BTreeMap<(String, String), CaseId>,
}

/// The text that the form would take for a cell.
///
/// # Errors
/// The code of the refusal: what no text can stand for.
pub(super) fn text_of(field: &Field, cell: &Cell, names: &Names) -> Result<String, &'static str> {
    if cell.formula {
        return Err("cell_is_formula");
    }
    if matches!(cell.value, CellValue::Error(_)) {
        return Err("cell_is_error");
    }
    let typed = cell.value.text();
    let typed = typed.trim();
    match field.ty {
        FieldType::Date => Ok(date(typed).unwrap_or_else(|| typed.to_owned())),
        FieldType::YesNo => Ok(yes_no(typed).unwrap_or(typed).to_owned()),
        FieldType::Choice => {
            let chosen = field
                .choices
                .iter()
                .find(|choice| [&choice.id, &choice.title, &choice.title_en].contains(&&typed.to_owned()));
            Ok(chosen.map_or(typed, |choice| choice.id.as_str()).to_owned())
        }
        FieldType::Body if typed.parse::<BodyId>().is_ok() => Ok(typed.to_owned()),
        FieldType::Body => match names.bodies.get(typed).map(Vec::as_slice) {
            Some([only]) => Ok(only.to_string()),
            _ => Err("body_name_unknown"),
        },
        FieldType::Case if typed.parse::<CaseId>().is_ok() => Ok(typed.to_owned()),
        FieldType::Case => {
            let procedure = field.procedure.clone().unwrap_or_default();
            let found = names.cases.get(&(procedure, typed.to_owned()));
            found.map(ToString::to_string).ok_or("case_number_unknown")
        }
        _ => Ok(typed.to_owned()),
    }
}

fn yes_no(typed: &str) -> Option<&'static str> {
    // One sign each in Chinese, whatever the language of the page; the template offers them as a list.
    let mut signs = typed.chars();
    match (signs.next(), signs.next()) {
        (Some('\u{662f}'), None) => return Some("yes"),
        (Some('\u{5426}'), None) => return Some("no"),
        _ => {}
    }
    match typed.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some("yes"),
        "no" | "false" => Some("no"),
        _ => None,
    }
}

/// A day as it is written: 2026-03-02, 2026/3/2, 2026.3.2, 2026年3月2日, and the basic form of GB/T 7408, 20260302.
fn date(typed: &str) -> Option<String> {
    let parts: Vec<&str> = typed
        .strip_suffix('\u{65e5}')
        .unwrap_or(typed)
        .split(['-', '/', '.', '\u{5e74}', '\u{6708}'])
        .collect();
    let basic = |text: &str| -> Option<CivilDate> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = digits.then(|| text.parse().ok())??;
        of(number / 10_000, number / 100 % 100, number % 100)
    };
    let date = match parts.as_slice() {
        [whole] => basic(whole),
        [year, month, day] if year.len() == 4 => {
            of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        }
        _ => None,
    };
    date.map(|date| date.to_string())
}

fn of(year: u32, month: u32, day: u32) -> Option<CivilDate> {
    CivilDate::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written_and_never_guessed() {
        for (typed, read) in [
            ("2026-03-02", Some("2026-03-02")),
            ("2026-3-2", Some("2026-03-02")),
            ("2026/3/2", Some("2026-03-02")),
            ("2026.3.2", Some("2026-03-02")),
            ("2026年3月2日", Some("2026-03-02")),
            ("20260302", Some("2026-03-02")),
            ("20260230", None),
            ("03/02/2026", None),
            ("26-3-2", None),
            ("2026-3", None),
            ("明天", None),
            ("46083", None),
        ] {
            assert_eq!(date(typed).as_deref(), read, "{typed}");
        }
    }

    #[test]
    fn yes_and_no_have_few_words() {
        for (typed, read) in [
            ("是", Some("yes")),
            ("FALSE", Some("no")),
            ("对", None),
            ("1", None),
        ] {
            assert_eq!(yes_no(typed), read, "{typed}");
        }
    }
}
