//! A bounded sample of a column's values, decided by a seed and the row numbers alone.

use std::collections::BinaryHeap;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type},
};
use shuyu_kernel::CivilDate;

/// Values kept per column: 2,000 tell a share of one half from 0.53 with 99 % confidence.
pub const SAMPLE_VALUES: usize = 2_000;
/// Characters kept of a value; the longest address is shorter.
pub const MAX_VALUE_CHARACTERS: usize = 128;

/// The values whose rows have the smallest pseudo-random priorities: a uniform sample of all values, the same
/// however rows are cut into batches.
#[derive(Debug, Default)]
pub(super) struct Reservoir {
    kept: BinaryHeap<(u64, u64, String)>,
    nulls: u64,
}

impl Reservoir {
    /// Looks at the values of one batch whose first row has this number.
    pub(super) fn take(&mut self, array: &ArrayRef, first_row: u64, seed: u64) {
        for index in 0..array.len() {
            if array.is_null(index) {
                self.nulls += 1;
                continue;
            }
            let row = first_row + index as u64;
            let priority = mix(seed ^ mix(row));
            let full = self.kept.len() >= SAMPLE_VALUES;
            if full && self.kept.peek().is_some_and(|(worst, _, _)| *worst <= priority) {
                continue;
            }
            let Some(value) = written(array, index) else {
                continue;
            };
            if value.trim().is_empty() {
                self.nulls += 1;
                continue;
            }
            if full {
                self.kept.pop();
            }
            self.kept.push((priority, row, value));
        }
    }

    pub(super) fn nulls(&self) -> u64 {
        self.nulls
    }

    /// The values in the order of their rows.
    pub(super) fn values(self) -> Vec<String> {
        let mut kept = self.kept.into_vec();
        kept.sort_unstable_by_key(|(_, row, _)| *row);
        kept.into_iter().map(|(_, _, value)| value).collect()
    }
}

/// The value as people write it; `None` for types that hold nothing sensitive by themselves.
fn written(array: &ArrayRef, index: usize) -> Option<String> {
    Some(match array.data_type() {
        DataType::Utf8 => short(array.as_string::<i32>().value(index)),
        DataType::LargeUtf8 => short(array.as_string::<i64>().value(index)),
        DataType::Utf8View => short(array.as_string_view().value(index)),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(index).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(index).to_string(),
        DataType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().value_as_string(index),
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(index);
            CivilDate::from_days(i64::from(days)).to_string()
        }
        _ => return None,
    })
}

fn short(text: &str) -> String {
    text.chars().take(MAX_VALUE_CHARACTERS).collect()
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
pub(in crate::governance) fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
