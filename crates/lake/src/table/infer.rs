//! A schema from a sample of rows, for files that come without one.

use shuyu_kernel::{Refusal, cn::holds_identifier};

use super::{
    cell::Cell,
    spec::{ColumnSpec, ColumnType, TableSpec, unusable_in_name, usable_name},
};
use crate::source::Record;

/// Tried in this order; the first type that fits every value of the sample is taken. A number with a leading
/// zero is a code and stays text.
const CANDIDATES: [ColumnType; 4] = [
    ColumnType::Integer,
    ColumnType::Float,
    ColumnType::Date,
    ColumnType::Bool,
];

/// The schema of a header and a sample. What was not seen in the sample is enforced like a given schema.
///
/// # Errors
/// Refuses `header_not_usable` when a column has no name, a reserved one, the same as another, or one that holds an
/// identifier: then it is a row or a value, and names stay in the record for good.
pub(crate) fn infer(header: &Record, sample: &[Record]) -> Result<TableSpec, Refusal> {
    let mut columns = Vec::with_capacity(header.len());
    for (index, title) in header.cells().enumerate() {
        let name = table_name(title);
        if !usable_name(&name) || holds_identifier(title) {
            return Err(Refusal::unmet("header_not_usable").fact("position", index + 1));
        }
        let mut column = ColumnSpec::new(&name, kind_of(sample, index));
        column.header = (name != title).then(|| title.to_owned());
        columns.push(column);
    }
    let spec = TableSpec {
        columns,
        key: Vec::new(),
    };
    let duplicate = spec.columns.iter().enumerate().find(|(index, column)| {
        spec.columns
            .iter()
            .take(*index)
            .any(|other| other.name.to_lowercase() == column.name.to_lowercase())
    });
    match duplicate {
        Some((index, _)) => Err(Refusal::unmet("header_not_usable").fact("position", index + 1)),
        None => Ok(spec),
    }
}

/// A header's title as a column name that needs no quotes in SQL: letters in lower case, Chinese as it is,
/// everything else `_`.
fn table_name(title: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || !c.is_ascii() && !unusable_in_name(c) {
            c
        } else {
            '_'
        }
    };
    title
        .trim()
        .chars()
        .map(|c| plain(c).to_ascii_lowercase())
        .collect()
}

/// Whether every value that a sample has of a column is one of this type. A number with a leading zero is a code.
pub(crate) fn fits(sample: &[Record], index: usize, kind: ColumnType) -> bool {
    let nulls = super::default_nulls();
    let mut values = sample
        .iter()
        .map(|record| record.cell(index))
        .filter(|text| !nulls.contains(*text));
    let whole = matches!(kind, ColumnType::Integer | ColumnType::Float);
    values.all(|text| !(whole && is_code(text)) && Cell::parse(text, kind).is_some())
}

fn kind_of(sample: &[Record], index: usize) -> ColumnType {
    let nulls = super::default_nulls();
    let values = || {
        sample
            .iter()
            .map(|record| record.cell(index))
            .filter(|text| !nulls.contains(*text))
    };
    let fits = |kind: ColumnType| {
        values().all(|text| match kind {
            ColumnType::Integer | ColumnType::Float => !is_code(text) && Cell::parse(text, kind).is_some(),
            // Eight digits may be any number and 1 and 0 any code: only unmistakable spellings are inferred.
            ColumnType::Date => text.contains('-') && Cell::parse(text, kind).is_some(),
            ColumnType::Bool => text.len() > 1 && Cell::parse(text, kind).is_some(),
            ColumnType::Text | ColumnType::Decimal { .. } => false,
        })
    };
    if values().next().is_none() {
        return ColumnType::Text;
    }
    CANDIDATES
        .into_iter()
        .find(|kind| fits(*kind))
        .unwrap_or(ColumnType::Text)
}

fn is_code(text: &str) -> bool {
    let digits = text.trim().strip_prefix(['-', '+']).unwrap_or(text.trim());
    digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
}
