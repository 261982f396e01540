//! The real binary over real HTTP: the main job, recovery after SIGKILL, hostile input, offline verification,
//! and a real browser.

#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

mod arriving;
mod batch;
mod browser;
mod checks;
mod clear;
mod console;
mod data;
mod demo;
mod folder;
mod governance;
mod harness;
mod hostile;
mod jobs;
mod lake;
mod offline;
mod own;
mod policy;
mod postgres;
mod recovery;
mod refused;
mod report;
mod retention;
mod sent;
mod stories;
mod versions;
mod watch;
