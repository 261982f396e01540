//! Lists for people: cases, duties, datasets.

use std::collections::BTreeMap;

use shuyu_domain::{
    Registry,
    port::{CaseFilter, CaseRow, DatasetRow, Duty, ReleaseRead},
};
use shuyu_kernel::{BodyId, CaseId, DatasetId, Digest, PermitId, ReleaseId};

use super::loading::registry;
use crate::database::{Cell, Database, DbError, Row, Tx};

/// Conditions of a list with their arguments. Texts are constants; what a person typed is always bound.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    cells: Vec<Cell>,
}

impl Conditions {
    /// Binds a value and answers its placeholder.
    fn bind(&mut self, cell: impl Into<Cell>) -> String {
        self.cells.push(cell.into());
        format!("${}", self.cells.len())
    }

    fn one_of(&mut self, column: &str, values: &[String]) {
        if !values.is_empty() {
            let marks: Vec<String> = values.iter().map(|value| self.bind(value.as_str())).collect();
            self.texts.push(format!("{column} IN ({})", marks.join(", ")));
        }
    }

    fn text(&self) -> String {
        if self.texts.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.texts.join(" AND "))
        }
    }
}

/// Cases of a filter, newest first, and how many there are in all.
pub(crate) async fn cases(database: &Database, filter: &CaseFilter) -> Result<(Vec<CaseRow>, u64), DbError> {
    let mut tx = database.read().await?;
    let mut conditions = conditions(filter);
    if let Some(body) = filter.body {
        let registry = registry(&mut tx).await?;
        party(&mut conditions, &registry, body);
    }
    let count = format!("SELECT COUNT(*) FROM case_file c {}", conditions.text());
    let total = tx
        .row(count, &conditions.cells)
        .await?
        .ok_or(DbError::Shape { column: 0 })?
        .count(0)?;
    let (limit, offset) = (conditions.bind(filter.limit), conditions.bind(filter.offset));
    let select = format!(
        "SELECT c.id, c.procedure, c.number, c.title, c.stage, c.holder_role, c.closed, c.opened_on, c.next_due, \
         c.version FROM case_file c {} ORDER BY c.opened_idx DESC LIMIT {limit} OFFSET {offset}",
        conditions.text()
    );
    let rows = tx.rows(select, &conditions.cells).await?;
    Ok((rows.iter().map(case_row).collect::<Result<_, _>>()?, total))
}

fn conditions(filter: &CaseFilter) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.one_of("c.procedure", &filter.procedures);
    conditions.one_of("c.stage", &filter.stages);
    if let Some(role) = &filter.holder_role {
        let role = conditions.bind(role.as_str());
        conditions.texts.push(format!("c.holder_role = {role}"));
    }
    if filter.open_only {
        conditions.texts.push("c.closed = 0".to_owned());
    }
    if let Some(text) = &filter.text {
        // LIKE tells large from small letters on one database and not on the other.
        let pattern = conditions.bind(format!("%{}%", escaped(&text.to_ascii_lowercase())));
        let like = |column: &str| format!("lower({column}) LIKE {pattern} ESCAPE '!'");
        conditions
            .texts
            .push(format!("({} OR {})", like("c.number"), like("c.title")));
    }
    conditions
}

/// The body itself, and those in whose place it stands under the role they were party in.
fn party(conditions: &mut Conditions, registry: &Registry, body: BodyId) {
    let own = conditions.bind(Cell::shown(body));
    let mut either = vec![format!("p.body = {own}")];
    for (from, merger) in &registry.succession.mergers {
        for role in merger
            .roles
            .iter()
            .filter(|role| registry.successor(*from, role) == body)
        {
            let (from, role) = (conditions.bind(Cell::shown(from)), conditions.bind(role.as_str()));
            either.push(format!("(p.body = {from} AND p.role = {role})"));
        }
    }
    let party = "SELECT 1 FROM case_party p WHERE p.case_id = c.id AND";
    conditions
        .texts
        .push(format!("EXISTS ({party} ({}))", either.join(" OR ")));
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn case_row(row: &Row) -> Result<CaseRow, DbError> {
    Ok(CaseRow {
        id: row.parsed(0)?,
        procedure: row.text(1)?.to_owned(),
        number: row.text(2)?.to_owned(),
        title: row.text(3)?.to_owned(),
        stage: row.text(4)?.to_owned(),
        holder_role: row.maybe_text(5)?.map(str::to_owned),
        closed: row.int(6)? == 1,
        opened_on: row.parsed(7)?,
        next_due: row.maybe_parsed(8)?,
        version: row.count(9)?,
    })
}

/// Open duties of a body under a role, earliest due first, those without a limit last.
pub(crate) async fn duties(database: &Database, body: BodyId, role: &str) -> Result<Vec<Duty>, DbError> {
    let mut tx = database.read().await?;
    let registry = registry(&mut tx).await?;
    let mut conditions = Conditions::default();
    let wanted = conditions.bind(role);
    let bodies: Vec<String> = registry
        .predecessors(body, role)
        .iter()
        .map(|body| conditions.bind(Cell::shown(body)))
        .collect();
    if bodies.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT d.case_id, c.procedure, c.number, c.title, c.stage, d.clock, d.lane, d.started_on, \
                  d.due, d.provisional, d.role, d.body, d.clauses \
                  FROM duty d JOIN case_file c ON c.id = d.case_id \
                  WHERE d.body IN ({}) AND d.role = {wanted} ORDER BY d.due NULLS LAST, c.opened_idx, d.slot",
        bodies.join(", ")
    );
    let rows = tx.rows(select, &conditions.cells).await?;
    rows.iter().map(duty).collect()
}

