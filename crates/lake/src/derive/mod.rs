//! Derivation: a de-identified version of a dataset by a recorded recipe (脱敏).
//!
//! Columns are dropped or made coarser; the hidden unit stays, so that protection still counts persons and not
//! rows. The recipe is kept as a processing record under its digest, with the version it was applied to.

mod generalise;
mod masking;

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    Lake,
    error::LakeError,
    source::Watch,
    table::{
        Builders, Cell, ColumnType, EncodedFile, FileCutter, Phase, Progress, TableSpec, UNIT_COLUMN,
        UnitCounter, UnitProof, cell_at,
    },
    version::{
        Change, DataFile, DataZone, DatasetVersion, DeltaLog, IngestKey, IngestMode, Snapshot, Standing,
        VersionRecord,
    },
};

pub use generalise::{Generalisation, Generalise};
use generalise::{OutputColumn, plan};
pub use masking::Masking;
use masking::masked_table;

/// What is to be derived, and how.
#[derive(Debug, Clone)]
pub struct DeriveSpec {
    /// The dataset it is made from.
    pub from: DatasetId,
    /// The version it is made from; named, so that the recipe can be repeated.
    pub from_version: u64,
    /// The dataset that gets the new version. Its rows are replaced.
    pub to: DatasetId,
    /// Name of the table for people and queries.
    pub table: String,
    /// Zone of the result.
    pub zone: DataZone,
    /// Columns left out. The hidden unit cannot be.
    pub drop: Vec<String>,
    /// Columns made coarser, at most one rule each.
    pub generalise: Vec<Generalise>,
    /// What each batch goes through first; columns that are dropped or made coarser are those of its result.
    pub masking: Option<Arc<dyn Masking>>,
    /// Names this attempt; see [`IngestKey`].
    pub key: IngestKey,
    /// The present instant.
    pub now: Timestamp,
}

/// The recipe of a derived version, kept for audit and lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingRecord {
    /// Where the rows came from.
    pub from: DatasetId,
    /// Which version.
    pub from_version: u64,
    /// Digests of the files of that version.
    pub from_files: Vec<Digest>,
    /// Where they went.
    pub to: DatasetId,
    /// Columns left out.
    pub dropped: Vec<String>,
    /// Columns made coarser.
    pub generalised: Vec<Generalise>,
    /// The recipe that batches went through first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<serde_json::Value>,
    /// Columns of the result.
    pub columns: Vec<String>,
    /// When.
    pub created_at: Timestamp,
}

/// The derivation under way: owned by whichever thread works on it.
struct Derivation {
    /// The table after masking.
    source: TableSpec,
    masking: Option<Arc<dyn Masking>>,
    columns: Vec<OutputColumn>,
    builders: Builders,
    cutter: FileCutter,
    units: Option<UnitCounter>,
}

