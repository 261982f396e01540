//! The procedure engine under the shipped profile.
#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the bodies of tests and what they are built of may"
)]

mod additions;
mod affiliates;
mod clocks;
mod coverage;
mod expiry;
mod golden;
mod golden_samples;
mod leaving;
mod mutation;
mod national;
mod own;
mod places;
mod promises;
mod random;
mod registry;
mod rows;
mod scenarios;
mod succession;
mod support;
mod versions;
mod watch;
mod watch_samples;
mod work;
