//! Bounds on what is taken in. Each protects memory, disk or the reader's patience, with its reason.

/// Longest line or record: 16 MiB. No honest register holds a longer one; a reader that buffers a record
/// must stop somewhere, and this is where, so a 2 GB line costs 16 MiB of memory and a refusal.
pub const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// Longest cell: 1 MiB. Registers hold words and numbers; longer contents belong in files of their own.
pub const MAX_CELL_BYTES: usize = 1024 * 1024;

/// Most values of a code list: 5,000. The divisions of a province down to its townships are some two thousand.
pub const MAX_CODES: usize = 5_000;

/// Longest value of a code list, in bytes: a code or a short name, never a sentence.
pub const MAX_CODE_BYTES: usize = 64;

/// Most columns: 2,000. The widest public-sector tables known have a few hundred; Parquet keeps one
/// encoder per column in memory.
pub const MAX_COLUMNS: usize = 2_000;

pub use shuyu_office::limits::{MAX_EXPANSION_RATIO, MAX_WORKBOOK_BYTES, RATIO_GRACE_BYTES};

/// Most keys or units held in memory to prove uniqueness: 50 million, about 1.2 GB.
/// A province has fewer people than that in most registers; larger ones are ingested per division.
pub const MAX_TRACKED: usize = 50_000_000;

/// Most quarantined rows whose numbers are kept: one million. More bad rows than this is not a file with
/// errors but a wrong file, whatever the permitted share.
pub const MAX_QUARANTINED: u64 = 1_000_000;

/// Row numbers kept per rule in a quality report: 20 show a pattern; the count says the rest.
pub const FIRST_ROWS: usize = 20;

/// Rows read before a schema is inferred: 50,000, and no more than [`MAX_RECORD_BYTES`] of them. Sensors and
/// registers write whole numbers for thousands of rows before the first fraction comes.
pub const SAMPLE_ROWS: usize = 50_000;

/// Rows per Arrow batch: 8,192, DataFusion's own default.
pub const BATCH_ROWS: usize = 8_192;

/// A batch is also closed at 16 MiB of values, as much as one record may hold: wide cells must not gather by the
/// thousand, and Arrow's text columns end at 2 GiB.
pub const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Rows per Parquet file: 262,144. Small enough to hold one encoded file in memory, large enough to scan well.
pub const FILE_ROWS: usize = 262_144;

/// A Parquet file is also closed at about 64 MiB, so that wide tables stay within memory.
pub const FILE_BYTES: usize = 64 * 1024 * 1024;

/// A row group of a Parquet file ends at about 16 MiB encoded: writers hold one until it ends, readers one at a time.
pub const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Settings an installation may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file in bytes after decompression (text) or unpacking (workbook, then at most
    /// [`MAX_WORKBOOK_BYTES`]). Default 64 GiB.
    pub max_uncompressed_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_uncompressed_bytes: 64 * 1024 * 1024 * 1024,
        }
    }
}
