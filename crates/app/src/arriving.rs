//! How the rows and columns of a file meet those of its table: replaced, appended or upserted by key, and which
//! columns may be lost.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
pub use shuyu_domain::event::{Arrival, ArrivalMode, ColumnChange};

/// What an order to ingest says of the table that stands. The usual: the file replaces it, nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arriving {
    /// How its rows meet the older ones.
    #[serde(default)]
    pub mode: ArrivalMode,
    /// Columns that together differ in every row. A table that has a key keeps it.
    #[serde(default)]
    pub row_key: Vec<String>,
    /// Columns that the file no longer has.
    #[serde(default)]
    pub drop: BTreeSet<String>,
    /// Name of a column before → its name in the file.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// Column → the only values it may have from now on; none lift an earlier list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, BTreeSet<String>>,
    /// Columns that take the type their values have now, though it does not hold all of the old ones.
    #[serde(default)]
    pub retype: BTreeSet<String>,
}

impl Arriving {
    /// Whether nothing is said: then nothing is written either, so that older orders stay what they were.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
