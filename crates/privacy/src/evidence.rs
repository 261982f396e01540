//! What a reviewer has to know about a table that wants to leave, and the form in which tables may be looked at.
//!
//! The column summary is that of OpenSAFELY's airlock; the canonical form closes side channels: rows are sorted and
//! measurements have at most four significant digits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Most significant digits of a measurement.
pub const SIGNIFICANT_DIGITS: usize = 4;
/// Numbers that all counts of a column may be multiples of, greatest first.
const STEPS: [i64; 5] = [100, 50, 10, 6, 5];

/// A table read from CSV.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CsvTable {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows; every one as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

/// Bytes that are no table: not UTF-8, no header, or rows of other lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a table")]
pub struct NotATable;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSummary {
    /// Name.
    pub name: String,
    /// `whole`, `number`, `text` or `empty`.
    pub kind: String,
    /// Cells without a value.
    pub nulls: u64,
    /// Different values.
    pub distinct: u64,
    /// Smallest number that is not zero.
    pub min_nonzero: Option<String>,
    /// Greatest number.
    pub max: Option<String>,
    /// Sum of the numbers.
    pub sum: Option<String>,
    /// Whole numbers from 1 to below k.
    pub small_counts: u64,
    /// Numbers between zero and k, whole or not.
    pub below_k: u64,
    /// All whole numbers are multiples of this one.
    pub divisible_by: Option<i64>,
}

impl CsvTable {
    /// Reads CSV with a header.
    ///
    /// # Errors
    /// [`NotATable`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotATable> {
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
        let header = reader.headers().map_err(|_| NotATable)?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if columns.is_empty() {
            return Err(NotATable);
        }
        let rows: Result<Vec<Vec<String>>, NotATable> = reader
            .records()
            .map(|record| {
                let record = record.map_err(|_| NotATable)?;
                Ok(record.iter().map(str::to_owned).collect())
            })
            .collect();
        Ok(Self { columns, rows: rows? })
    }

    /// Writes it as CSV.
    ///
    /// # Errors
    /// [`NotATable`] if a row has another length than the header.
    pub fn write(&self) -> Result<Vec<u8>, NotATable> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            writer.write_record(row).map_err(|_| NotATable)?;
        }
        writer.into_inner().map_err(|_| NotATable)
    }

    /// The form that is looked at and leaves: rows sorted, measurements with [`SIGNIFICANT_DIGITS`]. Whole numbers
    /// stay, because codes are written so.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        for cell in self.rows.iter_mut().flatten() {
            let trimmed = cell.trim();
            *cell = rounded(trimmed).unwrap_or_else(|| trimmed.to_owned());
        }
        self.rows.sort();
        self
    }

    /// What stands in each column, seen with the least number of subjects `k`.
    pub fn summary(&self, k: u32) -> Vec<ColumnSummary> {
        let summary = |(at, name): (usize, &String)| {
            let cells: Vec<&str> = self
                .rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.trim())
                .collect();
            column(name, &cells, k)
        };
        self.columns.iter().enumerate().map(summary).collect()
    }
}

/// A measurement with fewer digits; `None` for whole numbers and for what is no number.
fn rounded(cell: &str) -> Option<String> {
    let measured = cell.contains(['.', 'e', 'E']);
    let value: f64 = cell
        .parse()
        .ok()
        .filter(|value: &f64| measured && value.is_finite())?;
    let text = format!("{value:.*e}", SIGNIFICANT_DIGITS - 1);
    let shown: f64 = text.parse().ok()?;
    Some(shown.to_string())
}

fn column(name: &str, cells: &[&str], k: u32) -> ColumnSummary {
    let filled: Vec<&str> = cells.iter().copied().filter(|cell| !is_null(cell)).collect();
    let wholes: Option<Vec<i64>> = filled.iter().map(|cell| cell.parse().ok()).collect();
    let numbers: Option<Vec<f64>> = filled.iter().map(|cell| cell.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()));
    let kind = match (&wholes, &numbers) {
        _ if filled.is_empty() => "empty",
        (Some(_), _) => "whole",
        (None, Some(_)) => "number",
        (None, None) => "text",
    };
    let values = numbers.filter(|_| !filled.is_empty()).unwrap_or_default();
    let wholes = wholes.unwrap_or_default();
    let least = f64::from(k);
    let shown = |value: Option<f64>| value.map(|value| value.to_string());
    let nonzero = values.iter().copied().filter(|value| *value != 0.0);
    let all_of = |step: &i64| wholes.iter().any(|n| *n != 0) && wholes.iter().all(|n| n % step == 0);
    ColumnSummary {
        name: name.to_owned(),
        kind: kind.to_owned(),
        nulls: (cells.len() - filled.len()) as u64,
        distinct: filled.iter().collect::<BTreeSet<_>>().len() as u64,
        min_nonzero: shown(nonzero.reduce(f64::min)),
        max: shown(values.iter().copied().reduce(f64::max)),
        sum: shown(values.iter().copied().reduce(|a, b| a + b)),
        small_counts: wholes.iter().filter(|n| (1..i64::from(k)).contains(n)).count() as u64,
        below_k: values
            .iter()
            .filter(|value| **value > 0.0 && **value < least)
            .count() as u64,
        divisible_by: STEPS.iter().copied().find(|step| all_of(step)),
    }
}

fn is_null(cell: &str) -> bool {
    cell.is_empty() || ["na", "nan", "null", "none"].contains(&cell.to_ascii_lowercase().as_str())
}
