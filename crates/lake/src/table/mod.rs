//! What a table is: its columns, the quality of its rows, its units, and how cells become Arrow columns.

mod builders;
mod cell;
mod evolve;
mod header;
mod infer;
mod key;
mod numbering;
mod quality;
mod recast;
mod shape;
mod spec;
mod unit;

pub(crate) use builders::{Builders, EncodedFile, FileCutter, arrow_schema, cell_at};
pub(crate) use cell::Cell;
pub(crate) use evolve::Standing as StandingColumns;
pub use evolve::{ColumnChange, OrderProblem, SchemaOrder};
pub(crate) use key::{KeyProof, canonical};
pub use quality::{
    ColumnQuality, FileWarning, QualityReport, RowRange, RowRef, Rule, RuleFinding, UnitProof, Warning,
};
pub(crate) use recast::{filled, recast};
pub(crate) use shape::{RowSetup, Shaped, Shaper};
pub(crate) use spec::default_nulls;
pub use spec::{
    Codes, ColumnSpec, ColumnType, DECIMAL_PRECISION, OnBadRow, TableSpec, UNIT_COLUMN, UnitSpec,
};
pub(crate) use unit::{UnitCounter, unit_of};

/// Told how an operation proceeds. Called from worker threads; must return quickly.
pub trait Progress: Send + Sync {
    /// A new phase has begun.
    fn phase(&self, phase: Phase);
    /// So many more bytes of a raw file have been read in this phase.
    fn bytes(&self, count: u64);
    /// So many more rows have been shaped.
    fn rows(&self, count: u64);
}

/// The phases of an ingest or a derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading a raw file once from end to end before its first record is believed.
    Inspecting,
    /// Reading, checking and writing data files.
    Reading,
    /// Making the new version visible.
    Committing,
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn phase(&self, _phase: Phase) {}
    fn bytes(&self, _count: u64) {}
    fn rows(&self, _count: u64) {}
}
