//! The profile crate seen from outside: the shipped profile is sound, planted faults are found with file and line.
#![expect(
    clippy::expect_used,
    reason = "the bodies of tests and what they are built of may"
)]

mod equivalents;
mod faults;
mod loading;
mod overlays;
mod sample;
mod shipped;
mod superiors;
mod support;
