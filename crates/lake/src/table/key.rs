//! Keys of rows, and the proof that no two rows share one.

use std::collections::HashSet;

use shuyu_kernel::{Digest, Refusal};

use super::{Cell, ColumnType, TableSpec};
use crate::{error::limited, limits::MAX_TRACKED};

/// The keys seen so far, as the first 128 bits of their SM3. Two different keys would share them with a chance
/// below one in 10²² even for 50 million rows.
#[derive(Default)]
pub(crate) struct KeyProof(HashSet<u128>);

impl KeyProof {
    /// Whether this key was seen.
    pub(crate) fn has(&self, values: &[String]) -> bool {
        self.0.contains(&short(values))
    }
    /// Whether this key is new.
    pub(crate) fn is_new(&mut self, values: &[String]) -> Result<bool, Refusal> {
        if self.0.len() >= MAX_TRACKED {
            return Err(limited("too_many_keys").fact("limit", MAX_TRACKED));
        }
        Ok(self.0.insert(short(values)))
    }
}

fn short(values: &[String]) -> u128 {
    let digest = Digest::of(values.join("\u{1f}").as_bytes()).0;
    let mut first = [0u8; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

/// The canonical values of some columns of a row.
pub(crate) fn canonical(cells: &[Cell<'_>], positions: &[usize], spec: &TableSpec) -> Vec<String> {
    let value = |position: &usize| {
        let kind = spec
            .columns
            .get(*position)
            .map_or(ColumnType::Text, |column| column.kind);
        cells
            .get(*position)
            .and_then(|cell| cell.canonical(kind))
            .unwrap_or_default()
    };
    positions.iter().map(value).collect()
}
