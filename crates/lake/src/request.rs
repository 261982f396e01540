//! What an ingest may ask for, beside what its table is.

use std::collections::BTreeSet;

use shuyu_kernel::{Refusal, cn::holds_identifier};

use crate::{
    IngestSpec,
    limits::{MAX_CODE_BYTES, MAX_CODES},
    table::{ColumnType, TableSpec, UnitProof},
    version::{IngestMode, VersionRecord},
};

/// Sources, key and unit of a request are there.
pub(crate) fn check_request(spec: &IngestSpec) -> Result<(), Refusal> {
    let wrong = |problem: &str| Refusal::unmet("ingest_not_usable").fact("problem", problem);
    if spec.sources.is_empty() {
        return Err(wrong("sources"));
    }
    if spec.key.0.is_empty() {
        return Err(wrong("key"));
    }
    if spec.unit.as_ref().is_some_and(|unit| unit.columns.is_empty()) {
        return Err(wrong("unit"));
    }
    check_codes(spec)?;
    spec.schema.as_ref().map_or(Ok(()), TableSpec::check)
}

/// Code lists are short, name nobody, and are not of a column that names the unit: they stand in the log of the table, and
/// whoever uses it sees them in made-up rows.
fn check_codes(spec: &IngestSpec) -> Result<(), Refusal> {
    let of_unit = |name: &String| spec.unit.as_ref().is_some_and(|unit| unit.columns.contains(name));
    let short = |code: &String| code.len() <= MAX_CODE_BYTES && !holds_identifier(code);
    let bad = |(name, codes): &(&String, &BTreeSet<String>)| {
        of_unit(name) || codes.len() > MAX_CODES || !codes.iter().all(short)
    };
    match spec.codes.iter().find(bad) {
        None => Ok(()),
        Some((name, _)) => Err(Refusal::unmet("codes_not_usable")
            .fact("column", name)
            .fact("limit", MAX_CODES)),
    }
}

/// The unit an ingest asks for: identifier domain and columns.
pub(crate) fn named(spec: &IngestSpec) -> Option<(&str, &[String])> {
    let unit = spec.unit.as_ref()?;
    Some((&unit.domain, &unit.columns))
}

/// A table keeps its unit from version to version: permits that follow the latest version rely on it for their
/// thresholds. Only a table without one may be given one, which protects more.
pub(crate) fn check_unit(spec: &IngestSpec, current: &VersionRecord) -> Result<(), Refusal> {
    let gains = current.unit.is_none() && spec.mode == IngestMode::Replace;
    if gains || named(spec) == current.unit.as_ref().map(UnitProof::named) {
        Ok(())
    } else {
        Err(Refusal::conflict("unit_differs"))
    }
}

/// An upsert needs to know which rows are the same.
pub(crate) fn check_key(spec: &IngestSpec, key: &[String]) -> Result<(), Refusal> {
    if spec.mode == IngestMode::Upsert && key.is_empty() {
        return Err(Refusal::unmet("upsert_without_key").fact("table", &spec.table));
    }
    Ok(())
}

/// A key that is named is the one of the table, also where it has none: rows that stay were not proved under another.
pub(crate) fn check_row_key(spec: &IngestSpec, current: &VersionRecord) -> Result<(), Refusal> {
    if spec.row_key.is_empty() || spec.row_key == current.schema.key {
        return Ok(());
    }
    Err(Refusal::conflict("row_key_differs").fact("key", current.schema.key.join(", ")))
}

/// Appending keeps the table's columns: it may add some and widen types, nothing may be lost.
pub(crate) fn check_append(spec: &IngestSpec, current: &VersionRecord) -> Result<(), Refusal> {
    if !spec.changes.is_empty() {
        return Err(Refusal::unmet("schema_order_needs_replace").fact("table", &spec.table));
    }
    let columns = |table: &TableSpec| -> Vec<(String, ColumnType)> {
        table
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.kind))
            .collect()
    };
    if let Some(schema) = &spec.schema
        && (columns(schema) != columns(&current.schema) || schema.key != current.schema.key)
    {
        return Err(Refusal::conflict("schema_differs"));
    }
    Ok(())
}
