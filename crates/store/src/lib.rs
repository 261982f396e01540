//! The record on disk: SQLite or PostgreSQL behind [`shuyu_domain::port::Record`].
//!
//! An act is one transaction: take the lock of the ledger's head, look up the idempotency key, load the case
//! and what it points at, let the domain decide, append the events, project them into the core tables, queue
//! the follow-ups, commit. Or nothing.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use shuyu_store::{AccessConfig, DatabaseConfig, KeySource, OpenError, Store, StoreConfig};
//! # async fn run(signer: shuyu_ledger::SigningKey, random: Arc<dyn KeySource>) -> Result<(), OpenError> {
//! let store = Store::open(StoreConfig {
//!     database: DatabaseConfig::Sqlite { path: "data/record.db".into() },
//!     access: AccessConfig::Sqlite { path: "data/access.db".into() },
//!     guard: "guard/guard.json".into(), // not in the same backup as the database
//!     adopt_missing_guard: false,
//!     installation: "yunnan-01".to_owned(),
//!     kind: shuyu_ledger::FolderKind::Training,
//!     vault_key: [0; 32],
//!     signer: Arc::new(signer),
//!     kill: Arc::new(shuyu_kernel::kill::NoKill),
//!     random,
//! })
//! .await?;
//! store.seal_all().await?; // every few seconds, and at the end
//! # Ok(())
//! # }
//! ```
//!
//! | question | where |
//! |---|---|
//! | one SQL text on two databases, schema | `database`, `migrations/` |
//! | the two logs: append, seal, export, receipts | `log` |
//! | a restored older copy | `guard` |
//! | events as bytes | `codec` |
//! | from events to rows | `projection` |
//! | the port | `record` |
//! | personal fields | `vault` |
//! | do tables and ledger agree? | [`Store::rebuild_check`] |
//!
//! Three kinds of tables. The *ledger* is the record; entries are only added. The *core* tables are our reading
//! of it: projectors are pure functions of event and old row, and every row can be made again. The *plain*
//! tables (documents, outbox, keys, vault) are needed to work and prove nothing.

mod codec;
mod config;
mod database;
mod error;
mod guard;
mod kill;
mod log;
mod projection;
mod rebuild;
mod record;
mod store;
mod vault;

pub use config::{AccessConfig, DatabaseConfig, KeySource, StoreConfig};
pub use error::{Broken, OpenError, is_fatal};
pub use guard::Mark;
pub use kill::KILL_POINTS;
pub use log::FolderWriter;
pub use rebuild::{Deviation, Difference, RebuildReport, TableReport};
pub use store::Store;
pub use vault::Field;
