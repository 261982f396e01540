//! The procedure engine under the shipped profile.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the bodies of tests and what they are built of may"
)]

mod additions;
mod coverage;
mod golden;
mod promises;
mod random;
mod registry;
mod scenarios;
mod support;
