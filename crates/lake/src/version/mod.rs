//! Versions of datasets: what a version is, the Delta log that holds them, and reading one.

mod history;
mod log;
mod scan;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Digest, Timestamp};

use crate::table::{TableSpec, UnitProof};

pub(crate) use history::{keep_others, rewritten_commit};
pub(crate) use log::{Change, DeltaLog, Standing};
pub use scan::Snapshot;

/// Where a table stands on its way out; the raw zone holds files, not tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataZone {
    /// 治理域: cleaned, graded, de-identified.
    Governed,
    /// 开发域: what developers work on.
    Workbench,
    /// 出域审核: outputs that await review.
    Airlock,
    /// Products, delivered through the gateway.
    Products,
}

/// How new rows meet old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IngestMode {
    /// The new version has the old rows and the new ones.
    Append,
    /// The new rows take the place of old ones with the same key; the others come beside them. The table has a key.
    Upsert,
    /// The new version has the new rows only. Older versions stay readable.
    Replace,
}

/// Names an attempt to change a dataset: the same key makes the same version, however often it is tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IngestKey(pub String);

/// One Parquet file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Path within the dataset's folder.
    pub path: String,
    /// Rows within.
    pub rows: u64,
    /// Clear length in bytes.
    pub size_bytes: u64,
    /// SM3 of the clear bytes, for the ledger.
    pub digest: Digest,
}

/// A version of a dataset. Versions never change and are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetVersion {
    /// The dataset.
    pub dataset: DatasetId,
    /// Delta version, from 0.
    pub version: u64,
    /// Rows in this version.
    pub rows: u64,
    /// The files that make it up, sorted by path.
    pub files: Vec<DataFile>,
    /// How and from what it was made.
    #[serde(flatten)]
    pub record: VersionRecord,
}

/// What is kept with each version in the Delta commit itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The attempt that made it.
    pub ingest_key: IngestKey,
    /// Name of the table for people and queries.
    pub table: String,
    /// Zone.
    pub zone: DataZone,
    /// Whether it added to or replaced the version before.
    pub mode: IngestMode,
    /// Columns, rules and key.
    pub schema: TableSpec,
    /// Proof of rows per unit over the whole version; `None` for tables without units.
    pub unit: Option<UnitProof>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Raw files it was made from; empty for derived tables.
    pub raw: Vec<Digest>,
    /// Digest of its quality report, see [`crate::Lake::report`].
    pub report: Option<Digest>,
    /// Digest of its processing record, for derived tables.
    pub processing: Option<Digest>,
    /// Orders by which the rows of a subject were erased from it since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erasures: Vec<String>,
}

impl VersionRecord {
    /// Whether another record answers the same request: same sources, same place, same way.
    pub(crate) fn same_request(&self, other: &VersionRecord) -> bool {
        (&self.table, self.zone, self.mode, &self.raw) == (&other.table, other.zone, other.mode, &other.raw)
    }
}