impl Lake {
    /// Derives a new version of `spec.to`. All or nothing, like an ingest; the same key gives the same version.
    ///
    /// # Errors
    /// Refuses `dataset_unknown`, `dataset_version_unknown`, `column_unknown`, `recipe_not_usable`,
    /// `ingest_key_reused`, `ingest_cancelled`, `dataset_zone_differs`, `unit_differs`,
    /// `dataset_changed_meanwhile`.
    pub async fn derive(
        &self,
        spec: DeriveSpec,
        progress: Arc<dyn Progress>,
        cancel: &CancellationToken,
    ) -> Result<DatasetVersion, LakeError> {
        let source = self.snapshot(spec.from, Some(spec.from_version)).await?;
        let stored = &source.version().record.schema;
        let masked = match &spec.masking {
            Some(masking) => masked_table(stored, &**masking)?,
            None => stored.clone(),
        };
        let (columns, schema) = plan(&masked, &spec.drop, &spec.generalise)?;
        if spec.from == spec.to {
            return Err(Refusal::unmet("recipe_not_usable")
                .fact("problem", "same_dataset")
                .into());
        }
        let writer = self.writer(spec.to);
        let _alone = writer.lock().await;
        let log = self.log(spec.to)?;
        let standing = log.load(None).await?;
        let processing = self.write_document(&recipe(&spec, &source, &schema)).await?;
        if let Some(earlier) = earlier(self, &log, standing.as_ref(), (&spec, &source)).await? {
            return Ok(earlier);
        }
        let watch = Watch::new(&*progress, cancel);
        watch.phase(Phase::Reading);
        let mut files = Vec::new();
        let shaped = self
            .shape_derived(&spec, &source, (masked, columns, &schema), (&watch, &mut files))
            .await;
        let units = match shaped {
            Ok(units) => units,
            Err(error) => {
                self.forget_files(spec.to, &files).await;
                return Err(error);
            }
        };
        watch.phase(Phase::Committing);
        let record = derived_record(&spec, &source, schema, units, processing);
        let change = Change {
            files: files.clone(),
            removed: Vec::new(),
            record,
        };
        let committed = log.commit(standing.as_ref(), change, &*self.kill).await;
        if let Err(LakeError::Refused(_)) = committed {
            // A refused commit is known not to stand; after a fault the files stay for the sweep.
            self.forget_files(spec.to, &files).await;
        }
        committed
    }

    /// The processing record with this digest.
    ///
    /// # Errors
    /// Refuses `report_unknown`.
    pub async fn processing_record(&self, digest: Digest) -> Result<ProcessingRecord, LakeError> {
        self.document(digest).await
    }

    async fn shape_derived(
        &self,
        spec: &DeriveSpec,
        source: &Snapshot,
        (masked, columns, schema): (TableSpec, Vec<OutputColumn>, &TableSpec),
        (watch, files): (&Watch<'_>, &mut Vec<DataFile>),
    ) -> Result<Option<UnitCounter>, LakeError> {
        let units = source.version().record.unit.is_some().then(UnitCounter::default);
        let builders = Builders::new(schema, units.is_some());
        let cutter = FileCutter::new(builders.schema());
        let mut work = Derivation {
            source: masked,
            masking: spec.masking.clone(),
            columns,
            builders,
            cutter,
            units,
        };
        let attempt = self.attempt();
        let mut batches = source.scan(None)?;
        while let Some(batch) = batches.try_next().await? {
            watch.check()?;
            watch.rows(batch.num_rows() as u64);
            let full;
            (work, full) = blocking(move || work.take(&batch)).await?;
            for file in full {
                files.push(self.write_file(spec.to, &attempt, files.len(), file).await?);
            }
        }
        if let Some(file) = work
            .cutter
            .finish()
            .map_err(|error| Fault::new("encoding a data file", error))?
        {
            files.push(self.write_file(spec.to, &attempt, files.len(), file).await?);
        }
        Ok(work.units)
    }
}

/// Encoding is work for the processor and stays off the tasks that serve people.
async fn blocking(
    work: impl FnOnce() -> Result<(Derivation, Vec<EncodedFile>), LakeError> + Send + 'static,
) -> Result<(Derivation, Vec<EncodedFile>), LakeError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Fault::new("deriving a version", error))?
}

impl Derivation {
    /// Shapes one batch; gives the files that became full.
    fn take(mut self, batch: &RecordBatch) -> Result<(Self, Vec<EncodedFile>), LakeError> {
        let mut files = Vec::new();
        // Units are those of the source, whatever the masking makes of its batches.
        let units = batch.column_by_name(UNIT_COLUMN);
        let masked = self
            .masking
            .as_ref()
            .map(|masking| masking.apply(batch))
            .transpose()?;
        let batch = masked.as_ref().unwrap_or(batch);
        for row in 0..batch.num_rows() {
            let cells: Vec<Cell<'_>> = (self.columns.iter())
                .map(|column| {
                    let kind = self
                        .source
                        .columns
                        .get(column.source)
                        .map_or(ColumnType::Text, |c| c.kind);
                    let cell = batch
                        .columns()
                        .get(column.source)
                        .map(|array| cell_at(array, row, kind));
                    column.apply(cell.unwrap_or(Cell::Null), kind)
                })
                .collect();
            let unit = units.map(|column| cell_at(column, row, ColumnType::Integer));
            let unit = match unit {
                Some(Cell::Integer(unit)) => Some(unit),
                _ => None,
            };
            if let (Some(units), Some(unit)) = (&mut self.units, unit) {
                units.count(unit)?;
            }
            self.builders.append(&cells, unit);
            if self.builders.full() {
                files.extend(self.flush()?);
            }
        }
        files.extend(self.flush()?);
        Ok((self, files))
    }

