//! Made-up engines: bytes that count up, a lake that keeps what was poured in, a query engine that answers as it is told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures::StreamExt;
use shuyu_app::port::{
    Ask, AskError, ByteStream, Cancel, DataError, DataLake, DeriveOrder, Gated, IngestOrder, Ingested,
    Keeper, OnProgress, RawFile, Secrets, Sweep, Verified,
};
use shuyu_domain::port::{Log, Record, StoredCheckpoint};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal};
use shuyu_privacy::{Past, permit::Permit};
use shuyu_store::{KeySource, Store};
use tokio::sync::Notify;

/// Bytes that count up: predictable, and never twice the same.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Counting {
    fn pour(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_add(1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    }
}
impl KeySource for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        self.pour(buffer);
    }
}
impl Secrets for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        self.pour(buffer);
    }
    fn keyed_digest(&self, bytes: &[u8]) -> Digest {
        Digest::of(bytes)
    }
}

/// A lake that keeps nothing but what was poured in.
#[derive(Default)]
pub struct Pond(Mutex<BTreeMap<Digest, Vec<u8>>>);

#[async_trait]
impl DataLake for Pond {
    async fn receive(&self, name: &str, mut bytes: ByteStream, limit: u64) -> Result<RawFile, DataError> {
        let mut all = Vec::new();
        while let Some(chunk) = bytes.next().await {
            all.extend_from_slice(&chunk.map_err(|error| Fault::new("receiving", error))?);
        }
        let size_bytes = all.len() as u64;
        assert!(size_bytes <= limit);
        let digest = Digest::of(&all);
        self.0.lock().unwrap().insert(digest, all);
        Ok(RawFile {
            digest,
            name: name.to_owned(),
            size_bytes,
        })
    }
    async fn raw_bytes(&self, digest: Digest) -> Result<Vec<u8>, DataError> {
        let kept = self.0.lock().unwrap().get(&digest).cloned();
        Ok(kept.ok_or_else(|| Fault::new("reading", "nothing there"))?)
    }
    async fn ingest(&self, _: &IngestOrder, _: OnProgress, _: Cancel) -> Result<Ingested, DataError> {
        Err(Refusal::unmet("file_without_rows").into())
    }
    async fn derive(&self, _: &DeriveOrder, _: OnProgress, _: Cancel) -> Result<Ingested, DataError> {
        Err(Refusal::unmet("file_without_rows").into())
    }
    async fn sweep(&self, _: &Sweep) -> Result<u64, Fault> {
        Ok(0)
    }
    async fn columns(&self, _: DatasetId) -> Result<Vec<(String, String)>, DataError> {
        Ok(Vec::new())
    }
}

/// An engine that answers by the text of the query.
#[derive(Default)]
pub struct Oracle {
    /// How often it was asked.
    pub asked: AtomicU64,
    /// A query that waits has begun.
    pub started: Notify,
    /// Lets a query that waits go on.
    pub go: Notify,
    /// The switch of the query that began last.
    pub switch: Mutex<Option<Cancel>>,
}

#[async_trait]
impl Ask for Oracle {
    async fn check(&self, _: &Permit, sql: &str) -> Result<(), Refusal> {
        if sql == "SELECT bad" {
            return Err(Refusal::unmet("use_missing").citing(&"ST-OP-001".parse().ok()));
        }
        Ok(())
    }
    async fn ask(&self, permit: &Permit, sql: &str, _: &Past, cancel: Cancel) -> Result<Gated, AskError> {
        self.check(permit, sql).await?;
        self.asked.fetch_add(1, Ordering::SeqCst);
        *self.switch.lock().unwrap() = Some(cancel);
        let mut answer = crate::chain::answer();
        match sql {
            "SELECT wait" => {
                self.started.notify_one();
                self.go.notified().await;
            }
            "SELECT roads" => {
                let roads = permit.tables.get("roads").unwrap();
                answer.read.push((roads.dataset, roads.version));
                self.started.notify_one();
                self.go.notified().await;
            }
            "SELECT lost" => return Err(AskError::Opaque),
            _ => {}
        }
        Ok(Gated {
            answer,
            remembered: Vec::new(),
        })
    }
}

/// The store as keeper of its logs.
pub struct StoreKeeper(pub Arc<Store>);

#[async_trait]
impl Keeper for StoreKeeper {
    async fn seal(&self) -> Result<(), Fault> {
        self.0.seal_all().await
    }
    async fn receipt(&self, log: Log, index: u64) -> Result<Option<String>, Fault> {
        let receipt = self.0.receipt(log, index).await?;
        receipt
            .map(|receipt| receipt.to_json().map_err(|error| Fault::new("writing", error)))
            .transpose()
    }
    async fn verify(&self, _: Log) -> Result<Verified, Fault> {
        Err(Fault::new("verifying", "not here"))
    }
    async fn rebuild_check(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
    fn public_key(&self, _: Log) -> String {
        self.0.verifying_key().to_pem().unwrap()
    }
    async fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault> {
        self.0.as_ref().checkpoint(log).await
    }
}
