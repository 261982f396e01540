//! Rows of a checked relation: leaves joined, arguments kept in their limits, functions kept total.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result, ScalarValue},
    logical_expr::{Expr, JoinType, LogicalPlanBuilder, cast, expr::ScalarFunction, lit, when},
};
use shuyu_privacy::Bounds;

use crate::{
    check::relation::{Leaf, Relation, columns_of},
    tables::UNIT_COLUMN,
};

/// The hidden unit, if the column names the subject of its table.
pub(super) fn unit_in_place(relation: &Relation, column: &Column) -> Option<Column> {
    let leaf = relation.leaf(column)?;
    leaf.is_unit(&column.name)
        .then(|| Column::new(column.relation.clone(), UNIT_COLUMN))
}

/// The leaves, joined one after the other along the equalities.
pub(super) fn join_all(
    relation: &Relation,
    scan: impl Fn(&Leaf) -> Result<LogicalPlanBuilder>,
) -> Result<LogicalPlanBuilder> {
    let mut waiting: Vec<&Leaf> = relation.leaves.iter().collect();
    let alias_of = |column: &Column| {
        column
            .relation
            .as_ref()
            .map_or_else(String::new, |r| r.table().to_owned())
    };
    let first = waiting.remove(0);
    let mut joined = BTreeSet::from([first.alias.clone()]);
    let mut plan = scan(first)?;
    let mut open: Vec<(Column, Column)> = relation.equalities.clone();
    while !waiting.is_empty() {
        let next = waiting.iter().position(|leaf| {
            open.iter().any(|(a, b)| {
                let (a, b) = (alias_of(a), alias_of(b));
                (joined.contains(&a) && b == leaf.alias) || (joined.contains(&b) && a == leaf.alias)
            })
        });
        let Some(next) = next else {
            return datafusion::common::plan_err!("a leaf without an equality");
        };
        let leaf = waiting.remove(next);
        let (now, later): (Vec<_>, Vec<_>) = open.into_iter().partition(|(a, b)| {
            let (a, b) = (alias_of(a), alias_of(b));
            (joined.contains(&a) && b == leaf.alias) || (joined.contains(&b) && a == leaf.alias)
        });
        open = later;
        let stored = |column: Column| unit_in_place(relation, &column).unwrap_or(column);
        let (left, right): (Vec<Column>, Vec<Column>) = now
            .into_iter()
            .map(|(a, b)| {
                if b.relation.as_ref().is_some_and(|r| r.table() == leaf.alias) {
                    (a, b)
                } else {
                    (b, a)
                }
            })
            .map(|(a, b)| (stored(a), stored(b)))
            .unzip();
        plan = plan.join(scan(leaf)?.build()?, JoinType::Inner, (left, right), None)?;
        joined.insert(leaf.alias.clone());
    }
    Ok(plan)
}

/// The argument, moved into its limits.
pub(super) fn clamped(argument: Expr, bounds: Option<Bounds>, relation: &Relation) -> Result<Expr> {
    let Some(Bounds { low, high }) = bounds else {
        return Ok(argument);
    };
    let column = columns_of(&argument).into_values().next();
    let stored = column.and_then(|column| relation.base_type(&column));
    let (value, low, high) = match stored {
        Some(t) if t.is_integer() => (cast(argument, DataType::Int64), lit(low), lit(high)),
        Some(DataType::Float16 | DataType::Float32 | DataType::Float64) => (
            cast(argument, DataType::Float64),
            lit(low as f64),
            lit(high as f64),
        ),
        _ => (argument, lit(low), lit(high)),
    };
    when(value.clone().lt(low.clone()), low)
        .when(value.clone().gt(high.clone()), high)
        .otherwise(value)
}

/// Truncation goes through nanoseconds, which end in the years 1677 and 2262. Dates outside become
/// NULL, so that a single far date cannot make the query fail.
pub(super) fn guard_dates(mut function: ScalarFunction, relation: &Relation) -> Result<Expr> {
    if matches!(function.func.name(), "date_trunc" | "to_char") {
        for argument in &mut function.args {
            let Expr::Column(column) = &*argument else {
                continue;
            };
            if !matches!(
                relation.base_type(column),
                Some(DataType::Date32 | DataType::Date64)
            ) {
                continue;
            }
            let day = |days: i32| cast(lit(ScalarValue::Date32(Some(days))), DataType::Date32);
            let (first, last) = (-106_650, 106_650);
            let inside = argument.clone().between(day(first), day(last));
            *argument = when(inside, argument.clone()).end()?;
        }
    }
    Ok(Expr::ScalarFunction(function))
}
