//! Plain tables: documents, counters, outbox. Outside the rebuild check.

use shuyu_domain::port::{Document, Effect};
use shuyu_kernel::CivilDate;

use crate::database::{Cell, Database, DbError, Row};

const DOCUMENT: &str = "SELECT kind, key, owner, body, version FROM document";

/// A document.
pub(crate) async fn document(
    database: &Database,
    kind: &str,
    key: &str,
) -> Result<Option<Document>, DbError> {
    let mut tx = database.read().await?;
    let select = format!("{DOCUMENT} WHERE kind = $1 AND key = $2");
    tx.row(select, &[kind.into(), key.into()])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Documents of a kind, of one owner if given, by key.
pub(crate) async fn documents(
    database: &Database,
    kind: &str,
    owner: Option<&str>,
) -> Result<Vec<Document>, DbError> {
    let mut tx = database.read().await?;
    let rows = match owner {
        Some(owner) => {
            let select = format!("{DOCUMENT} WHERE kind = $1 AND owner = $2 ORDER BY key");
            tx.rows(select, &[kind.into(), owner.into()]).await?
        }
        None => {
            tx.rows(format!("{DOCUMENT} WHERE kind = $1 ORDER BY key"), &[kind.into()])
                .await?
        }
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Document, DbError> {
    Ok(Document {
        kind: row.text(0)?.to_owned(),
        key: row.text(1)?.to_owned(),
        owner: row.text(2)?.to_owned(),
        body: row.text(3)?.to_owned(),
        version: row.count(4)?,
    })
}

/// Compare-and-swap; false when the stored version is not the one before.
pub(crate) async fn put_document(database: &Database, document: &Document) -> Result<bool, DbError> {
    let cells = [
        document.kind.as_str().into(),
        document.key.as_str().into(),
        document.owner.as_str().into(),
        document.body.as_str().into(),
        document.version.into(),
    ];
    let sql = match document.version {
        0 => return Ok(false),
        1 => {
            "INSERT INTO document (kind, key, owner, body, version) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (kind, key) DO NOTHING"
        }
        _ => {
            "UPDATE document SET owner = $3, body = $4, version = $5 \
             WHERE kind = $1 AND key = $2 AND version = $5 - 1"
        }
    };
    let mut tx = database.write_beside().await?;
    let changed = tx.execute(sql, &cells).await?;
    tx.commit().await?;
    Ok(changed == 1)
}

/// Removes a document, if it is there.
pub(crate) async fn remove_document(database: &Database, kind: &str, key: &str) -> Result<(), DbError> {
    let mut tx = database.write_beside().await?;
    tx.execute(
        "DELETE FROM document WHERE kind = $1 AND key = $2",
        &[kind.into(), key.into()],
    )
    .await?;
    tx.commit().await
}

/// Adds to a counter and answers its new value.
pub(crate) async fn count(database: &Database, counter: &str, by: i64) -> Result<i64, DbError> {
    let mut tx = database.write_beside().await?;
    let add = "INSERT INTO counter (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value";
    let row = tx
        .row(add, &[counter.into(), by.into()])
        .await?
        .ok_or(DbError::Shape { column: 0 })?;
    tx.commit().await?;
    row.int(0)
}

/// Removes the counters `<prefix><day>/…` of days before one. Days compare as text in every collation: digits
/// and dashes in the same places.
pub(crate) async fn forget_counters(
    database: &Database,
    prefix: &str,
    day: CivilDate,
) -> Result<(), DbError> {
    let mut tx = database.write_beside().await?;
    let delete = "DELETE FROM counter WHERE substr(name, 1, length($1)) = $1 \
                  AND substr(name, length($1) + 1, 10) < $2";
    tx.execute(delete, &[prefix.into(), Cell::shown(day)]).await?;
    tx.commit().await
}

/// Effects not carried out yet, oldest first.
pub(crate) async fn outbox(database: &Database, limit: u64) -> Result<Vec<Effect>, DbError> {
    let mut tx = database.read().await?;
    let select = "SELECT key, kind, payload FROM outbox WHERE done = 0 ORDER BY idx, ordinal, key LIMIT $1";
    let rows = tx.rows(select, &[limit.into()]).await?;
    let effect = |row: &Row| {
        Ok(Effect {
            key: row.text(0)?.to_owned(),
            kind: row.text(1)?.to_owned(),
            payload: row.json(2)?,
        })
    };
    rows.iter().map(effect).collect()
}

/// Marks an effect as carried out. Its key stays taken.
pub(crate) async fn outbox_done(database: &Database, key: &str) -> Result<(), DbError> {
    let mut tx = database.write_beside().await?;
    tx.execute("UPDATE outbox SET done = 1 WHERE key = $1", &[key.into()])
        .await?;
    tx.commit().await
}
