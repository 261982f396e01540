//! State for deciding and for showing, checked against the ledger as it is read.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Registry,
    port::{CaseQuery, Loaded, Request, Stream},
};
use shuyu_kernel::CaseId;

use super::{lists::latest_datasets, work};
use crate::{
    codec::Series,
    database::{Cell, DbError, Row, Tx},
    error::Broken,
    log::Book,
    projection::CaseFile,
};

/// Name of the log of proceedings in its tables.
pub(crate) const PROCEEDINGS: &str = "proceedings";
/// Cases asked for in one statement. Platform choice: below the limits of both databases.
const BATCH: usize = 64;

/// Everything an act needs.
pub(crate) struct State {
    /// The row of the stream's own case.
    pub own: Option<CaseFile>,
    /// What `decide` sees.
    pub loaded: Loaded,
    /// The series asked for, with its last number.
    pub counter: Option<(Series, u64)>,
}

/// The state for an act on a stream.
pub(crate) async fn for_deciding(tx: &mut Tx, book: &Book, request: &Request) -> Result<State, DbError> {
    let (stream, needs) = (&request.stream, &request.needs);
    let version = book.version(tx, &stream.name()).await?;
    let registry = registry(tx).await?;
    let mut wanted = needs.clone();
    wanted.extend(sought(tx, &request.seeks).await?);
    if let Stream::Case(id) = stream {
        wanted.insert(*id);
    }
    let mut files = case_files(tx, wanted).await?;
    let own = match stream {
        // An act that needs its own case among the others gets it in both places.
        Stream::Case(id) if needs.contains(id) => files.get(id).cloned(),
        Stream::Case(id) => files.remove(id),
        _ => None,
    };
    if let Stream::Case(_) = stream
        && own.is_none()
        && version > 0
    {
        return Err(Broken::Version {
            stream: stream.name(),
            table: 0,
            ledger: version,
        }
        .into());
    }
    let counter = match &request.numbering {
        Some((procedure, year)) => {
            let series = Series {
                procedure: procedure.clone(),
                year: *year,
            };
            let last = last_number(tx, &series).await?;
            Some((series, last))
        }
        None => None,
    };
    // Names of tables are taken once in the whole installation; who takes one sees them all, under the lock.
    let datasets = match stream {
        Stream::Dataset(_) => latest_datasets(tx, None).await?,
        _ => Vec::new(),
    };
    let source = match stream {
        Stream::Source(id) => work::source(tx, *id).await?,
        _ => None,
    };
    let airlock = match stream {
        Stream::Airlock(id) => work::airlock(tx, *id).await?,
        _ => None,
    };
    let loaded = Loaded {
        case: own.as_ref().map(|file| file.case.clone()),
        linked: files.into_iter().map(|(id, file)| (id, file.case)).collect(),
        registry,
        next_number: counter.as_ref().map_or(1, |(_, last)| last + 1),
        version,
        datasets,
        source,
        airlock,
    };
    // Events are applied to the case as recorded, `own`; decided is about the case as it stands.
    let loaded = loaded.succeeded();
    Ok(State { own, loaded, counter })
}

/// The state for showing cases: all of them under `linked`.
pub(crate) async fn for_reading(
    tx: &mut Tx,
    cases: &BTreeSet<CaseId>,
    seeks: &[CaseQuery],
) -> Result<Loaded, DbError> {
    let mut wanted = cases.clone();
    wanted.extend(sought(tx, seeks).await?);
    let files = case_files(tx, wanted).await?;
    let loaded = Loaded {
        case: None,
        linked: files.into_iter().map(|(id, file)| (id, file.case)).collect(),
        registry: registry(tx).await?,
        next_number: 1,
        version: 0,
        datasets: Vec::new(),
        source: None,
        airlock: None,
    };
    Ok(loaded.succeeded())
}

/// Ids of the cases that stand in the stages asked for; what they say is compared by whoever decides.
async fn sought(tx: &mut Tx, seeks: &[CaseQuery]) -> Result<BTreeSet<CaseId>, DbError> {
    let mut found = BTreeSet::new();
    for query in seeks {
        let marks: Vec<String> = (2..query.stages.len() + 2).map(|n| format!("${n}")).collect();
        let stages = if marks.is_empty() {
            String::new()
        } else {
            format!("AND stage IN ({})", marks.join(", "))
        };
        let mut cells = vec![Cell::from(query.procedure.as_str())];
        cells.extend(query.stages.iter().map(|stage| Cell::from(stage.as_str())));
        let select = format!("SELECT id FROM case_file WHERE procedure = $1 {stages} ORDER BY id");
        for row in tx.rows(select, &cells).await? {
            found.insert(row.parsed(0)?);
        }
    }
    Ok(found)
}

