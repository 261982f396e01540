//! Matching a file's header with the columns of a table.

use shuyu_kernel::Refusal;

use super::TableSpec;
use crate::source::Record;

/// Most column names put into one fact of a refusal.
const NAMED_COLUMNS: usize = 50;

/// Where each column of the table stands in the file. The order may differ; the set may not.
pub(super) fn places(header: &Record, spec: &TableSpec) -> Result<Vec<usize>, Refusal> {
    let titles: Vec<&str> = header.cells().map(str::trim).collect();
    let wanted: Vec<&str> = spec.columns.iter().map(|column| column.header().trim()).collect();
    if !titles.iter().any(|title| wanted.contains(title)) {
        // Perhaps the first row of somebody's data: its contents stay out of the refusal.
        return Err(Refusal::unmet("header_missing")
            .fact("found", titles.len())
            .fact("expected", wanted.len()));
    }
    let named = |names: Vec<&str>| {
        names
            .into_iter()
            .take(NAMED_COLUMNS)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let missing = named(
        wanted
            .iter()
            .filter(|name| !titles.contains(name))
            .copied()
            .collect(),
    );
    let extra = named(
        titles
            .iter()
            .filter(|title| !wanted.contains(title))
            .copied()
            .collect(),
    );
    let repeated = titles
        .iter()
        .enumerate()
        .filter(|(i, title)| titles.iter().take(*i).any(|t| t == *title));
    let duplicated = named(repeated.map(|(_, title)| *title).collect());
    if !(missing.is_empty() && extra.is_empty() && duplicated.is_empty()) || titles.len() != wanted.len() {
        let refusal = Refusal::unmet("header_differs")
            .fact("missing", missing)
            .fact("extra", extra);
        return Err(refusal.fact("duplicated", duplicated));
    }
    Ok(wanted
        .iter()
        .filter_map(|name| titles.iter().position(|title| title == name))
        .collect())
}
