//! The rebuild check: every core table made again from the ledger, and compared row by row.
//!
//! Works stream by stream, so that it never holds more than the rows of one case. Reads one state of the
//! database from beginning to end; acts may go on meanwhile.

use std::collections::BTreeMap;

use shuyu_kernel::Fault;

use crate::{
    codec,
    database::{Cell, DbError, Doing, Tx},
    error::Broken,
    log::Book,
    projection::{Change, NUMBER_COUNTER, Projection, Source, TABLES, Table},
    store::Store,
};

/// Outcome of the rebuild check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    /// Every row of every core table is what the ledger gives.
    pub equal: bool,
    /// Each core table.
    pub tables: Vec<TableReport>,
}

/// One core table in the rebuild check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// Name of the table.
    pub name: &'static str,
    /// Rows the ledger gives.
    pub rows: u64,
    /// The first difference found, if any.
    pub first_difference: Option<Difference>,
}

/// A row that is not what the ledger gives. Contents are not shown: they may be long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Key of the row, its columns joined by a blank.
    pub key: String,
    /// What is wrong with it.
    pub what: Deviation,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// The ledger gives it, the table lacks it.
    Missing,
    /// The table has it, the ledger does not give it.
    Extra,
    /// This column has another value.
    Column(&'static str),
}

/// Rows of one table: key → whole row.
type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;
/// Rows by the name of their table.
type Tables = BTreeMap<&'static str, Rows>;

/// Streams named in one statement. Platform choice.
const STREAMS: u64 = 512;
const DOING: &str = "rebuilding the tables";

impl Store {
    /// Makes every core table again from the ledger bytes, in memory, and compares.
    pub async fn rebuild_check(&self) -> Result<RebuildReport, Fault> {
        let mut tx = self.main.read().await.doing(DOING)?;
        let report = check(&mut tx, &self.proceedings).await;
        self.stop_if_broken(report).doing(DOING)
    }

    /// Replaces all core tables by what the ledger gives. Acts wait meanwhile. Answers the rows written.
    pub async fn rebuild(&self) -> Result<u64, Fault> {
        let written = self.rewrite().await;
        self.stop_if_broken(written).doing(DOING)
    }

    async fn rewrite(&self) -> Result<u64, DbError> {
        let mut tx = self.main.write().await?;
        self.proceedings.lock(&mut tx).await?;
        for table in TABLES {
            tx.execute(format!("DELETE FROM {}", table.name), &[]).await?;
        }
        let mut counters = Rows::new();
        let mut written = 0;
        let mut after = String::new();
        loop {
            let streams = streams_after(&mut tx, &self.proceedings, &after).await?;
            let Some(last) = streams.last() else { break };
            after.clone_from(last);
            for stream in &streams {
                let rows = replay(&mut tx, &self.proceedings, stream, &mut counters).await?;
                written += put(&mut tx, &rows).await?;
            }
        }
        written += put(&mut tx, &Tables::from([(NUMBER_COUNTER.name, counters)])).await?;
        tx.commit().await?;
        Ok(written)
    }
}

async fn put(tx: &mut Tx, tables: &Tables) -> Result<u64, DbError> {
    let mut written = 0;
    for table in TABLES {
        for row in tables.get(table.name).into_iter().flat_map(BTreeMap::values) {
            table.put(tx, row).await?;
            written += 1;
        }
    }
    Ok(written)
}

async fn check(tx: &mut Tx, book: &Book) -> Result<RebuildReport, DbError> {
    let mut reports: BTreeMap<&'static str, TableReport> = TABLES
        .iter()
        .map(|table| {
            (
                table.name,
                TableReport {
                    name: table.name,
                    rows: 0,
                    first_difference: None,
                },
            )
        })
        .collect();
    let mut counters = Rows::new();
    let mut after = String::new();
    loop {
        let streams = streams_after(tx, book, &after).await?;
        let Some(last) = streams.last() else { break };
        after.clone_from(last);
        for stream in &streams {
            let tables = replay(tx, book, stream, &mut counters).await?;
            for table in TABLES {
                let Some(stored) = stored(tx, table, stream).await? else {
                    continue;
                };
                let expected = tables.get(table.name).cloned().unwrap_or_default();
                note(&mut reports, table, &expected, &stored);
            }
        }
    }
    let numbers = all_rows(tx, &NUMBER_COUNTER).await?;
    note(&mut reports, &NUMBER_COUNTER, &counters, &numbers);
    for table in TABLES {
        if let Some(report) = reports.get_mut(table.name)
            && report.first_difference.is_none()
        {
            report.first_difference = stray(tx, book, table).await?;
        }
    }
    let tables: Vec<TableReport> = TABLES
        .iter()
        .filter_map(|table| reports.remove(table.name))
        .collect();
    Ok(RebuildReport {
        equal: tables.iter().all(|table| table.first_difference.is_none()),
        tables,
    })
}

