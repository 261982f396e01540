//! The lake behind [`DataLake`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use futures::StreamExt as _;
use shuyu_app::port::{
    ByteStream, Cancel, DataError, DataLake, DeriveOrder, IngestOrder, Ingested, OnRows, RawFile,
};
use shuyu_kernel::{Clock, DatasetId, Digest, Fault};
use shuyu_lake::{
    CancellationToken, DataZone, DatasetVersion, DeriveSpec, FormatHint, Generalisation, Generalise,
    IngestError, IngestKey, IngestMode, IngestSpec, Lake, LakeError, OnBadRow, Phase, Progress, UnitKey,
    UnitSpec,
};

/// The lake with the installation's unit key and clock.
pub struct LakeAdapter {
    lake: Arc<Lake>,
    unit_key: [u8; 32],
    clock: Arc<dyn Clock>,
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
    fn domain_key(&self, domain: &str) -> UnitKey {
        UnitKey(Digest::keyed(&self.unit_key, format!("unit/{domain}").as_bytes()).0)
    }
}

struct Rows {
    total: AtomicU64,
    on_rows: OnRows,
    cancel: Cancel,
    token: CancellationToken,
}

impl Progress for Rows {
    fn phase(&self, _phase: Phase) {}
    fn bytes(&self, _count: u64) {
        if self.cancel.is_cancelled() {
            self.token.cancel();
        }
    }
    fn rows(&self, count: u64) {
        let total = self.total.fetch_add(count, Ordering::Relaxed) + count;
        (self.on_rows)(total);
        if self.cancel.is_cancelled() {
            self.token.cancel();
        }
    }
}

fn rows(on_rows: OnRows, cancel: Cancel) -> (Arc<Rows>, CancellationToken) {
    let token = CancellationToken::new();
    if cancel.is_cancelled() {
        token.cancel();
    }
    (
        Arc::new(Rows {
            total: AtomicU64::new(0),
            on_rows,
            cancel,
            token: token.clone(),
        }),
        token,
    )
}

fn data_error(error: LakeError) -> DataError {
    match error {
        LakeError::Refused(refusal) => DataError::Refused(refusal),
        LakeError::Fault(fault) => DataError::Fault(fault),
    }
}

fn made(version: DatasetVersion, report: serde_json::Value, recipe: Option<serde_json::Value>) -> Ingested {
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
        recipe,
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
        on_rows: OnRows,
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
            unit,
            on_bad_row: OnBadRow::Refuse,
            mode: IngestMode::Replace,
            key: IngestKey(order.key.clone()),
            now: self.clock.now(),
        };
        let (progress, token) = rows(on_rows, cancel);
        let report = self
            .lake
            .ingest(spec, progress, &token)
            .await
            .map_err(|error| match error {
                IngestError::Refused(refused) => DataError::Refused(refused.refusal),
                IngestError::Fault(fault) => DataError::Fault(fault),
            })?;
        let quality =
            serde_json::to_value(&report.quality).map_err(|e| Fault::new("encoding a quality report", e))?;
        Ok(made(report.version, quality, None))
    }

    async fn derive(
        &self,
        order: &DeriveOrder,
        on_rows: OnRows,
        cancel: Cancel,
    ) -> Result<Ingested, DataError> {
        let from = self.lake.snapshot(order.from, None).await.map_err(data_error)?;
        let spec = DeriveSpec {
            from: order.from,
            from_version: from.version().version,
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
        let (progress, token) = rows(on_rows, cancel);
        let version = self
            .lake
            .derive(spec, progress, &token)
            .await
            .map_err(data_error)?;
        let recipe = match version.record.processing {
            Some(digest) => Some(self.lake.processing_record(digest).await.map_err(data_error)?),
            None => None,
        };
        let recipe = serde_json::to_value(&recipe).map_err(|e| Fault::new("encoding a recipe", e))?;
        Ok(made(version, serde_json::Value::Null, Some(recipe)))
    }

    async fn columns(&self, dataset: DatasetId) -> Result<Vec<(String, String)>, DataError> {
        let snapshot = self.lake.snapshot(dataset, None).await.map_err(data_error)?;
        let fields = snapshot.schema();
        let visible = fields
            .fields()
            .iter()
            .filter(|field| field.name() != shuyu_lake::UNIT_COLUMN);
        Ok(visible
            .map(|field| (field.name().clone(), field.data_type().to_string()))
            .collect())
    }
}
