//! What the use cases need of the record. `store` implements it on SQLite and PostgreSQL; `cli` wires it.
//!
//! The only async in a pure crate: a signature, no behaviour. Everything that decides is in
//! [`decide`](crate::decide) and runs inside [`Record::transact`] as a plain function over [`Loaded`].

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{
    AirlockId, BodyId, CaseId, ClauseId, DatasetId, Digest, Fault, PermitId, PersonId, Refusal, ReleaseId,
    SourceId, Timestamp,
};

use crate::{airlock::Airlock, case::Case, event::Event, registry::Registry, source::Source};

pub use rows::{CaseFilter, CaseRow, DatasetRow, Duty, ReleaseRead, WatchFilter, WatchedClock};
pub use shuyu_profile::CaseQuery;

/// A stream of events in the ledger: one per case, one for the registry, one per dataset…
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// A case.
    Case(CaseId),
    /// The registry of bodies and people.
    Registry,
    /// A dataset.
    Dataset(DatasetId),
    /// A release.
    Release(ReleaseId),
    /// The installation.
    Installation,
    /// The source of a job.
    Source(SourceId),
    /// A request in the airlock.
    Airlock(AirlockId),
}

impl Stream {
    /// Text form in the ledger, for example `case/case_…`.
    pub fn name(&self) -> String {
        match self {
            Stream::Case(id) => format!("case/{id}"),
            Stream::Registry => "registry".to_owned(),
            Stream::Dataset(id) => format!("dataset/{id}"),
            Stream::Release(id) => format!("release/{id}"),
            Stream::Installation => "installation".to_owned(),
            Stream::Source(id) => format!("source/{id}"),
            Stream::Airlock(id) => format!("airlock/{id}"),
        }
    }
}

/// What a transaction is about.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name of the transaction, for metrics and logs.
    pub name: &'static str,
    /// Stream that all events of this transaction go to.
    pub stream: Stream,
    /// Idempotency: scope (the person) and key given by the client. `None` for acts of the system.
    pub key: Option<(String, String)>,
    /// Digest of what was asked; the same key with another fingerprint is refused (`idempotency_key_reused`).
    pub fingerprint: Digest,
    /// Version of the stream the client saw. Another one is refused (`stale_version`).
    pub expected_version: Option<u64>,
    /// Cases to load besides the stream's own case and everything these point at, transitively.
    pub needs: BTreeSet<CaseId>,
    /// Cases to find by procedure and stage and to load as well; nothing links to them.
    pub seeks: Vec<CaseQuery>,
    /// For a case to be opened: procedure and year of the running number (案号).
    pub numbering: Option<(String, i16)>,
    /// The instant of recording, read from the clock once.
    pub at: Timestamp,
}

/// State read inside the transaction, under the lock of the ledger head.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The case of the stream, if it is a case stream and exists.
    pub case: Option<Case>,
    /// Cases asked for and, transitively, those they point at.
    pub linked: BTreeMap<CaseId, Case>,
    /// Bodies and people.
    pub registry: Registry,
    /// Next running number of `numbering`, from 1.
    pub next_number: u64,
    /// Events in the stream so far.
    pub version: u64,
    /// The latest version of every dataset, for the stream of a dataset only.
    pub datasets: Vec<DatasetRow>,
    /// The source of the stream, if it is the stream of one and exists.
    pub source: Option<Source>,
    /// The request of the stream, if it is the stream of one and exists.
    pub airlock: Option<Airlock>,
}

impl Loaded {
    /// Everything as it stands for those who act now: successors in the place of merged bodies.
    #[must_use]
    pub fn succeeded(mut self) -> Self {
        if self.registry.succession.mergers.is_empty() {
            return self;
        }
        self.case = self.case.map(|case| case.succeeded(&self.registry));
        let linked = std::mem::take(&mut self.linked);
        self.linked = linked
            .into_iter()
            .map(|(id, case)| (id, case.succeeded(&self.registry)))
            .collect();
        self
    }
}

/// What is to be written, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// Events, in order.
    pub events: Vec<Event>,
    /// Answer for the client; a repeated key gets the same bytes.
    pub reply: serde_json::Value,
    /// Effects to be carried out after the commit.
    pub outbox: Vec<Effect>,
    /// Personal fields for the person vault.
    pub vault: Vec<VaultItem>,
    /// Documents, by version as in [`Record::put_document`]; a late one refuses all (`document_changed`).
    pub documents: Vec<Document>,
    /// Counters.
    pub meters: Vec<Meter>,
    /// What released answers leave behind.
    pub traces: Vec<ReleaseTrace>,
}

