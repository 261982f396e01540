//! Made-up engines: bytes that count up, a lake that keeps what was poured in, a query engine that answers as it is told.

mod checking;
mod own;
mod retaining;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures::{StreamExt, future::BoxFuture};
use shuyu_app::identity::{Identities, IndexMade, IndexOrder};
use shuyu_app::port::{
    Answer, Ask, AskError, ByteStream, Cancel, Cell, DataError, DataLake, DeriveOrder, DpEstimate,
    EraseOrder, ErasePrepared, ErasedRows, Erasing, Examined, Gated, IngestOrder, Ingested, Keeper,
    LakeColumn, OnProgress, OpenErasure, RawFile, Secrets, Sweep, TraceOrder, TrialTable, TryOut, Verified,
    VersionOrder,
};
use shuyu_domain::port::{Log, Record, StoredCheckpoint};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, Use};
use shuyu_privacy::{
    Past,
    governance::{assess::Figures, fingerprint::Traced},
    identity::{Index, IndexBuilder, Tag},
    missing::{Missing, missing},
    permit::{Permit, PermitMode, TableKind},
};
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

/// A register of two people, whatever table is compiled.
#[derive(Default)]
pub struct Register(Mutex<BTreeMap<Digest, Index>>);

impl Register {
    pub const PEOPLE: [(&str, &str); 2] = [("110101198703120011", "张三"), ("110101199001010015", "李四")];
}

#[async_trait]
impl Identities for Register {
    async fn compile(&self, order: &IndexOrder, _: OnProgress, _: Cancel) -> Result<IndexMade, DataError> {
        let mut builder = IndexBuilder::default();
        for (identifier, name) in Self::PEOPLE {
            builder.add(order.key.tag(identifier, [name]));
        }
        let index = builder.finish();
        let digest = Digest::of(&index.to_bytes());
        let pairs = index.len() as u64;
        self.0.lock().unwrap().insert(digest, index);
        Ok(IndexMade { index: digest, pairs })
    }
    async fn holds(&self, index: Digest, tag: Tag) -> Result<bool, Fault> {
        Ok(self.0.lock().unwrap()[&index].holds(tag))
    }
}

/// A lake that keeps nothing but what was poured in, and does with it what it is told.
#[derive(Default)]
pub struct Pond {
    files: Mutex<BTreeMap<Digest, Vec<u8>>>,
    /// With the file each was made of.
    lists: Mutex<BTreeMap<DatasetId, Digest>>,
    /// The next file that is to be forgotten sticks.
    sticks: AtomicBool,
    /// What happens after the next file is received.
    next: Mutex<Option<BoxFuture<'static, ()>>>,
    /// An order to erase, and the list that names its subject.
    naming: Mutex<Option<(OpenErasure, DatasetId)>>,
    told: Mutex<retaining::Told>,
}

impl Pond {
    /// How many files and how many lists it holds.
    pub fn holds(&self) -> (usize, usize) {
        (self.files.lock().unwrap().len(), self.lists.lock().unwrap().len())
    }

    /// The next file that is to be forgotten sticks.
    pub fn stick(&self) {
        self.sticks.store(true, Ordering::SeqCst);
    }

    /// Plants an act between the next file that is received and whatever its bringer does with it.
    pub fn after_receiving(&self, act: BoxFuture<'static, ()>) {
        *self.next.lock().unwrap() = Some(act);
    }

    /// From now on an order to erase a subject stands open whom this list names.
    pub fn order(&self, open: OpenErasure, naming: DatasetId) {
        *self.naming.lock().unwrap() = Some((open, naming));
    }
}

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
        self.files.lock().unwrap().insert(digest, all);
        let planted = self.next.lock().unwrap().take();
        if let Some(act) = planted {
            act.await;
        }
        Ok(RawFile {
            digest,
            name: name.to_owned(),
            size_bytes,
        })
    }
    async fn raw_bytes(&self, digest: Digest) -> Result<Vec<u8>, DataError> {
        let kept = self.files.lock().unwrap().get(&digest).cloned();
        Ok(kept.ok_or_else(|| Fault::new("reading", "nothing there"))?)
    }
    async fn ingest(&self, _: &IngestOrder, _: OnProgress, cancel: Cancel) -> Result<Ingested, DataError> {
        let made = self.told().ingested.clone();
        // Whoever asks to stop asks when the rows are in.
        made.iter().for_each(|_| cancel.cancel());
        Ok(made.ok_or_else(|| Refusal::unmet("file_without_rows"))?)
    }
    async fn derive(&self, _: &DeriveOrder, _: OnProgress, _: Cancel) -> Result<Ingested, DataError> {
        Err(Refusal::unmet("file_without_rows").into())
    }
    async fn examine(
        &self,
        order: VersionOrder,
        _: OnProgress,
        cancel: Cancel,
    ) -> Result<Examined, DataError> {
        if cancel.is_cancelled() || !self.told().examines.contains(&order.dataset) {
            return Err(Refusal::unknown("dataset_unknown").into());
        }
        Ok(Examined {
            rows: 1,
            units: None,
            columns: Vec::new(),
        })
    }
    async fn assess(
        &self,
        _: VersionOrder,
        _: (&[String], &[String]),
        _: OnProgress,
        _: Cancel,
    ) -> Result<Option<Figures>, DataError> {
        Err(Refusal::unknown("dataset_unknown").into())
    }
    async fn trace(&self, _: &TraceOrder) -> Result<Traced, DataError> {
        Err(Refusal::unknown("dataset_unknown").into())
    }
    async fn sweep(&self, _: &Sweep) -> Result<u64, Fault> {
        Ok(0)
    }
    async fn columns(&self, _: DatasetId) -> Result<Vec<LakeColumn>, DataError> {
        let column = |name: &str, kind: &str| LakeColumn {
            name: name.to_owned(),
            kind: kind.to_owned(),
            codes: self.told().codes.get(name).cloned().unwrap_or_default(),
        };
        Ok(vec![column("id_no", "Utf8"), column("age", "Int64")])
    }
}

