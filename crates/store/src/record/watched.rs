//! Clocks that somebody watches, each question on an index of its own.

use shuyu_domain::port::{WatchFilter, WatchedClock};

use crate::database::{Cell, Database, DbError, Row};

/// Watched clocks of a filter, earliest due first.
pub(crate) async fn watched(
    database: &Database,
    filter: &WatchFilter,
    limit: u64,
) -> Result<Vec<WatchedClock>, DbError> {
    let (condition, mut cells): (&str, Vec<Cell>) = match filter {
        WatchFilter::ToExpire(day) => ("binds = 1 AND expired = 0 AND due < $1", vec![Cell::shown(day)]),
        WatchFilter::DueWithin(from, to) => (
            "binds = 1 AND expired = 0 AND due >= $1 AND due <= $2",
            vec![Cell::shown(from), Cell::shown(to)],
        ),
        WatchFilter::ToEscalate(day) => ("escalates = 1 AND due < $1", vec![Cell::shown(day)]),
        WatchFilter::Expired => ("binds = 1 AND expired = 1", Vec::new()),
        WatchFilter::Urged => ("urged = 1", Vec::new()),
        WatchFilter::Escalated(Some(role)) => ("superior = $1", vec![role.as_str().into()]),
        WatchFilter::Escalated(None) => ("superior > ''", Vec::new()),
    };
    cells.push(limit.into());
    let select = format!(
        "SELECT case_id, ordinal, clock, lane, role, due FROM clock_watch WHERE {condition} \
         ORDER BY due, case_id, ordinal LIMIT ${}",
        cells.len()
    );
    let mut tx = database.read().await?;
    let rows = tx.rows(select, &cells).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<WatchedClock, DbError> {
    Ok(WatchedClock {
        case: row.parsed(0)?,
        ordinal: row.count(1)?,
        clock: row.text(2)?.to_owned(),
        lane: row.maybe_text(3)?.map(str::to_owned),
        role: row.text(4)?.to_owned(),
        due: row.parsed(5)?,
    })
}
