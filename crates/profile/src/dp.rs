//! Mode `dp` of answers: its numbers, and which tables are answered in it only.

use shuyu_kernel::Basis;

use crate::place::Place;

/// Numbers of mode `dp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpNumbers {
    /// Millionths of ρ that one body may spend on one dataset, for ever.
    pub budget: u32,
    /// Millionths of ρ that one query costs.
    pub query: u32,
    /// Rows of one subject that count in one cell.
    pub rows: u32,
    /// Cells in which one subject counts.
    pub cells: u32,
    /// δ is one divided by so many times the rows of the largest table.
    pub delta: u32,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Tables of catalogue entries that say so are answered in mode `dp` only, under every permit (A-M1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpLock {
    /// Procedure of the catalogue entry.
    pub procedure: String,
    /// Its field that says so.
    pub field: String,
    /// Values that say so.
    pub values: Vec<String>,
    /// Only tables of which one of these columns is granted; empty: all.
    pub columns: Vec<String>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}
