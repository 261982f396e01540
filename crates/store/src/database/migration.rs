//! Numbered changes of the schema, each applied once and recorded with the digest of its text.

use shuyu_kernel::Digest;

use super::{Cell, Database, DbError, Tx};

/// Which tables a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The logs only: the file of the access log.
    Ledger,
    /// Everything.
    Whole,
}

/// Why the schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrationError {
    /// The database was written by a newer release.
    #[error("schema {found} is newer than this release, which knows {known}")]
    Newer {
        /// Highest number in the database.
        found: u64,
        /// Highest number of this release.
        known: u64,
    },
    /// A change that was applied had another text.
    #[error("change {number} of the schema was applied with another text")]
    Changed {
        /// Its number.
        number: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// One change. Never edited after a release; a new one is added instead.
struct Migration {
    number: u64,
    name: &'static str,
    part: Part,
    common: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: [Migration; 11] = [
    Migration {
        number: 1,
        name: "ledger",
        part: Part::Ledger,
        common: include_str!("../../migrations/0001_ledger.sql"),
        sqlite: include_str!("../../migrations/0001_ledger.sqlite.sql"),
        postgres: include_str!("../../migrations/0001_ledger.postgres.sql"),
    },
    Migration {
        number: 2,
        name: "core",
        part: Part::Whole,
        common: include_str!("../../migrations/0002_core.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 3,
        name: "plain",
        part: Part::Whole,
        common: include_str!("../../migrations/0003_plain.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 4,
        name: "units",
        part: Part::Whole,
        common: include_str!("../../migrations/0004_units.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 5,
        name: "release_trace",
        part: Part::Whole,
        common: include_str!("../../migrations/0005_release_trace.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 60,
        name: "clock_watch",
        part: Part::Whole,
        common: include_str!("../../migrations/0060_clock_watch.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 120,
        name: "budget_charge",
        part: Part::Whole,
        common: include_str!("../../migrations/0120_budget_charge.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 140,
        name: "work",
        part: Part::Whole,
        common: include_str!("../../migrations/0140_work.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 150,
        name: "to_check",
        part: Part::Whole,
        common: include_str!("../../migrations/0150_to_check.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 182,
        name: "own_list",
        part: Part::Whole,
        common: include_str!("../../migrations/0182_own_list.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 184,
        name: "version_examined",
        part: Part::Whole,
        common: include_str!("../../migrations/0184_version_examined.sql"),
        sqlite: "",
        postgres: "",
    },
];

const BOOK: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
  number {int} PRIMARY KEY, -- number of the change
  name {text} NOT NULL,     -- its name
  digest {text} NOT NULL    -- SM3 of its text
) {strict}";

/// Lock number for PostgreSQL, so that processes that start together do not migrate together. Any constant does.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7316594208131)";

/// Brings the schema up to date, all or nothing.
pub(crate) async fn migrate(database: &Database, part: Part) -> Result<(), MigrationError> {
    let mut tx = database.write().await?;
    if tx.is_postgres() {
        tx.execute(MIGRATION_LOCK, &[]).await?;
    }
    let book = for_database(&tx, BOOK);
    tx.script(book).await?;
    let applied = tx
        .rows("SELECT number, digest FROM schema_migration ORDER BY number", &[])
        .await?;
    let known = MIGRATIONS
        .iter()
        .map(|migration| migration.number)
        .max()
        .unwrap_or(0);
    if let Some(last) = applied.last() {
        let found = last.count(0)?;
        if found > known {
            return Err(MigrationError::Newer { found, known });
        }
    }
    for migration in MIGRATIONS
        .iter()
        .filter(|migration| part == Part::Whole || migration.part == part)
    {
        let text = migration.common.to_owned() + own_part(&tx, migration);
        let digest = Digest::of(text.as_bytes()).to_string();
        let mut earlier = None;
        for row in &applied {
            if row.count(0)? == migration.number {
                earlier = Some(row.text(1)?);
            }
        }
        match earlier {
            Some(same) if same == digest => {}
            Some(_) => {
                return Err(MigrationError::Changed {
                    number: migration.number,
                });
            }
            None => apply(&mut tx, migration, &text, digest).await?,
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn apply(tx: &mut Tx, migration: &Migration, text: &str, digest: String) -> Result<(), DbError> {
    let script = for_database(tx, text);
    tx.script(script).await?;
    let row = [
        Cell::from(migration.number),
        Cell::from(migration.name),
        Cell::from(digest),
    ];
    tx.execute(
        "INSERT INTO schema_migration (number, name, digest) VALUES ($1, $2, $3)",
        &row,
    )
    .await?;
    Ok(())
}

/// What only one of the databases understands: triggers.
fn own_part(tx: &Tx, migration: &Migration) -> &'static str {
    if tx.is_postgres() {
        migration.postgres
    } else {
        migration.sqlite
    }
}

/// Puts in the names of the types. PostgreSQL compares text byte by byte, as SQLite does, whatever its locale.
fn for_database(tx: &Tx, text: &str) -> String {
    let [int, words, blob, strict] = if tx.is_postgres() {
        ["BIGINT", "TEXT COLLATE \"C\"", "BYTEA", ""]
    } else {
        ["INTEGER", "TEXT", "BLOB", "STRICT"]
    };
    text.replace("{int}", int)
        .replace("{text}", words)
        .replace("{blob}", blob)
        .replace("{strict}", strict)
}
