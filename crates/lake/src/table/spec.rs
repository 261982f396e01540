//! The declared shape of a table: columns with type and rules, the key, the unit.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use crate::{keys::UnitKey, limits::MAX_COLUMNS};

/// Hidden column that holds the keyed 64-bit unit of a row.
pub const UNIT_COLUMN: &str = "__unit";

/// Digits of every decimal column: 28, enough for the sum of ten thousand million amounts of 18 digits.
pub const DECIMAL_PRECISION: u8 = 28;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text as it came.
    Text,
    /// Whole number of 64 bits.
    Integer,
    /// Exact number with this many digits after the point, at most 18. For money.
    Decimal {
        /// Digits after the point.
        scale: u8,
    },
    /// Measurement (IEEE 754 double). Never for money.
    Float,
    /// Civil date: `2026-11-21`, `2026/11/21` or `20261121`.
    Date,
    /// `true/false`, `1/0`, `是/否`, in any letter case.
    Bool,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// Name in the table. Without space and `,;{}()=`, which open Delta readers refuse.
    pub name: String,
    /// Name in the file's header when it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Type.
    pub kind: ColumnType,
    /// Whether a missing value makes a row bad.
    #[serde(default)]
    pub required: bool,
    /// When not empty, the only values allowed (compared as text).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed: BTreeSet<String>,
    /// Smallest number allowed, for number columns, as decimal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// Largest number allowed, for number columns, as decimal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// Texts that stand for a missing value; the empty cell and `NA` when not said otherwise.
    #[serde(default = "default_nulls")]
    pub nulls: BTreeSet<String>,
}

/// The empty cell and `NA`, which most statistical software writes.
pub(crate) fn default_nulls() -> BTreeSet<String> {
    ["", "NA"].map(str::to_owned).into()
}

impl ColumnSpec {
    /// A column of this name and type without further rules.
    pub fn new(name: &str, kind: ColumnType) -> Self {
        Self {
            name: name.to_owned(),
            header: None,
            kind,
            required: false,
            allowed: BTreeSet::new(),
            min: None,
            max: None,
            nulls: default_nulls(),
        }
    }
    /// The same, with a value in every row.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// The same, with numbers from `min` to `max` only.
    #[must_use]
    pub fn within(mut self, min: &str, max: &str) -> Self {
        (self.min, self.max) = (Some(min.to_owned()), Some(max.to_owned()));
        self
    }
    /// The same, with these values only.
    #[must_use]
    pub fn one_of<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed = values.into_iter().map(str::to_owned).collect();
        self
    }
    /// What the file's header calls it.
    pub fn header(&self) -> &str {
        self.header.as_deref().unwrap_or(&self.name)
    }
}

/// Column → the only values it may have; none where there is no list.
pub type Codes = BTreeMap<String, BTreeSet<String>>;

/// The columns of a table and the columns that identify a row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableSpec {
    /// In the order of the table; the file may have them in another order.
    pub columns: Vec<ColumnSpec>,
    /// Columns that together must differ in every row; empty when nothing is promised.
    #[serde(default)]
    pub key: Vec<String>,
}

/// What identifies the unit of protection (a person, an enterprise, a household) in a table.
#[derive(Debug, Clone)]
pub struct UnitSpec {
    /// The columns that together name the unit.
    pub columns: Vec<String>,
    /// Identifier domain, for example `person`. Tables of one domain compare by unit.
    pub domain: String,
    /// The key of the domain.
    pub key: UnitKey,
    /// The most rows a unit may have, when that is promised; the ingest is refused when it is not so.
    pub at_most: Option<u32>,
}

/// What happens to rows that break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// One bad row refuses the ingest, after the whole file was checked.
    Refuse,
    /// Bad rows are left out and counted, up to this share of all rows.
    Quarantine {
        /// In hundredths of a percent: 100 is one percent.
        max_share_basis_points: u32,
    },
}

impl TableSpec {
    /// Checks names, numbers and references.
    ///
    /// # Errors
    /// Refuses `schema_not_usable` with the column and what is wrong with it.
    pub fn check(&self) -> Result<(), Refusal> {
        let wrong = |column: &str, problem: &str| {
            Refusal::unmet("schema_not_usable")
                .fact("column", column)
                .fact("problem", problem)
        };
        if self.columns.is_empty() || self.columns.len() > MAX_COLUMNS {
            return Err(wrong("", "number_of_columns"));
        }
        let mut seen = BTreeSet::new();
        for column in &self.columns {
            if !usable_name(&column.name) {
                return Err(wrong(&column.name, "name"));
            }
            if !seen.insert(column.name.to_lowercase()) {
                return Err(wrong(&column.name, "duplicate"));
            }
            if matches!(column.kind, ColumnType::Decimal { scale } if scale > 18) {
                return Err(wrong(&column.name, "scale"));
            }
            let numeric = matches!(
                column.kind,
                ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float
            );
            for bound in [&column.min, &column.max].into_iter().flatten() {
                if !numeric || super::Cell::number(bound, column.kind).is_none() {
                    return Err(wrong(&column.name, "range"));
                }
            }
        }
        match self.key.iter().find(|name| self.position(name).is_none()) {
            Some(unknown) => Err(wrong(unknown, "key")),
            None => Ok(()),
        }
    }

    /// Takes these code lists in place of those that their columns had.
    ///
    /// # Errors
    /// Refuses `column_unknown`.
    pub(crate) fn allow(&mut self, codes: Codes) -> Result<(), Refusal> {
        for (name, codes) in codes {
            let column = self.columns.iter_mut().find(|column| column.name == name);
            let unknown = || Refusal::unmet("column_unknown").fact("column", &name);
            column.ok_or_else(unknown)?.allowed = codes;
        }
        Ok(())
    }

    /// Position of a column by its name in the table.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Whether open Delta readers take this as a column name; names in `__` are the platform's own.
pub(crate) fn usable_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.starts_with("__") && !name.chars().any(unusable_in_name)
}

/// Characters that Delta tables without column mapping cannot have in a column name (Delta protocol, "Column
/// Mapping": Parquet's own restriction), control characters besides.
pub(crate) fn unusable_in_name(c: char) -> bool {
    " ,;{}()=".contains(c) || c.is_control()
}
