//! What the use cases need of the lake when terms of keeping (保存期限) are over.

use std::collections::BTreeSet;

use async_trait::async_trait;
use shuyu_kernel::{DatasetId, Digest, Fault};

use super::DataError;

/// Which versions and raw files are to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeOrder {
    /// Dataset.
    pub dataset: DatasetId,
    /// Versions, never the latest one.
    pub versions: BTreeSet<u64>,
    /// Raw files.
    pub raw: BTreeSet<Digest>,
    /// Name of the order: the same one again is the same order.
    pub purge: String,
}

/// What was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purged {
    /// Stored files that no other version names.
    pub files: Vec<Digest>,
    /// Raw files.
    pub raw: Vec<Digest>,
}

/// Where an order to destroy stands in the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeState {
    /// Nothing was done.
    New,
    /// The lake refuses its versions; some of it may be destroyed.
    Begun,
    /// Nothing was done, and the dataset is being written: nothing is destroyed until that ends.
    Held,
}

/// The lake, as retention needs it.
#[async_trait]
pub trait Retaining: Send + Sync {
    /// Where an order stands.
    async fn purge_state(&self, dataset: DatasetId, purge: &str) -> Result<PurgeState, Fault>;
    /// No read gives the versions any more, and what they alone were made of is destroyed. Goes on where it was
    /// stopped, and answers the same. `None`, and nothing is done, while the dataset is being written.
    async fn purge(&self, order: &PurgeOrder) -> Result<Option<Purged>, DataError>;
}
