//! What the use cases need of the lake to check the quality of stored versions.

use async_trait::async_trait;
use shuyu_kernel::Digest;
use shuyu_privacy::governance::quality::{Outcome, RuleText};

use super::{Cancel, DataError, OnProgress, VersionOrder};

/// Which version to check, by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOrder {
    /// The version.
    pub version: VersionOrder,
    /// The rules.
    pub rules: Vec<RuleText>,
    /// Rows of the version as ordered: the sample is drawn from so many.
    pub rows: u64,
    /// Seed and size of the sample; all rows when `None`.
    pub sample: Option<(Digest, u64)>,
    /// Days from the day the version was recorded to the check.
    pub age: i64,
}

/// Checking stored versions.
#[async_trait]
pub trait Checking: Send + Sync {
    /// The rules that the version was taken in by, as a check asks them.
    async fn declared_rules(&self, order: VersionOrder) -> Result<Vec<RuleText>, DataError>;
    /// The rows of the version, if these rules can be asked of it; no row is read.
    async fn checkable(&self, order: VersionOrder, rules: &[RuleText]) -> Result<u64, DataError>;
    /// Asks the rules. The same order over the same rows finds the same.
    async fn check(
        &self,
        order: CheckOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Outcome, DataError>;
}
