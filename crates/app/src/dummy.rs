//! Dummy tables of a permit: made of what is declared and granted, the same for everybody under it.

use std::collections::BTreeMap;

use shuyu_privacy::{
    dummy::{DummyColumnSpec, DummySpec, DummyTable, DummyType, make},
    permit::{Permit, TableGrant, TableKind},
};

/// The shape of a dummy table.
pub(crate) struct Shape<'a> {
    /// What is granted of the real one.
    pub grant: &'a TableGrant,
    /// Column → the name that the lake gives to its type.
    pub types: BTreeMap<String, String>,
}

impl Shape<'_> {
    /// A table of these columns, each with the identifier domain it names subjects of.
    pub(crate) fn spec<'c>(
        &self,
        columns: impl IntoIterator<Item = (&'c String, Option<String>)>,
    ) -> DummySpec {
        let column = |(name, domain): (&String, Option<String>)| {
            let granted = self.grant.columns.get(name);
            DummyColumnSpec {
                kind: kind(self.types.get(name).map_or("", String::as_str)),
                domain,
                bounds: granted.and_then(|column| column.bounds),
                grain: granted.and_then(|column| column.grain.clone()),
                codes: Vec::new(),
                marginal: Vec::new(),
                name: name.clone(),
            }
        };
        DummySpec {
            columns: columns.into_iter().map(column).collect(),
            rows_per_unit: match &self.grant.kind {
                TableKind::Personal { rows_per_unit, .. } => *rows_per_unit,
                TableKind::NonPersonal | TableKind::Public | TableKind::Own => 1,
            },
        }
    }
}

/// The tables, from a seed of the permit.
pub(crate) fn made(permit: &Permit, specs: &BTreeMap<String, DummySpec>) -> BTreeMap<String, DummyTable> {
    let seed = u64::try_from(permit.id.bits() & u128::from(u64::MAX)).unwrap_or_default();
    make(specs, seed)
}

/// The type by the name the lake gives it.
fn kind(name: &str) -> DummyType {
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if begins(&["Int", "UInt"]) {
        DummyType::Integer
    } else if begins(&["Float", "Decimal"]) {
        DummyType::Number
    } else if begins(&["Date", "Timestamp"]) {
        DummyType::Date
    } else if begins(&["Bool"]) {
        DummyType::Bool
    } else {
        DummyType::Text
    }
}