/// The next streams in the order of their names.
async fn streams_after(tx: &mut Tx, book: &Book, after: &str) -> Result<Vec<String>, DbError> {
    let select = "SELECT stream FROM ledger_entry WHERE log = $1 AND stream > $2 AND version = 1 \
                  ORDER BY stream LIMIT $3";
    let rows = tx
        .rows(select, &[book.name().into(), after.into(), STREAMS.into()])
        .await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// The rows a stream gives. Running numbers count over streams and are added up in `counters`.
async fn replay(tx: &mut Tx, book: &Book, stream: &str, counters: &mut Rows) -> Result<Tables, DbError> {
    let mut projection = Projection::default();
    let mut tables = Tables::new();
    for stored in book.stream(tx, stream).await? {
        let index = stored.index;
        if book.origin.suite().leaf_hash(&stored.bytes) != stored.leaf {
            return Err(Broken::Leaf {
                log: book.name().to_owned(),
                index,
            }
            .into());
        }
        let (entry, recorded) = codec::decode(book.name(), index, &stored.bytes)?;
        if entry.stream != stream {
            return Err(Broken::Entry {
                log: book.name().to_owned(),
                index,
            }
            .into());
        }
        for change in projection.apply(index, &recorded) {
            match change {
                Change::Insert(table, row) | Change::Update(table, row)
                    if table.name == NUMBER_COUNTER.name =>
                {
                    add_up(counters, table, row);
                }
                Change::Insert(table, row) | Change::Update(table, row) => {
                    tables
                        .entry(table.name)
                        .or_default()
                        .insert(key_of(table, &row), row);
                }
                Change::Delete(table, key) => {
                    tables.entry(table.name).or_default().remove(&key);
                }
            }
        }
    }
    Ok(tables)
}

/// One more number of a series: its last number is how many were given out, its `as_of` the latest entry.
fn add_up(counters: &mut Rows, table: &Table, row: Vec<Cell>) {
    let key = key_of(table, &row);
    let Some(index) = row.last().cloned() else { return };
    let (last, as_of) = match counters.get(&key).map(Vec::as_slice) {
        Some([_, _, Cell::Int(last), as_of]) => (*last, as_of.clone()),
        _ => (0, index.clone()),
    };
    let row = [key.as_slice(), &[Cell::Int(last + 1), as_of.max(index)]].concat();
    counters.insert(key, row);
}

fn key_of(table: &Table, row: &[Cell]) -> Vec<Cell> {
    row.iter().take(table.keys).cloned().collect()
}

/// The stored rows that belong to a stream; `None` when the table has none of such streams.
async fn stored(tx: &mut Tx, table: &Table, stream: &str) -> Result<Option<Rows>, DbError> {
    match table.source {
        Source::Stream { prefix, column } => {
            let Some(owner) = stream.strip_prefix(prefix) else {
                return Ok(None);
            };
            let select = format!(
                "SELECT {} FROM {} WHERE {column} = $1",
                table.columns.join(", "),
                table.name
            );
            let rows = tx.rows(select, &[owner.into()]).await?;
            Ok(Some(
                rows.into_iter()
                    .map(|row| (key_of(table, &row.0), row.0))
                    .collect(),
            ))
        }
        Source::Single(name) if name == stream => Ok(Some(all_rows(tx, table).await?)),
        Source::Single(_) | Source::Count => Ok(None),
    }
}

async fn all_rows(tx: &mut Tx, table: &Table) -> Result<Rows, DbError> {
    let select = format!("SELECT {} FROM {}", table.columns.join(", "), table.name);
    let rows = tx.rows(select, &[]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (key_of(table, &row.0), row.0))
        .collect())
}

fn note(reports: &mut BTreeMap<&'static str, TableReport>, table: &Table, expected: &Rows, stored: &Rows) {
    if let Some(report) = reports.get_mut(table.name) {
        report.rows += expected.len() as u64;
        if report.first_difference.is_none() {
            report.first_difference = first_difference(table, expected, stored);
        }
    }
}

fn first_difference(table: &Table, expected: &Rows, stored: &Rows) -> Option<Difference> {
    let keys: std::collections::BTreeSet<&Vec<Cell>> = expected.keys().chain(stored.keys()).collect();
    keys.into_iter().find_map(|key| {
        let what = match (expected.get(key), stored.get(key)) {
            (Some(_), None) => Deviation::Missing,
            (None, Some(_)) => Deviation::Extra,
            (Some(expected), Some(stored)) => {
                let place = expected
                    .iter()
                    .zip(stored)
                    .position(|(expected, stored)| expected != stored)?;
                Deviation::Column(table.columns.get(place).copied().unwrap_or_default())
            }
            (None, None) => return None,
        };
        Some(Difference {
            key: shown(key),
            what,
        })
    })
}

/// The first row of a stream that the ledger does not have at all.
async fn stray(tx: &mut Tx, book: &Book, table: &Table) -> Result<Option<Difference>, DbError> {
    let key = &table.columns[..table.keys];
    let stream = match table.source {
        Source::Stream { prefix, column } => format!("'{prefix}' || t.{column}"),
        Source::Single(name) => format!("'{name}'"),
        Source::Count => return Ok(None),
    };
    let select = format!(
        "SELECT {keys} FROM {name} t WHERE NOT EXISTS \
         (SELECT 1 FROM ledger_entry e WHERE e.log = $1 AND e.stream = {stream}) ORDER BY {keys} LIMIT 1",
        keys = key.join(", "),
        name = table.name,
    );
    let row = tx.row(select, &[book.name().into()]).await?;
    Ok(row.map(|row| Difference {
        key: shown(&row.0),
        what: Deviation::Extra,
    }))
}

fn shown(key: &[Cell]) -> String {
    let words: Vec<String> = key
        .iter()
        .map(|cell| match cell {
            Cell::Int(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Null(_) | Cell::Blob(_) => String::new(),
        })
        .collect();
    words.join(" ")
}
