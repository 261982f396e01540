//! The lower plan of mode `dp`: one row per cell and subject, so that what a subject adds can be bounded.

use std::sync::Arc;

use datafusion::{
    common::Result,
    functions_aggregate::expr_fn::{count, sum},
    logical_expr::{Expr, LogicalPlan, ScalarUDF, lit},
};
use shuyu_privacy::Statistic;

use super::{
    lower::{Builder, UNIT, bare, is_measured, name},
    rows::clamped,
};
use crate::{check::release::Release, provider::Source};

/// Column with the rows of a subject in a cell.
pub(crate) const ROWS: &str = "rows";
/// Column with the unit of a subject.
pub(crate) const SUBJECT: &str = UNIT;

/// Column with the values of a figure.
pub(crate) fn values(figure: usize) -> String {
    name("c", figure)
}
/// Column with the total of a figure.
pub(crate) fn total(figure: usize) -> String {
    name("s", figure)
}

/// One row per cell and subject: the keys first, then unit, rows, and values and total of each figure that has any.
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
    let counted = || {
        let figures = release.statistics.iter().enumerate();
        figures.filter(|(_, figure)| figure.statistic != Statistic::Distinct)
    };
    let mut arguments = Vec::new();
    let mut columns = vec![count(lit(1i64)).alias(ROWS)];
    for (index, figure) in counted() {
        let Some(argument) = &figure.argument else {
            continue;
        };
        arguments.push(clamped(argument.clone(), figure.bounds, &release.relation)?.alias(name("a", index)));
        columns.push(count(bare(&name("a", index))).alias(values(index)));
        if is_measured(figure) {
            columns.push(sum(bare(&name("a", index))).alias(total(index)));
        }
    }
    let by: Vec<Expr> = builder.keys().into_iter().chain([bare(UNIT)]).collect();
    let rows = builder.rows(arguments)?;
    rows.aggregate(by, columns)?.build()
}
