//! Dummy tables of a permit: made of what is declared and granted and of marginals that left under differential privacy,
//! the same for everybody under it.

use std::collections::BTreeMap;

use shuyu_kernel::RowScope;
use shuyu_privacy::{
    dummy::{DummyColumnSpec, DummySpec, DummyTable, DummyType, make},
    permit::{Permit, TableGrant, TableKind},
};

use crate::{marginals::Weights, port::LakeColumn};

/// The shape of a dummy table.
pub(crate) struct Shape<'a> {
    /// What is granted of the real one.
    pub grant: &'a TableGrant,
    /// What the lake declares of its columns.
    pub columns: Vec<LakeColumn>,
    /// Column → weights of its values.
    pub marginals: BTreeMap<String, Weights>,
}

impl Shape<'_> {
    /// A table of these columns, each with the identifier domain it names subjects of.
    pub(crate) fn spec<'c>(
        &self,
        columns: impl IntoIterator<Item = (&'c String, Option<String>)>,
    ) -> DummySpec {
        let column = |(name, domain): (&String, Option<String>)| {
            let granted = self.grant.columns.get(name);
            let stored = self.columns.iter().find(|column| column.name == *name);
            let declared = stored.map_or(&[][..], |column| column.codes.as_slice());
            // What names subjects is made up by number, whatever is declared of it.
            let told = domain.is_none();
            DummyColumnSpec {
                kind: kind(stored.map_or("", |column| column.kind.as_str())),
                bounds: granted.and_then(|column| column.bounds),
                grain: granted.and_then(|column| column.grain.clone()),
                codes: match told {
                    true => codes(name, declared, self.grant.rows.as_ref()),
                    false => Vec::new(),
                },
                marginal: match told {
                    true => self.marginals.get(name).cloned().unwrap_or_default(),
                    false => Vec::new(),
                },
                domain,
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

/// The values that a column may have: those declared of the table, those of the rows that are granted, or those of the
/// former that are of the latter. None if neither says any.
fn codes(name: &str, declared: &[String], rows: Option<&RowScope>) -> Vec<String> {
    let Some(rows) = rows.filter(|rows| rows.column == name) else {
        return declared.to_vec();
    };
    let within: Vec<String> = declared.iter().filter(|code| rows.holds(code)).cloned().collect();
    if within.is_empty() {
        // The beginning of a value begins with itself.
        return rows.is.iter().chain(&rows.begins).cloned().collect();
    }
    within
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

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn codes_are_those_declared_within_the_rows_that_are_granted() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let declared = words(&["110101", "530102", "530103"]);
        let rows = "area: 5301* 120101".parse().ok();
        assert_eq!(codes("area", &declared, None), declared);
        assert_eq!(codes("age", &declared, rows.as_ref()), declared);
        assert_eq!(
            codes("area", &declared, rows.as_ref()),
            words(&["530102", "530103"])
        );
        for none in [&[][..], &words(&["310101"])] {
            assert_eq!(codes("area", none, rows.as_ref()), words(&["120101", "5301"]));
        }
        assert!(codes("age", &[], rows.as_ref()).is_empty());
    }
}
