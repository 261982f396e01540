//! Sources and requests in the airlock, read and checked against the ledger.

use serde::de::DeserializeOwned;
use shuyu_domain::{
    Airlock, Source,
    airlock::{AirlockOwner, AirlockState},
    port::{AirlockFilter, Stream},
};
use shuyu_kernel::{AirlockId, CaseId, SourceId};

use super::loading::PROCEEDINGS;
use crate::{
    database::{Cell, Database, DbError, Row, Tx},
    error::Broken,
};

/// The source of a stream.
pub(super) async fn source(tx: &mut Tx, id: SourceId) -> Result<Option<Source>, DbError> {
    let stream = Stream::Source(id).name();
    let found: Option<Source> = one(tx, "job_source", &stream, &id).await?;
    Ok(found.filter(|source| source.id == id))
}

/// The request of a stream.
pub(super) async fn airlock(tx: &mut Tx, id: AirlockId) -> Result<Option<Airlock>, DbError> {
    let stream = Stream::Airlock(id).name();
    let found: Option<Airlock> = one(tx, "airlock_request", &stream, &id).await?;
    Ok(found.filter(|airlock| airlock.id == id))
}

/// A row whose version is that of its stream; another one means that the table is not what the ledger gives.
async fn one<T: DeserializeOwned>(
    tx: &mut Tx,
    table: &'static str,
    stream: &str,
    id: &impl std::fmt::Display,
) -> Result<Option<T>, DbError> {
    let select = format!(
        "SELECT t.state, t.version, \
           (SELECT MAX(e.version) FROM ledger_entry e WHERE e.log = $1 AND e.stream = $2) \
         FROM {table} t WHERE t.id = $3"
    );
    let cells = [PROCEEDINGS.into(), stream.into(), Cell::shown(id)];
    let Some(row) = tx.row(select, &cells).await? else {
        return Ok(None);
    };
    let (table, ledger) = (row.count(1)?, row.maybe_count(2)?.unwrap_or(0));
    if table != ledger {
        return Err(Broken::Version {
            stream: stream.to_owned(),
            table,
            ledger,
        }
        .into());
    }
    let broken = || Broken::State {
        stream: stream.to_owned(),
    };
    Ok(Some(row.json(0).map_err(|_| broken())?))
}

/// Sources under the permits of a case, or all, oldest first.
pub(super) async fn sources(database: &Database, case: Option<CaseId>) -> Result<Vec<Source>, DbError> {
    let (condition, cells) = match case {
        Some(case) => ("case_id = $1", vec![Cell::shown(case)]),
        None => ("1 = 1", Vec::new()),
    };
    many(database, "job_source", condition, &cells).await
}

/// Requests, in the order of the entries that changed them last.
pub(super) async fn airlocks(database: &Database, which: AirlockFilter) -> Result<Vec<Airlock>, DbError> {
    let (condition, cells) = match which {
        AirlockFilter::All => ("1 = 1".to_owned(), Vec::new()),
        AirlockFilter::Released => (
            "standing = $1".to_owned(),
            vec![AirlockState::Released.name().into()],
        ),
        AirlockFilter::Open => {
            let with_reviewers = |state: &AirlockState| state.owner() == AirlockOwner::Reviewers;
            let open = AirlockState::ALL.into_iter().filter(with_reviewers);
            let cells: Vec<Cell> = open.map(|state| state.name().into()).collect();
            let places: Vec<String> = (1..=cells.len()).map(|n| format!("${n}")).collect();
            let condition = format!("(standing IN ({}) OR to_check = 1)", places.join(", "));
            (condition, cells)
        }
    };
    many(database, "airlock_request", &condition, &cells).await
}

async fn many<T: DeserializeOwned>(
    database: &Database,
    table: &str,
    condition: &str,
    cells: &[Cell],
) -> Result<Vec<T>, DbError> {
    let mut tx = database.read().await?;
    let select = format!("SELECT state FROM {table} WHERE {condition} ORDER BY as_of");
    let rows: Vec<Row> = tx.rows(select, cells).await?;
    rows.iter().map(|row| row.json(0)).collect()
}
