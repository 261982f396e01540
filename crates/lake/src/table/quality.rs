//! The quality report: what was found where, without a single value of a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{cell::Cell, evolve::ColumnChange, spec::ColumnType};
use crate::{
    limits::FIRST_ROWS,
    source::{Encoding, Inspection},
};

/// A rule that a row can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A value is not of its column's type.
    TypeMismatch,
    /// A number lies outside its column's range.
    OutOfRange,
    /// A required value is missing.
    RequiredMissing,
    /// A value is not one of its column's allowed values.
    NotInCodeList,
    /// An earlier row has the same key.
    DuplicateKey,
    /// A value that names the unit is missing.
    UnitMissing,
}

/// Where a row stands: which file, which record, which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowRef {
    /// Index of the raw file in the ingest, from 0.
    pub file: usize,
    /// Number of the record in the file; the header is 1.
    pub record: u64,
    /// Line on which the record begins, or row of the sheet, from 1.
    pub line: u64,
}

/// What one rule found in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFinding {
    /// Column name; for keys the names joined by `+`.
    pub column: String,
    /// The rule.
    pub rule: Rule,
    /// How many rows break it.
    pub count: u64,
    /// The first 20 of them.
    pub first: Vec<RowRef>,
}

/// Records of one file from one number to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRange {
    /// Index of the raw file in the ingest, from 0.
    pub file: usize,
    /// First record number.
    pub from: u64,
    /// Last record number.
    pub to: u64,
}

/// Figures of one column over the accepted rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnQuality {
    /// Name.
    pub column: String,
    /// Missing values.
    pub nulls: u64,
    /// Smallest value, for numbers and dates of tables without units only: text may name a person, and the
    /// smallest value among persons is somebody's.
    pub min: Option<String>,
    /// Largest value, under the same conditions.
    pub max: Option<String>,
}

/// Something about a whole file that a person should look at. It refuses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileWarning {
    /// Index of the raw file in the ingest, from 0.
    pub file: usize,
    /// What.
    pub warning: Warning,
}

/// What may be wrong with a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// It was read as GB18030, but so many characters are rare ones that it is probably in another encoding.
    EncodingDoubtful,
}

/// The proof of how many rows a unit has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitProof {
    /// Identifier domain.
    pub domain: String,
    /// Columns that name the unit.
    pub columns: Vec<String>,
    /// How many different units the table has.
    pub units: u64,
    /// The most rows that any unit has in the whole table, counted and not believed.
    pub max_rows_per_unit: u32,
}

impl UnitProof {
    /// Identifier domain and columns: what must stay the same from version to version.
    pub(crate) fn named(&self) -> (&str, &[String]) {
        (&self.domain, &self.columns)
    }
}

/// What an ingest found. Holds counts, names and row numbers, and no value of any text column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QualityReport {
    /// Encoding of each file read to its end; `None` for a workbook.
    pub encodings: Vec<Option<Encoding>>,
    /// Records read, headers not counted.
    pub rows_read: u64,
    /// Rows that entered the table.
    pub rows_accepted: u64,
    /// Rows left out because they break a rule.
    pub rows_quarantined: u64,
    /// Which records were left out.
    pub quarantined: Vec<RowRange>,
    /// Findings by column and rule.
    pub findings: Vec<RuleFinding>,
    /// Figures by column.
    pub columns: Vec<ColumnQuality>,
    /// The proof of rows per unit, for tables with units.
    pub unit: Option<UnitProof>,
    /// What a person should look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FileWarning>,
    /// How the columns differ from those of the version before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ColumnChange>,
}

/// Gathers the report row by row.
#[derive(Default)]
pub(super) struct Gatherer {
    findings: BTreeMap<(usize, Rule), (u64, Vec<RowRef>)>,
    columns: Vec<Figures>,
    quarantined: Vec<RowRange>,
    encodings: Vec<Option<Encoding>>,
    warnings: Vec<FileWarning>,
    pub(super) changes: Vec<ColumnChange>,
    pub(super) read: u64,
    pub(super) accepted: u64,
    pub(super) bad: u64,
}

#[derive(Default)]
struct Figures {
    nulls: u64,
    min: Option<Cell<'static>>,
    max: Option<Cell<'static>>,
}

/// Column index under which findings about the key stand.
pub(super) const KEY_INDEX: usize = usize::MAX;

impl Gatherer {
    /// A file was read to its end.
    pub(super) fn file(&mut self, file: usize, inspection: Option<Inspection>) {
        self.encodings.push(inspection.map(|found| found.encoding));
        if inspection.is_some_and(|found| found.doubtful) {
            self.warnings.push(FileWarning {
                file,
                warning: Warning::EncodingDoubtful,
            });
        }
    }

    pub(super) fn found(&mut self, column: usize, rule: Rule, row: RowRef) {
        let (count, first) = self.findings.entry((column, rule)).or_default();
        *count += 1;
        if first.len() < FIRST_ROWS {
            first.push(row);
        }
    }

    pub(super) fn leave_out(&mut self, row: RowRef) {
        self.bad += 1;
        match self.quarantined.last_mut() {
            Some(last) if last.file == row.file && last.to + 1 == row.record => last.to = row.record,
            _ => self.quarantined.push(RowRange {
                file: row.file,
                from: row.record,
                to: row.record,
            }),
        }
    }

    pub(super) fn accept(&mut self, cells: &[Cell<'_>]) {
        self.accepted += 1;
        self.columns.resize_with(cells.len(), Figures::default);
        for (figures, cell) in self.columns.iter_mut().zip(cells) {
            let value = match cell {
                Cell::Null => {
                    figures.nulls += 1;
                    continue;
                }
                Cell::Text(_) | Cell::Bool(_) => continue,
                Cell::Integer(number) => Cell::Integer(*number),
                Cell::Decimal(number) => Cell::Decimal(*number),
                Cell::Float(number) => Cell::Float(*number),
                Cell::Date(days) => Cell::Date(*days),
            };
            if figures.min.as_ref().is_none_or(|min| value.less_than(min)) {
                figures.min = Some(value.clone());
            }
            if figures.max.as_ref().is_none_or(|max| max.less_than(&value)) {
                figures.max = Some(value);
            }
        }
    }

    pub(super) fn report(
        &self,
        columns: &[(String, Option<ColumnType>)],
        key: &[String],
        unit: Option<UnitProof>,
    ) -> QualityReport {
        let name = |index: usize| {
            columns
                .get(index)
                .map_or_else(|| key.join("+"), |(name, _)| name.clone())
        };
        let findings = self
            .findings
            .iter()
            .map(|((index, rule), (count, first))| RuleFinding {
                column: name(*index),
                rule: *rule,
                count: *count,
                first: first.clone(),
            });
        let none = Figures::default();
        let figures = columns.iter().enumerate().map(|(index, (column, kind))| {
            let figures = self.columns.get(index).unwrap_or(&none);
            // No type is given for columns that identify somebody.
            let written = |cell: &Option<Cell<'static>>| cell.as_ref()?.written((*kind)?);
            let (min, max) = (written(&figures.min), written(&figures.max));
            ColumnQuality {
                column: column.clone(),
                nulls: figures.nulls,
                min,
                max,
            }
        });
        QualityReport {
            encodings: self.encodings.clone(),
            rows_read: self.read,
            rows_accepted: self.accepted,
            rows_quarantined: self.bad,
            quarantined: self.quarantined.clone(),
            findings: findings.collect(),
            columns: figures.collect(),
            unit,
            warnings: self.warnings.clone(),
            changes: self.changes.clone(),
        }
    }
}
