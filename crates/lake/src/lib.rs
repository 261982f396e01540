//! The lake: datasets from the file a department sends to versions that queries read.
//!
//! ```text
//! bytes ──receive──▶ raw zone ──ingest──▶ dataset version ──derive──▶ de-identified version
//!                    (sealed,             (Delta table of            (recipe recorded)
//!                     by digest)           sealed Parquet)
//!                                              └──snapshot, scan──▶ query
//! ```
//!
//! Four promises:
//!
//! 1. **Nothing lies on disk in the clear.** Every raw file, data file, log entry and report is sealed with
//!    chunked AES-256-GCM, one data key per file, wrapped by the [`MasterKey`]. A flipped, missing, moved or
//!    swapped piece makes reading fail. ([`SealedStore`])
//! 2. **All or nothing.** An ingest writes its files first and commits once. Refused, cancelled or killed at any
//!    point, the dataset stands at its old version; [`Lake::sweep`] removes what was left. The same [`IngestKey`]
//!    gives the same version, however often it is tried.
//! 3. **Bounded.** Files are streamed; memory does not grow with them ([`limits`] lists every bound with its
//!    reason). What does grow is stated: keys and units being proved unique (24 bytes each), and the shared
//!    strings of a workbook (64 MiB, two million of them).
//! 4. **Refusals say where, never what.** Row numbers, lines and column names; no value of a row.
//!
//! The table format is the open Delta protocol (through delta-rs): after decryption any Delta reader reads it.
//! The lake knows no procedure, no permit and no query engine; randomness, time and kill points come from
//! outside. Kill points: `lake.mid_raw`, `lake.mid_file`, `lake.before_delta_commit`, `lake.mid_delta_commit`,
//! `lake.after_delta_commit`, `lake.mid_destroy`; those of erasing and purging are named in the modules of
//! [`ErasureSpec`] and [`PurgeSpec`].
//!
//! Where to begin: [`Lake::open`], [`Lake::receive`], [`Lake::ingest`] with an [`IngestSpec`],
//! [`Lake::snapshot`], [`Snapshot::scan`].

mod derive;
mod destroy;
mod durable;
mod erase;
mod error;
mod ingest;
mod keys;
mod lake;
pub mod limits;
mod merge;
mod purge;
mod raw;
mod request;
mod rotate;
mod sealed_store;
mod sealing;
pub mod source;
mod sweep;
mod table;
mod version;

pub use derive::{DeriveSpec, Generalisation, Generalise, Masking, ProcessingRecord};
pub use erase::{ErasureProof, ErasureSpec, FileErased, Prepared, VersionErased};
pub use error::{IngestError, IngestRefused, LakeError};
pub use ingest::{IngestReport, IngestSpec};
pub use keys::{KeySource, MasterKey, UnitKey};
pub use lake::Lake;
pub use limits::Limits;
pub use purge::{PurgeProof, PurgeSpec};
pub use raw::RawFile;
pub use rotate::{Rotated, rotate};
pub use sealed_store::SealedStore;
pub use source::{CsvOptions, FormatHint};
pub use sweep::Swept;
pub use table::{
    Codes, ColumnChange, ColumnQuality, ColumnSpec, ColumnType, DECIMAL_PRECISION, FileWarning, NoProgress,
    OnBadRow, OrderProblem, Phase, Progress, QualityReport, RowRange, RowRef, Rule, RuleFinding, SchemaOrder,
    TableSpec, UNIT_COLUMN, UnitProof, UnitSpec, Warning,
};
pub use version::{
    DataFile, DataZone, DatasetVersion, IngestKey, IngestMode, ParquetBytes, Snapshot, VersionRecord,
};

pub use tokio_util::sync::CancellationToken;
