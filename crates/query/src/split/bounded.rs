//! The lower plan of mode `dp`: one row per cell and subject, so that what a subject adds can be bounded.

use std::sync::Arc;

use datafusion::{
    common::Result,
    functions_aggregate::expr_fn::{count, sum},
    logical_expr::{Expr, LogicalPlan, ScalarUDF, lit},
};

use super::lower::{Builder, UNIT, bare, name};
use crate::{check::release::Release, provider::Source};

/// Column with the rows of a subject in a cell.
pub(crate) const ROWS: &str = "rows";
/// Column with the unit of a subject.
pub(crate) const SUBJECT: &str = UNIT;

/// Column with the values of a part.
pub(crate) fn values(part: usize) -> String {
    name("c", part)
}
/// Column with the total of a part.
pub(crate) fn total(part: usize) -> String {
    name("s", part)
}

/// One row per cell and subject: the keys first, then unit, rows, and values and total of each part that has any.
/// Arguments are moved into their limits after all expressions.
///
/// # Errors
/// When the engine below refuses the plan.
pub(crate) fn build(release: &Release, source: &Source, least: Arc<ScalarUDF>) -> Result<LogicalPlan> {
    let builder = Builder {
        release,
        source,
        least,
    };
    let mut arguments = Vec::new();
    let mut columns = vec![count(lit(1i64)).alias(ROWS)];
    for (index, part) in builder.per_subject().filter(|(_, part)| part.has_values()) {
        let argument = name("a", index);
        arguments.push(builder.value(part)?.alias(&argument));
        columns.push(count(bare(&argument)).alias(values(index)));
        if part.is_total() {
            columns.push(sum(bare(&argument)).alias(total(index)));
        }
    }
    let by: Vec<Expr> = builder.keys().into_iter().chain([bare(UNIT)]).collect();
    let rows = builder.rows(arguments)?;
    rows.aggregate(by, columns)?.build()
}
