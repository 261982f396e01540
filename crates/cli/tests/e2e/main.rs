//! The real binary over real HTTP: the main job, recovery after SIGKILL, hostile input, offline verification,
//! and a real browser.

mod browser;
mod demo;
mod harness;
mod hostile;
mod offline;
mod recovery;
