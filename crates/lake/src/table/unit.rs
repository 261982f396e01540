//! Units: who a row is about, as 64 keyed bits, and the count of rows per unit.

use std::collections::HashMap;

use shuyu_kernel::Refusal;

use crate::{
    error::limited,
    keys::{UnitKey, hmac_sm3},
    limits::MAX_TRACKED,
};

/// Between the values of several columns; no canonical value holds it.
const SEPARATOR: &[u8] = b"\x1f";

/// The unit of these canonical values: the first 64 bits of HMAC-SM3 under the domain's key.
///
/// Stored as a signed number because Delta has no unsigned one. Among n units any two share their 64 bits with a
/// chance of about n²/2⁶⁵ (7 in 100,000 for 50 million); sharing makes a group look smaller, never larger.
pub(crate) fn unit_of(key: &UnitKey, values: &[String]) -> i64 {
    let mut parts: Vec<&[u8]> = Vec::with_capacity(values.len() * 2);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            parts.push(SEPARATOR);
        }
        parts.push(value.as_bytes());
    }
    let mac = hmac_sm3(&key.0, &parts);
    let mut first = [0u8; 8];
    first.copy_from_slice(&mac[..8]);
    i64::from_be_bytes(first)
}

/// Counts rows per unit. Its figures do not depend on the order of rows.
#[derive(Debug, Default)]
pub(crate) struct UnitCounter {
    rows: HashMap<i64, u32>,
    most: u32,
}

impl UnitCounter {
    /// Counts one row of a unit.
    pub(crate) fn count(&mut self, unit: i64) -> Result<(), Refusal> {
        if self.rows.len() >= MAX_TRACKED && !self.rows.contains_key(&unit) {
            return Err(limited("too_many_units").fact("limit", MAX_TRACKED));
        }
        let rows = self.rows.entry(unit).or_insert(0);
        *rows = rows.saturating_add(1);
        self.most = self.most.max(*rows);
        Ok(())
    }
    /// Adds what another counted.
    pub(crate) fn add(&mut self, other: UnitCounter) -> Result<(), Refusal> {
        for (unit, rows) in other.rows {
            self.count(unit)?;
            if let Some(known) = self.rows.get_mut(&unit) {
                *known = known.saturating_add(rows - 1);
                self.most = self.most.max(*known);
            }
        }
        Ok(())
    }
    /// How many different units were counted.
    pub(crate) fn units(&self) -> u64 {
        self.rows.len() as u64
    }
    /// The most rows of any unit.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_run_into_each_other_and_keys_separate_domains() {
        let (key, other) = (UnitKey([1; 32]), UnitKey([2; 32]));
        let text = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_ne!(
            unit_of(&key, &text(&["ab", "c"])),
            unit_of(&key, &text(&["a", "bc"]))
        );
        assert_ne!(unit_of(&key, &text(&["a"])), unit_of(&other, &text(&["a"])));
        assert_eq!(unit_of(&key, &text(&["a"])), unit_of(&key, &text(&["a"])));
    }
}
