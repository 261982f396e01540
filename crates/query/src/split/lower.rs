//! The lower plans: built anew from a checked release. No node of the analyst's plan is in them.
//!
//! Rows are first merged per cell and subject, so that a subject counts once and its total is known;
//! where a table has one row per subject that step is a projection.

use std::{collections::BTreeSet, sync::Arc};

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result},
    functions::math::abs,
    functions_aggregate::{
        bit_and_or_xor::bit_xor_udaf,
        expr_fn::{count, max, sum},
    },
    logical_expr::{
        Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, cast, col, expr::ScalarFunction, lit,
        utils::conjunction, when,
    },
};
use shuyu_privacy::{CellLayout, Use};

use super::{
    calls::aggregate,
    classes::Class,
    derived::{runs, selected},
    groups::GroupPlan,
    rows::clamped,
};
use crate::{
    check::{
        figure::{Formula, Part, Role},
        plan::cell_column,
        relation::Relation,
        release::Release,
        scalar::rounded,
    },
    functions,
    provider::Source,
    tables::UNIT_COLUMN,
};

/// The lower plans of one release and the layout of the cells they yield together.
pub(crate) struct Lower {
    /// Yields one row per cell: keys, then visible and hidden columns.
    pub main: LogicalPlan,
    /// Yield further columns for the same cells, keys first.
    pub further: Vec<LogicalPlan>,
    /// Yields one row per cell and subject, keys first; see [`super::sums`].
    pub subjects: LogicalPlan,
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
        main: builder.main()?,
        further,
        subjects: builder.subjects()?.build()?,
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
pub(super) const ROWS: &str = "rows";
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

    /// One row per cell and subject: keys, unit, rows, for each part `s` total and `c` values, and for second moments
    /// `q` products.
    pub(super) fn subjects(&self) -> Result<LogicalPlanBuilder> {
        let mut arguments = Vec::new();
        for (index, part) in self.per_subject().filter(|(_, part)| part.has_values()) {
            arguments.push(self.value(part)?.alias(name("a", index)));
        }
        let rows = self.rows(arguments)?;
        let many = self.release.subject.many_rows;
        let mut values = vec![if many { count(lit(1i64)) } else { lit(1i64) }.alias(ROWS)];
        for (index, part) in self.per_subject().filter(|(_, part)| part.has_values()) {
            let argument = bare(&name("a", index));
            let counted = match many {
                true => count(argument.clone()),
                false => when(argument.clone().is_null(), lit(0i64)).otherwise(lit(1i64))?,
            };
            values.push(counted.alias(name("c", index)));
            if part.is_total() {
                let total = if many { sum(argument) } else { argument };
                values.push(total.alias(name("s", index)));
            }
        }
        for (one, other) in moments(self.release) {
            let factor = |part| cast(bare(&name("a", part)), DataType::Float64);
            let product = factor(one) * factor(other);
            values.push(if many { sum(product) } else { product }.alias(product_name(one, other)));
        }
        let by: Vec<Expr> = self.keys().into_iter().chain([bare(UNIT)]).collect();
        if many {
            return rows.aggregate(by, values);
        }
        rows.project(by.into_iter().chain(values))
    }

    fn main(&self) -> Result<LogicalPlan> {
        let mut values = vec![
            count(lit(1i64)).alias(SUBJECTS),
            aggregate(bit_xor_udaf(), vec![bare(UNIT)]).alias(XOR),
            sum(bare(UNIT)).alias(SUM),
            sum(bare(ROWS)).alias("total_rows"),
        ];
        for (index, part) in self.per_subject() {
            values.extend(self.hidden(index, part)?);
        }
        let cells = self.subjects()?.aggregate(self.keys(), values)?;
        let visible = self.parts().filter_map(|(index, part)| {
            let value = match part.role {
                Role::Rows => bare("total_rows"),
                Role::Count | Role::Ranks => bare(&name("sum_c", index)),
                Role::Total => bare(&name("sum_s", index)),
                Role::Subjects => bare(SUBJECTS),
                Role::Different | Role::Greatest | Role::Smallest => return None,
            };
            Some(value.alias(self.cell(index)))
        });
        let keys = self
            .keys()
            .into_iter()
            .enumerate()
            .map(|(i, key)| key.alias(cell_column(i)));
        let hidden_names = self.hidden_names();
        let hidden = [SUBJECTS, XOR, SUM]
            .map(bare)
            .into_iter()
            .chain(hidden_names.iter().map(|n| bare(n)));
        let columns: Vec<Expr> = keys.chain(visible).chain(hidden).collect();
        cells.project(columns)?.build()
    }

    /// Name of the column of a part.
    pub(super) fn cell(&self, index: usize) -> String {
        name("p", index)
    }

    /// What a subject contributes to a part.
    fn contribution(&self, index: usize, part: &Part) -> Expr {
        let amount = match part.role {
            Role::Total => bare(&name("s", index)),
            _ if part.has_values() => bare(&name("c", index)),
            _ => bare(ROWS),
        };
        cast(amount, DataType::Float64)
    }

    /// Hidden columns of a part over rows of [`Self::subjects`].
    fn hidden(&self, index: usize, part: &Part) -> Result<Vec<Expr>> {
        let one_if = |condition: Expr| when(condition, lit(1i64)).otherwise(lit(0i64));
        let amount = self.contribution(index, part);
        let size = Expr::ScalarFunction(ScalarFunction::new_udf(abs(), vec![amount.clone()]));
        let mut values = vec![
            sum(size.clone()).alias(name("total", index)),
            max(size.clone()).alias(name("first", index)),
            aggregate(functions::second_greatest(), vec![size]).alias(name("second", index)),
            // Sums of whole numbers without a sign wrap around.
            sum(functions::contribution().call(vec![bare(UNIT), amount])).alias(name("key", index)),
        ];
        if part.has_values() {
            let counted = bare(&name("c", index));
            values.push(sum(counted.clone()).alias(name("sum_c", index)));
            values.push(sum(one_if(counted.gt(lit(0i64)))?).alias(name("with", index)));
        }
        if part.is_total() {
            let total = bare(&name("s", index));
            values.push(sum(total.clone()).alias(name("sum_s", index)));
            values.push(sum(one_if(total.not_eq(lit(0i64)))?).alias(name("nonzero", index)));
        }
        Ok(values)
    }

    fn hidden_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (index, part) in self.per_subject() {
            names.extend(["total", "first", "second", "key"].map(|stem| name(stem, index)));
            names.extend(part.has_values().then(|| name("with", index)));
            names.extend(part.is_total().then(|| name("nonzero", index)));
        }
        names
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

pub(super) fn product_name(one: usize, other: usize) -> String {
    format!("q{one}_{other}")
}
