//! Upsert: rows of a file take the place of the rows with the same key, the others come beside them.
//!
//! Files of the standing version that hold none of the new keys stay as they are; the others are written anew without
//! those rows. Where a type was widened all are written anew, also by an append. One file at a time is in memory,
//! besides 16 bytes for each new key and 12 for each unit.

use std::collections::BTreeMap;

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use futures::TryStreamExt;
use shuyu_kernel::{Fault, Refusal};

use crate::{
    IngestSpec, Lake,
    error::{LakeError, fault},
    limits::BATCH_BYTES,
    source::Watch,
    table::{
        Cell, ColumnChange, ColumnType, FileCutter, KeyProof, Shaped, TableSpec, UNIT_COLUMN, UnitCounter,
        arrow_schema, canonical, cell_at, recast,
    },
    version::{DataFile, DatasetVersion, IngestMode, Standing},
};

/// What of the standing version goes on.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Files that stand in place of others.
    pub(crate) written: Vec<DataFile>,
    /// Paths of the files that are not in the new version.
    pub(crate) removed: Vec<String>,
    /// Units of the rows that go on.
    pub(crate) units: UnitCounter,
}

/// What the rows that go on stand under.
pub(crate) struct Target<'a> {
    spec: &'a TableSpec,
    /// A type was widened: every file is written anew.
    widened: bool,
    /// Rows with a new key go; an append keeps them all.
    replaces: bool,
}

/// Where the key of a row is.
struct Keyed<'a> {
    spec: &'a TableSpec,
    positions: Vec<usize>,
    new: &'a KeyProof,
}

impl Lake {
    /// Leaves out of a standing version the rows whose keys the new rows have. `files` are the attempt's files so far;
    /// what is written here is added to them, so that a refusal forgets it as well.
    pub(crate) async fn merge(
        &self,
        standing: &DatasetVersion,
        (new, attempt): (&KeyProof, &str),
        to: &Target<'_>,
        files: &mut Vec<DataFile>,
        watch: &Watch<'_>,
    ) -> Result<Merged, LakeError> {
        let spec = to.spec;
        let schema = arrow_schema(spec, standing.record.unit.is_some());
        let keyed = Keyed {
            spec,
            positions: (spec.key.iter().filter(|_| to.replaces))
                .filter_map(|name| spec.position(name))
                .collect(),
            new,
        };
        let mut merged = Merged::default();
        for old in &standing.files {
            watch.check()?;
            let one = DatasetVersion {
                files: vec![old.clone()],
                ..standing.clone()
            };
            // Its units are counted once it is known which of its rows go on.
            let mut units = BTreeMap::new();
            let mut replaced = 0u64;
            let snapshot = self.pinned(one).await?;
            let mut batches = snapshot.scan(None)?;
            while let Some(batch) = batches.try_next().await? {
                let batch = recast(&batch, &schema)?;
                let stays = keyed.stays(&batch);
                replaced += stays.iter().filter(|stays| !**stays).count() as u64;
                count(&batch, &stays, &mut units);
            }
            for (unit, rows) in units {
                for _ in 0..rows {
                    merged.units.count(unit)?;
                }
            }
            if replaced == 0 && !to.widened {
                continue;
            }
            merged.removed.push(old.path.clone());
            if replaced == old.rows {
                continue;
            }
            let mut cutter = FileCutter::uncut(schema.clone());
            let mut batches = snapshot.scan(None)?;
            while let Some(batch) = batches.try_next().await? {
                watch.check()?;
                let batch = recast(&batch, &schema)?;
                let stays = BooleanArray::from(keyed.stays(&batch));
                let kept = filter_record_batch(&batch, &stays).map_err(fault("merging a data file"))?;
                let wide = batch.get_array_memory_size() >= BATCH_BYTES;
                cutter
                    .write(&kept, wide)
                    .map_err(|error| Fault::new("encoding a data file", error))?;
            }
            if let Some(file) = cutter.finish().map_err(fault("encoding a data file"))? {
                let file = self
                    .write_file(standing.dataset, attempt, files.len(), file)
                    .await?;
                files.push(file.clone());
                merged.written.push(file);
            }
        }
        Ok(merged)
    }
}

impl Lake {
    /// For an upsert, and an append that widens a type: the standing rows that go on. Answers the files that do not.
    pub(crate) async fn merged(
        &self,
        standing: Option<&Standing>,
        spec: &IngestSpec,
        (shaped, files): (&mut Shaped, &mut Vec<DataFile>),
        watch: &Watch<'_>,
    ) -> Result<Vec<String>, LakeError> {
        let widens = |change: &ColumnChange| matches!(change, ColumnChange::Widened { .. });
        let widened = shaped.report.changes.iter().any(widens);
        let replaces = spec.mode == IngestMode::Upsert;
        let follows = replaces || (spec.mode == IngestMode::Append && widened);
        let Some(standing) = standing.filter(|_| follows) else {
            return Ok(Vec::new());
        };
        let attempt = self.attempt();
        let to = Target {
            spec: &shaped.spec,
            widened,
            replaces,
        };
        let merged = self
            .merge(&standing.version, (&shaped.keys, &attempt), &to, files, watch)
            .await?;
        if !replaces {
            // An append counted the units that were there before it began.
            return Ok(merged.removed);
        }
        shaped.units.add(merged.units)?;
        if let Some(proof) = &mut shaped.report.unit {
            (proof.units, proof.max_rows_per_unit) = (shaped.units.units(), shaped.units.most());
            let promised = spec.unit.as_ref().and_then(|unit| unit.at_most);
            if promised.is_some_and(|promised| proof.max_rows_per_unit > promised) {
                return Err(Refusal::unmet("unit_rows_exceeded")
                    .fact("promised", promised.unwrap_or_default())
                    .fact("found", proof.max_rows_per_unit)
                    .into());
            }
        }
        Ok(merged.removed)
    }
}

impl Keyed<'_> {
    /// Whether each row of a batch goes on.
    fn stays(&self, batch: &RecordBatch) -> Vec<bool> {
        (0..batch.num_rows())
            .map(|row| {
                if self.positions.is_empty() {
                    return true;
                }
                let cells: Vec<Cell<'_>> = (self.spec.columns.iter().zip(batch.columns()))
                    .map(|(column, array)| cell_at(array, row, column.kind))
                    .collect();
                !self.new.has(&canonical(&cells, &self.positions, self.spec))
            })
            .collect()
    }
}

fn count(batch: &RecordBatch, stays: &[bool], units: &mut BTreeMap<i64, u32>) {
    let Some(column) = batch.column_by_name(UNIT_COLUMN) else {
        return;
    };
    for (row, _) in stays.iter().enumerate().filter(|(_, stays)| **stays) {
        if let Cell::Integer(unit) = cell_at(column, row, ColumnType::Integer) {
            *units.entry(unit).or_insert(0) += 1;
        }
    }
}
