//! Own lists that the lake holds.

use shuyu_kernel::{CaseId, DatasetId};

use crate::database::{Database, DbError};

/// Own lists that are not recorded as erased, each with the case of its permit.
pub(crate) async fn own_lists(database: &Database) -> Result<Vec<(CaseId, DatasetId)>, DbError> {
    let mut tx = database.read().await?;
    let select = "SELECT case_id, dataset FROM own_list ORDER BY case_id, dataset";
    let rows = tx.rows(select, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
        .collect()
}
