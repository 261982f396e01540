//! The lake behind [`DataLake`].

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt as _;
use shuyu_app::port::{
    ByteStream, Cancel, DataError, DataLake, DeriveOrder, Examined, IngestOrder, Ingested, JobPhase,
    LakeColumn, OnProgress, Progress, RawFile, Sweep, TraceOrder, VersionOrder,
};
use shuyu_domain::event::{Arrival, ArrivalMode, ColumnChange};
use shuyu_kernel::{Clock, DatasetId, Digest, Fault};
use shuyu_lake::{
    DataZone, DatasetVersion, DeriveSpec, FormatHint, Generalisation, Generalise, IngestError, IngestKey,
    IngestMode, IngestReport, IngestSpec, Lake, LakeError, OnBadRow, Phase, QualityReport, SchemaOrder,
    UnitKey, UnitSpec,
};
use shuyu_privacy::governance::{assess::Figures, fingerprint::Traced};

use super::governance;

/// The lake with the installation's unit key and clock.
pub struct LakeAdapter {
    pub(super) lake: Arc<Lake>,
    unit_key: [u8; 32],
    pub(super) clock: Arc<dyn Clock>,
}

impl LakeAdapter {
    /// Over an open lake.
    pub fn new(lake: Arc<Lake>, unit_key: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        Self {
            lake,
            unit_key,
            clock,
        }
    }

    /// One key per identifier domain, so that sets compare across tables and domains never mix.
    pub(super) fn domain_key(&self, domain: &str) -> UnitKey {
        UnitKey(Digest::keyed(&self.unit_key, format!("unit/{domain}").as_bytes()).0)
    }
}

/// Adds up what the lake tells and passes it on.
struct Told {
    so_far: Mutex<Progress>,
    on_progress: OnProgress,
}

impl Told {
    fn new(on_progress: OnProgress) -> Arc<Self> {
        let so_far = Mutex::default();
        Arc::new(Self { so_far, on_progress })
    }

    fn add(&self, change: impl FnOnce(&mut Progress)) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut so_far);
        (self.on_progress)(*so_far);
    }
}

impl shuyu_lake::Progress for Told {
    fn phase(&self, phase: Phase) {
        let phase = match phase {
            Phase::Inspecting => JobPhase::Inspecting,
            Phase::Reading => JobPhase::Reading,
            Phase::Committing => JobPhase::Committing,
        };
        self.add(|so_far| (so_far.phase, so_far.bytes) = (phase, 0));
    }
    fn bytes(&self, count: u64) {
        self.add(|so_far| so_far.bytes += count);
    }
    fn rows(&self, count: u64) {
        self.add(|so_far| so_far.rows += count);
    }
}

pub(super) fn data_error(error: LakeError) -> DataError {
    match error {
        LakeError::Refused(refusal) => DataError::Refused(refusal),
        LakeError::Fault(fault) => DataError::Fault(fault),
    }
}

/// A refused ingest with what was found, so that the sender learns which rows to mend.
pub(super) fn refused_ingest(error: IngestError) -> DataError {
    let refused = match error {
        IngestError::Refused(refused) => *refused,
        IngestError::Fault(fault) => return DataError::Fault(fault),
    };
    let refusal = refused.refusal;
    match refused.report.as_ref().map(told) {
        None => DataError::Refused(refusal),
        Some(Ok(report)) => DataError::Found { refusal, report },
        Some(Err(error)) => DataError::Fault(Fault::new("encoding a quality report", error)),
    }
}

pub(super) fn made(
    version: DatasetVersion,
    (report, arrival): (serde_json::Value, Option<Arrival>),
    recipe: Option<serde_json::Value>,
) -> Ingested {
    let unit = version.record.unit.as_ref();
    Ingested {
        version: version.version,
        rows: version.rows,
        files: version.files.iter().map(|file| file.digest).collect(),
        raw: version.record.raw.clone(),
        report,
        domain: unit.map(|unit| unit.domain.clone()),
        rows_per_unit: unit.map_or(1, |unit| u64::from(unit.max_rows_per_unit)),
        columns: version
            .record
            .schema
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        arrival,
        recipe,
    }
}

/// A quality report as it is kept and shown: changes of columns stand in it as they stand in the record.
pub(super) fn told(quality: &QualityReport) -> serde_json::Result<serde_json::Value> {
    let mut report = serde_json::to_value(quality)?;
    if let Some(changes) = report.get_mut("changes") {
        let all: Vec<ColumnChange> = quality.changes.iter().map(change).collect();
        *changes = serde_json::to_value(all)?;
    }
    Ok(report)
}

/// How a version came; `None` when it simply replaced the one before.
fn arrival(report: &IngestReport) -> Option<Arrival> {
    let record = &report.version.record;
    let arrival = Arrival {
        mode: match record.mode {
            IngestMode::Replace => ArrivalMode::Replace,
            IngestMode::Append => ArrivalMode::Append,
            IngestMode::Upsert => ArrivalMode::Upsert,
        },
        key: record.schema.key.clone(),
        changes: report.quality.changes.iter().map(change).collect(),
    };
    (arrival != Arrival::default()).then_some(arrival)
}

fn change(change: &shuyu_lake::ColumnChange) -> ColumnChange {
    use shuyu_lake::ColumnChange::{Added, Dropped, Renamed, Retyped, Widened};
    let (word, column, from, to) = match change {
        Added { column, to } => ("added", column, String::new(), to.word()),
        Widened { column, from, to } => ("widened", column, from.word(), to.word()),
        Dropped { column } => ("dropped", column, String::new(), String::new()),
        Renamed { column, name } => ("renamed", column, column.clone(), name.clone()),
        Retyped { column, from, to } => ("retyped", column, from.word(), to.word()),
    };
    ColumnChange {
        change: word.to_owned(),
        column: column.clone(),
        from,
        to,
    }
}

