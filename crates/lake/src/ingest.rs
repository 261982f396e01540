//! Ingest: raw files in, one new version of a dataset out, or nothing at all.
//!
//! A blocking thread reads, checks and encodes; this task writes the encoded files to the store one by one and
//! commits once at the end. Of encoded files at most one is being written while another waits or is being made.

use std::sync::Arc;

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, Timestamp};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    Lake,
    error::{IngestError, IngestRefused, LakeError, cancelled},
    limits::Limits,
    raw::RawZone,
    request::{check_append, check_key, check_request, check_row_key, check_unit, named},
    source::{FormatHint, Watch, read_file},
    table::{
        Codes, ColumnType, EncodedFile, KeyProof, OnBadRow, Phase, Progress, QualityReport, RowSetup,
        SchemaOrder, Shaped, Shaper, StandingColumns, TableSpec, UNIT_COLUMN, UnitCounter, UnitProof,
        UnitSpec, canonical, cell_at,
    },
    version::{
        Change, DataFile, DataZone, DatasetVersion, DeltaLog, IngestKey, IngestMode, Snapshot, Standing,
        VersionRecord,
    },
};

/// What is to be ingested, and how.
#[derive(Debug, Clone)]
pub struct IngestSpec {
    /// The dataset that gets a new version.
    pub dataset: DatasetId,
    /// Name of the table for people and queries.
    pub table: String,
    /// Its zone.
    pub zone: DataZone,
    /// Raw files with the same header, in order.
    pub sources: Vec<Digest>,
    /// What the files are.
    pub format: FormatHint,
    /// The schema; `None` infers one from the first rows, and keeps to that of the version before if there is one.
    pub schema: Option<TableSpec>,
    /// Changes of columns that lose something; without an order they are refused.
    pub changes: SchemaOrder,
    /// The unit, for tables about persons, enterprises or households.
    pub unit: Option<UnitSpec>,
    /// Columns that together differ in every row, for a schema that is inferred; empty when nothing is promised. A
    /// table that has a key keeps it.
    pub row_key: Vec<String>,
    /// Column → the only values it may have from now on, for a schema that is inferred; none lift an earlier list.
    pub codes: Codes,
    /// What happens to rows that break a rule.
    pub on_bad_row: OnBadRow,
    /// Append, upsert or replace.
    pub mode: IngestMode,
    /// Names this attempt; see [`IngestKey`].
    pub key: IngestKey,
    /// The present instant.
    pub now: Timestamp,
}

/// What came of an ingest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestReport {
    /// The version that was made.
    pub version: DatasetVersion,
    /// What was found in the rows.
    pub quality: QualityReport,
    /// Whether the version was made by an earlier attempt with the same key, and nothing was done now.
    pub replayed: bool,
}

/// What the reading thread answers: the table, or why not and what had been found.
type Reading = JoinHandle<Result<Shaped, Box<(LakeError, QualityReport)>>>;

impl Lake {
    /// Ingests raw files as a new version. All or nothing: refused, cancelled, failed or killed at any point,
    /// the dataset stands at its old version, and the same key may be tried again.
    ///
    /// # Errors
    /// Refuses what the file, the schema, the quality policy or the limits do not allow (codes in the crate's
    /// documentation), `ingest_cancelled`, `ingest_key_reused`, `dataset_changed_meanwhile`. After a fault
    /// during the commit the version may stand; repeating the key tells.
    pub async fn ingest(
        &self,
        spec: IngestSpec,
        progress: Arc<dyn Progress>,
        cancel: &CancellationToken,
    ) -> Result<IngestReport, IngestError> {
        let writer = self.writer(spec.dataset);
        let _alone = tokio::select! {
            alone = writer.lock() => alone,
            () = cancel.cancelled() => return Err(cancelled().into()),
        };
        let log = self.log(spec.dataset)?;
        let standing = log.load(None).await?;
        if let Some(report) = self.replayed(&log, standing.as_ref(), &spec).await? {
            return Ok(report);
        }
        check_request(&spec)?;
        let setup = self.setup(&spec, standing.as_ref()).await?;
        let (sender, files) = mpsc::channel(1);
        let reading = self.read(&spec, setup, progress.clone(), cancel, sender);
        let (mut files, mut shaped) = self.gather(spec.dataset, files, reading).await?;
        let merged = self
            .merged(
                standing.as_ref(),
                &spec,
                (&mut shaped, &mut files),
                &Watch::new(&*progress, cancel),
            )
            .await;
        let removed = match merged {
            Ok(removed) => removed,
            Err(error) => {
                self.forget_files(spec.dataset, &files).await;
                return Err(error.into());
            }
        };
        let finished = self
            .commit(
                &log,
                standing.as_ref(),
                spec,
                (shaped, &files, removed),
                &Watch::new(&*progress, cancel),
            )
            .await;
        match finished {
            // A refused commit is known not to stand, so its files can go; after a fault they stay for the sweep.
            Err(LakeError::Refused(refusal)) => {
                let dataset = log.dataset();
                self.forget_files(dataset, &files).await;
                Err(refusal.into())
            }
            other => Ok(other?),
        }
    }