fn duty(row: &Row) -> Result<Duty, DbError> {
    Ok(Duty {
        case: row.parsed(0)?,
        procedure: row.text(1)?.to_owned(),
        number: row.text(2)?.to_owned(),
        title: row.text(3)?.to_owned(),
        stage: row.text(4)?.to_owned(),
        clock: row.maybe_text(5)?.map(str::to_owned),
        lane: row.maybe_text(6)?.map(str::to_owned),
        started_on: row.maybe_parsed(7)?,
        due: row.maybe_parsed(8)?,
        provisional: row.int(9)? == 1,
        role: row.text(10)?.to_owned(),
        body: row.parsed(11)?,
        clauses: row.json(12)?,
    })
}

/// The case a permit was compiled from.
pub(crate) async fn case_of_permit(database: &Database, permit: PermitId) -> Result<Option<CaseId>, DbError> {
    let mut tx = database.read().await?;
    let row = tx
        .row(
            "SELECT case_id FROM permit WHERE permit = $1",
            &[Cell::shown(permit)],
        )
        .await?;
    row.map(|row| row.parsed(0)).transpose()
}

/// Latest version of each dataset, by dataset; of one catalogue entry only, if given.
pub(crate) async fn datasets(
    database: &Database,
    resource: Option<CaseId>,
) -> Result<Vec<DatasetRow>, DbError> {
    let mut tx = database.read().await?;
    latest_datasets(&mut tx, resource).await
}

/// The same within a transaction.
pub(crate) async fn latest_datasets(
    tx: &mut Tx,
    resource: Option<CaseId>,
) -> Result<Vec<DatasetRow>, DbError> {
    let latest = "SELECT d.dataset, d.table_name, d.resource, d.version, d.row_count, d.domain, d.rows_per_unit, \
                  d.columns, d.as_of, d.unit_columns, e.examined FROM dataset_version d \
                  LEFT JOIN version_examined e ON e.dataset = d.dataset AND e.version = d.version \
                  WHERE d.version = \
                  (SELECT MAX(o.version) FROM dataset_version o WHERE o.dataset = d.dataset)";
    let rows = match resource {
        Some(resource) => {
            let select = format!("{latest} AND d.resource = $1 ORDER BY d.dataset");
            tx.rows(select, &[Cell::shown(resource)]).await?
        }
        None => tx.rows(format!("{latest} ORDER BY d.dataset"), &[]).await?,
    };
    rows.iter().map(dataset).collect()
}

fn dataset(row: &Row) -> Result<DatasetRow, DbError> {
    Ok(DatasetRow {
        dataset: row.parsed(0)?,
        table: row.text(1)?.to_owned(),
        resource: row.parsed(2)?,
        version: row.count(3)?,
        rows: row.count(4)?,
        domain: row.maybe_text(5)?.map(str::to_owned),
        rows_per_unit: row.count(6)?,
        columns: row.json(7)?,
        as_of: row.count(8)?,
        unit_columns: row.json(9)?,
        examined: match row.maybe_text(10)? {
            Some(_) => Some(row.json(10)?),
            None => None,
        },
    })
}

/// Releases of a case with the digests of their results.
pub(crate) async fn releases(
    database: &Database,
    case: CaseId,
) -> Result<BTreeMap<ReleaseId, Digest>, DbError> {
    let mut tx = database.read().await?;
    let select = "SELECT id, result FROM release_row WHERE case_id = $1";
    let rows = tx.rows(select, &[Cell::shown(case)]).await?;
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
        .collect()
}

/// Of questions with these digests, the newest release of each under a permit that was charged to a budget.
pub(crate) async fn releases_charged(
    database: &Database,
    permit: PermitId,
    queries: &[Digest],
) -> Result<BTreeMap<Digest, ReleaseId>, DbError> {
    if queries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut conditions = Conditions::default();
    let under = conditions.bind(Cell::shown(permit));
    conditions.texts.push(format!("r.permit = {under}"));
    let queries: Vec<String> = queries.iter().map(ToString::to_string).collect();
    conditions.one_of("r.query", &queries);
    let select = format!(
        "SELECT r.query, r.id FROM release_row r {} \
         AND EXISTS (SELECT 1 FROM budget_charge b WHERE b.release = r.id) ORDER BY r.as_of",
        conditions.text()
    );
    let mut tx = database.read().await?;
    let rows = tx.rows(select, &conditions.cells).await?;
    // Of a question that was asked again the last one stays.
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, row.parsed(1)?)))
        .collect()
}

/// Releases whose answer read a dataset, newest first. An id is a text of its own form, so it stands in the list of
/// what was read or it does not.
pub(crate) async fn releases_reading(
    database: &Database,
    dataset: DatasetId,
) -> Result<Vec<ReleaseRead>, DbError> {
    let mut tx = database.read().await?;
    let select = "SELECT id, case_id, datasets, row_count, as_of FROM release_row \
                  WHERE datasets LIKE $1 ORDER BY as_of DESC";
    let pattern = format!("%{dataset}%");
    let mut found = Vec::new();
    for row in tx.rows(select, &[pattern.as_str().into()]).await? {
        let read: Vec<(DatasetId, u64)> = row.json(2)?;
        for (_, version) in read.into_iter().filter(|(id, _)| *id == dataset) {
            found.push(ReleaseRead {
                release: row.parsed(0)?,
                case: row.parsed(1)?,
                version,
                rows: row.count(3)?,
                as_of: row.count(4)?,
            });
        }
    }
    Ok(found)
}
