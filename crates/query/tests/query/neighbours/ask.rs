//! Asks the engine, and reads what left it.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{AsArray, RecordBatch},
    compute,
    datatypes::{DataType, Float64Type},
    util::display::{ArrayFormatter, FormatOptions},
};
use shuyu_privacy::{Book, Permit, Verdict};
use shuyu_query::{CheckError, Engine, Past, Released, Tables};
use tokio_util::sync::CancellationToken;

use super::{
    plan::Plan,
    truth::{CellKey, SECOND},
};
use crate::fixture::Memory;

/// What left the gate.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Figures by cell.
    pub cells: BTreeMap<CellKey, Vec<Option<f64>>>,
    /// What stands above them, by cell.
    pub above: BTreeMap<CellKey, Option<f64>>,
    /// A sum was answered as a close one was.
    pub snapped: bool,
    /// A sum was withheld by the release ledger.
    pub lost: bool,
}

/// Asks one question with what was answered before; a refusal is its code.
///
/// # Panics
/// If the engine fails after the seal: then there is no answer to compare.
pub async fn ask(
    engine: &Engine,
    permit: &Permit,
    tables: &Arc<Memory>,
    sql: &str,
    past: &mut Past,
) -> Result<Released, String> {
    let sealed = match engine.check(permit, sql, tables.as_ref()) {
        Ok(sealed) => sealed,
        Err(CheckError::Refused(refusal)) => return Err(refusal.code),
        Err(CheckError::Failed(fault)) => panic!("{sql}: {fault}"),
    };
    let port: Arc<dyn Tables> = Arc::clone(tables) as Arc<dyn Tables>;
    let released = engine.run(&sealed, port, past, &CancellationToken::new()).await;
    let released = released.unwrap_or_else(|_| panic!("no answer: {sql}"));
    for remembered in &released.remembered {
        let book: &mut Book = Arc::make_mut(past.books.entry(remembered.domain.clone()).or_default());
        remembered.rows.iter().for_each(|row| book.read(row).unwrap());
    }
    Ok(released)
}

/// The columns of a batch as numbers.
pub fn numbers(batch: &RecordBatch, column: usize) -> Vec<Option<f64>> {
    let column = compute::cast(batch.column(column), &DataType::Float64).unwrap();
    column.as_primitive::<Float64Type>().iter().collect()
}

/// Reads the answer to a plan.
pub fn read(plan: &Plan, released: &Released) -> Answer {
    // Of two releases the first column says which.
    let begin = usize::from(plan.second.is_some());
    let keys = begin + plan.keys.len();
    let first = keys + usize::from(plan.has_sets());
    let format = FormatOptions::default().with_null("NULL");
    let mut answer = Answer {
        snapped: released
            .sums
            .iter()
            .any(|sum| matches!(sum.verdict, Verdict::Snapped(_))),
        lost: released
            .sums
            .iter()
            .any(|sum| matches!(sum.verdict, Verdict::Suppressed)),
        ..Answer::default()
    };
    for batch in &released.batches {
        let names: Vec<ArrayFormatter<'_>> = batch.columns()[begin..keys]
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &format).unwrap())
            .collect();
        let set = plan.has_sets().then(|| numbers(batch, keys));
        let release = (begin > 0).then(|| numbers(batch, 0));
        let figures: Vec<Vec<Option<f64>>> = (0..plan.figures.len())
            .map(|figure| numbers(batch, first + figure))
            .collect();
        let above =
            (batch.num_columns() > first + figures.len()).then(|| numbers(batch, first + figures.len()));
        for row in 0..batch.num_rows() {
            let number =
                |of: &Option<Vec<Option<f64>>>| of.as_ref().and_then(|of| of[row]).unwrap_or(0.0) as u64;
            let set = number(&set) + SECOND * number(&release);
            let key = (
                names.iter().map(|name| name.value(row).to_string()).collect(),
                set,
            );
            answer
                .above
                .extend(above.as_ref().map(|above| (key.clone(), above[row])));
            answer
                .cells
                .insert(key, figures.iter().map(|figure| figure[row]).collect());
        }
    }
    answer
}
