//! Ports to the engines that are not the record: lake, query engine, keeper of the logs, randomness.

mod asking;
mod checking;
mod erasing;
pub mod jobs;
mod own;
mod retaining;
mod trial;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use shuyu_domain::port::{Log, StoredCheckpoint};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, Timestamp};
use shuyu_privacy::governance::{
    assess::Figures,
    discovery::ColumnFindings,
    fingerprint::{MarkRule, Traced},
    recipe::Recipe,
};
use tokio_util::sync::CancellationToken;

use crate::arriving::{Arrival, Arriving};
pub use asking::{Answer, Ask, AskError, Cell, DpEstimate, ExpectedFigure, Gated};
pub use checking::{CheckOrder, Checking};
pub use erasing::{EraseOrder, ErasePrepared, ErasedRows, Erasing, OpenErasure};
pub use own::{OwnFind, OwnLabel, OwnLists, OwnOrder, OwnSurvey};
pub use retaining::{PurgeOrder, PurgeState, Purged, Retaining};
pub use trial::{TrialTable, TryOut};

/// Unpredictable bytes for tokens, keys and nonces. The real source is built by `cli`.
pub trait Secrets: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
    /// HMAC-SM3 under a key of the installation that never leaves it.
    fn keyed_digest(&self, bytes: &[u8]) -> Digest;
}

/// A switch that asks running work to stop. Cheap to clone; once set it stays set.
#[derive(Debug, Clone, Default)]
pub struct Cancel(CancellationToken);

impl Cancel {
    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.cancel();
    }
    /// Whether it was asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
    /// The token itself, for engines that wait on one.
    pub fn token(&self) -> &CancellationToken {
        &self.0
    }
}

/// A raw file as received: sealed, named by the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawFile {
    /// SM3 of the bytes as they came.
    pub digest: Digest,
    /// Name as given.
    pub name: String,
    /// Length.
    pub size_bytes: u64,
}

/// What to make a table of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestOrder {
    /// Dataset to create or extend.
    pub dataset: DatasetId,
    /// Table name: lower-case letters, digits, underscore.
    pub table: String,
    /// The raw file.
    pub raw: Digest,
    /// Its name, for the format hint.
    pub name: String,
    /// Columns that name the subject, if the table is personal.
    pub unit_columns: Vec<String>,
    /// Identifier domain of the subject, for example `person`.
    pub domain: Option<String>,
    /// Rows that break a rule are left out and counted, up to this share of all rows in hundredths of a percent;
    /// `None`: one of them refuses the file.
    pub set_aside: Option<u32>,
    /// How rows and columns meet those of the table.
    pub arriving: Arriving,
    /// The same key twice gives the same version.
    pub key: String,
}

/// How to make a de-identified version of a dataset (YN-DM-104).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeriveOrder {
    /// Dataset to read.
    pub from: DatasetId,
    /// Its version, as the record has it.
    pub from_version: u64,
    /// Dataset to create.
    pub dataset: DatasetId,
    /// Table name of the result.
    pub table: String,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// Column → borders of the bands its numbers are replaced by, growing, as decimal text.
    pub bands: Vec<(String, Vec<String>)>,
    /// The recipe that goes first, if there is one.
    pub masking: Option<MaskingOrder>,
    /// The same key twice gives the same version.
    pub key: String,
}

/// A recipe with what its keys are derived for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskingOrder {
    /// The recipe.
    pub recipe: Recipe,
    /// The project whose pseudonyms it makes.
    pub project: String,
    /// Whom the result is marked for, when the recipe marks.
    pub recipient: Option<String>,
}

/// Which version to look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionOrder {
    /// Dataset.
    pub dataset: DatasetId,
    /// Its version.
    pub version: u64,
}

/// Whose set a leaked piece is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceOrder {
    /// The dataset that the marked sets were made from.
    pub from: DatasetId,
    /// One of the marked sets: its columns are those of all of them.
    pub like: VersionOrder,
    /// How they were marked.
    pub rule: MarkRule,
    /// Whom they were marked for.
    pub recipients: Vec<String>,
    /// The piece, as it was uploaded.
    pub piece: Digest,
}

/// What sensitive fields a version holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Rows read.
    pub rows: u64,
    /// Different subjects, if it is about any.
    pub units: Option<u64>,
    /// Columns in order.
    pub columns: Vec<ColumnFindings>,
}

