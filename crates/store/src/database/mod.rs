//! SQLite and PostgreSQL behind one SQL text.
//!
//! Placeholders are `$1`, types are integer, text and bytes, and there is nothing clever on top: no mapper,
//! no query builder, no `Any` driver.

mod cell;
mod migration;
mod transaction;

use std::{path::Path, str::FromStr, time::Duration};

use shuyu_kernel::Fault;
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) use cell::{Cell, CellType, Row};
pub(crate) use migration::{MigrationError, Part, migrate};
pub(crate) use transaction::Tx;

use crate::error::Broken;

/// How long a connection waits for another one's lock before it gives up. Platform choice: far longer than any
/// transaction of ours, shorter than a person waits.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);
/// Connections that read an SQLite file at the same time. Platform choice.
const SQLITE_READERS: u32 = 4;
/// Connections of one process to PostgreSQL for acts. Platform choice; they queue at the head lock anyway.
const POSTGRES_ACTS: u32 = 3;
/// Connections of one process to PostgreSQL for everything else, so that nothing waits behind queueing acts.
const POSTGRES_OTHERS: u32 = 6;

/// Every statement sees what was committed when it began; so after the lock of a log, the latest state.
const READ_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// A database that was opened.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// One file. One connection writes; the others see the last commit (WAL).
    Sqlite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Connections that only read.
        readers: SqlitePool,
    },
    /// One database, perhaps shared with other processes.
    Postgres {
        /// Connections that may wait for the lock of a log.
        acts: PgPool,
        /// Connections for everything else.
        others: PgPool,
    },
}

/// What can go wrong below the use cases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    /// The database said no or cannot be reached.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// A stored value is not of the form it was written in.
    #[error("column {column} does not hold what it should")]
    Shape {
        /// Column of the statement, from 0.
        column: usize,
    },
    /// The record contradicts itself.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Something outside the database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl DbError {
    /// As a fault, with what was being done.
    pub fn fault(self, doing: &str) -> Fault {
        match self {
            DbError::Fault(fault) => fault,
            DbError::Sql(error) => Fault::new(doing, error),
            DbError::Broken(broken) => Fault::new(doing, broken),
            shape @ DbError::Shape { .. } => Fault::new(doing, shape.to_string()),
        }
    }

    /// Table, or table and columns, of the unique rule that was violated.
    pub fn violated(&self) -> Option<String> {
        let DbError::Sql(sqlx::Error::Database(error)) = self else {
            return None;
        };
        if !error.is_unique_violation() {
            return None;
        }
        // PostgreSQL names the constraint. SQLite lists `table.column, …` in the message and nothing else.
        let constraint = error.constraint().map(str::to_owned);
        constraint.or_else(|| {
            error
                .message()
                .split_once("failed: ")
                .map(|(_, columns)| columns.to_owned())
        })
    }
}

/// Gives a failed step its words.
pub(crate) trait Doing<T> {
    /// The fault with what was being done.
    fn doing(self, what: &str) -> Result<T, Fault>;
}

impl<T> Doing<T> for Result<T, DbError> {
    fn doing(self, what: &str) -> Result<T, Fault> {
        self.map_err(|error| error.fault(what))
    }
}

impl Database {
    /// Opens or creates an SQLite file.
    pub async fn open_sqlite(path: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(LOCK_PATIENCE)
            // Erased keys are overwritten and not just forgotten.
            .pragma("secure_delete", "ON");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(LOCK_PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(LOCK_PATIENCE)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Database::Sqlite { writer, readers })
    }

    /// Connects to PostgreSQL.
    pub async fn open_postgres(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?;
        let pool = |size| {
            PgPoolOptions::new()
                .max_connections(size)
                .acquire_timeout(LOCK_PATIENCE)
        };
        let acts = pool(POSTGRES_ACTS).connect_with(options.clone()).await?;
        Ok(Database::Postgres {
            acts,
            others: pool(POSTGRES_OTHERS).connect_lazy_with(options),
        })
    }

    /// Begins a transaction that writes. SQLite: at once with the lock of the file; PostgreSQL: the caller's
    /// first statement takes the lock it needs, and what it reads afterwards is what was committed by then.
    pub async fn write(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Database::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Database::Postgres { acts, .. } => Tx::Postgres(acts.begin_with(READ_COMMITTED).await?),
        })
    }

    /// Begins a transaction that writes and takes no lock of a log. On PostgreSQL it does not wait for acts.
    pub async fn write_beside(&self) -> Result<Tx, DbError> {
        match self {
            Database::Sqlite { .. } => self.write().await,
            Database::Postgres { others, .. } => Ok(Tx::Postgres(others.begin_with(READ_COMMITTED).await?)),
        }
    }

    /// Begins a transaction that reads one state from beginning to end.
    pub async fn read(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Database::Sqlite { readers, .. } => Tx::Sqlite(readers.begin_with("BEGIN").await?),
            Database::Postgres { others, .. } => Tx::Postgres(
                others
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        })
    }

    /// Moves what was committed into the file itself and empties the journal, so that overwritten data is gone
    /// from the disk. PostgreSQL does this on its own schedule.
    pub async fn flush_journal(&self) -> Result<(), DbError> {
        if let Database::Sqlite { writer, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_all(writer)
                .await?;
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Database::Postgres { acts, others } => {
                others.close().await;
                acts.close().await;
            }
        }
    }
}
