//! The port of the domain, answered from the database.

mod access;
mod budget;
mod lists;
mod loading;
mod own;
mod plain;
mod traces;
mod transact;
mod watched;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shuyu_domain::{
    Airlock, Source,
    port::{
        AccessNote, AirlockFilter, CaseFilter, CaseQuery, CaseRow, Committed, DatasetRow, Decide, Document,
        Duty, Effect, Loaded, Log, Record, RecordError, ReleaseRead, Request, StoredCheckpoint, StoredEntry,
        Stream, WatchFilter, WatchedClock,
    },
};
use shuyu_kernel::{AirlockId, BodyId, CaseId, DatasetId, Digest, Fault, PermitId, ReleaseId, SourceId};

use crate::{database::Doing, store::Store};

pub(crate) use loading::PROCEEDINGS;

#[async_trait]
impl Record for Store {
    async fn transact(&self, request: Request, decide: Decide) -> Result<Committed, RecordError> {
        self.act(request, decide).await
    }

    async fn repeated(
        &self,
        scope: &str,
        key: &str,
        asked: Digest,
    ) -> Result<Option<Committed>, RecordError> {
        self.known(scope, key, asked).await
    }

    async fn load(&self, cases: &BTreeSet<CaseId>) -> Result<Loaded, Fault> {
        let doing = "loading cases";
        let mut tx = self.main.read().await.doing(doing)?;
        let loaded = loading::for_reading(&mut tx, cases, &[]).await;
        self.stop_if_broken(loaded).doing(doing)
    }

    async fn load_seeking(&self, cases: &BTreeSet<CaseId>, seeks: &[CaseQuery]) -> Result<Loaded, Fault> {
        let doing = "loading and finding cases";
        let mut tx = self.main.read().await.doing(doing)?;
        let loaded = loading::for_reading(&mut tx, cases, seeks).await;
        self.stop_if_broken(loaded).doing(doing)
    }

    async fn cases(&self, filter: &CaseFilter) -> Result<(Vec<CaseRow>, u64), Fault> {
        lists::cases(&self.main, filter).await.doing("listing cases")
    }

    async fn duties(&self, body: BodyId, role: &str) -> Result<Vec<Duty>, Fault> {
        lists::duties(&self.main, body, role)
            .await
            .doing("listing duties")
    }

    async fn watched(&self, filter: &WatchFilter, limit: u64) -> Result<Vec<WatchedClock>, Fault> {
        watched::watched(&self.main, filter, limit)
            .await
            .doing("listing watched clocks")
    }

    async fn case_of_permit(&self, permit: PermitId) -> Result<Option<CaseId>, Fault> {
        lists::case_of_permit(&self.main, permit)
            .await
            .doing("finding the case of a permit")
    }

    async fn datasets(&self, resource: Option<CaseId>) -> Result<Vec<DatasetRow>, Fault> {
        lists::datasets(&self.main, resource)
            .await
            .doing("listing datasets")
    }

    async fn releases(&self, case: CaseId) -> Result<BTreeMap<ReleaseId, Digest>, Fault> {
        lists::releases(&self.main, case).await.doing("listing releases")
    }

    async fn releases_charged(
        &self,
        permit: PermitId,
        queries: &[Digest],
    ) -> Result<BTreeMap<Digest, ReleaseId>, Fault> {
        lists::releases_charged(&self.main, permit, queries)
            .await
            .doing("listing releases")
    }

    async fn releases_reading(&self, dataset: DatasetId) -> Result<Vec<ReleaseRead>, Fault> {
        lists::releases_reading(&self.main, dataset)
            .await
            .doing("listing releases")
    }

    async fn source(&self, id: SourceId) -> Result<Option<Source>, Fault> {
        let doing = "loading a source";
        let mut tx = self.main.read().await.doing(doing)?;
        let found = work::source(&mut tx, id).await;
        self.stop_if_broken(found).doing(doing)
    }

    async fn sources(&self, case: Option<CaseId>) -> Result<Vec<Source>, Fault> {
        work::sources(&self.main, case).await.doing("listing sources")
    }

    async fn airlock(&self, id: AirlockId) -> Result<Option<Airlock>, Fault> {
        let doing = "loading a request";
        let mut tx = self.main.read().await.doing(doing)?;
        let found = work::airlock(&mut tx, id).await;
        self.stop_if_broken(found).doing(doing)
    }