    async fn replayed(
        &self,
        log: &DeltaLog,
        standing: Option<&Standing>,
        spec: &IngestSpec,
    ) -> Result<Option<IngestReport>, LakeError> {
        let Some(standing) = standing else { return Ok(None) };
        let Some(version) = log.made_by(standing, &spec.key).await? else {
            return Ok(None);
        };
        let asked = record(spec, TableSpec::default(), None, Digest([0; 32]));
        let same_unit = named(spec) == version.record.unit.as_ref().map(UnitProof::named);
        if !version.record.same_request(&asked) || !same_unit {
            return Err(Refusal::conflict("ingest_key_reused")
                .fact("key", &spec.key.0)
                .into());
        }
        let quality = match version.record.report {
            Some(digest) => self.report(digest).await?,
            None => QualityReport::default(),
        };
        Ok(Some(IngestReport {
            version,
            quality,
            replayed: true,
        }))
    }

    /// The rules of the ingest, and for appending the table's own schema, keys and units.
    async fn setup(&self, spec: &IngestSpec, standing: Option<&Standing>) -> Result<RowSetup, LakeError> {
        let on_bad_row = spec.on_bad_row;
        let (schema, unit) = (spec.schema.clone(), spec.unit.clone());
        let fresh = RowSetup {
            spec: schema,
            unit,
            on_bad_row,
            units: UnitCounter::default(),
            keys: KeyProof::default(),
            row_key: spec.row_key.clone(),
            codes: spec.codes.clone(),
            standing: None,
            // On the workbench nobody reads what names a subject, so it is not kept.
            numbers_subjects: spec.zone == DataZone::Workbench,
        };
        let Some(standing) = standing else {
            if !spec.changes.is_empty() {
                return Err(Refusal::unmet("schema_order_of_nothing")
                    .fact("table", &spec.table)
                    .into());
            }
            check_key(
                spec,
                spec.schema.as_ref().map_or(&spec.row_key, |schema| &schema.key),
            )?;
            return Ok(fresh);
        };
        let current = &standing.version.record;
        if current.zone != spec.zone {
            return Err(Refusal::conflict("dataset_zone_differs").into());
        }
        check_unit(spec, current)?;
        let columns = spec.schema.is_none().then(|| StandingColumns {
            spec: current.schema.clone(),
            unit: current
                .unit
                .as_ref()
                .map(|unit| unit.columns.clone())
                .unwrap_or_default(),
            order: spec.changes.clone(),
        });
        let fresh = RowSetup {
            standing: columns,
            ..fresh
        };
        if spec.mode == IngestMode::Replace {
            return Ok(fresh);
        }
        check_append(spec, current)?;
        check_key(spec, &current.schema.key)?;
        check_row_key(spec, current)?;
        let fresh = RowSetup {
            row_key: Vec::new(),
            ..fresh
        };
        if spec.mode == IngestMode::Upsert {
            // The new rows are proved among themselves; those that go on are counted when it is known which.
            return Ok(fresh);
        }
        let snapshot = self.pinned(standing.version.clone()).await?;
        let (units, keys) = tracked(&snapshot, &current.schema).await?;
        Ok(RowSetup { units, keys, ..fresh })
    }

    fn read(
        &self,
        spec: &IngestSpec,
        setup: RowSetup,
        progress: Arc<dyn Progress>,
        cancel: &CancellationToken,
        files: mpsc::Sender<EncodedFile>,
    ) -> Reading {
        let (raw, limits, cancel) = (self.raw.clone(), self.limits, cancel.clone());
        let (sources, format) = (spec.sources.clone(), spec.format.clone());
        tokio::task::spawn_blocking(move || {
            let mut send = |file: EncodedFile| {
                let gone = |_| LakeError::from(cancelled());
                files
                    .blocking_send(file)
                    .map_err(|_| LakeError::from(cancelled()))?;
                // The next one is begun when this one was taken, so that no third is in memory.
                let taken = Handle::current().block_on(files.reserve());
                taken.map(drop).map_err(gone)
            };
            let mut shaper = Shaper::new(setup, &*progress, &mut send);
            let watch = Watch::new(&*progress, &cancel);
            let read = read_sources(&raw, &sources, &format, &limits, &watch, &mut shaper);
            read.and_then(|()| shaper.finish())
                .map_err(|error| Box::new((error, shaper.report())))
        })
    }

