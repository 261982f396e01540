//! One log in one database: appending under its lock, reading, sealing, handing out.

mod export;
mod opening;
mod receipt;
mod seal;

use shuyu_domain::port::StoredEntry;
use shuyu_kernel::{Digest, Timestamp};
use shuyu_ledger::{Entry, Frontier, Origin, TreeCache};
use tokio::sync::Mutex;

use crate::{
    database::{Cell, Database, DbError, Doing, Row, Tx},
    error::{Broken, OpenError},
};

pub use export::FolderWriter;
pub(crate) use {opening::Opening, seal::Sealing};

/// Entries read in one go. Platform choice: a few megabytes at most.
const PAGE: u64 = 2048;

/// A log and where it is kept.
pub(crate) struct Book {
    /// The database it is in.
    pub database: Database,
    /// Its full name.
    pub origin: Origin,
    /// How far the entries were read, checked and put into the tree by this process.
    checked: Mutex<Checked>,
    /// The hashes for proofs, filled when the first receipt is asked for.
    tree: Mutex<TreeCache>,
}

/// The end of a log, under its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of entries, the next index.
    pub size: u64,
    /// Leaf hash of the last entry.
    pub last: Digest,
}

/// An entry to be appended.
pub(crate) struct NewEntry<'a> {
    /// Type of the payload with its version.
    pub kind: &'a str,
    /// Stream it continues.
    pub stream: &'a str,
    /// Place in the stream, from 1.
    pub version: u64,
    /// When it is recorded.
    pub at: Timestamp,
    /// Encoded payload.
    pub payload: Vec<u8>,
}

/// The tree as far as it was checked, and the hash the next entry has to name.
#[derive(Debug, Clone)]
struct Checked {
    frontier: Frontier,
    last: Digest,
}

impl Checked {
    fn none(origin: &Origin) -> Self {
        let suite = origin.suite();
        Self {
            frontier: Frontier::new(suite),
            last: suite.genesis_hash(&origin.to_string()),
        }
    }
}

impl Book {
    /// A log that was not looked at yet.
    pub fn new(database: Database, origin: Origin) -> Self {
        let tree = Mutex::new(TreeCache::new(origin.suite()));
        Self {
            database,
            checked: Mutex::new(Checked::none(&origin)),
            tree,
            origin,
        }
    }

    /// Name of the log within the installation; the `log` column.
    pub fn name(&self) -> &str {
        self.origin.log()
    }

