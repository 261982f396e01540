//! Budgets of differential privacy: sums of charges in a core table, compared inside the transaction that adds one.

use std::collections::BTreeMap;

use shuyu_domain::event::{Event, ReleaseEvent};
use shuyu_kernel::{BodyId, DatasetId, Refusal};

use crate::{
    codec::Recorded,
    database::{Cell, Database, DbError, Tx},
};

/// What a body has spent, by dataset.
pub(crate) async fn spent(database: &Database, party: BodyId) -> Result<BTreeMap<DatasetId, u64>, DbError> {
    let mut tx = database.read().await?;
    let select =
        "SELECT dataset, CAST(SUM(rho) AS BIGINT) FROM budget_charge WHERE party = $1 GROUP BY dataset";
    let rows = tx.rows(select, &[Cell::shown(party)]).await?;
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, row.count(1)?)))
        .collect()
}

/// Whether the charges of these entries, which stand in the table by now, are within their budgets: the refusal if
/// not. The lock of the ledger head is held, so nobody else charges meanwhile. What was drawn and failed is over.
pub(super) async fn exceeded(tx: &mut Tx, recorded: &[Recorded]) -> Result<Option<Refusal>, DbError> {
    for entry in recorded {
        let Event::Release(ReleaseEvent::Charged {
            by,
            charges,
            answered: true,
            ..
        }) = &entry.event
        else {
            continue;
        };
        for charge in charges {
            let select =
                "SELECT CAST(SUM(rho) AS BIGINT) FROM budget_charge WHERE party = $1 AND dataset = $2";
            let row = tx
                .row(select, &[Cell::shown(by.body), Cell::shown(charge.dataset)])
                .await?;
            let spent = row.map(|row| row.count(0)).transpose()?.unwrap_or(0);
            if spent > charge.budget {
                return Ok(Some(
                    Refusal::conflict("dp_budget_spent")
                        .fact("left", charge.budget.saturating_sub(spent - charge.rho)),
                ));
            }
        }
    }
    Ok(None)
}
