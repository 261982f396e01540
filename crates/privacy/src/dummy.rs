//! Made-up tables (模拟数据): the shapes of real ones and no row of them.
//!
//! Made from what is declared — names, types, bounds, grain, code lists — and, if a release under differential
//! privacy gave them, from marginals. Nothing here ever sees a real row. The same seed gives the same tables.

use serde::{Deserialize, Serialize};
use shuyu_kernel::CivilDate;

/// The values of a column; `None` is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "values", rename_all = "snake_case")]
pub enum DummyValues {
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Measurements.
    Number(Vec<Option<f64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// Days.
    Date(Vec<Option<CivilDate>>),
}

/// A column of a made-up table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DummyColumn {
    /// Its name, as in the real table.
    pub name: String,
    /// Its values.
    pub values: DummyValues,
}

/// A made-up table. All columns have the same length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DummyTable {
    /// Columns in order.
    pub columns: Vec<DummyColumn>,
}
