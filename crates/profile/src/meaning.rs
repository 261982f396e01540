//! What the platform itself reads in the answer to a field, whatever the field is called.

use serde::{Deserialize, Serialize};

/// Meaning of a field to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Yes or no: the data of this case holds personal data. Without a “no”, its tables must name their subjects.
    PersonalData,
    /// The case whose data this case's data was made from.
    SourceEntry,
}