    async fn airlocks(&self, which: AirlockFilter) -> Result<Vec<Airlock>, Fault> {
        work::airlocks(&self.main, which).await.doing("listing requests")
    }

    async fn stream(&self, stream: Stream) -> Result<Vec<StoredEntry>, Fault> {
        let doing = "reading a stream";
        let mut tx = self.main.read().await.doing(doing)?;
        self.proceedings
            .stream(&mut tx, &stream.name())
            .await
            .doing(doing)
    }

    async fn entries(&self, log: Log, from: u64, limit: u64) -> Result<Vec<StoredEntry>, Fault> {
        let doing = "reading a log";
        let book = self.book(log);
        let mut tx = book.database.read().await.doing(doing)?;
        book.entries(&mut tx, from, limit).await.doing(doing)
    }

    async fn size(&self, log: Log) -> Result<u64, Fault> {
        self.book(log).size().await
    }

    async fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault> {
        let signed = self.book(log).checkpoint().await.doing("reading a checkpoint")?;
        Ok(signed.map(|signed| signed.stored()))
    }

    async fn note(&self, notes: &[AccessNote]) -> Result<(), Fault> {
        let noted = access::note(&self.access, notes).await;
        self.stop_if_broken(noted).doing("noting an access")
    }

    async fn earlier(&self, scope: &str, key: &str) -> Result<Option<Committed>, Fault> {
        let doing = "looking up an earlier answer";
        let mut tx = self.main.read().await.doing(doing)?;
        let found = transact::earlier(&mut tx, scope, key).await.doing(doing)?;
        Ok(found.map(|(_, committed)| committed))
    }

    async fn reveal(&self, reference: &str) -> Result<Option<String>, Fault> {
        Ok(self.field(reference).await?.map(|field| field.clear))
    }

    async fn keeps(&self, subject: &str) -> Result<bool, Fault> {
        let doing = "looking for a subject";
        let mut tx = self.main.read().await.doing(doing)?;
        self.vault.keeps(&mut tx, subject).await.doing(doing)
    }

    async fn erase(&self, subject: &str) -> Result<(), Fault> {
        Store::erase(self, subject).await.map(|_| ())
    }

    async fn document(&self, kind: &str, key: &str) -> Result<Option<Document>, Fault> {
        plain::document(&self.main, kind, key)
            .await
            .doing("reading a document")
    }

    async fn documents(&self, kind: &str, owner: Option<&str>) -> Result<Vec<Document>, Fault> {
        plain::documents(&self.main, kind, owner)
            .await
            .doing("listing documents")
    }

    async fn put_document(&self, document: &Document) -> Result<bool, Fault> {
        plain::put_document(&self.main, document)
            .await
            .doing("writing a document")
    }

    async fn remove_document(&self, kind: &str, key: &str) -> Result<(), Fault> {
        plain::remove_document(&self.main, kind, key)
            .await
            .doing("removing a document")
    }

    async fn own_lists(&self) -> Result<Vec<(CaseId, DatasetId)>, Fault> {
        own::own_lists(&self.main).await.doing("listing own lists")
    }

    async fn spent(&self, party: BodyId) -> Result<BTreeMap<DatasetId, u64>, Fault> {
        budget::spent(&self.main, party)
            .await
            .doing("reading what was spent")
    }

    async fn release_traces(&self, domain: &str, from: u64) -> Result<Vec<Vec<u8>>, Fault> {
        traces::read(&self.main, domain, from)
            .await
            .doing("reading the release ledger")
    }

    async fn count(&self, counter: &str, by: i64) -> Result<i64, Fault> {
        plain::count(&self.main, counter, by).await.doing("counting")
    }

    async fn counters(&self, from: &str, before: &str) -> Result<Vec<(String, i64)>, Fault> {
        plain::counters(&self.main, from, before)
            .await
            .doing("reading counters")
    }

    async fn forget_counters(&self, from: &str, before: &str) -> Result<u64, Fault> {
        plain::forget_counters(&self.main, from, before)
            .await
            .doing("forgetting counters")
    }

    async fn outbox(&self, limit: u64) -> Result<Vec<Effect>, Fault> {
        plain::outbox(&self.main, limit).await.doing("reading the outbox")
    }

    async fn outbox_done(&self, key: &str) -> Result<(), Fault> {
        plain::outbox_done(&self.main, key)
            .await
            .doing("closing an outbox row")
    }
}
