//! The nearest lawful form of a query, as SQL.

use shuyu_privacy::{Grain, Use};

use super::{grain::step_name, relation::Leaf};

/// A count by the first column that may be grouped, or of the whole table.
pub(crate) fn grouped(leaf: &Leaf) -> String {
    let table = quoted(&leaf.table);
    let key = leaf.schema.fields().iter().find_map(|field| {
        let grant = leaf.column(field.name())?;
        let name = quoted(field.name());
        if !grant.uses.contains(&Use::Group) || grant.unit {
            return None;
        }
        Some(match &grant.grain {
            None => name,
            Some(Grain::Date(step)) => format!("date_trunc('{}', {name})", step_name(*step)),
            Some(Grain::Number { group, .. }) => format!("floor({name} / {group})"),
            Some(Grain::Prefix(length)) => format!("left({name}, {length})"),
        })
    });
    match key {
        Some(key) => format!("SELECT {key}, count(*) AS n FROM {table} GROUP BY {key}"),
        None => format!("SELECT count(*) AS n FROM {table}"),
    }
}

/// How many subjects a table has, in place of one group for each. A whole statement: the key stands in the query's
/// GROUP BY too.
pub(crate) fn subjects((table, unit): (&str, &str)) -> String {
    let (unit, table) = (quoted(unit), quoted(table));
    format!("SELECT count(DISTINCT {unit}) AS n FROM {table}")
}

/// A name as it must be written: quoted unless it is plain lower-case ASCII.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