#[async_trait]
impl DataLake for LakeAdapter {
    async fn receive(&self, name: &str, bytes: ByteStream, limit_bytes: u64) -> Result<RawFile, DataError> {
        let file = self
            .lake
            .receive(bytes, name, limit_bytes)
            .await
            .map_err(data_error)?;
        Ok(RawFile {
            digest: file.digest,
            name: file.name,
            size_bytes: file.size_bytes,
        })
    }

    async fn raw_bytes(&self, digest: Digest) -> Result<Vec<u8>, DataError> {
        let mut stream = self.lake.open_raw(digest).map_err(data_error)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    async fn ingest(
        &self,
        order: &IngestOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Ingested, DataError> {
        let unit = order.domain.as_ref().map(|domain| UnitSpec {
            columns: order.unit_columns.clone(),
            domain: domain.clone(),
            key: self.domain_key(domain),
            at_most: None,
        });
        let spec = IngestSpec {
            dataset: order.dataset,
            table: order.table.clone(),
            zone: DataZone::Governed,
            sources: vec![order.raw],
            format: FormatHint::default(),
            schema: None,
            changes: SchemaOrder {
                drop: order.arriving.drop.clone(),
                rename: order.arriving.rename.clone(),
                retype: order.arriving.retype.clone(),
            },
            unit,
            row_key: order.arriving.row_key.clone(),
            codes: order.arriving.codes.clone(),
            on_bad_row: order
                .set_aside
                .map_or(OnBadRow::Refuse, |max_share_basis_points| OnBadRow::Quarantine {
                    max_share_basis_points,
                }),
            mode: match order.arriving.mode {
                ArrivalMode::Replace => IngestMode::Replace,
                ArrivalMode::Append => IngestMode::Append,
                ArrivalMode::Upsert => IngestMode::Upsert,
            },
            key: IngestKey(order.key.clone()),
            now: self.clock.now(),
        };
        let report = self
            .lake
            .ingest(spec, Told::new(on_progress), cancel.token())
            .await
            .map_err(refused_ingest)?;
        let quality = told(&report.quality).map_err(|e| Fault::new("encoding a quality report", e))?;
        let arrival = arrival(&report);
        Ok(made(report.version, (quality, arrival), None))
    }

    async fn derive(
        &self,
        order: &DeriveOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Ingested, DataError> {
        let source = (order.from, order.from_version);
        let masking = match &order.masking {
            Some(masking) => Some(governance::masking(&self.lake, &self.unit_key, source, masking).await?),
            None => None,
        };
        let spec = DeriveSpec {
            masking,
            from: order.from,
            from_version: order.from_version,
            to: order.dataset,
            table: order.table.clone(),
            zone: DataZone::Governed,
            drop: order.drop.clone(),
            generalise: order
                .bands
                .iter()
                .map(|(column, edges)| Generalise {
                    column: column.clone(),
                    how: Generalisation::Bands { edges: edges.clone() },
                })
                .collect(),
            key: IngestKey(order.key.clone()),
            now: self.clock.now(),
        };
        let version = self
            .lake
            .derive(spec, Told::new(on_progress), cancel.token())
            .await
            .map_err(data_error)?;
        let recipe = match version.record.processing {
            Some(digest) => Some(self.lake.processing_record(digest).await.map_err(data_error)?),
            None => None,
        };
        let recipe = serde_json::to_value(&recipe).map_err(|e| Fault::new("encoding a recipe", e))?;
        Ok(made(version, (serde_json::Value::Null, None), Some(recipe)))
    }

    async fn examine(
        &self,
        order: VersionOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Examined, DataError> {
        governance::examine(&self.lake, order, on_progress, cancel).await
    }

    async fn assess(
        &self,
        order: VersionOrder,
        columns: (&[String], &[String]),
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Option<Figures>, DataError> {
        governance::assess(&self.lake, order, columns, on_progress, cancel).await
    }

    async fn trace(&self, order: &TraceOrder) -> Result<Traced, DataError> {
        let piece = self.raw_bytes(order.piece).await?;
        governance::trace(&self.lake, &self.unit_key, order, piece).await
    }

    async fn sweep(&self, sweep: &Sweep) -> Result<u64, Fault> {
        let never_refused = |error| match error {
            LakeError::Refused(refusal) => Fault::new("sweeping the lake", refusal),
            LakeError::Fault(fault) => fault,
        };
        let tables = self
            .lake
            .sweep(sweep.leftovers_before)
            .await
            .map_err(never_refused)?;
        let raw = self
            .lake
            .sweep_raw(sweep.papers_before, sweep.papers.clone())
            .await
            .map_err(never_refused)?;
        let own = self.lake.sweep_workbench(sweep.leftovers_before, &sweep.own);
        Ok(tables.objects + raw.objects + own.await.map_err(never_refused)?)
    }

    async fn columns(&self, dataset: DatasetId) -> Result<Vec<LakeColumn>, DataError> {
        let snapshot = self.lake.snapshot(dataset, None).await.map_err(data_error)?;
        let declared = &snapshot.version().record.schema;
        let codes = |name: &str| {
            let column = declared.columns.iter().find(|column| column.name == name);
            column.map(|column| column.allowed.iter().cloned().collect())
        };
        let fields = snapshot.schema();
        let visible = fields
            .fields()
            .iter()
            .filter(|field| field.name() != shuyu_lake::UNIT_COLUMN);
        Ok(visible
            .map(|field| LakeColumn {
                name: field.name().clone(),
                kind: field.data_type().to_string(),
                codes: codes(field.name()).unwrap_or_default(),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;
