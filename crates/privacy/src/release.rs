//! Which sets and statistics released cells speak of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::DatasetId;

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
    /// Number of different values.
    Distinct,
    /// The greatest or the smallest value that enough subjects hold.
    Extreme,
    /// A sum divided by rows: told of before a query runs, never released as such.
    Mean,
    /// A number of rows divided by another: as above.
    Share,
}

/// A bijection of 64 bits without visible structure (the finaliser of the splitmix64 generator). Units are keyed
/// already, so that keys of sets need no further key to be unpredictable.
pub fn scramble(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number that the gate lets out, and the set it speaks of, before it is perturbed and compared with earlier
/// ones. It never leaves the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleasedCell {
    /// The datasets read, at which versions.
    pub datasets: BTreeMap<DatasetId, u64>,
    /// Identifier domain of the subjects.
    pub domain: String,
    /// The subjects.
    pub set_key: SetKey,
    /// The subjects together with what each of them contributed.
    pub contribution_key: Option<u64>,
    /// Number of subjects.
    pub subjects: u64,
    /// Which statistic.
    pub statistic: Statistic,
    /// Which argument: the text of the checked expression over base columns, empty for rows.
    pub argument: String,
    /// The exact value as text.
    pub value: String,
}