    fn flush(&mut self) -> Result<Option<EncodedFile>, Fault> {
        if self.builders.rows() == 0 {
            return Ok(None);
        }
        let wide = self.builders.wide();
        let shaped = self
            .builders
            .finish()
            .map_err(|error| Fault::new("building columns", error))?;
        self.cutter
            .write(&shaped, wide)
            .map_err(|error| Fault::new("encoding a data file", error))
    }
}

/// The version that the same key made earlier.
async fn earlier(
    lake: &Lake,
    log: &DeltaLog,
    standing: Option<&Standing>,
    (spec, source): (&DeriveSpec, &Snapshot),
) -> Result<Option<DatasetVersion>, LakeError> {
    let Some(standing) = standing else { return Ok(None) };
    if let Some(version) = log.made_by(standing, &spec.key).await? {
        let made = match version.record.processing {
            Some(digest) => Some(lake.processing_record(digest).await?),
            None => None,
        };
        let same = made.is_some_and(|made| {
            (
                made.from,
                made.from_version,
                made.dropped,
                made.generalised,
                made.recipe,
            ) == (
                spec.from,
                spec.from_version,
                spec.drop.clone(),
                spec.generalise.clone(),
                spec.masking.as_ref().map(|masking| masking.recipe()),
            )
        });
        let reused = || Refusal::conflict("ingest_key_reused").fact("key", &spec.key.0);
        return if same {
            Ok(Some(version))
        } else {
            Err(reused().into())
        };
    }
    let current = &standing.version.record;
    if current.zone != spec.zone {
        return Err(Refusal::conflict("dataset_zone_differs").into());
    }
    // As with an ingest: a table may gain a unit and never loses or changes it.
    let named = |unit: &Option<UnitProof>| {
        unit.as_ref()
            .map(|unit| (unit.domain.clone(), unit.columns.clone()))
    };
    if current.unit.is_some() && named(&current.unit) != named(&source.version().record.unit) {
        return Err(Refusal::conflict("unit_differs").into());
    }
    Ok(None)
}

fn recipe(spec: &DeriveSpec, source: &Snapshot, schema: &TableSpec) -> ProcessingRecord {
    ProcessingRecord {
        from: spec.from,
        from_version: spec.from_version,
        from_files: source.version().files.iter().map(|file| file.digest).collect(),
        to: spec.to,
        dropped: spec.drop.clone(),
        generalised: spec.generalise.clone(),
        recipe: spec.masking.as_ref().map(|masking| masking.recipe()),
        columns: schema.columns.iter().map(|column| column.name.clone()).collect(),
        created_at: spec.now,
    }
}

fn derived_record(
    spec: &DeriveSpec,
    source: &Snapshot,
    schema: TableSpec,
    units: Option<UnitCounter>,
    processing: Digest,
) -> VersionRecord {
    let proof = source
        .version()
        .record
        .unit
        .as_ref()
        .zip(units)
        .map(|(proof, units)| UnitProof {
            units: units.units(),
            max_rows_per_unit: units.most(),
            ..proof.clone()
        });
    VersionRecord {
        ingest_key: spec.key.clone(),
        table: spec.table.clone(),
        zone: spec.zone,
        mode: IngestMode::Replace,
        schema,
        unit: proof,
        created_at: spec.now,
        raw: Vec::new(),
        report: None,
        processing: Some(processing),
        erasures: Vec::new(),
    }
}
