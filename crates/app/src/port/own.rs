//! What the use cases need of the lake for own lists (自带名单): looked through before they are kept, kept without
//! identifiers, destroyed as a whole.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use shuyu_kernel::{DatasetId, Digest, Fault};
use shuyu_privacy::scan::Identifier;

use super::{DataError, Ingested};

/// What to make a table of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrder {
    /// A dataset that does not stand yet.
    pub dataset: DatasetId,
    /// Table name: lower-case letters, digits, underscore.
    pub table: String,
    /// The raw file.
    pub raw: Digest,
    /// Column that names the subject, as the header of the file has it.
    pub subject: String,
    /// Identifier domain of the subject.
    pub domain: String,
    /// The columns of the file in order, as its header has them: name in the table → title.
    pub columns: Vec<(String, String)>,
}

/// What one column of labels holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnLabel {
    /// Different values; a missing one is a value.
    pub values: u64,
    /// Different subjects of the value that has the fewest.
    pub fewest: u64,
}

/// An identifier in a column of labels: where and of what kind, never which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFind {
    /// Position of the column in the header, from 1.
    pub position: usize,
    /// Line of the file, from 1.
    pub line: u64,
    /// Kind.
    pub kind: Identifier,
}

/// What a file holds. No value of it stands here but the titles of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnSurvey {
    /// Titles of the columns in order.
    pub titles: Vec<String>,
    /// Rows.
    pub rows: u64,
    /// Different subjects; a row without one names nobody.
    pub subjects: u64,
    /// Labels by title; every column but the one that names the subject.
    pub labels: BTreeMap<String, OwnLabel>,
    /// The first identifier in a label.
    pub found: Option<OwnFind>,
}

/// The lake, as own lists need it.
#[async_trait]
pub trait OwnLists: Send + Sync {
    /// Looks through a received file of delimited text with at most so many rows.
    async fn survey_own(&self, raw: Digest, subject: &str, most_rows: u64) -> Result<OwnSurvey, DataError>;
    /// Makes the only version of a list; all or nothing. In the place of identifiers stand numbers and keyed units.
    async fn ingest_own(&self, order: &OwnOrder) -> Result<Ingested, DataError>;
    /// Received files that lists were made of and that are there still.
    async fn own_raw(&self) -> Result<BTreeSet<Digest>, Fault>;
    /// Destroys a received file unless `kept` or another table names it.
    async fn forget_raw(&self, raw: Digest, kept: &BTreeSet<Digest>) -> Result<(), Fault>;
    /// Destroys a list as a whole and looks whether anything is left; answers how many objects were there.
    async fn destroy_own(&self, dataset: DatasetId) -> Result<u64, Fault>;
}
