//! Bounds on office documents that are taken in. Each protects memory or the reader's patience, with its reason.

/// Expansion at which a compressed file counts as a bomb: 100 times. Registers compress 5 to 30 times, sheets of
/// workbooks up to 50; deflate cannot pass 1,032.
pub const MAX_EXPANSION_RATIO: u64 = 100;

/// Below this many expanded bytes (16 MiB) the ratio is not judged: small files of one value are lawful.
pub const RATIO_GRACE_BYTES: u64 = 16 * 1024 * 1024;

/// Largest workbook when unpacked: 1 GiB. Its shared strings are kept in memory while it is read, and one
/// sheet ends at 1,048,576 rows anyway; larger tables come as CSV.
pub const MAX_WORKBOOK_BYTES: u64 = 1024 * 1024 * 1024;

/// Largest table of shared strings of a workbook when unpacked: 64 MiB, since it stays in memory.
pub const MAX_SHARED_STRINGS_BYTES: u64 = 64 * 1024 * 1024;

/// Most shared strings of a workbook: two million, each about 50 bytes in memory besides its text. A full sheet
/// has two columns of words that differ in every row; larger tables come as CSV.
pub const MAX_SHARED_STRINGS: u64 = 2_000_000;

/// Largest part of a workbook besides its sheets and shared strings: 8 MiB. Styles and relations stay in memory;
/// what is larger is a picture or a mistake.
pub const MAX_PART_BYTES: u64 = 8 * 1024 * 1024;

/// Longest stretch of a sheet from one cell or string to the next: 4 MiB. It is held in memory as a whole; a cell
/// of 1 MiB fits with every other character escaped.
pub const MAX_STRETCH_BYTES: u64 = 4 * 1024 * 1024;

/// Most entries in a workbook's archive: 10,000 (a sheet, its relations and a drawing are three).
pub const MAX_WORKBOOK_ENTRIES: usize = 10_000;

/// Bounds on a workbook that is read into memory as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Largest file as sent, in bytes.
    pub packed_bytes: u64,
    /// Largest file unpacked, in bytes.
    pub unpacked_bytes: u64,
    /// Most sheets.
    pub sheets: usize,
    /// Highest row number with a value in it, in any sheet.
    pub rows: u32,
    /// Most columns.
    pub columns: u32,
    /// Most cells with a value, in all sheets.
    pub cells: usize,
    /// Longest text of a cell, in characters. The format itself ends at 32,767.
    pub text_chars: usize,
}
