//! The terms of mode `dp` in a permit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::permit::Limit;

/// What mode `dp` may cost and how much of it one subject may be. A query can never set any of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DpTerms {
    /// Millionths of ρ that one party may spend on one dataset, over all its permits, for ever.
    pub budget: Limit,
    /// Millionths of ρ that one query costs.
    pub query: Limit,
    /// Rows of one subject that count in one cell; its total in a cell is moved to what so many rows could be.
    pub rows: Limit,
    /// Cells of one answer in which one subject counts.
    pub cells: Limit,
    /// δ is one divided by this many times the rows of the largest table read.
    pub delta: Limit,
    /// Values of columns that are declared, by table and column. Cells by declared values all leave, empty ones too,
    /// so that none of them says that somebody is there; data with another value is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declared: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Rows of the tables as the catalogue says: public sizes, from which δ follows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sizes: BTreeMap<String, u64>,
}

/// Rows of a table of which no size is known: more than there are people, so that δ is too small rather than too great.
const UNKNOWN_SIZE: u64 = 10_000_000_000;

impl Default for DpTerms {
    /// Platform defaults: the regulations name no number. ρ = 0.25 in all is about ε = 4 for a million subjects, and
    /// a query of 0.0025 deviates by 28 subjects in 95 of 100 cases.
    fn default() -> Self {
        let own = "platform choice";
        Self {
            budget: Limit::platform_default(250_000, own),
            query: Limit::platform_default(2_500, own),
            rows: Limit::platform_default(12, own),
            cells: Limit::platform_default(4, own),
            delta: Limit::platform_default(10, "practice: well below one divided by the subjects"),
            declared: BTreeMap::new(),
            sizes: BTreeMap::new(),
        }
    }
}

impl DpTerms {
    /// δ for tables of so many rows: rows are no fewer than subjects, so that it is never too great.
    pub fn delta_of(&self, rows: u64) -> f64 {
        1.0 / (f64::from(self.delta.value.max(2)) * rows.max(1) as f64)
    }

    /// Rows of a table, as far as is known.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.sizes.get(table).copied().unwrap_or(UNKNOWN_SIZE)
    }

    /// Queries like the present one that a rest of so many millionths pays for.
    pub fn queries_left(&self, spent: u64) -> u64 {
        u64::from(self.budget.value).saturating_sub(spent) / u64::from(self.query.value.max(1))
    }
}
