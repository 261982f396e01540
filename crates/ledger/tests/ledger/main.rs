//! Tests of the ledger from outside, as its users see it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails by panicking"
)]

mod changed_bytes;
mod checkpoints;
mod commitments;
mod entries;
mod golden;
mod known_vectors;
mod openssl;
mod receipts;
mod sample;
mod tampering;
mod trees;
