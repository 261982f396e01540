//! Office documents: what is written reads back, hostile files are refused, the same content gives the same bytes.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod hostile;
mod round_trip;

use shuyu_kernel::Timestamp;
use shuyu_office::limits::Bounds;

/// Bounds of the tests: a small form.
pub const BOUNDS: Bounds = Bounds {
    packed_bytes: 1024 * 1024,
    unpacked_bytes: 32 * 1024 * 1024,
    sheets: 3,
    rows: 100,
    columns: 10,
    cells: 200,
    text_chars: 50,
};

/// 2026-02-10T01:00:00Z.
pub fn created() -> Timestamp {
    Timestamp::from_micros(1_770_685_200_000_000)
}