/// Rows that released answers leave in the release ledger of an identifier domain. They hold which subjects answers
/// spoke of, as the engine writes them down, so they are no entries of the record and outside the rebuild check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTrace {
    /// Identifier domain, for example `person`.
    pub domain: String,
    /// Rows of the domain when the answer was judged. With another number by now the transaction is refused
    /// (`release_ledger_moved`): the answer has to be judged again.
    pub from: u64,
    /// Rows to append.
    pub rows: Vec<Vec<u8>>,
}

/// A counter moved inside a transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Meter {
    /// Name of the counter.
    pub counter: String,
    /// How much is added.
    pub by: i64,
    /// Highest value it may have afterwards, and the refusal of the transaction if it had more.
    pub at_most: Option<(i64, Refusal)>,
}

/// A follow-up, carried out after commit, at least once, keyed by `key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Unique key; inserting the same one twice does nothing.
    pub key: String,
    /// Kind, for example `notice`.
    pub kind: String,
    /// Payload.
    pub payload: serde_json::Value,
}

/// A personal field: stored encrypted under a key of its subject.
#[derive(Debug, Clone)]
pub struct VaultItem {
    /// Reference used in [`Value::Sealed`](crate::Value::Sealed).
    pub reference: String,
    /// Whose data it is; erasing the subject's key erases the field.
    pub subject: String,
    /// Clear text; only the ciphertext is written.
    pub clear: String,
    /// Nonce of the commitment, needed to open it.
    pub nonce: [u8; 32],
}

/// The pure function that runs inside the transaction.
pub type Decide = Box<dyn FnOnce(&Loaded) -> Result<Proposal, Refusal> + Send>;

/// A transaction that took effect (or had taken effect before under the same key).
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The answer.
    pub reply: serde_json::Value,
    /// First ledger index written; equal to `next` if there were no events.
    pub first: u64,
    /// Ledger index after the last one written.
    pub next: u64,
    /// Version of the stream afterwards.
    pub version: u64,
    /// The key was known: nothing was written now.
    pub replayed: bool,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A correct no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// Acts with legal effect.
    Proceedings,
    /// Who looked at, asked or took what, and every refusal.
    Access,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Index in the log.
    pub index: u64,
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Leaf hash.
    pub leaf: Digest,
}

/// A note for the access log. No personal data in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessNote {
    /// When.
    pub at: Timestamp,
    /// Who, if signed in.
    pub person: Option<PersonId>,
    /// For which body.
    pub body: Option<BodyId>,
    /// `view`, `query`, `call`, `download`, `sign_in`, `act`…
    pub what: String,
    /// Case, permit, product or path.
    pub subject: String,
    /// `ok`, `refused`, `fault`.
    pub outcome: String,
    /// Refusal code.
    pub code: Option<String>,
    /// Clauses of the refusal.
    pub clauses: Vec<ClauseId>,
    /// Keyed digest of a query text or request.
    pub digest: Option<Digest>,
}

/// Checkpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Size of the tree.
    pub size: u64,
    /// Root.
    pub root: Digest,
    /// The signed note.
    pub note: String,
}

/// One plain-table document: drafts, sessions, accounts, keys, results. Outside the rebuild check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Kind, for example `session`.
    pub kind: String,
    /// Key within the kind.
    pub key: String,
    /// JSON text.
    pub body: String,
    /// Whoever lists may filter by this, for example the person.
    pub owner: String,
    /// Version for compare-and-swap; from 1.
    pub version: u64,
}

/// Which requests in the airlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AirlockFilter {
    /// Every one that was ever made.
    All,
    /// Those that wait for reviewers, or for a second look at what one of them let out.
    Open,
    /// Those that left.
    Released,
}

/// The record. One transaction per command; nothing remote inside.
#[async_trait]
pub trait Record: Send + Sync {
    /// Takes the lock of the ledger head, answers a known key with the earlier reply, loads, checks the expected
    /// version, runs `decide`, appends the events, projects them into the core tables, stores outbox and vault
    /// rows, and commits; or changes nothing.
    async fn transact(&self, request: Request, decide: Decide) -> Result<Committed, RecordError>;

    /// What was committed under a key, if anything. For something else: refused (`idempotency_key_reused`).
    async fn repeated(&self, scope: &str, key: &str, asked: Digest)
    -> Result<Option<Committed>, RecordError>;

    /// Loads cases and everything they point at, transitively, plus the registry; a consistent read.
    async fn load(&self, cases: &BTreeSet<CaseId>) -> Result<Loaded, Fault>;
    /// As [`Record::load`], with the cases that these queries find.
    async fn load_seeking(&self, cases: &BTreeSet<CaseId>, seeks: &[CaseQuery]) -> Result<Loaded, Fault>;
    /// Cases of a filter, newest first, and how many there are in all.
    async fn cases(&self, filter: &CaseFilter) -> Result<(Vec<CaseRow>, u64), Fault>;
    /// Open duties of a body under a role, earliest due first.
    async fn duties(&self, body: BodyId, role: &str) -> Result<Vec<Duty>, Fault>;
    /// Watched clocks of a filter, earliest due first, at most so many.
    async fn watched(&self, filter: &WatchFilter, limit: u64) -> Result<Vec<WatchedClock>, Fault>;
    /// The case of a permit.
    async fn case_of_permit(&self, permit: PermitId) -> Result<Option<CaseId>, Fault>;
    /// Latest version of each dataset; of one catalogue entry only, if given.
    async fn datasets(&self, resource: Option<CaseId>) -> Result<Vec<DatasetRow>, Fault>;

