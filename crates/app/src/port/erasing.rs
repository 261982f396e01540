//! What the use cases need of the lake to erase a subject from datasets, and to see whether files are as recorded.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shuyu_domain::event::{ErasedFile, ErasedVersion};
use shuyu_kernel::{DatasetId, Digest, Fault};

use super::DataError;

/// Who is to be erased from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseOrder {
    /// The dataset that names the subject.
    pub dataset: DatasetId,
    /// Column → value, for exactly the columns that name the subject. Goes to the lake and nowhere else.
    pub subject: BTreeMap<String, String>,
    /// Name of the order: the same one again is the same order.
    pub erasure: String,
}

/// An order that the lake took down; nothing is hidden yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasePrepared {
    /// The dataset and those derived from it with subjects of the same domain.
    pub datasets: Vec<DatasetId>,
    /// Keyed commitment to the subject.
    pub subject: Digest,
    /// Identifier domain.
    pub domain: String,
}

/// An order that hides a subject and is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenErasure {
    /// Dataset.
    pub dataset: DatasetId,
    /// Name of the order.
    pub erasure: String,
    /// Identifier domain.
    pub domain: String,
}

/// That no file of any version of a dataset holds the subject any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedRows {
    /// Keyed commitment to the subject.
    pub subject: Digest,
    /// Versions that held it.
    pub versions: Vec<ErasedVersion>,
    /// Files that were rewritten.
    pub files: Vec<ErasedFile>,
    /// Raw files that were destroyed.
    pub raw: Vec<Digest>,
    /// Files that were searched in the end.
    pub files_searched: u64,
    /// Rows that were searched in the end.
    pub rows_searched: u64,
}

/// The lake, as erasing needs it.
#[async_trait]
pub trait Erasing: Send + Sync {
    /// Takes an order down.
    async fn prepare_erasure(&self, order: &EraseOrder) -> Result<ErasePrepared, DataError>;
    /// From now on no read of any version gives the subject's rows.
    async fn hide_erased(&self, dataset: DatasetId, erasure: &str) -> Result<(), DataError>;
    /// Orders that hide and are not closed.
    async fn open_erasures(&self) -> Result<Vec<OpenErasure>, Fault>;
    /// Names in an open order those of the uploads that never became a version and hold the subject, or cannot be
    /// read: carrying the order out destroys them too.
    async fn search_uploads(&self, open: &OpenErasure, uploads: BTreeSet<Digest>) -> Result<(), DataError>;
    /// Whether an own list names the subject of an open order.
    async fn names_subject(&self, list: DatasetId, open: &OpenErasure) -> Result<bool, Fault>;
    /// Rewrites what holds the subject and proves that nothing does any more. Goes on where it was stopped.
    async fn carry_out_erasure(&self, open: &OpenErasure) -> Result<ErasedRows, DataError>;
    /// The proof stands in the record: the order is of no use any more.
    async fn close_erasure(&self, open: &OpenErasure) -> Result<(), Fault>;
    /// Whether a version has exactly the files with these digests, each opened and digested anew.
    async fn has_files(&self, dataset: DatasetId, version: u64, files: &[Digest]) -> Result<bool, Fault>;
}