    /// Makes the head row of a new log; refuses the log of another installation.
    async fn found(&self) -> Result<(), OpenError> {
        let mut tx = self.database.write().await?;
        let genesis = self.origin.suite().genesis_hash(&self.origin.to_string());
        let head = [self.name().into(), Cell::shown(&self.origin), genesis.into()];
        let insert = "INSERT INTO ledger_head (log, origin, size, last_hash) VALUES ($1, $2, 0, $3) \
                      ON CONFLICT (log) DO NOTHING";
        tx.execute(insert, &head).await?;
        let heads = tx.rows("SELECT log, origin FROM ledger_head", &[]).await?;
        for head in &heads {
            let stored = head.text(1)?;
            let mine = head.text(0)? == self.name();
            let same_house = stored.parse::<Origin>().is_ok_and(|stored| {
                stored.installation() == self.origin.installation() && stored.folder() == self.origin.folder()
            });
            if !same_house || (mine && stored != self.origin.to_string()) {
                return Err(OpenError::other_installation(stored, &self.origin));
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes the lock of the log and answers its end. All who write to the log wait here for each other.
    pub async fn lock(&self, tx: &mut Tx) -> Result<Head, DbError> {
        let lock = "UPDATE ledger_head SET size = size WHERE log = $1 RETURNING size, last_hash";
        self.head_from(tx.row(lock, &[self.name().into()]).await?)
    }

    /// The end of the log, without the lock.
    pub async fn head(&self, tx: &mut Tx) -> Result<Head, DbError> {
        let select = "SELECT size, last_hash FROM ledger_head WHERE log = $1";
        self.head_from(tx.row(select, &[self.name().into()]).await?)
    }

    /// When the last entry before this end was recorded.
    pub async fn last_recorded(&self, tx: &mut Tx, head: Head) -> Result<Option<Timestamp>, DbError> {
        let Some(last) = head.size.checked_sub(1) else {
            return Ok(None);
        };
        let select = "SELECT recorded_at FROM ledger_entry WHERE log = $1 AND idx = $2";
        let row = tx.row(select, &[self.name().into(), last.into()]).await?;
        row.map(|row| row.int(0).map(Timestamp::from_micros)).transpose()
    }

    fn head_from(&self, row: Option<Row>) -> Result<Head, DbError> {
        let row = row.ok_or_else(|| Broken::Head {
            log: self.name().to_owned(),
            index: 0,
        })?;
        Ok(Head {
            size: row.count(0)?,
            last: row.digest(1)?,
        })
    }

    /// Appends an entry at the end. The caller holds the lock and calls [`Book::move_head`] afterwards.
    pub async fn append(&self, tx: &mut Tx, head: &mut Head, new: NewEntry<'_>) -> Result<u64, DbError> {
        let entry = Entry {
            index: head.size,
            recorded_at: new.at,
            kind: new.kind.to_owned(),
            stream: new.stream.to_owned(),
            version: new.version,
            prev_hash: head.last,
            payload: new.payload,
        };
        let line = entry
            .encode()
            .map_err(|error| shuyu_kernel::Fault::new("encoding an entry", error))?;
        let leaf = self.origin.suite().leaf_hash(line.as_bytes());
        let row = [
            self.name().into(),
            entry.index.into(),
            entry.stream.into(),
            entry.version.into(),
            entry.kind.into(),
            Cell::Blob(line.into_bytes()),
            entry.prev_hash.into(),
            leaf.into(),
            new.at.micros().into(),
        ];
        let insert = "INSERT INTO ledger_entry \
                      (log, idx, stream, version, kind, bytes, prev_hash, leaf_hash, recorded_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        tx.execute(insert, &row).await?;
        *head = Head {
            size: entry.index + 1,
            last: leaf,
        };
        Ok(entry.index)
    }

    /// Writes the new end of the log, once all entries of the transaction stand.
    pub async fn move_head(&self, tx: &mut Tx, from: Head, to: Head) -> Result<(), DbError> {
        if from == to {
            return Ok(());
        }
        let update = "UPDATE ledger_head SET size = $2, last_hash = $3 WHERE log = $1 AND size = $4";
        let cells = [
            self.name().into(),
            to.size.into(),
            to.last.into(),
            from.size.into(),
        ];
        match tx.execute(update, &cells).await? {
            1 => Ok(()),
            _ => Err(Broken::Head {
                log: self.name().to_owned(),
                index: from.size,
            }
            .into()),
        }
    }

    /// Entries from an index on, at most `limit`.
    pub async fn entries(&self, tx: &mut Tx, from: u64, limit: u64) -> Result<Vec<StoredEntry>, DbError> {
        let select = "SELECT idx, bytes, leaf_hash FROM ledger_entry \
                      WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3";
        let rows = tx
            .rows(select, &[self.name().into(), from.into(), limit.into()])
            .await?;
        rows.iter().map(stored_entry).collect()
    }

    /// Entries of a stream in order.
    pub async fn stream(&self, tx: &mut Tx, stream: &str) -> Result<Vec<StoredEntry>, DbError> {
        let select = "SELECT idx, bytes, leaf_hash FROM ledger_entry \
                      WHERE log = $1 AND stream = $2 ORDER BY version";
        let rows = tx.rows(select, &[self.name().into(), stream.into()]).await?;
        rows.iter().map(stored_entry).collect()
    }

    /// Events in a stream so far.
    pub async fn version(&self, tx: &mut Tx, stream: &str) -> Result<u64, DbError> {
        let select = "SELECT MAX(version) FROM ledger_entry WHERE log = $1 AND stream = $2";
        let row = tx.row(select, &[self.name().into(), stream.into()]).await?;
        Ok(row
            .map(|row| row.maybe_count(0))
            .transpose()?
            .flatten()
            .unwrap_or(0))
    }

    /// Number of entries.
    pub async fn size(&self) -> Result<u64, shuyu_kernel::Fault> {
        let doing = "reading the size of a log";
        let mut tx = self.database.read().await.doing(doing)?;
        Ok(self.head(&mut tx).await.doing(doing)?.size)
    }

    /// Reads the entries up to `to`, checks that they follow each other without a gap, and puts them into the
    /// tree. `thorough` also hashes the stored bytes; needed for what was never signed.
    async fn check_up_to(
        &self,
        tx: &mut Tx,
        checked: &mut Checked,
        to: u64,
        thorough: bool,
    ) -> Result<(), DbError> {
        let columns = if thorough {
            "idx, prev_hash, leaf_hash, bytes"
        } else {
            "idx, prev_hash, leaf_hash"
        };
        let select = format!(
            "SELECT {columns} FROM ledger_entry WHERE log = $1 AND idx >= $2 AND idx < $3 ORDER BY idx"
        );
        while checked.frontier.size() < to {
            let from = checked.frontier.size();
            let until = to.min(from + PAGE);
            let page = tx
                .rows(select.clone(), &[self.name().into(), from.into(), until.into()])
                .await?;
            for row in &page {
                self.check_next(checked, row, thorough)?;
            }
            if checked.frontier.size() != until {
                return Err(Broken::Head {
                    log: self.name().to_owned(),
                    index: checked.frontier.size(),
                }
                .into());
            }
        }
        Ok(())
    }

    fn check_next(&self, checked: &mut Checked, row: &Row, thorough: bool) -> Result<(), DbError> {
        let (log, index) = (self.name().to_owned(), checked.frontier.size());
        if row.count(0)? != index {
            return Err(Broken::Head { log, index }.into());
        }
        if row.digest(1)? != checked.last {
            return Err(Broken::Chain { log, index }.into());
        }
        let leaf = row.digest(2)?;
        if thorough && self.origin.suite().leaf_hash(row.blob(3)?) != leaf {
            return Err(Broken::Leaf { log, index }.into());
        }
        checked.frontier.push(leaf);
        checked.last = leaf;
        Ok(())
    }
}

fn stored_entry(row: &Row) -> Result<StoredEntry, DbError> {
    Ok(StoredEntry {
        index: row.count(0)?,
        bytes: row.blob(1)?.to_vec(),
        leaf: row.digest(2)?,
    })
}
