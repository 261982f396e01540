//! Rows of one subject each that others are kept by, or that they are joined with as they are.

use datafusion::{
    common::{Result, exec_err},
    logical_expr::{Expr, LogicalPlanBuilder},
};

use super::{
    derived::{UNIT, of_unit, place, projected, under_names, unit_of},
    lower::bare,
};
use crate::{
    check::{
        origin::{Derived, Value},
        relation::Leaf,
    },
    provider::Source,
    tables::UNIT_COLUMN,
};

/// The subjects of a relation, each as often as it has rows.
pub(super) fn members(source: &Source, derived: &Derived) -> Result<LogicalPlanBuilder> {
    let unit = unit_of(&derived.inner)?.alias(UNIT_COLUMN);
    projected(source, &derived.inner, vec![unit])
}

/// The rows of a relation under the names of the leaf.
pub(super) fn passed(source: &Source, leaf: &Leaf, derived: &Derived) -> Result<LogicalPlanBuilder> {
    let inner = &derived.inner;
    let mut read: Vec<Expr> = vec![unit_of(inner)?.alias(UNIT)];
    let mut shown = Vec::new();
    for (index, value) in derived.values.iter().enumerate() {
        match value {
            Value::Key(Expr::Column(column)) if of_unit(inner, column) => shown.push(None),
            Value::Key(made) => {
                read.push(made.clone().alias(place(index)));
                shown.push(Some(bare(&place(index))));
            }
            Value::Figure { .. } | Value::Window(_) => return exec_err!("rows that are not passed on"),
        }
    }
    projected(source, inner, read)?.project(under_names(leaf, shown.into_iter()))
}
