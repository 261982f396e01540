//! Checks of the quality of stored versions: what is ordered, and what was found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::Digest;

/// One of the two tracks on which the quality of stored data is checked (LZ-PL-019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckTrack {
    /// 自查: by the provider, over all rows.
    SelfCheck,
    /// 抽检: by somebody else, over a sample.
    SpotCheck,
}

impl CheckTrack {
    /// The word in the ledger, in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::SelfCheck => "self_check",
            Self::SpotCheck => "spot_check",
        }
    }
}

/// A sample that is fixed before it is drawn: who has the seed draws the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSample {
    /// The seed.
    pub seed: Digest,
    /// How many rows.
    pub size: u64,
}

/// What one rule of a check found: counts, never a value and no row number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFound {
    /// The column; empty for a rule about the whole version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// The word of the rule.
    pub rule: String,
    /// The word of its dimension: `accuracy`, `completeness`, `consistency` or `timeliness`.
    pub dimension: String,
    /// Values that were looked at.
    pub checked: u64,
    /// Those that break the rule.
    pub bad: u64,
    /// Up to this share the rule holds, in hundredths of a percent.
    pub at_most: u32,
}

/// What a check found in all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checked {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that break a rule.
    pub bad_rows: u64,
    /// By rule, in the order of the rules.
    pub found: Vec<CheckFound>,
    /// Dimension → score in hundredths of a percent.
    pub scores: BTreeMap<String, u32>,
    /// With a confidence of 95 % at most this share of all rows is bad, in hundredths of a percent; of a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_at_most: Option<u32>,
}
