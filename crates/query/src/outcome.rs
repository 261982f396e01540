//! What comes of a check and of a run.

use std::collections::BTreeMap;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use shuyu_kernel::{DatasetId, Fault, Refusal};
use shuyu_privacy::{ReleasedCell, Remembered};

use crate::answers::AnsweredSum;

/// Why a query was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A correct "no", in detail.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A schema could not be read.
    #[error(transparent)]
    Failed(#[from] Fault),
}

/// The one answer to everything that goes wrong after the seal, cancellation included. It says
/// nothing, because what went wrong may depend on the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("query_not_completed")]
pub struct Opaque;

impl Opaque {
    /// The stable code.
    pub const CODE: &'static str = "query_not_completed";

    /// The same as a refusal, for faces.
    pub fn refusal(self) -> Refusal {
        Refusal::conflict(Self::CODE)
    }
}

/// What left the gate.
#[derive(Debug, Clone)]
pub struct Released {
    /// Columns of the answer.
    pub schema: SchemaRef,
    /// Rows of the answer; suppressed values are NULL, suppressed cells are absent.
    pub batches: Vec<RecordBatch>,
    /// The answer was cut at the row or byte limit of the permit. How much was cut is not said.
    pub truncated: bool,
    /// One entry per number that passed the gate, before it was perturbed. It never leaves the system.
    pub cells: Vec<ReleasedCell>,
    /// How every sum behind the answer was answered. It never leaves the system.
    pub sums: Vec<AnsweredSum>,
    /// A cell or a figure of somebody was kept back by the gate. It never leaves the system.
    pub withheld: bool,
    /// What is to be remembered before the answer is shown, by identifier domain; empty if it reads no personal rows.
    pub remembered: Vec<Remembered>,
    /// The datasets read, at which versions.
    pub datasets: BTreeMap<DatasetId, u64>,
}

impl Released {
    /// Rows of the answer.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}
