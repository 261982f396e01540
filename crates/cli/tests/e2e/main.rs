//! The real binary over real HTTP: the main job, recovery after SIGKILL, hostile input, offline verification,
//! and a real browser.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod browser;
mod data;
mod demo;
mod harness;
mod hostile;
mod offline;
mod recovery;
