//! What is recorded about every released cell, and the port of the release ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Fault, PermitId};

/// Names a set of subjects without listing them: the XOR and the sum modulo 2⁶⁴ of their keyed
/// units. Equal sets have equal keys, whatever the query looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetKey {
    /// XOR of the units.
    pub xor: u64,
    /// Sum of the units modulo 2⁶⁴.
    pub sum: u64,
}

impl SetKey {
    /// The sixteen bytes that stand for the set in keyed functions.
    pub fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.xor.to_be_bytes());
        bytes[8..].copy_from_slice(&self.sum.to_be_bytes());
        bytes
    }
}

/// Which statistic a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Rows of the cell.
    Rows,
    /// Rows with a value.
    Values,
    /// Sum of a measure.
    Sum,
    /// Mean of a measure.
    Mean,
    /// Number of different values.
    Distinct,
}

/// One released number and the set it speaks of. It never leaves the system: with the set key it
/// tells which cells hold the same people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleasedCell {
    /// The datasets read, at which versions.
    pub datasets: BTreeMap<DatasetId, u64>,
    /// Identifier domain of the subjects.
    pub domain: String,
    /// The subjects.
    pub set_key: SetKey,
    /// The subjects together with what each of them contributed; `None` for a count of rows of
    /// tables with one row per subject, where it would say nothing more than the set key.
    pub contribution_key: Option<u64>,
    /// Number of subjects.
    pub subjects: u64,
    /// Which statistic.
    pub statistic: Statistic,
    /// Which argument: the text of the checked expression over base columns, empty for rows.
    pub argument: String,
    /// The released value as text.
    pub value: String,
}

/// The memory of what was released. **A port without an implementation yet.**
///
/// A later issue asks it before every release: the same set gets the same value again, and a set
/// that differs from an earlier one by fewer than `k` subjects is answered on the earlier set
/// (snapped). Until then callers may store [`ReleasedCell`]s, so that the memory is complete when
/// the rule arrives; nothing is compared and differencing is open.
pub trait ReleaseLedger: Send + Sync {
    /// Remembers cells released under a permit.
    ///
    /// # Errors
    /// A fault when the memory cannot be written; then nothing may be released.
    fn record(&self, permit: PermitId, cells: &[ReleasedCell]) -> Result<(), Fault>;
}