/// Cases and, transitively, the cases they reach. What does not exist is left out.
async fn case_files(tx: &mut Tx, wanted: BTreeSet<CaseId>) -> Result<BTreeMap<CaseId, CaseFile>, DbError> {
    let mut found: BTreeMap<CaseId, CaseFile> = BTreeMap::new();
    let mut asked: BTreeSet<CaseId> = BTreeSet::new();
    let mut next: Vec<CaseId> = wanted.into_iter().collect();
    while !next.is_empty() {
        asked.extend(next.iter().copied());
        let mut links = BTreeSet::new();
        for batch in next.chunks(BATCH) {
            for row in read_files(tx, batch).await? {
                let file = case_file(&row)?;
                links.extend(file.case.reaches());
                found.insert(file.case.id, file);
            }
        }
        next = links.difference(&asked).copied().collect();
    }
    Ok(found)
}

async fn read_files(tx: &mut Tx, batch: &[CaseId]) -> Result<Vec<Row>, DbError> {
    let marks: Vec<String> = (2..batch.len() + 2).map(|n| format!("${n}")).collect();
    let select = format!(
        "SELECT c.id, c.state, c.step_roles, c.opened_idx, \
           (SELECT MAX(e.version) FROM ledger_entry e WHERE e.log = $1 AND e.stream = 'case/' || c.id) \
         FROM case_file c WHERE c.id IN ({})",
        marks.join(", ")
    );
    let mut cells = vec![Cell::from(PROCEEDINGS)];
    cells.extend(batch.iter().map(Cell::shown));
    tx.rows(select, &cells).await
}

/// Reads a row of id, state, step_roles, opened_idx and the version in the ledger.
pub(crate) fn case_file(row: &Row) -> Result<CaseFile, DbError> {
    let id: CaseId = row.parsed(0)?;
    let stream = Stream::Case(id).name();
    let broken = || Broken::State {
        stream: stream.clone(),
    };
    let file = CaseFile {
        case: row.json(1).map_err(|_| broken())?,
        opened_idx: row.count(3)?,
        step_roles: row.json(2).map_err(|_| broken())?,
    };
    let (table, ledger) = (file.case.version, row.maybe_count(4)?.unwrap_or(0));
    if file.case.id != id {
        return Err(broken().into());
    }
    if table != ledger {
        return Err(Broken::Version {
            stream,
            table,
            ledger,
        }
        .into());
    }
    Ok(file)
}

/// The registry; an empty one before its first event.
pub(crate) async fn registry(tx: &mut Tx) -> Result<Registry, DbError> {
    let select = "SELECT (SELECT MAX(e.version) FROM ledger_entry e WHERE e.log = $1 AND e.stream = 'registry'), \
                  (SELECT r.state FROM registry_state r WHERE r.id = 1)";
    let row = tx
        .row(select, &[PROCEEDINGS.into()])
        .await?
        .ok_or(DbError::Shape { column: 0 })?;
    let stream = || Stream::Registry.name();
    let registry = match row.maybe_text(1)? {
        Some(state) => serde_json::from_str(state).map_err(|_| Broken::State { stream: stream() })?,
        None => Registry::default(),
    };
    let ledger = row.maybe_count(0)?.unwrap_or(0);
    if registry.version != ledger {
        return Err(Broken::Version {
            stream: stream(),
            table: registry.version,
            ledger,
        }
        .into());
    }
    Ok(registry)
}

async fn last_number(tx: &mut Tx, series: &Series) -> Result<u64, DbError> {
    let select = "SELECT last FROM number_counter WHERE procedure = $1 AND year = $2";
    let cells = [series.procedure.as_str().into(), i64::from(series.year).into()];
    Ok(tx
        .row(select, &cells)
        .await?
        .map(|row| row.count(0))
        .transpose()?
        .unwrap_or(0))
}
