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
//! 4. [`release`]: what is recorded about every released cell.
//! 5. [`masking`]: keyed pseudonyms, bands, prefixes and top-coding for de-identified versions.
//!
//! # What is not done yet
//!
//! * No noise: released values are exact. Two exact answers over sets that differ by one person
//!   give that person away (differencing), whatever the threshold.
//! * No release ledger: [`release::ReleaseLedger`] is a port without an implementation, so nothing
//!   compares an answer with earlier ones.
//! * No class disclosure rule: a cell in which everybody has the same sensitive value is released.
//! * No row predicates: a grant covers all rows of a table.

pub mod citation;
pub mod gate;
pub mod label;
pub mod masking;
pub mod permit;
pub mod prf;
pub mod release;

pub use citation::Citations;
pub use gate::{
    CellLayout, DomainColumns, GateOutcome, HiddenColumns, StatisticColumns, gate, least_subjects,
};
pub use label::Label;
pub use permit::{
    Bounds, ColumnGrant, DateGrain, Grain, Limit, Permit, PermitKind, PermitMode, TableGrant, TableKind,
    Thresholds, Use,
};
pub use prf::GateKey;
pub use release::{ReleaseLedger, ReleasedCell, SetKey, Statistic};
