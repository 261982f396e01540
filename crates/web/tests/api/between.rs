//! The record with a place to put an act between two steps of a use case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use shuyu_domain::{
    Airlock, Source,
    port::{
        AccessNote, AirlockFilter, CaseFilter, CaseQuery, CaseRow, Committed, DatasetRow, Decide, Document,
        Duty, Effect, Loaded, Log, Record, RecordError, ReleaseRead, Request, StoredCheckpoint, StoredEntry,
        Stream, WatchFilter, WatchedClock,
    },
};
use shuyu_kernel::{AirlockId, BodyId, CaseId, DatasetId, Digest, Fault, PermitId, ReleaseId, SourceId};
use shuyu_store::Store;

type Act = (&'static str, BoxFuture<'static, ()>);

/// Passes everything on; right before the transaction of a name, a planted act happens.
pub struct Between {
    store: Arc<Store>,
    act: Mutex<Option<Act>>,
}

impl Between {
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            act: Mutex::default(),
        }
    }

    /// Plants an act before the next transaction of this name.
    pub fn before(&self, name: &'static str, act: BoxFuture<'static, ()>) {
        *self.act.lock().unwrap() = Some((name, act));
    }

    fn planted(&self, name: &str) -> Option<BoxFuture<'static, ()>> {
        let mut act = self.act.lock().unwrap();
        act.take_if(|(wanted, _)| *wanted == name).map(|(_, act)| act)
    }
}

/// Methods that only pass on.
macro_rules! pass {
    ($(fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $out:ty;)*) => {
        #[async_trait]
        impl Record for Between {
            async fn transact(&self, request: Request, decide: Decide) -> Result<Committed, RecordError> {
                if let Some(act) = self.planted(request.name) {
                    act.await;
                }
                self.store.transact(request, decide).await
            }
            $(async fn $name(&self $(, $arg: $ty)*) -> $out { Record::$name(self.store.as_ref() $(, $arg)*).await })*
        }
    };
}

pass! {
    fn repeated(&self, scope: &str, key: &str, asked: Digest) -> Result<Option<Committed>, RecordError>;
    fn earlier(&self, scope: &str, key: &str) -> Result<Option<Committed>, Fault>;
    fn load(&self, cases: &BTreeSet<CaseId>) -> Result<Loaded, Fault>;
    fn load_seeking(&self, cases: &BTreeSet<CaseId>, seeks: &[CaseQuery]) -> Result<Loaded, Fault>;
    fn cases(&self, filter: &CaseFilter) -> Result<(Vec<CaseRow>, u64), Fault>;
    fn duties(&self, body: BodyId, role: &str) -> Result<Vec<Duty>, Fault>;
    fn watched(&self, filter: &WatchFilter, limit: u64) -> Result<Vec<WatchedClock>, Fault>;
    fn case_of_permit(&self, permit: PermitId) -> Result<Option<CaseId>, Fault>;
    fn datasets(&self, resource: Option<CaseId>) -> Result<Vec<DatasetRow>, Fault>;
    fn own_lists(&self) -> Result<Vec<(CaseId, DatasetId)>, Fault>;
    fn releases(&self, case: CaseId) -> Result<BTreeMap<ReleaseId, Digest>, Fault>;
    fn releases_charged(&self, permit: PermitId, queries: &[Digest]) -> Result<BTreeMap<Digest, ReleaseId>, Fault>;
    fn releases_reading(&self, dataset: DatasetId) -> Result<Vec<ReleaseRead>, Fault>;
    fn source(&self, id: SourceId) -> Result<Option<Source>, Fault>;
    fn sources(&self, case: Option<CaseId>) -> Result<Vec<Source>, Fault>;
    fn airlock(&self, id: AirlockId) -> Result<Option<Airlock>, Fault>;
    fn airlocks(&self, which: AirlockFilter) -> Result<Vec<Airlock>, Fault>;
    fn stream(&self, stream: Stream) -> Result<Vec<StoredEntry>, Fault>;
    fn entries(&self, log: Log, from: u64, limit: u64) -> Result<Vec<StoredEntry>, Fault>;
    fn size(&self, log: Log) -> Result<u64, Fault>;
    fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault>;
    fn note(&self, notes: &[AccessNote]) -> Result<(), Fault>;
    fn spent(&self, party: BodyId) -> Result<BTreeMap<DatasetId, u64>, Fault>;
    fn release_traces(&self, domain: &str, from: u64) -> Result<Vec<Vec<u8>>, Fault>;
    fn reveal(&self, reference: &str) -> Result<Option<String>, Fault>;
    fn keeps(&self, subject: &str) -> Result<bool, Fault>;
    fn erase(&self, subject: &str) -> Result<(), Fault>;
    fn document(&self, kind: &str, key: &str) -> Result<Option<Document>, Fault>;
    fn documents(&self, kind: &str, owner: Option<&str>) -> Result<Vec<Document>, Fault>;
    fn put_document(&self, document: &Document) -> Result<bool, Fault>;
    fn remove_document(&self, kind: &str, key: &str) -> Result<(), Fault>;
    fn count(&self, counter: &str, by: i64) -> Result<i64, Fault>;
    fn counters(&self, from: &str, before: &str) -> Result<Vec<(String, i64)>, Fault>;
    fn forget_counters(&self, from: &str, before: &str) -> Result<u64, Fault>;
    fn outbox(&self, limit: u64) -> Result<Vec<Effect>, Fault>;
    fn outbox_done(&self, key: &str) -> Result<(), Fault>;
}
