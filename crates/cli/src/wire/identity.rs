//! Indexes for identity checks: compiled from pinned snapshots, kept sealed beside the raw files.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{
    array::{Array, AsArray as _, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
};
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use shuyu_app::{
    identity::{Identities, IndexMade, IndexOrder},
    port::{Cancel, DataError, JobPhase, OnProgress, Progress},
};
use shuyu_kernel::{Digest, Fault, Refusal};
use shuyu_lake::{Lake, LakeError};
use shuyu_privacy::identity::{Index, IndexBuilder, Tag};

/// Most pairs of one index: half a billion bytes of tags. Platform default.
const MOST_PAIRS: usize = 32_000_000;
/// Bytes handed to the lake at a time.
const CHUNK: usize = 1 << 20;
/// Indexes held in memory at the same time; the one asked longest ago goes.
const HELD: usize = 4;

/// Compiles and keeps indexes in a lake.
pub struct IdentityAdapter {
    lake: Arc<Lake>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    turn: u64,
    indexes: BTreeMap<Digest, (u64, Arc<Index>)>,
}

impl IdentityAdapter {
    /// Over an open lake.
    pub fn new(lake: Arc<Lake>) -> Self {
        Self {
            lake,
            held: Mutex::default(),
        }
    }

    fn remembered(&self, index: Digest) -> Option<Arc<Index>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.turn += 1;
        let turn = held.turn;
        let (used, index) = held.indexes.get_mut(&index)?;
        *used = turn;
        Some(index.clone())
    }

    fn remember(&self, digest: Digest, index: Arc<Index>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.turn += 1;
        let turn = held.turn;
        held.indexes.insert(digest, (turn, index));
        while held.indexes.len() > HELD {
            let oldest = held.indexes.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(digest, _)| *digest) else {
                return;
            };
            held.indexes.remove(&oldest);
        }
    }

    async fn read(&self, digest: Digest) -> Result<Arc<Index>, Fault> {
        let mut stream = self.lake.open_raw(digest).map_err(fault)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        let index = Index::from_bytes(&bytes).map_err(|error| Fault::new("reading an index", error))?;
        Ok(Arc::new(index))
    }
}

#[async_trait]
impl Identities for IdentityAdapter {
    async fn compile(
        &self,
        order: &IndexOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<IndexMade, DataError> {
        let snapshot = self.lake.snapshot(order.dataset, Some(order.version)).await;
        let snapshot = snapshot.map_err(data_error)?;
        let mut batches = snapshot.scan(Some(&order.columns)).map_err(data_error)?;
        let mut builder = IndexBuilder::default();
        let mut progress = Progress {
            phase: JobPhase::Reading,
            ..Progress::default()
        };
        while let Some(batch) = batches.next().await {
            if cancel.is_cancelled() {
                return Err(Refusal::conflict("ingest_cancelled").into());
            }
            let batch = batch?;
            progress.rows += batch.num_rows() as u64;
            if progress.rows > MOST_PAIRS as u64 {
                return Err(Refusal::unmet("index_too_large").fact("limit", MOST_PAIRS).into());
            }
            add(&mut builder, order, &batch)?;
            on_progress(progress);
        }
        let index = builder.finish();
        let bytes = bytes::Bytes::from(index.to_bytes());
        let limit = bytes.len() as u64;
        let chunks: Vec<_> = (0..bytes.len())
            .step_by(CHUNK)
            .map(|from| Ok::<_, std::io::Error>(bytes.slice(from..bytes.len().min(from + CHUNK))))
            .collect();
        let kept = self
            .lake
            .receive(stream::iter(chunks), "identity-index", limit)
            .await;
        let kept = kept.map_err(data_error)?;
        let made = IndexMade {
            index: kept.digest,
            pairs: index.len() as u64,
        };
        self.remember(kept.digest, Arc::new(index));
        Ok(made)
    }

    async fn holds(&self, index: Digest, tag: Tag) -> Result<bool, Fault> {
        if let Some(held) = self.remembered(index) {
            return Ok(held.holds(tag));
        }
        let read = self.read(index).await?;
        let holds = read.holds(tag);
        self.remember(index, read);
        Ok(holds)
    }
}

/// Adds the tags of a batch; rows in which a column is missing are left out.
fn add(builder: &mut IndexBuilder, order: &IndexOrder, batch: &RecordBatch) -> Result<(), Fault> {
    let mut columns: Vec<StringArray> = Vec::new();
    for name in &order.columns {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| Fault::new("compiling an index", "a column is not there"))?;
        let text = cast(column, &DataType::Utf8).map_err(|error| Fault::new("compiling an index", error))?;
        columns.push(text.as_string::<i32>().clone());
    }
    let Some((identifiers, attributes)) = columns.split_first() else {
        return Ok(());
    };
    for row in 0..batch.num_rows() {
        if columns.iter().any(|column| column.is_null(row)) {
            continue;
        }
        let said = attributes.iter().map(|column| column.value(row));
        builder.add(order.key.tag(identifiers.value(row), said));
    }
    Ok(())
}

fn data_error(error: LakeError) -> DataError {
    match error {
        LakeError::Refused(refusal) => DataError::Refused(refusal),
        LakeError::Fault(fault) => DataError::Fault(fault),
    }
}

fn fault(error: LakeError) -> Fault {
    match error {
        LakeError::Refused(refusal) => Fault::new("opening an index", refusal),
        LakeError::Fault(fault) => fault,
    }
}
