//! The query engine over dummy tables.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shuyu_privacy::{dummy::DummyTable, permit::Permit};

use super::{Answer, AskError, Cancel};

/// A dummy table as a statement is tried on it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialTable {
    /// Its rows.
    pub table: DummyTable,
    /// Columns that together name a subject; none where no subject is named.
    pub unit: Vec<String>,
}

/// Trying statements without real data.
#[async_trait]
pub trait TryOut: Send + Sync {
    /// Checks a statement as for real tables, and runs and gates it over these made-up ones in the place of all of
    /// them. Reads no real row and remembers nothing.
    ///
    /// # Errors
    /// As [`super::Ask::ask`].
    async fn try_out(
        &self,
        permit: &Permit,
        sql: &str,
        tables: &BTreeMap<String, TrialTable>,
        cancel: Cancel,
    ) -> Result<Answer, AskError>;
}
