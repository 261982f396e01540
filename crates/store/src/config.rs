//! What a store needs to be opened.

use std::{path::PathBuf, sync::Arc};

use shuyu_kernel::kill::KillSwitch;
use shuyu_ledger::{FolderKind, SigningKey};

/// Source of unpredictable bytes for keys and nonces; the real one is built by `cli`, a seeded one by tests.
pub trait KeySource: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Where the proceedings, the core tables and the plain tables are.
#[derive(Clone)]
pub enum DatabaseConfig {
    /// One file, made if it is not there. The default of an installation.
    Sqlite {
        /// Path of the file.
        path: PathBuf,
    },
    /// A PostgreSQL database (15 or newer). Tables are made in the first schema of the search path.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
    },
}

/// Where the access log is. Never under the lock of the proceedings, so that reads do not queue behind acts.
#[derive(Clone)]
pub enum AccessConfig {
    /// An SQLite file of its own, made if it is not there. Its log is named `access`.
    Sqlite {
        /// Path of the file.
        path: PathBuf,
    },
    /// A second log in the database of the proceedings, with its own head.
    SameDatabase {
        /// Name of the log: `access`, or `access-<process>` where several processes write.
        log: String,
    },
}

/// How to open a store.
#[derive(Clone)]
pub struct StoreConfig {
    /// Where the record is.
    pub database: DatabaseConfig,
    /// Where the access log is.
    pub access: AccessConfig,
    /// The guard file: outside the database and outside its backups. See [`crate::Mark`].
    pub guard: PathBuf,
    /// Accept a log with entries that the guard does not know, and start guarding it as it is. Only for an
    /// operator who lost the guard file, or who starts a further process; false otherwise.
    pub adopt_missing_guard: bool,
    /// Id of the installation, 1 to 64 of `a-z 0-9 . -`; part of the origin of each log.
    pub installation: String,
    /// Training or production, for ever.
    pub kind: FolderKind,
    /// Key that wraps the keys of the person vault.
    pub vault_key: [u8; 32],
    /// Key that signs checkpoints.
    pub signer: Arc<SigningKey>,
    /// Asked at the named points of [`crate::KILL_POINTS`]; [`shuyu_kernel::kill::NoKill`] outside tests.
    pub kill: Arc<dyn KillSwitch>,
    /// Where keys and nonces come from.
    pub random: Arc<dyn KeySource>,
}
