//! An installation of its own for each test, and a look behind the store.

use std::{
    path::PathBuf,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use shuyu_domain::Event;
use shuyu_domain::port::{Committed, Decide, Proposal, Record, RecordError, Request, Stream};
use shuyu_kernel::{
    Digest, Timestamp,
    kill::{KillSwitch, NoKill},
};
use shuyu_ledger::{FolderKind, SigningKey};
use shuyu_store::{AccessConfig, DatabaseConfig, KeySource, OpenError, Store, StoreConfig};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

/// Counts up, so that no two nonces are the same.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl KeySource for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self
                .0
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
                .to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// Panics when a point is reached.
pub struct KillAt(pub &'static str);

impl KillSwitch for KillAt {
    fn reached(&self, point: &'static str) {
        assert!(point != self.0, "killed at {point}");
    }
}

/// Every table of the main database.
const TABLES: [&str; 25] = [
    "budget_charge",
    "case_file",
    "case_link",
    "case_party",
    "airlock_request",
    "checkpoint",
    "counter",
    "dataset_version",
    "document",
    "duty",
    "idempotency",
    "job_source",
    "ledger_entry",
    "ledger_head",
    "number_counter",
    "outbox",
    "permit",
    "registry_state",
    "release_row",
    "release_trace",
    "sealed_edge",
    "vault",
    "vault_check",
    "vault_key",
    "version_examined",
];

pub struct World {
    pub folder: tempfile::TempDir,
    /// Options of a connection to the test's own schema; `None` on SQLite.
    postgres: Option<(String, PgConnectOptions)>,
    random: Arc<Counting>,
}

/// A connection beside the store.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl World {
    pub fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: None,
            random: Arc::default(),
        }
    }

    pub async fn postgres() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the tests are told their database by the environment"
        )]
        let url = std::env::var("SHUYU_TEST_PG");
        let url = url.expect("SHUYU_TEST_PG must name a PostgreSQL database; ./dev test starts one");
        let folder = tempfile::tempdir().unwrap();
        let schema = schema_name(&folder);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection
            .execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
            .await
            .unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}options=-c%20search_path%3D{schema}");
        let options = PgConnectOptions::from_str(&url).unwrap();
        Self {
            folder,
            postgres: Some((url, options)),
            random: Arc::default(),
        }
    }

    /// Another empty database of the same kind, with a guard of its own.
    pub async fn another(&self) -> Self {
        if self.postgres.is_some() {
            Self::postgres().await
        } else {
            Self::sqlite()
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    pub fn guard(&self) -> PathBuf {
        self.folder.path().join("guard.json")
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("record.db")
    }

    pub fn config(&self) -> StoreConfig {
        let (database, access) = match &self.postgres {
            Some((url, _)) => (
                DatabaseConfig::Postgres { url: url.clone() },
                AccessConfig::SameDatabase {
                    log: "access".to_owned(),
                },
            ),
            None => (
                DatabaseConfig::Sqlite { path: self.file() },
                AccessConfig::Sqlite {
                    path: self.folder.path().join("access.db"),
                },
            ),
        };
        StoreConfig {
            database,
            access,
            guard: self.guard(),
            adopt_missing_guard: false,
            installation: "test-01".to_owned(),
            kind: FolderKind::Training,
            vault_key: [7; 32],
            signer: Arc::new(SigningKey::from_bytes(&[9; 32]).unwrap()),
            kill: Arc::new(NoKill),
            random: self.random.clone(),
        }
    }

    pub async fn open(&self) -> Store {
        Store::open(self.config()).await.unwrap()
    }

    pub async fn refused(&self, config: StoreConfig) -> OpenError {
        match Store::open(config).await {
            Ok(_) => panic!("the store was opened"),
            Err(error) => error,
        }
    }

    pub async fn raw(&self) -> Raw {
        match &self.postgres {
            Some((_, options)) => Raw::Postgres(PgConnection::connect_with(options).await.unwrap()),
            None => {
                let options = SqliteConnectOptions::new().filename(self.file());
                Raw::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
            }
        }
    }

    /// Runs a statement beside the store.
    pub async fn sql(&self, sql: &str) -> Result<(), sqlx::Error> {
        let mut raw = self.raw().await;
        let done = raw.run(sql).await;
        raw.close().await;
        done
    }

    /// Removes the triggers that keep the entries, to play somebody who has the database.
    pub async fn lift_seat_belt(&self) {
        let on = if self.is_postgres() {
            " ON ledger_entry"
        } else {
            ""
        };
        self.sql(&format!("DROP TRIGGER ledger_entry_keeps_rows{on}"))
            .await
            .unwrap();
        self.sql(&format!("DROP TRIGGER ledger_entry_keeps_all{on}"))
            .await
            .unwrap();
    }

    /// Every row of every table, as text.
    pub async fn dump(&self) -> Vec<String> {
        let mut raw = self.raw().await;
        let mut lines = Vec::new();
        for table in TABLES {
            let mut rows = raw.rows(&format!("SELECT * FROM {table}")).await;
            rows.sort();
            lines.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        raw.close().await;
        lines
    }
}

fn schema_name(folder: &tempfile::TempDir) -> String {
    let path = folder.path().file_name().unwrap().to_string_lossy().into_owned();
    let plain: String = path.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("t_{plain}_{}", std::process::id())
}

macro_rules! shown {
    ($row:expr) => {{
        let row = $row;
        let mut cells = Vec::new();
        for column in 0..row.len() {
            let cell = if let Ok(number) = row.try_get::<Option<i64>, _>(column) {
                format!("{number:?}")
            } else if let Ok(text) = row.try_get::<Option<String>, _>(column) {
                format!("{text:?}")
            } else {
                format!("{:?}", row.try_get::<Option<Vec<u8>>, _>(column).unwrap())
            };
            cells.push(cell);
        }
        cells.join(" | ")
    }};
}

impl Raw {
    pub async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Raw::Sqlite(connection) => connection.execute(sql).await.map(|_| ()),
            Raw::Postgres(connection) => connection.execute(sql).await.map(|_| ()),
        }
    }

    pub async fn rows(&mut self, sql: &str) -> Vec<String> {
        let sql = sqlx::query(AssertSqlSafe(sql.to_owned()));
        match self {
            Raw::Sqlite(connection) => connection
                .fetch_all(sql)
                .await
                .unwrap()
                .iter()
                .map(|row| shown!(row))
                .collect(),
            Raw::Postgres(connection) => {
                let sql = sqlx::query(sqlx::Execute::sql(sql));
                connection
                    .fetch_all(sql)
                    .await
                    .unwrap()
                    .iter()
                    .map(|row| shown!(row))
                    .collect()
            }
        }
    }

    pub async fn close(self) {
        match self {
            Raw::Sqlite(connection) => connection.close().await.unwrap(),
            Raw::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

/// The n-th instant of a test.
pub fn at(n: i64) -> Timestamp {
    Timestamp::from_micros(1_767_571_200_000_000).plus_seconds(n)
}

pub fn request(stream: Stream) -> Request {
    Request {
        name: "test-act",
        stream,
        key: None,
        fingerprint: Digest::of(b"asked"),
        expected_version: None,
        needs: std::collections::BTreeSet::new(),
        seeks: Vec::new(),
        numbering: None,
        at: at(0),
    }
}

/// Decides for these events, whatever was loaded.
pub fn events(events: Vec<Event>) -> Decide {
    Box::new(move |_| {
        Ok(Proposal {
            events,
            ..Proposal::default()
        })
    })
}

/// Writes events to a stream.
pub async fn write(store: &Store, stream: Stream, list: Vec<Event>) -> Committed {
    store.transact(request(stream), events(list)).await.unwrap()
}

/// The code of a refusal.
pub fn code(result: &Result<Committed, RecordError>) -> &str {
    match result {
        Err(RecordError::Refused(refusal)) => &refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}
