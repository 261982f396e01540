//! Deterministic stand-ins for tests and for the demonstration: randomness, a clock, and registers.
//!
//! - [`random`]: a small seeded generator, and [`SeededSource`] for identifiers;
//! - [`clock`]: [`MockClock`], a clock that stands still until it is set;
//! - [`registers`]: **synthetic** files shaped like those that departments send.
//!
//! The same seed gives the same bytes on every machine and in every version: the registers use
//! integer arithmetic only where results are drawn, and golden digests in the tests hold them.
//!
//! Everything here is made up. Resident and credit codes carry valid check characters, so that
//! format checks pass, but area codes under province 99, which does not exist; they belong to nobody.

pub mod clock;
pub mod random;
pub mod registers;

pub use clock::MockClock;
pub use random::{Random, SeededSource};
