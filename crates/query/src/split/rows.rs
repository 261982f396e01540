//! Rows of a checked relation: leaves joined, arguments kept in their limits, functions kept total.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::{
    common::{
        Column, Result, ScalarValue,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::{BinaryExpr, Expr, JoinType, LogicalPlanBuilder, cast, expr::ScalarFunction, lit, when},
};
use shuyu_privacy::{Bounds, Use};

use crate::{
    check::{
        grain::is_whole_bucket,
        membership::How,
        relation::{Leaf, Relation, Stage, alias_of},
        scalar::rounded,
    },
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
    // What is known of every row is put in as a constant; the first is never what others may lack.
    let leaves = relation.leaves.iter().filter(|leaf| !leaf.is_constant());
    let mut waiting: Vec<&Leaf> = leaves.collect();
    waiting.sort_by_key(|leaf| leaf.stage() != Stage::Personal || !leaf.is_kept());
    let first = waiting.remove(0);
    let mut joined = BTreeSet::from([first.alias.clone()]);
    let mut plan = scan(first)?;
    let mut open: Vec<(Column, Column)> = relation.equalities.clone();
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .position(|leaf| open.iter().any(|pair| meets(pair, leaf, &joined)));
        let Some(next) = next else {
            return datafusion::common::plan_err!("a leaf without an equality");
        };
        let leaf = waiting.remove(next);
        let (now, later): (Vec<_>, Vec<_>) = open.into_iter().partition(|pair| meets(pair, leaf, &joined));
        open = later;
        let stored = |column: Column| unit_in_place(relation, &column).unwrap_or(column);
        let (left, right): (Vec<Column>, Vec<Column>) = now
            .into_iter()
            .map(|(a, b)| {
                if alias_of(&b) == leaf.alias {
                    (a, b)
                } else {
                    (b, a)
                }
            })
            .map(|(a, b)| (stored(a), stored(b)))
            .unzip();
        let optional = leaf.released().is_some_and(|released| released.optional);
        let form = match leaf.how() {
            How::Joined if !optional => JoinType::Inner,
            How::Joined | How::Optional => JoinType::Left,
            How::Among => JoinType::LeftSemi,
            How::Apart => JoinType::LeftAnti,
        };
        plan = plan.join(scan(leaf)?.build()?, form, (left, right), None)?;
        joined.insert(leaf.alias.clone());
    }
    Ok(plan)
}

/// Whether an equality ties a leaf to one that is joined already.
fn meets((a, b): &(Column, Column), leaf: &Leaf, joined: &BTreeSet<String>) -> bool {
    let (a, b) = (alias_of(a), alias_of(b));
    (joined.contains(a) && b == leaf.alias) || (joined.contains(b) && a == leaf.alias)
}

/// The argument, moved into its limits after everything that was written about it (A4.2).
pub(super) fn clamped(argument: Expr, bounds: Option<Bounds>, relation: &Relation) -> Result<Expr> {
    let Some(Bounds { low, high }) = bounds else {
        return Ok(argument);
    };
    let (value, low, high) = if is_fraction(&argument, relation) {
        (
            cast(argument, DataType::Float64),
            lit(low as f64),
            lit(high as f64),
        )
    } else {
        (cast(argument, DataType::Int64), lit(low), lit(high))
    };
    when(value.clone().lt(low.clone()), low)
        .when(value.clone().gt(high.clone()), high)
        .otherwise(value)
}

/// Whether a bare number, casts included, is a fraction as it runs: the outermost cast decides.
pub(crate) fn is_fraction(argument: &Expr, relation: &Relation) -> bool {
    match argument {
        Expr::Cast(cast) => cast.field.data_type().is_floating(),
        Expr::Alias(alias) => is_fraction(&alias.expr, relation),
        Expr::Column(column) => relation.base_type(column).is_some_and(|t| t.is_floating()),
        // Rounding down gives fractions, also of whole numbers.
        Expr::ScalarFunction(function) => function.func.name() == "floor",
        Expr::BinaryExpr(division) => {
            is_fraction(&division.left, relation) || is_fraction(&division.right, relation)
        }
        _ => false,
    }
}

/// A checked expression as it runs over personal rows: the hidden unit in place of columns that name
/// the subject, buckets of whole numbers rounded down, days kept within the years that truncation can
/// represent.
pub(super) fn as_it_runs(expr: Expr, relation: &Relation) -> Result<Expr> {
    let rounded = rounded(expr, relation, Use::Filter)?;
    rounded
        .transform_up(|node| match node {
            Expr::Column(column) => Ok(match unit_in_place(relation, &column) {
                Some(unit) => Transformed::yes(Expr::Column(unit)),
                None => Transformed::no(Expr::Column(column)),
            }),
            Expr::ScalarFunction(function) => {
                let is_day = |column: &Column| relation.base_type(column) == Some(DataType::Date32);
                guard_days(function, is_day).map(Transformed::yes)
            }
            Expr::BinaryExpr(division) if is_whole_bucket(&division, relation) => {
                rounded_down(division).map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        })
        .data()
}

/// `x / w` towards minus infinity, for w > 0. It cannot overflow.
fn rounded_down(division: BinaryExpr) -> Result<Expr> {
    let BinaryExpr { left, right, .. } = division;
    let (value, width) = (*left, *right);
    let below = (value.clone() + lit(1i64)) / width.clone() - lit(1i64);
    when(value.clone().lt(lit(0i64)), below).otherwise(value / width)
}

/// Truncation goes through nanoseconds, which end in the years 1677 and 2262. Days before 1678 and
/// after 2261 become NULL, so that a single far date cannot make the query fail.
pub(super) fn guard_days(mut function: ScalarFunction, is_day: impl Fn(&Column) -> bool) -> Result<Expr> {
    if matches!(function.func.name(), "date_trunc" | "to_char") {
        for argument in &mut function.args {
            let Expr::Column(column) = &*argument else {
                continue;
            };
            if !is_day(column) {
                continue;
            }
            let day = |days: i32| lit(ScalarValue::Date32(Some(days)));
            let (first, last) = (-106_650, 106_650);
            let inside = argument.clone().between(day(first), day(last));
            *argument = when(inside, argument.clone()).end()?;
        }
    }
    Ok(Expr::ScalarFunction(function))
}