/// A version that now stands in the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ingested {
    /// Version number.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Digests of the stored files.
    pub files: Vec<Digest>,
    /// Digests of the raw files.
    pub raw: Vec<Digest>,
    /// The quality report: JSON with row numbers, never values.
    pub report: serde_json::Value,
    /// Identifier domain, if personal.
    pub domain: Option<String>,
    /// Proven largest number of rows of one subject (1 for tables without subjects).
    pub rows_per_unit: u64,
    /// Columns in order.
    pub columns: Vec<String>,
    /// How an ingested version came, unless as usual.
    pub arrival: Option<Arrival>,
    /// For a derived version: the recipe as it was carried out.
    pub recipe: Option<serde_json::Value>,
}

/// A column of a version, as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LakeColumn {
    /// Name.
    pub name: String,
    /// The name that the lake gives to its type.
    pub kind: String,
    /// The only values it may have, sorted; empty if nothing is declared.
    pub codes: Vec<String>,
}

/// What data work is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobPhase {
    /// It has not begun, or waits for other work on the same table.
    #[default]
    Waiting,
    /// The file is read once from end to end before its first row is believed.
    Inspecting,
    /// Rows are read, checked and written.
    Reading,
    /// The new version is made visible.
    Committing,
}

/// How far data work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// What it is doing.
    pub phase: JobPhase,
    /// Bytes of the file as sent that were read in this phase.
    pub bytes: u64,
    /// Rows shaped so far.
    pub rows: u64,
}

/// Called from time to time while data work goes on.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Why data work did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file is not what it should be; nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same, after rows were read: with the quality report as far as it came (row numbers, never values).
    #[error("{refusal}")]
    Found {
        /// Why.
        refusal: Refusal,
        /// Which rows break which rule of which column.
        report: serde_json::Value,
    },
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What may be removed from the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Data files and reports that no version names, if they are older than this.
    pub leftovers_before: Timestamp,
    /// Raw files that neither a version nor `papers` names, if they are older than this.
    pub papers_before: Timestamp,
    /// Raw files that the record knows.
    pub papers: BTreeSet<Digest>,
    /// Own lists that the record knows; others go if they are older than `leftovers_before`.
    pub own: BTreeSet<DatasetId>,
}

/// Bytes arriving.
pub type ByteStream = BoxStream<'static, Result<bytes::Bytes, std::io::Error>>;

/// The lake, as the use cases need it.
#[async_trait]
pub trait DataLake: Checking + Erasing + OwnLists + Retaining {
    /// Seals a file as it comes, at most `limit_bytes` long.
    async fn receive(&self, name: &str, bytes: ByteStream, limit_bytes: u64) -> Result<RawFile, DataError>;
    /// The bytes of a raw file, for papers people look at (at most a few megabytes).
    async fn raw_bytes(&self, digest: Digest) -> Result<Vec<u8>, DataError>;
    /// Makes a version; all or nothing.
    async fn ingest(
        &self,
        order: &IngestOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Ingested, DataError>;
    /// Makes a de-identified version; all or nothing.
    async fn derive(
        &self,
        order: &DeriveOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Ingested, DataError>;
    /// Looks for sensitive fields in a version; the same version gives the same findings.
    async fn examine(
        &self,
        order: VersionOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Examined, DataError>;
    /// How safe a version is by these quasi-identifying and sensitive columns; `None` if it has no rows.
    async fn assess(
        &self,
        order: VersionOrder,
        columns: (&[String], &[String]),
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Option<Figures>, DataError>;
    /// Who of some recipients a leaked piece was delivered to.
    async fn trace(&self, order: &TraceOrder) -> Result<Traced, DataError>;
    /// Removes what refused, failed and killed work left behind; returns how many objects.
    async fn sweep(&self, sweep: &Sweep) -> Result<u64, Fault>;
    /// The columns of the latest version, as they are declared.
    async fn columns(&self, dataset: DatasetId) -> Result<Vec<LakeColumn>, DataError>;
}

/// Result of a whole verification of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Entries.
    pub size: u64,
    /// Root.
    pub root: Digest,
}

/// The keeper of the logs.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Signs a checkpoint of the present size of both logs, if they grew.
    async fn seal(&self) -> Result<(), Fault>;
    /// The receipt (履职凭证) of an entry: a file that verifies offline. `None` while it is not sealed.
    async fn receipt(&self, log: Log, index: u64) -> Result<Option<String>, Fault>;
    /// Recomputes the whole log against its latest checkpoint.
    async fn verify(&self, log: Log) -> Result<Verified, Fault>;
    /// Recreates every core table from the ledger and compares row by row; names of tables that differ.
    async fn rebuild_check(&self) -> Result<Vec<String>, Fault>;
    /// The public key of a log, PEM.
    fn public_key(&self, log: Log) -> String;
    /// The latest checkpoint.
    async fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault>;
}