    /// Writes the files as they come and waits for the reading to end.
    async fn gather(
        &self,
        dataset: DatasetId,
        mut coming: mpsc::Receiver<EncodedFile>,
        reading: Reading,
    ) -> Result<(Vec<DataFile>, Shaped), IngestError> {
        let attempt = self.attempt();
        let mut files = Vec::new();
        while let Some(file) = coming.recv().await {
            files.push(self.write_file(dataset, &attempt, files.len(), file).await?);
        }
        match reading
            .await
            .map_err(|error| Fault::new("reading a raw file", error))?
        {
            Ok(shaped) => Ok((files, shaped)),
            Err(ended) => {
                let (error, report) = *ended;
                self.forget_files(dataset, &files).await;
                Err(match error {
                    LakeError::Fault(fault) => IngestError::Fault(fault),
                    LakeError::Refused(refusal) => {
                        let report = (report.rows_read > 0).then_some(report);
                        IngestError::Refused(Box::new(IngestRefused { refusal, report }))
                    }
                })
            }
        }
    }

    async fn commit(
        &self,
        log: &DeltaLog,
        standing: Option<&Standing>,
        spec: IngestSpec,
        (shaped, files, removed): (Shaped, &[DataFile], Vec<String>),
        watch: &Watch<'_>,
    ) -> Result<IngestReport, LakeError> {
        watch.check()?;
        watch.phase(Phase::Committing);
        let report = self.write_document(&shaped.report).await?;
        let record = record(&spec, shaped.spec, Some(&shaped.report), report);
        let change = Change {
            files: files.to_vec(),
            removed,
            record,
        };
        let version = log.commit(standing, change, &*self.kill).await?;
        Ok(IngestReport {
            version,
            quality: shaped.report,
            replayed: false,
        })
    }
}

fn read_sources(
    raw: &RawZone,
    sources: &[Digest],
    format: &FormatHint,
    limits: &Limits,
    watch: &Watch<'_>,
    shaper: &mut Shaper<'_>,
) -> Result<(), LakeError> {
    for (index, source) in sources.iter().enumerate() {
        shaper.begin_file(index);
        let read = read_file(raw.open_file(*source)?, format, limits, watch, shaper);
        let inspection = read.map_err(|error| match error {
            // With several files a line number alone says too little.
            LakeError::Refused(refusal) if sources.len() > 1 => refusal.fact("file", index + 1).into(),
            other => other,
        })?;
        shaper.end_file(inspection)?;
    }
    Ok(())
}

/// The units and keys that a version already holds.
async fn tracked(snapshot: &Snapshot, schema: &TableSpec) -> Result<(UnitCounter, KeyProof), LakeError> {
    let (mut units, mut keys) = (UnitCounter::default(), KeyProof::default());
    let has_unit = snapshot.version().record.unit.is_some();
    let key: Vec<usize> = schema
        .key
        .iter()
        .filter_map(|name| schema.position(name))
        .collect();
    if !has_unit && key.is_empty() {
        return Ok((units, keys));
    }
    let mut batches = snapshot.scan(None)?;
    while let Some(batch) = batches.try_next().await? {
        for row in 0..batch.num_rows() {
            let unit = batch
                .column_by_name(UNIT_COLUMN)
                .map(|column| cell_at(column, row, ColumnType::Integer));
            if let Some(crate::table::Cell::Integer(unit)) = unit {
                units.count(unit)?;
            }
            if !key.is_empty() {
                let cells: Vec<_> = (schema.columns.iter().zip(batch.columns()))
                    .map(|(column, array)| cell_at(array, row, column.kind))
                    .collect();
                keys.is_new(&canonical(&cells, &key, schema))?;
            }
        }
    }
    Ok((units, keys))
}

fn record(
    spec: &IngestSpec,
    schema: TableSpec,
    quality: Option<&QualityReport>,
    report: Digest,
) -> VersionRecord {
    VersionRecord {
        ingest_key: spec.key.clone(),
        table: spec.table.clone(),
        zone: spec.zone,
        mode: spec.mode,
        schema,
        unit: quality.and_then(|quality| quality.unit.clone()),
        created_at: spec.now,
        raw: spec.sources.clone(),
        report: Some(report),
        processing: None,
        erasures: Vec::new(),
    }
}
