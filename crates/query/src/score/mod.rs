//! Scores the gate on a file of attacks and legitimate queries (`shuyu policy score`).
//!
//! A file of cases, the permit they are asked under and SQL that makes their tables go in; how many attacks were
//! stopped and how many legitimate queries answered comes out, by family, with every case that failed. The engine is
//! the one that serves, over tables in memory; nothing is switched off. An engine that refuses everything has 100 %
//! and 0 %, so both are always shown.

mod cases;
mod fixture;
mod judge;
mod rewrite;
mod run;

pub use cases::{Case, Strength, read};
pub use fixture::{Fixture, Memory, permit};
pub use judge::{Failed, Report, Tally};
pub use rewrite::Rewrite;
pub use run::{Run, score};
