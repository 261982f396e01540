//! A lake in a temporary folder, with seeded keys, and short ways to fill it.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::{TryStreamExt, stream};
use shuyu_kernel::{
    DatasetId, Digest, Refusal, Timestamp,
    kill::{KillSwitch, NoKill},
};
use shuyu_lake::{
    CancellationToken, DataZone, FormatHint, IngestError, IngestKey, IngestMode, IngestReport, IngestSpec,
    KeySource, Lake, LakeError, MasterKey, NoProgress, OnBadRow, SchemaOrder,
};
use tempfile::TempDir;

/// Bytes that differ at every call and are the same in every run.
#[derive(Default)]
pub struct Seeded(AtomicU64);

impl KeySource for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for part in buffer.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()).0;
            part.copy_from_slice(&block[..part.len()]);
        }
    }
}

/// Panics at one point, once.
pub struct KillAt(pub Mutex<Option<&'static str>>);

impl KillSwitch for KillAt {
    fn reached(&self, point: &'static str) {
        let mut armed = self.0.lock().expect("not poisoned");
        if *armed == Some(point) {
            *armed = None;
            drop(armed);
            panic!("killed at {point}");
        }
    }
}

pub struct World {
    pub folder: TempDir,
    pub lake: Arc<Lake>,
    random: Arc<Seeded>,
}

pub const NOW: i64 = 1_790_000_000_000_000;

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let random = Arc::new(Seeded::default());
        let lake = open(folder.path(), random.clone(), Arc::new(NoKill));
        Self { folder, lake, random }
    }

    /// The same folder opened again, as after a restart.
    pub fn reopen(&mut self, kill: Arc<dyn KillSwitch>) {
        self.lake = open(self.folder.path(), self.random.clone(), kill);
    }

    pub async fn raw(&self, bytes: &[u8]) -> Digest {
        let parts: Vec<io::Result<Bytes>> = bytes
            .chunks(50_000)
            .map(|c| Ok(Bytes::copy_from_slice(c)))
            .collect();
        self.lake
            .receive(stream::iter(parts), "file.csv", u64::MAX)
            .await
            .expect("received")
            .digest
    }

    pub async fn ingest(&self, spec: IngestSpec) -> Result<IngestReport, IngestError> {
        self.lake
            .ingest(spec, Arc::new(NoProgress), &CancellationToken::new())
            .await
    }

    /// Ingests `bytes` with an inferred schema into a fresh dataset and returns the refusal.
    pub async fn refused(&self, bytes: &[u8]) -> Refusal {
        let spec = spec(dataset(999), vec![self.raw(bytes).await], "refused");
        let refusal = refusal_of(self.ingest(spec).await);
        assert!(
            self.lake
                .versions(dataset(999))
                .await
                .expect("versions")
                .is_empty(),
            "nothing changed"
        );
        refusal
    }

    /// All rows of a dataset's latest version.
    pub async fn rows(&self, dataset: DatasetId) -> Vec<RecordBatch> {
        let snapshot = self.lake.snapshot(dataset, None).await.expect("snapshot");
        snapshot
            .scan(None)
            .expect("scan")
            .try_collect()
            .await
            .expect("rows")
    }

    /// Every file under the lake's folder.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        collect(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn collect(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            collect(&path, found)
        } else {
            found.push(path)
        }
    }
}

fn open(folder: &Path, random: Arc<Seeded>, kill: Arc<dyn KillSwitch>) -> Arc<Lake> {
    Arc::new(Lake::open(folder.to_owned(), &MasterKey([9; 32]), random, kill).expect("lake"))
}

pub fn dataset(number: u128) -> DatasetId {
    DatasetId::from_bits(number)
}

/// Replace, refuse bad rows, infer the schema.
pub fn spec(dataset: DatasetId, sources: Vec<Digest>, key: &str) -> IngestSpec {
    IngestSpec {
        dataset,
        table: "t".to_owned(),
        zone: DataZone::Governed,
        sources,
        format: FormatHint::Auto,
        schema: None,
        changes: SchemaOrder::default(),
        unit: None,
        row_key: Vec::new(),
        codes: Default::default(),
        on_bad_row: OnBadRow::Refuse,
        mode: IngestMode::Replace,
        key: IngestKey(key.to_owned()),
        now: Timestamp::from_micros(NOW),
    }
}

pub fn refusal_of(result: Result<IngestReport, IngestError>) -> Refusal {
    match result {
        Err(IngestError::Refused(refused)) => refused.refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

pub fn lake_refusal<T: std::fmt::Debug>(result: Result<T, LakeError>) -> Refusal {
    match result {
        Err(LakeError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

pub fn fact<'a>(refusal: &'a Refusal, name: &str) -> &'a str {
    refusal.facts.get(name).map_or("", String::as_str)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}
