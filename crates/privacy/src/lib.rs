//! What may leave: permits, the label lattice, the disclosure gate and masking.
//!
//! This crate is pure. It knows no clock, no files and no query engine; it works on plain data and
//! on Arrow record batches. Read it in this order:
//!
//! 1. [`permit`]: a permit says which tables and columns may be used, for what, and how exactly.
//! 2. [`label`]: columns that meet in one expression share the stricter of their labels.
//! 3. [`mod@gate`]: cells of a query come in with hidden columns about their subjects; only cells that
//!    hold enough of them leave. Everything else is a missing cell. Nothing here ever explains a
//!    missing cell, because the explanation would depend on the data.
//! 4. [`noise`]: the sums over subjects that all answers are made of, and how they are perturbed.
//! 5. [`book`] and [`draft`]: the release ledger, which compares every sum with those that were answered before.
//! 6. [`quantile`]: order statistics from windows of a cell; [`secondary`]: what margins tell of a missing part.
//! 7. [`dp`]: mode `dp`, where answers are differentially private instead.
//! 8. [`masking`]: keyed pseudonyms, bands, prefixes and top-coding of single values.
//! 9. [`governance`]: what a dataset holds, recipes for de-identified versions, how safe these are, who leaked one.
//! 10. [`dummy`], [`scan`] and [`evidence`]: made-up tables, and what is looked at before outputs of jobs leave.
//! 11. [`identity`]: 核验 by an index of keyed tags.
//!
//! # What is not done yet
//!
//! * No row predicates: a grant covers all rows of a table.
//! * Counts of different values, and the greatest of them, have no noise.

pub mod book;
pub mod citation;
mod class_of;
mod columns;
mod contributions;
pub mod dp;
pub mod draft;
pub mod dummy;
pub mod evidence;
mod field;
pub mod gate;
pub mod governance;
mod groups;
pub mod identity;
mod judge;
pub mod label;
pub mod masking;
pub mod members;
pub mod missing;
pub mod noise;
mod ordinals;
pub mod permit;
pub mod prf;
pub mod quantile;
mod relations;
pub mod release;
pub mod rules;
pub mod scan;
pub mod secondary;
pub mod sorting;
mod told;
mod touched;
mod ways;

pub use book::{Book, Past, Remembered, Verdict};
pub use citation::Citations;
pub use contributions::{Amounts, Contributions};
pub use draft::{Draft, Sought};
pub use gate::{
    CellLayout, ClassColumns, DomainColumns, GateOutcome, HiddenColumns, StatisticColumns, gate,
    least_subjects,
};
pub use groups::Group;
pub use label::Label;
pub use noise::{Contribution, Kind, Tally};
pub use permit::{
    Bounds, ColumnGrant, DateGrain, Grain, Limit, Permit, PermitKind, PermitMode, TableGrant, TableKind,
    Thresholds, Use,
};
pub use prf::GateKey;
pub use release::{ReleasedCell, SetKey, Statistic};
pub use rules::{Rule, Rules};
