//! What may be told of a query in mode `dp` before it runs: functions of its text, the permit and public sizes. Nothing
//! here depends on data.

use std::collections::BTreeSet;

use shuyu_kernel::DatasetId;
use shuyu_privacy::{Statistic, dp::Error};

/// How exact one figure will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Which figure.
    pub statistic: Statistic,
    /// Of which column; `None` for rows, subjects and branches.
    pub column: Option<String>,
    /// The error in 95 of 100 cells.
    pub error: Error,
}

/// A query in mode `dp`, before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// By figure, in the order of the query.
    pub expected: Vec<Expected>,
    /// Millionths of ρ that it costs on each dataset.
    pub rho: u64,
    /// Cells with fewer subjects, counted with noise, do not leave; `None` if all cells leave.
    pub least_subjects: Option<u64>,
    /// The datasets that are charged.
    pub charged: BTreeSet<DatasetId>,
}
