//! The lower plans: built anew from a checked release. No node of the analyst's plan is in them.
//!
//! Rows are read once and laid into their cells ([`super::gather`]); there they are merged by subject, so that a subject
//! counts once and its total is known.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{Column, Result},
    functions_aggregate::expr_fn::count,
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, col, lit, utils::conjunction, when},
};
use shuyu_privacy::{CellLayout, Use};

use super::{
    calls::count_distinct,
    classes::Class,
    derived::{runs, selected},
    gather::Wanted,
    groups::GroupPlan,
    rows::clamped,
};
use crate::{
    check::{
        figure::{Formula, Part, Role},
        relation::Relation,
        release::Release,
        scalar::rounded,
    },
    provider::Source,
    tables::UNIT_COLUMN,
};

/// The lower plans of one release and the layout of the cells they yield together.
pub(crate) struct Lower {
    /// Yields the rows: keys, unit, arguments; see [`super::gather`].
    pub rows: LogicalPlan,
    /// What is gathered of them.
    pub wanted: Wanted,
    /// Yield further columns for the cells, keys first.
    pub further: Vec<LogicalPlan>,
    /// Yield one row per row that has a value: keys, unit, value; by part. See [`super::order`].
    pub ranks: Vec<(usize, LogicalPlan)>,
    /// What sensitive columns and measures make of larger cells.
    pub classes: Vec<Class>,
    /// Who is in these larger cells.
    pub groups: Vec<GroupPlan>,
    pub keys: usize,
    pub layout: CellLayout,
}

/// Builds the lower plans over `source`. `least` is the threshold of a set of subjects (see
/// [`functions::least_subjects`]).
///
/// # Errors
/// When the engine below refuses a plan.
pub(crate) fn build(release: &Release, source: &Source, least: Arc<ScalarUDF>) -> Result<Lower> {
    let builder = Builder {
        release,
        source,
        least,
    };
    let (mut further, mut ranks) = (Vec::new(), Vec::new());
    for (index, part) in release.parts.iter().enumerate() {
        match part.role {
            Role::Different | Role::Greatest | Role::Smallest => {
                further.push(builder.holders(index, part)?);
                further.push(builder.held(index, part)?);
            }
            Role::Ranks => ranks.push((index, builder.ranks(part)?)),
            Role::Rows | Role::Count | Role::Total | Role::Subjects => {}
        }
    }
    for (index, column) in release.second_domains.iter().enumerate() {
        further.push(builder.domain(index, column)?);
    }
    let classes = builder.classes()?;
    Ok(Lower {
        rows: builder.arguments()?.build()?,
        wanted: Wanted::of(release),
        further,
        groups: builder.groups()?,
        ranks,
        keys: release.keys.len(),
        layout: builder.layout(classes.len()),
        classes,
    })
}

pub(super) struct Builder<'a> {
    pub(super) release: &'a Release,
    pub(super) source: &'a Source,
    pub(super) least: Arc<ScalarUDF>,
}

pub(super) const UNIT: &str = "u";
pub(super) const SUBJECTS: &str = "n";
pub(super) const XOR: &str = "set_xor";
pub(super) const SUM: &str = "set_sum";

impl Builder<'_> {
    pub(super) fn relation(&self) -> &Relation {
        &self.release.relation
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.release.parts.iter().enumerate()
    }

    /// Parts that are computed from totals per subject.
    pub(super) fn per_subject(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.parts().filter(|(_, part)| part.is_per_subject())
    }

    pub(super) fn keys(&self) -> Vec<Expr> {
        (0..self.release.keys.len()).map(|i| bare(&key(i))).collect()
    }

    /// Raw rows of the checked relation: keys, unit and whatever else is asked for.
    pub(super) fn rows(&self, further: Vec<Expr>) -> Result<LogicalPlanBuilder> {
        let relation = self.relation();
        let read: Vec<&Expr> = self.release.keys.iter().chain(&further).collect();
        let plan = selected(self.source, relation, &read)?;
        let mut columns = Vec::new();
        for (index, expr) in self.release.keys.iter().enumerate() {
            // Keys have a wider grain than filters.
            let expr = rounded(expr.clone(), relation, Use::Group)?;
            columns.push(runs(self.source, relation, expr)?.alias(key(index)));
        }
        columns.push(
            Expr::Column(Column::new(
                Some(self.release.subject.alias.as_str()),
                UNIT_COLUMN,
            ))
            .alias(UNIT),
        );
        for expr in further {
            columns.push(runs(self.source, relation, expr)?);
        }
        plan.project(columns)
    }

    /// The value of a part on a row; NULL where it has none.
    pub(super) fn value(&self, part: &Part) -> Result<Expr> {
        let value = match &part.core {
            None => lit(1i64),
            Some(core) => {
                let value = clamped(core.value.clone(), core.bounds, self.relation())?;
                if core.centre == 0 {
                    value
                } else {
                    value - lit(core.centre)
                }
            }
        };
        match conjunction(part.guards.iter().cloned()) {
            None => Ok(value),
            Some(guards) => when(guards, value).end(),
        }
    }

    /// How many subjects have one of these units. Where each has one row, there is nothing to compare.
    pub(super) fn subjects(&self, unit: Expr) -> Expr {
        match self.release.subject.many_rows {
            true => count_distinct(unit),
            false => count(unit),
        }
    }

    /// Raw rows: keys, unit, and the argument of each part that has values.
    pub(super) fn arguments(&self) -> Result<LogicalPlanBuilder> {
        let mut arguments = Vec::new();
        for (index, part) in self.per_subject().filter(|(_, part)| part.has_values()) {
            arguments.push(self.value(part)?.alias(name("a", index)));
        }
        self.rows(arguments)
    }

    /// Name of the column of a part.
    pub(super) fn cell(&self, index: usize) -> String {
        name("p", index)
    }
}

fn key(index: usize) -> String {
    format!("k{index}")
}

pub(super) fn name(stem: &str, index: usize) -> String {
    format!("{stem}{index}")
}

/// A column of our own, unqualified.
pub(super) fn bare(name: &str) -> Expr {
    col(Column::from_name(name))
}

/// Totals whose products are needed per subject: the two parts of every second moment.
pub(super) fn moments(release: &Release) -> BTreeSet<(usize, usize)> {
    let second = release.figures.iter().filter_map(|figure| match &figure.formula {
        Formula::Second { y, x, .. } => Some([(x.part, x.part), (y.part, y.part), ordered(x.part, y.part)]),
        _ => None,
    });
    second.flatten().collect()
}

/// Two parts in one order.
pub(super) fn ordered(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