/// It holds no datasets, so nobody can be erased from one.
#[async_trait]
impl Erasing for Pond {
    async fn prepare_erasure(&self, order: &EraseOrder) -> Result<ErasePrepared, DataError> {
        Err(Refusal::unknown("dataset_unknown")
            .fact("dataset", order.dataset)
            .into())
    }
    async fn hide_erased(&self, _: DatasetId, erasure: &str) -> Result<(), DataError> {
        Err(Refusal::unknown("erasure_unknown")
            .fact("erasure", erasure)
            .into())
    }
    async fn open_erasures(&self) -> Result<Vec<OpenErasure>, Fault> {
        let ordered = self.naming.lock().unwrap();
        Ok(ordered.iter().map(|(open, _)| open.clone()).collect())
    }
    async fn search_uploads(&self, _: &OpenErasure, _: BTreeSet<Digest>) -> Result<(), DataError> {
        Ok(())
    }
    async fn names_subject(&self, list: DatasetId, open: &OpenErasure) -> Result<bool, Fault> {
        let ordered = self.naming.lock().unwrap();
        let names = ordered
            .as_ref()
            .is_some_and(|(order, naming)| order == open && *naming == list);
        Ok(names && self.lists.lock().unwrap().contains_key(&list))
    }
    async fn carry_out_erasure(&self, open: &OpenErasure) -> Result<ErasedRows, DataError> {
        Err(Refusal::unknown("erasure_unknown")
            .fact("erasure", &open.erasure)
            .into())
    }
    async fn close_erasure(&self, _: &OpenErasure) -> Result<(), Fault> {
        Ok(())
    }
    async fn has_files(&self, _: DatasetId, _: u64, _: &[Digest]) -> Result<bool, Fault> {
        Ok(false)
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
    /// The made-up tables of the last trial.
    pub tried: Mutex<BTreeMap<String, TrialTable>>,
}

impl Oracle {
    fn judge(permit: &Permit, sql: &str) -> Result<(), Refusal> {
        let age = permit
            .tables
            .get("people")
            .and_then(|people| people.columns.get("age"));
        if sql == "SELECT avg(age) FROM people" && !age.unwrap().uses.contains(&Use::Measure) {
            return Err(Refusal::unmet("use_missing")
                .citing(&"ST-OP-001".parse().ok())
                .fact("table", "people")
                .fact("column", "age")
                .fact("use", "measure")
                .fact("nearest", "apply_for_use")
                .fact("nearest_kind", "instruction"));
        }
        if sql == "SELECT max(age) FROM people" && permit.mode == PermitMode::Dp {
            return Err(Refusal::unmet("dp_statistic_refused"));
        }
        if sql == "SELECT bad" {
            return Err(Refusal::unmet("use_missing").citing(&"ST-OP-001".parse().ok()));
        }
        Ok(())
    }
}

#[async_trait]
impl Ask for Oracle {
    async fn check(&self, permit: &Permit, sql: &str) -> Result<(), Refusal> {
        Self::judge(permit, sql)
    }
    async fn missing_grants(&self, permit: &Permit, sql: &str) -> Result<Missing, Fault> {
        missing(permit, |supposed| Ok(Self::judge(supposed, sql)))
    }
    async fn estimate(&self, permit: &Permit, sql: &str) -> Result<Option<DpEstimate>, Refusal> {
        self.check(permit, sql).await?;
        let personal = permit
            .tables
            .values()
            .filter(|grant| grant.kind != TableKind::Public);
        Ok((permit.mode == PermitMode::Dp).then(|| DpEstimate {
            expected: Vec::new(),
            rho: u64::from(permit.thresholds.dp.query.value),
            least_subjects: Some(50),
            charged: personal.map(|grant| grant.dataset).collect(),
        }))
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
            "SELECT roads" | "SELECT cohort" => {
                let table = sql.trim_start_matches("SELECT ");
                let roads = permit.tables.get(table).unwrap();
                answer.read.push((roads.dataset, roads.version));
                self.started.notify_one();
                self.go.notified().await;
            }
            "SELECT done" => self.started.notify_one(),
            "SELECT lost" => return Err(AskError::Opaque),
            "SELECT drawn" => return Err(AskError::Drawn),
            _ => {}
        }
        Ok(Gated {
            answer,
            remembered: Vec::new(),
        })
    }
}

#[async_trait]
impl TryOut for Oracle {
    async fn try_out(
        &self,
        permit: &Permit,
        sql: &str,
        tables: &BTreeMap<String, TrialTable>,
        _: Cancel,
    ) -> Result<Answer, AskError> {
        self.check(permit, sql).await?;
        self.tried.lock().unwrap().clone_from(tables);
        // What it was given is all that it can tell.
        let row = |(name, made): (&String, &TrialTable)| {
            let columns: Vec<&str> = made
                .table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            vec![Cell::Text(format!(
                "{name}: {} by {}",
                columns.join(" "),
                made.unit.join(" ")
            ))]
        };
        Ok(Answer {
            columns: vec!["tables".to_owned()],
            rows: tables.iter().map(row).collect(),
            read: Vec::new(),
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
