//! The release ledger: rows by identifier domain, appended with the answer that leaves them. Outside the rebuild check.

use shuyu_domain::port::ReleaseTrace;

use crate::database::{Cell, Database, DbError, Tx};

/// Rows of a domain, from a number on.
pub(crate) async fn read(database: &Database, domain: &str, from: u64) -> Result<Vec<Vec<u8>>, DbError> {
    let mut tx = database.read().await?;
    let select = "SELECT body FROM release_trace WHERE domain = $1 AND number >= $2 ORDER BY number";
    let rows = tx.rows(select, &[domain.into(), from.into()]).await?;
    rows.iter().map(|row| Ok(row.blob(0)?.to_vec())).collect()
}

/// Appends rows; false when there are more or fewer by now than the answer was judged by.
pub(super) async fn append(tx: &mut Tx, trace: &ReleaseTrace) -> Result<bool, DbError> {
    let domain = trace.domain.as_str();
    let count = "SELECT count(*) FROM release_trace WHERE domain = $1";
    let stored = tx.row(count, &[domain.into()]).await?;
    let stored = stored.map(|row| row.count(0)).transpose()?.unwrap_or(0);
    if stored != trace.from {
        return Ok(false);
    }
    for (number, body) in (stored..).zip(&trace.rows) {
        let row: [Cell; 3] = [domain.into(), number.into(), body.as_slice().into()];
        let insert = "INSERT INTO release_trace (domain, number, body) VALUES ($1, $2, $3)";
        tx.execute(insert, &row).await?;
    }
    Ok(true)
}