    /// Own lists that are not recorded as erased, each with the case of its permit.
    async fn own_lists(&self) -> Result<Vec<(CaseId, DatasetId)>, Fault>;

    /// Releases recorded under the permits of a case, with the digest of each result as stored.
    async fn releases(&self, case: CaseId) -> Result<BTreeMap<ReleaseId, Digest>, Fault>;

    /// Of questions with these keyed digests: the newest release of each under a permit that was charged to a budget.
    async fn releases_charged(
        &self,
        permit: PermitId,
        queries: &[Digest],
    ) -> Result<BTreeMap<Digest, ReleaseId>, Fault>;

    /// Releases whose answer read a dataset, any version, newest first.
    async fn releases_reading(&self, dataset: DatasetId) -> Result<Vec<ReleaseRead>, Fault>;
    /// A source.
    async fn source(&self, id: SourceId) -> Result<Option<Source>, Fault>;
    /// Sources, oldest first; of one case only, if given.
    async fn sources(&self, case: Option<CaseId>) -> Result<Vec<Source>, Fault>;
    /// A request in the airlock.
    async fn airlock(&self, id: AirlockId) -> Result<Option<Airlock>, Fault>;
    /// Requests in the airlock, in the order of the entries that changed them last.
    async fn airlocks(&self, which: AirlockFilter) -> Result<Vec<Airlock>, Fault>;

    /// Entries of a stream in order.
    async fn stream(&self, stream: Stream) -> Result<Vec<StoredEntry>, Fault>;
    /// Entries of a log from an index, at most `limit`.
    async fn entries(&self, log: Log, from: u64, limit: u64) -> Result<Vec<StoredEntry>, Fault>;
    /// Number of entries of a log.
    async fn size(&self, log: Log) -> Result<u64, Fault>;
    /// The latest checkpoint, if any.
    async fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault>;

    /// Appends notes to the access log; durable when it returns.
    async fn note(&self, notes: &[AccessNote]) -> Result<(), Fault>;

    /// The answer that was given under an idempotency key, if there was one.
    async fn earlier(&self, scope: &str, key: &str) -> Result<Option<Committed>, Fault>;

    /// The clear text of a vault field, or `None` once erased.
    async fn reveal(&self, reference: &str) -> Result<Option<String>, Fault>;
    /// Whether the vault keeps fields of a subject.
    async fn keeps(&self, subject: &str) -> Result<bool, Fault>;
    /// Makes all vault fields of a subject unreadable for ever; again it does nothing. The caller records it.
    async fn erase(&self, subject: &str) -> Result<(), Fault>;

    /// A document.
    async fn document(&self, kind: &str, key: &str) -> Result<Option<Document>, Fault>;
    /// Documents of a kind, optionally of one owner, by key.
    async fn documents(&self, kind: &str, owner: Option<&str>) -> Result<Vec<Document>, Fault>;
    /// Writes a document if its stored version is `document.version - 1` (0 = none yet). `false` = somebody was
    /// faster; nothing is written then.
    async fn put_document(&self, document: &Document) -> Result<bool, Fault>;
    /// Removes a document.
    async fn remove_document(&self, kind: &str, key: &str) -> Result<(), Fault>;
    /// Rows of the release ledger of an identifier domain, from a number on.
    async fn release_traces(&self, domain: &str, from: u64) -> Result<Vec<Vec<u8>>, Fault>;
    /// What a body has spent so far, in millionths of ρ, by dataset: sums of the charges in the record.
    async fn spent(&self, party: BodyId) -> Result<BTreeMap<DatasetId, u64>, Fault>;
    /// Adds to a named counter and returns the new value (metering, quota). One atomic statement.
    async fn count(&self, counter: &str, by: i64) -> Result<i64, Fault>;
    /// Counters from a name to before another one, by the bytes of their names.
    async fn counters(&self, from: &str, before: &str) -> Result<Vec<(String, i64)>, Fault>;
    /// Forgets the counters from a name to before another one; answers how many.
    async fn forget_counters(&self, from: &str, before: &str) -> Result<u64, Fault>;

    /// Due outbox rows, oldest first.
    async fn outbox(&self, limit: u64) -> Result<Vec<Effect>, Fault>;
    /// Marks an outbox row as done.
    async fn outbox_done(&self, key: &str) -> Result<(), Fault>;
}
