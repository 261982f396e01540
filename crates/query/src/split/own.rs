//! Own lists as they are joined with personal rows: each subject once, or once with each label that is a key.

use std::collections::BTreeSet;

use datafusion::{
    common::{Column, Result},
    logical_expr::{Expr, LogicalPlanBuilder, utils::conjunction},
};

use super::derived::{runs, stored};
use crate::{
    check::{
        fusion::is_of,
        relation::{Leaf, Relation, columns_of},
    },
    provider::Source,
    tables::UNIT_COLUMN,
};

/// The filters of a relation: those about own lists, and the others.
pub(super) fn conditions(relation: &Relation) -> (Vec<&Expr>, Vec<&Expr>) {
    let of_lists = |filter: &&Expr| !relation.own_columns(filter).is_empty();
    relation.filters.iter().partition(of_lists)
}

/// The different subjects of a list under its own conditions, with the columns that are `needed`.
///
/// # Errors
/// When the engine below refuses the plan.
pub(super) fn listed(
    source: &Source,
    relation: &Relation,
    leaf: &Leaf,
    needed: Option<&BTreeSet<String>>,
    conditions: &[&Expr],
) -> Result<LogicalPlanBuilder> {
    let needed = needed.cloned().unwrap_or_default();
    let conditions: Vec<&Expr> = conditions
        .iter()
        .copied()
        .filter(|condition| columns_of(condition).values().any(|column| is_of(column, leaf)))
        .collect();
    let mut read = needed.clone();
    for condition in &conditions {
        read.extend(columns_of(condition).into_values().map(|column| column.name));
    }
    let mut plan = stored(source, leaf, Some(&read))?;
    if let Some(condition) = conjunction(conditions.into_iter().cloned()) {
        plan = plan.filter(runs(source, relation, condition)?)?;
    }
    let kept = needed
        .iter()
        .filter(|name| !leaf.is_unit(name))
        .map(String::as_str);
    let column = |name: &str| Expr::Column(Column::new(Some(leaf.alias.as_str()), name));
    let columns: Vec<Expr> = kept.chain([UNIT_COLUMN]).map(column).collect();
    plan.project(columns)?.distinct()
}
