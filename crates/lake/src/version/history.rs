//! Changing what has been: rows of an erased subject, in batches and in the commits of a log.
//!
//! Commits never change otherwise. Here they do because the law wants the rows gone from every kept version; which
//! files stand in place of which is in the proof, and the ledger names both.

use std::collections::BTreeSet;

use arrow::{
    array::{AsArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::Int64Type,
};
use serde_json::{Value as Json, json};
use shuyu_kernel::Fault;

use super::{DataFile, log::RECORD};
use crate::{error::fault, table::UNIT_COLUMN};

const DOING: &str = "rewriting the log of a dataset";

/// The rows of a batch that are about none of these units.
pub(crate) fn keep_others(batch: &RecordBatch, units: &BTreeSet<i64>) -> Result<RecordBatch, Fault> {
    let doing = "leaving out an erased subject";
    let column = batch
        .column_by_name(UNIT_COLUMN)
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .ok_or_else(|| Fault::new(doing, "the unit is missing"))?;
    let others: Vec<bool> = column
        .iter()
        .map(|unit| unit.is_none_or(|unit| !units.contains(&unit)))
        .collect();
    filter_record_batch(batch, &others.into()).map_err(fault(doing))
}

/// A commit with new files in place of old ones; `None` when it names none of them. `held` names the order when the
/// version held the subject, so that its record says so and counts one unit less.
///
/// # Errors
/// When the commit is not what the protocol says.
pub(crate) fn rewritten_commit(
    bytes: &[u8],
    replaced: &[(&DataFile, &DataFile)],
    held: Option<&str>,
) -> Result<Option<Vec<u8>>, Fault> {
    let (mut lines, mut changed) = (Vec::new(), false);
    for line in serde_json::Deserializer::from_slice(bytes).into_iter::<Json>() {
        let mut line = line.map_err(fault(DOING))?;
        let of = |action: &Json| {
            let path = action.get("path").and_then(Json::as_str);
            replaced.iter().find(|(old, _)| path == Some(&old.path))
        };
        if let Some(add) = line.get_mut("add")
            && let Some((_, new)) = of(add)
        {
            add["path"] = json!(new.path);
            add["size"] = json!(new.size_bytes);
            add["stats"] = json!(json!({ "numRecords": new.rows }).to_string());
            changed = true;
        }
        if let Some(remove) = line.get("remove")
            && let Some((_, new)) = of(remove)
        {
            let mut also = remove.clone();
            also["path"] = json!(new.path);
            also["size"] = json!(new.size_bytes);
            // The old path stays until no commit adds it any more: taking away what is not there does nothing.
            lines.push(json!({ "remove": also }));
            changed = true;
        }
        if let (Some(record), Some(order)) = (line.pointer_mut(&format!("/commitInfo/{RECORD}")), held) {
            changed |= mark(record, order);
        }
        lines.push(line);
    }
    if !changed {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let mut seen = BTreeSet::new();
    for line in lines {
        let text = line.to_string();
        if seen.insert(text.clone()) {
            out.extend_from_slice(text.as_bytes());
            out.push(b'\n');
        }
    }
    Ok(Some(out))
}

/// Notes the order in a version's record, once.
fn mark(record: &mut Json, order: &str) -> bool {
    let Some(fields) = record.as_object_mut() else {
        return false;
    };
    let erasures = fields.entry("erasures").or_insert_with(|| json!([]));
    let Some(list) = erasures.as_array_mut() else {
        return false;
    };
    if list.iter().any(|known| known == order) {
        return false;
    }
    list.push(json!(order));
    if let Some(units) = record.pointer_mut("/unit/units") {
        *units = json!(units.as_u64().unwrap_or(1).saturating_sub(1));
    }
    true
}
