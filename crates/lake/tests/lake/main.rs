//! Integration tests of the lake, one binary.

#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(
    clippy::expect_used,
    reason = "helpers of tests may end a test; clippy exempts only test functions"
)]

mod bounded;
mod crash;
mod derive;
mod destroy;
mod erase;
mod evolve;
mod jsonl;
mod malformed;
mod masking;
mod memory;
mod names;
mod open_format;
mod purge;
mod quality;
mod raw_zone;
mod rotate;
mod sealed;
mod strays;
mod units;
mod upsert;
mod versions;
mod workbook;
mod world;
