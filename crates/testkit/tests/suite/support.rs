//! Reading what the writers wrote, with an independent CSV reader.

use std::collections::BTreeMap;

pub(crate) use shuyu_testkit::registers::RegisterWriter as Writer;

pub(crate) fn bytes(writer: Writer, seed: u64, rows: u64) -> Vec<u8> {
    let mut out = Vec::new();
    writer(&mut out, seed, rows).unwrap();
    out
}

/// Rows as maps from column to text. The reader refuses rows of uneven length.
pub(crate) fn rows(writer: Writer, seed: u64, rows: u64) -> Vec<BTreeMap<String, String>> {
    let bytes = bytes(writer, seed, rows);
    csv::Reader::from_reader(bytes.as_slice())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

pub(crate) fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}
