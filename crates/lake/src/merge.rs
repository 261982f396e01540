//! Upsert: rows of a file take the place of the rows with the same key, the others come beside them.
//!
//! Files of the standing version that hold none of the new keys stay as they are; the others are written anew without
//! those rows. One file at a time is in memory, besides 16 bytes for each new key and 12 for each unit.

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
        Cell, ColumnType, FileCutter, KeyProof, Shaped, TableSpec, UNIT_COLUMN, UnitCounter, canonical,
        cell_at,
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
        files: &mut Vec<DataFile>,
        watch: &Watch<'_>,
    ) -> Result<Merged, LakeError> {
        let spec = &standing.record.schema;
        let keyed = Keyed {
            spec,
            positions: spec.key.iter().filter_map(|name| spec.position(name)).collect(),
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
                let stays = keyed.stays(&batch);
                replaced += stays.iter().filter(|stays| !**stays).count() as u64;
                count(&batch, &stays, &mut units);
            }
            for (unit, rows) in units {
                for _ in 0..rows {
                    merged.units.count(unit)?;
                }
            }
            if replaced == 0 {
                continue;
            }
            merged.removed.push(old.path.clone());
            if replaced == old.rows {
                continue;
            }
            let mut cutter = FileCutter::uncut(snapshot.schema());
            let mut batches = snapshot.scan(None)?;
            while let Some(batch) = batches.try_next().await? {
                watch.check()?;
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
    /// For an upsert: the standing rows that go on. Answers the files that do not.
    pub(crate) async fn merged(
        &self,
        standing: Option<&Standing>,
        spec: &IngestSpec,
        (shaped, files): (&mut Shaped, &mut Vec<DataFile>),
        watch: &Watch<'_>,
    ) -> Result<Vec<String>, LakeError> {
        let Some(standing) = standing.filter(|_| spec.mode == IngestMode::Upsert) else {
            return Ok(Vec::new());
        };
        let attempt = self.attempt();
        let merged = self
            .merge(&standing.version, (&shaped.keys, &attempt), files, watch)
            .await?;
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
