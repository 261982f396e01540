//! Asks every statement of every case, each case with an empty release ledger.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{DataType, Float64Type},
    util::display::{ArrayFormatter, FormatOptions},
};
use shuyu_kernel::Fault;
use shuyu_privacy::{Book, GateKey};
use tokio_util::sync::CancellationToken;

use super::{
    cases::{Case, Strength},
    fixture::Fixture,
    judge::Report,
    rewrite::Rewrite,
};
use crate::{AnsweredSum, CheckError, Engine, EngineLimits, Past, Released, Tables};

/// Fewest keys under which a perturbed answer is looked at: a count is right by accident under one of five.
const NOISE_KEYS: u8 = 3;

/// How to score.
#[derive(Debug, Clone)]
pub struct Run {
    /// Installation keys under which each attack is tried: an answer may be right by accident under one.
    pub keys: u8,
    /// How statements are put.
    pub rewrite: Rewrite,
    /// Builds the engine of a key.
    pub engine: fn(GateKey) -> Engine,
}

impl Default for Run {
    /// Two keys, statements as they are, the engine that serves.
    fn default() -> Self {
        Self {
            keys: 2,
            rewrite: Rewrite::AsItIs,
            engine: |key| Engine::new(key, EngineLimits::default()),
        }
    }
}

/// What came of one statement under one key.
pub(super) struct Turn {
    pub asked: Asked,
}

/// An outcome.
pub(super) enum Asked {
    /// Refused, with the code.
    Refused(String),
    /// After the seal.
    Failed,
    /// Answered.
    Answered {
        rows: Vec<Vec<String>>,
        /// The same question in a run of its own, under the same key.
        again: Vec<Vec<String>>,
        /// By the stock engine.
        exact: Vec<Vec<String>>,
        sums: Vec<AnsweredSum>,
        withheld: bool,
    },
}

/// Scores cases.
///
/// # Errors
/// When a refresh does not run, or the stock engine cannot answer what the gate answered.
pub async fn score(fixture: &Fixture, cases: &[Case], run: &Run) -> Result<Report, Fault> {
    let renamed = match run.rewrite {
        Rewrite::Renamed => Some(fixture.renamed()?),
        _ => None,
    };
    let asked = renamed.as_ref().unwrap_or(fixture);
    let mut report = Report::default();
    for case in cases {
        let statements: Option<Vec<String>> = case
            .sql
            .all()
            .iter()
            .map(|sql| run.rewrite.apply(sql, &fixture.memory))
            .collect();
        // What is not a query is refused as it stands; there is no other way to put it.
        let Some(statements) = statements else { continue };
        let put = Case {
            refresh: case
                .refresh
                .as_ref()
                .map(|refresh| run.rewrite.refresh(refresh, &fixture.memory)),
            ..case.clone()
        };
        let mut turns = Vec::new();
        // That an answer is perturbed shows under several keys only.
        let keys = if case.expect == Strength::Noise {
            run.keys.max(NOISE_KEYS)
        } else {
            run.keys
        };
        for key in 1..=keys {
            let engine = (run.engine)(GateKey::new([key; 32]));
            let mut played = play(asked, &put, &statements, &engine, true).await?;
            // Determinism is asked once; the exact answer does not change.
            let again = if key == 1 && case.expect == Strength::Noise {
                play(asked, &put, &statements, &engine, false).await?
            } else {
                Vec::new()
            };
            for (turn, second) in played.iter_mut().zip(again) {
                if let (Asked::Answered { again, .. }, Asked::Answered { rows, .. }) =
                    (&mut turn.asked, second.asked)
                {
                    *again = rows;
                }
            }
            let done = played.iter().all(|turn| matches!(turn.asked, Asked::Refused(_)));
            turns.push(played);
            if done {
                // A refusal does not depend on the key.
                break;
            }
        }
        report.add(case, &turns);
    }
    Ok(report)
}

/// One case under one key.
async fn play(
    fixture: &Fixture,
    case: &Case,
    statements: &[String],
    engine: &Engine,
    compared: bool,
) -> Result<Vec<Turn>, Fault> {
    let mut past = Past {
        party: "score".to_owned(),
        books: BTreeMap::new(),
    };
    let mut turns = Vec::new();
    for (number, sql) in statements.iter().enumerate() {
        let refreshed = match &case.refresh {
            Some(refresh) if number + 1 == statements.len() => Some(fixture.refreshed(refresh).await?),
            _ => None,
        };
        let fixture = refreshed.as_ref().unwrap_or(fixture);
        let asked = ask(fixture, sql, engine, &mut past, compared).await?;
        turns.push(Turn { asked });
    }
    Ok(turns)
}

async fn ask(
    fixture: &Fixture,
    sql: &str,
    engine: &Engine,
    past: &mut Past,
    compared: bool,
) -> Result<Asked, Fault> {
    let sealed = match engine.check(&fixture.permit, sql, fixture.memory.as_ref()) {
        Ok(sealed) => sealed,
        Err(CheckError::Refused(refusal)) => return Ok(Asked::Refused(refusal.code.to_string())),
        Err(CheckError::Failed(fault)) => return Err(fault),
    };
    let tables: Arc<dyn Tables> = Arc::clone(&fixture.memory) as Arc<dyn Tables>;
    let Ok(released) = engine.run(&sealed, tables, past, &CancellationToken::new()).await else {
        return Ok(Asked::Failed);
    };
    remember(past, &released)?;
    let rows = table(&released.batches)?;
    let exact = if compared {
        let frame = fixture
            .bare
            .sql(sql)
            .await
            .map_err(|error| Fault::new("asking without a gate", error))?;
        table(
            &frame
                .collect()
                .await
                .map_err(|error| Fault::new("asking without a gate", error))?,
        )?
    } else {
        Vec::new()
    };
    Ok(Asked::Answered {
        again: rows.clone(),
        rows,
        exact,
        sums: released.sums,
        withheld: released.withheld,
    })
}

/// Adds what an answer leaves behind to the release ledger.
///
/// # Errors
/// When it is not readable.
pub(super) fn remember(past: &mut Past, released: &Released) -> Result<(), Fault> {
    released.remembered.iter().try_for_each(|remembered| {
        let book = past.books.entry(remembered.domain.clone()).or_default();
        let book: &mut Book = Arc::make_mut(book);
        remembered.rows.iter().try_for_each(|row| book.read(row))
    })
}

/// Rows as texts, sorted; fractions to nine significant digits, so that the order of addition does not show.
fn table(batches: &[RecordBatch]) -> Result<Vec<Vec<String>>, Fault> {
    let failed = |error| Fault::new("reading an answer", error);
    let format = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns = columns.map(|column| ArrayFormatter::try_new(column.as_ref(), &format).map_err(failed));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().zip(batch.columns());
            let texts = cells.map(|(formatter, column)| match column.data_type() {
                DataType::Float64 if column.is_valid(row) => {
                    format!("{:.8e}", column.as_primitive::<Float64Type>().value(row))
                }
                _ => formatter.value(row).to_string(),
            });
            rows.push(texts.collect());
        }
    }
    rows.sort();
    Ok(rows)
}
