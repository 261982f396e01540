//! The store: opening, sealing, handing out, forgetting.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use shuyu_domain::port::{Log, StoredCheckpoint};
use shuyu_kernel::{Fault, Timestamp, kill::KillSwitch};
use shuyu_ledger::{Origin, Receipt, Suite, VerifyingKey};

use crate::{
    config::{AccessConfig, DatabaseConfig, StoreConfig},
    database::{Database, DbError, Doing, Part, migrate},
    error::{Broken, OpenError},
    guard::Guard,
    log::{Book, FolderWriter, Opening, Sealing},
    record::PROCEEDINGS,
    vault::{Field, Vault},
};

/// Name of the access log in its own file.
const ACCESS: &str = "access";

/// The record of an installation: two logs, the core tables, the plain tables, the vault.
///
/// Acts, reads and notes go through [`shuyu_domain::port::Record`]. Here is what the operation needs.
pub struct Store {
    pub(crate) main: Database,
    pub(crate) proceedings: Book,
    pub(crate) access: Book,
    pub(crate) vault: Vault,
    pub(crate) kill: Arc<dyn KillSwitch>,
    sealing: Sealing,
    key: VerifyingKey,
    broken: AtomicBool,
}

impl Store {
    /// Opens the record, or makes a new one. Refuses a restored older copy, a second history, and the data of
    /// another installation or kind. What a crash left unsealed is sealed.
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let suite = Suite::Sm;
        let origin = |log: &str| Origin::new(&config.installation, log, config.kind, suite);
        let main = open_database(&config.database).await?;
        migrate(&main, Part::Whole).await?;
        let (access, access_log) = match &config.access {
            AccessConfig::Sqlite { path } => {
                let access = open_database(&DatabaseConfig::Sqlite { path: path.clone() }).await?;
                migrate(&access, Part::Ledger).await?;
                (access, ACCESS)
            }
            // Connections of its own: notes must not wait behind acts that wait for each other.
            AccessConfig::SameDatabase { log } => (open_database(&config.database).await?, log.as_str()),
        };
        let key = config.signer.verifying_key();
        let guard = Guard::new(config.guard.clone());
        let store = Store {
            proceedings: Book::new(main.clone(), origin(PROCEEDINGS)?),
            access: Book::new(access, origin(access_log)?),
            vault: Vault::new(config.vault_key, config.random.clone()),
            kill: config.kill.clone(),
            sealing: Sealing {
                signer: config.signer.clone(),
                guard: guard.clone(),
                kill: config.kill.clone(),
            },
            key: key.clone(),
            broken: AtomicBool::new(false),
            main,
        };
        let opening = |from_first| Opening {
            guard: &guard,
            adopt: config.adopt_missing_guard,
            key: &key,
            from_first,
        };
        store.proceedings.open(opening(true)).await?;
        store.access.open(opening(false)).await?;
        store.check_vault_key().await?;
        store.proceedings.seal(&store.sealing).await?;
        store.access.seal(&store.sealing).await?;
        Ok(store)
    }

    async fn check_vault_key(&self) -> Result<(), OpenError> {
        let mut tx = self.main.write().await?;
        if !self.vault.fits(&mut tx).await? {
            return Err(OpenError::VaultKey);
        }
        tx.commit().await?;
        Ok(())
    }

    /// The public key that receipts and exports verify with.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Full name of a log.
    pub fn origin(&self, log: Log) -> &Origin {
        &self.book(log).origin
    }

    /// Signs the present size of a log if it grew, and moves the guard. `None` while the log is empty.
    /// Called from a background task every few seconds and at the end.
    pub async fn seal(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault> {
        self.still_sound()?;
        let sealed = self.book(log).seal(&self.sealing).await;
        self.stop_if_broken(sealed).doing("sealing a log")
    }

    /// Seals both logs.
    pub async fn seal_all(&self) -> Result<(), Fault> {
        self.seal(Log::Proceedings).await?;
        self.seal(Log::Access).await?;
        Ok(())
    }

    /// Writes a log up to its latest checkpoint as a folder that [`shuyu_ledger::verify`] checks. False when
    /// nothing was sealed yet.
    pub async fn export(&self, log: Log, to: &mut dyn FolderWriter) -> Result<bool, Fault> {
        self.book(log).export(&self.key, to).await
    }

    /// The receipt (履职凭证) of an entry; `None` while it is not sealed.
    pub async fn receipt(&self, log: Log, index: u64) -> Result<Option<Receipt>, Fault> {
        self.book(log).receipt(index, &self.key).await
    }

    /// A field of the person vault with the nonce that opens its commitment; `None` once erased.
    pub async fn field(&self, reference: &str) -> Result<Option<Field>, Fault> {
        let doing = "reading a vault field";
        let mut tx = self.main.read().await.doing(doing)?;
        self.vault.reveal(&mut tx, reference).await.doing(doing)
    }

    /// Makes all vault fields of a subject unreadable, for ever. False when there were none. The caller
    /// records the erasure as an act. On SQLite the bytes of the key are overwritten at once, or when the last
    /// reader of that moment ends; on PostgreSQL by its next vacuum. Copies in backups live as long as those.
    pub async fn erase(&self, subject: &str) -> Result<bool, Fault> {
        let doing = "erasing a subject";
        let mut tx = self.main.write_beside().await.doing(doing)?;
        let erased = self.vault.erase(&mut tx, subject).await.doing(doing)?;
        tx.commit().await.doing(doing)?;
        self.main.flush_journal().await.doing(doing)?;
        Ok(erased)
    }

    /// Forgets idempotency keys of acts recorded before an instant; answers how many.
    pub async fn forget_keys(&self, before: Timestamp) -> Result<u64, Fault> {
        let doing = "forgetting idempotency keys";
        let mut tx = self.main.write_beside().await.doing(doing)?;
        let delete = "DELETE FROM idempotency WHERE recorded_at < $1";
        let forgotten = tx.execute(delete, &[before.micros().into()]).await.doing(doing)?;
        tx.commit().await.doing(doing)?;
        Ok(forgotten)
    }

    /// Closes all connections. Call [`Store::seal_all`] before, so that the guard stands at the end.
    pub async fn close(&self) {
        self.access.database.close().await;
        self.main.close().await;
    }

    pub(crate) fn book(&self, log: Log) -> &Book {
        match log {
            Log::Proceedings => &self.proceedings,
            Log::Access => &self.access,
        }
    }

    /// Refuses to go on after the record was found broken.
    pub(crate) fn still_sound(&self) -> Result<(), Fault> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Fault::new("acting on the record", Broken::Stopped));
        }
        Ok(())
    }

    /// Remembers that the record is broken, and passes the result on.
    pub(crate) fn stop_if_broken<T>(&self, result: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError::Broken(broken)) = &result {
            tracing::error!(%broken, "the record contradicts itself");
            self.broken.store(true, Ordering::Release);
        }
        result
    }
}

async fn open_database(config: &DatabaseConfig) -> Result<Database, OpenError> {
    let opened = match config {
        DatabaseConfig::Sqlite { path } => Database::open_sqlite(path).await,
        DatabaseConfig::Postgres { url } => Database::open_postgres(url).await,
    };
    opened.map_err(|error| OpenError::Fault(Fault::new("opening the database", error)))
}
