//! What can be wrong with a record: at the start, and for ever.

use shuyu_kernel::{Digest, Fault};
use shuyu_ledger::{Origin, OriginError};

use crate::{
    database::{DbError, MigrationError},
    guard::Mark,
};

/// The record contradicts itself: a broken disk, a manual change, or a fault of this program.
///
/// Nothing more may be decided on such a record. The store refuses all further acts of this process, and
/// [`is_fatal`] tells the caller to stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A core row and the ledger have another number of events of a stream.
    #[error("{stream}: the table stands at version {table}, the ledger at {ledger}")]
    Version {
        /// The stream.
        stream: String,
        /// Version in the core table; 0 without a row.
        table: u64,
        /// Version in the ledger; 0 without an entry.
        ledger: u64,
    },
    /// A core row does not hold the state it should.
    #[error("{stream}: the stored state cannot be read")]
    State {
        /// The stream.
        stream: String,
    },
    /// The head of a log names more entries than there are, or another last hash.
    #[error("{log}: the head does not fit the entries at {index}")]
    Head {
        /// The log.
        log: String,
        /// First index where they differ.
        index: u64,
    },
    /// The bytes of an entry do not have the leaf hash stored beside them.
    #[error("{log}: entry {index} does not have its leaf hash")]
    Leaf {
        /// The log.
        log: String,
        /// Index of the entry.
        index: u64,
    },
    /// An entry does not name the hash of the one before.
    #[error("{log}: entry {index} does not continue entry before it")]
    Chain {
        /// The log.
        log: String,
        /// Index of the entry.
        index: u64,
    },
    /// An entry cannot be read. Written by a newer release, or changed.
    #[error("{log}: entry {index} cannot be read")]
    Entry {
        /// The log.
        log: String,
        /// Index of the entry.
        index: u64,
    },
    /// The tree over the entries is not the one that was signed.
    #[error("{log}: the entries do not give the root that was signed for size {size}")]
    Root {
        /// The log.
        log: String,
        /// Size that was signed for.
        size: u64,
    },
    /// It was found broken earlier in this process.
    #[error("the record was found broken earlier; the process has to stop")]
    Stopped,
    /// The guard outside the database knows a longer or another log.
    #[error("{log}: the guard stands at size {size} with another root")]
    Guard {
        /// The log.
        log: String,
        /// Size in the guard.
        size: u64,
    },
}

/// Whether a fault says that the record contradicts itself. Then the process should stop.
pub fn is_fatal(fault: &Fault) -> bool {
    fault.source.downcast_ref::<Broken>().is_some()
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Installation id or log name cannot stand in the origin of a log.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The database was written by a newer release.
    #[error("the database has schema {found}, this release knows up to {known}")]
    NewerSchema {
        /// Schema of the database.
        found: u64,
        /// Newest schema of this release.
        known: u64,
    },
    /// A change of the schema was applied with another text than this release has for it.
    #[error("change {number} of the schema was applied with another text")]
    OtherSchema {
        /// Number of the change.
        number: u64,
    },
    /// The database belongs to another installation or is of the other kind (training, production).
    #[error("the database holds the log {stored}, not {expected}")]
    OtherInstallation {
        /// Origin in the database.
        stored: String,
        /// Origin of this configuration.
        expected: String,
    },
    /// The log is shorter than the guard has seen it: an older copy was restored. Writing would give indexes
    /// out a second time.
    #[error("{log} has {stored} entries, the guard has seen {}: an older copy was restored", guard.size)]
    RestoredOlderCopy {
        /// Origin of the log.
        log: String,
        /// Entries in the database.
        stored: u64,
        /// What the guard has seen.
        guard: Mark,
    },
    /// The log is long enough but was another one when the guard saw it: a second history.
    #[error("{log} had the root {} at size {}, now it has {stored_root}", guard.root, guard.size)]
    OtherHistory {
        /// Origin of the log.
        log: String,
        /// What the guard has seen.
        guard: Mark,
        /// Root of the database at that size.
        stored_root: Digest,
    },
    /// The log has entries and the guard does not know it: the guard was lost, or is another one.
    #[error("{log} has {stored} entries and the guard does not know it")]
    GuardMissing {
        /// Origin of the log.
        log: String,
        /// Entries in the database.
        stored: u64,
    },
    /// The vault key is not the one the fields were encrypted under.
    #[error("the vault key is not the one of this database")]
    VaultKey,
    /// The signing key is not the one that signed the latest checkpoint.
    #[error("the signing key is not the one of {log}")]
    SigningKey {
        /// Origin of the log.
        log: String,
    },
    /// The record contradicts itself.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The world failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl OpenError {
    /// Stable code, snake_case, for messages.
    pub fn code(&self) -> &'static str {
        match self {
            OpenError::Origin(_) => "store_name_malformed",
            OpenError::NewerSchema { .. } => "store_schema_newer",
            OpenError::OtherSchema { .. } => "store_schema_other",
            OpenError::OtherInstallation { .. } => "store_other_installation",
            OpenError::RestoredOlderCopy { .. } => "store_restored_older_copy",
            OpenError::OtherHistory { .. } => "store_other_history",
            OpenError::GuardMissing { .. } => "store_guard_missing",
            OpenError::VaultKey => "store_vault_key_wrong",
            OpenError::SigningKey { .. } => "store_signing_key_wrong",
            OpenError::Broken(_) => "store_record_broken",
            OpenError::Fault(_) => "store_fault",
        }
    }

    pub(crate) fn other_installation(stored: &str, expected: &Origin) -> Self {
        OpenError::OtherInstallation {
            stored: stored.to_owned(),
            expected: expected.to_string(),
        }
    }
}

impl From<DbError> for OpenError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Broken(broken) => OpenError::Broken(broken),
            other => OpenError::Fault(other.fault("opening the record")),
        }
    }
}

impl From<MigrationError> for OpenError {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Newer { found, known } => OpenError::NewerSchema { found, known },
            MigrationError::Changed { number } => OpenError::OtherSchema { number },
            MigrationError::Db(error) => error.into(),
        }
    }
}
