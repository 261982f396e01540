//! The query engine: check, estimate, answer.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Fault, Refusal};
use shuyu_privacy::{Past, Remembered, Statistic, dp::Error as DpError, missing::Missing, permit::Permit};

use super::{Cancel, TryOut};

/// A cell of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Missing, or suppressed: nobody can tell which.
    Missing,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A measurement.
    Number(f64),
    /// Text.
    Text(String),
}

/// An answer that passed the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
    /// Datasets and versions read.
    pub read: Vec<(DatasetId, u64)>,
}

/// An answer, and what it leaves in the release ledger: both or neither.
#[derive(Debug, Clone, PartialEq)]
pub struct Gated {
    /// The answer.
    pub answer: Answer,
    /// To be appended before the answer is shown, by identifier domain; empty if no personal rows were read.
    pub remembered: Vec<Remembered>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Before sealing: says column, node, missing use, clause and the nearest form that passes.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// After sealing: one opaque code for everything.
    #[error("the query ended without an answer")]
    Opaque,
    /// The same, after noise was drawn for it: it has cost what it would have cost.
    #[error("the query ended without an answer, after noise was drawn")]
    Drawn,
}

/// A figure of a query in mode `dp`, before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedFigure {
    /// Which figure.
    pub statistic: Statistic,
    /// Of which column, if of one.
    pub column: Option<String>,
    /// Its error in 95 of 100 cells.
    pub error: DpError,
}

/// What a query in mode `dp` will cost and how exact it will be: a function of its text, the permit and public sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct DpEstimate {
    /// By figure, in the order of the query.
    pub expected: Vec<ExpectedFigure>,
    /// Millionths of ρ, on each dataset.
    pub rho: u64,
    /// Fewest subjects, counted with noise, of a cell that leaves; `None` if all leave.
    pub least_subjects: Option<u64>,
    /// Datasets that are charged.
    pub charged: BTreeSet<DatasetId>,
}

/// The query engine, as the use cases need it.
#[async_trait]
pub trait Ask: TryOut {
    /// Checks without touching data.
    async fn check(&self, permit: &Permit, sql: &str) -> Result<(), Refusal>;
    /// Which grants a query lacks, without touching data.
    async fn missing_grants(&self, permit: &Permit, sql: &str) -> Result<Missing, Fault>;
    /// What a query in mode `dp` will cost; `None` in other modes and for queries that read no personal rows.
    async fn estimate(&self, permit: &Permit, sql: &str) -> Result<Option<DpEstimate>, Refusal> {
        self.check(permit, sql).await.map(|()| None)
    }
    /// Checks, runs, gates, and compares with what was answered before.
    async fn ask(&self, permit: &Permit, sql: &str, past: &Past, cancel: Cancel) -> Result<Gated, AskError>;
}
