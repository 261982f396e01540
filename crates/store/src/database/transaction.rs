//! A transaction on either database.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, Executor, Postgres, Row as _, Sqlite, Transaction, TypeInfo, ValueRef, postgres::PgRow,
    sqlite::SqliteRow,
};

use super::{Cell, CellType, DbError, Row};

/// A transaction. Dropped without a commit, it changes nothing.
pub(crate) enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// Builds a prepared statement with its arguments; both drivers have the same words for it, and no common trait.
macro_rules! prepared {
    ($sql:expr, $cells:expr) => {{
        // The texts are constants of this crate with names of our own tables put in; values are always bound.
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for cell in $cells {
            query = match cell {
                Cell::Null(CellType::Int) => query.bind(None::<i64>),
                Cell::Null(CellType::Text) => query.bind(None::<String>),
                Cell::Null(CellType::Blob) => query.bind(None::<Vec<u8>>),
                Cell::Int(number) => query.bind(*number),
                Cell::Text(text) => query.bind(text.clone()),
                Cell::Blob(bytes) => query.bind(bytes.clone()),
            };
        }
        query
    }};
}

macro_rules! cells_of {
    ($row:expr) => {{
        let row = $row;
        let mut cells = Vec::with_capacity(row.columns().len());
        for column in 0..row.columns().len() {
            let raw = row.try_get_raw(column)?;
            let (null, kind) = (raw.is_null(), cell_type(raw.type_info().name()));
            cells.push(match kind.ok_or(DbError::Shape { column })? {
                kind if null => Cell::Null(kind),
                CellType::Int => Cell::Int(row.try_get(column)?),
                CellType::Text => Cell::Text(row.try_get(column)?),
                CellType::Blob => Cell::Blob(row.try_get(column)?),
            });
        }
        Ok(Row(cells))
    }};
}

fn cell_type(name: &str) -> Option<CellType> {
    match name {
        "INTEGER" | "INT8" => Some(CellType::Int),
        // SQLite gives no type to a null that comes from an expression; any will do.
        "TEXT" | "NULL" => Some(CellType::Text),
        "BLOB" | "BYTEA" => Some(CellType::Blob),
        _ => None,
    }
}

fn sqlite_row(row: &SqliteRow) -> Result<Row, DbError> {
    cells_of!(row)
}

fn postgres_row(row: &PgRow) -> Result<Row, DbError> {
    cells_of!(row)
}

impl Tx {
    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        cells: &[Cell],
    ) -> Result<u64, DbError> {
        let sql = sql.into();
        Ok(match self {
            Tx::Sqlite(tx) => prepared!(sql, cells).execute(&mut **tx).await?.rows_affected(),
            Tx::Postgres(tx) => prepared!(sql, cells).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a statement; answers all its rows.
    pub async fn rows(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        cells: &[Cell],
    ) -> Result<Vec<Row>, DbError> {
        let sql = sql.into();
        match self {
            Tx::Sqlite(tx) => prepared!(sql, cells)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(sqlite_row)
                .collect(),
            Tx::Postgres(tx) => prepared!(sql, cells)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(postgres_row)
                .collect(),
        }
    }

    /// Runs a statement; answers its first row.
    pub async fn row(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        cells: &[Cell],
    ) -> Result<Option<Row>, DbError> {
        Ok(self.rows(sql, cells).await?.into_iter().next())
    }

    /// Runs several statements without arguments, for migrations.
    pub async fn script(&mut self, sql: String) -> Result<(), DbError> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Tx::Sqlite(tx) => (&mut **tx).execute(script).await.map(|_| ())?,
            Tx::Postgres(tx) => (&mut **tx).execute(script).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Tx::Postgres(_))
    }

    /// Makes everything permanent.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes everything now. Dropping does the same a little later.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self {
            Tx::Sqlite(tx) => tx.rollback().await?,
            Tx::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
