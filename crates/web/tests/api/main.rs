//! The programming interface and the gateway as a client meets them: an installation with a real record on disk,
//! made-up engines, and requests through the whole router.

#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod airlock;
mod airlock_beside;
mod airlock_changes;
mod asking;
mod batches;
mod bench;
mod between;
mod budgets;
mod cancelling;
mod cases;
mod chain;
mod checks;
mod console;
mod data;
mod description;
mod doors;
mod engines;
mod figures;
mod files;
mod forms;
mod gateway;
mod guards;
mod identity;
mod keys;
mod listing;
mod marginals;
mod noting;
mod own;
mod own_files;
mod permits;
mod procedures;
mod profile;
mod recording;
mod registry;
mod reports;
mod retention;
mod reviewing;
mod runs;
mod sessions;
mod shape;
mod sold;
mod stopping;
mod succession;
mod ties;
mod walk;
mod world;
mod zones;
