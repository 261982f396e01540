//! The lower plans: built anew from a checked release. No node of the analyst's plan is in them.
//!
//! Rows are first merged per cell and subject, so that a subject counts once and its total is known;
//! where a table has one row per subject that step is a projection.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result},
    functions::math::abs,
    functions_aggregate::{
        bit_and_or_xor::bit_xor_udaf,
        expr_fn::{count, max, sum},
    },
    logical_expr::{
        Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, cast, col, expr::ScalarFunction, lit, try_cast,
        when,
    },
};
use shuyu_privacy::{CellLayout, DomainColumns, HiddenColumns, Statistic, StatisticColumns, Use};

use super::{
    calls::aggregate,
    classes::{self, Class},
    derived::{runs, selected},
    rows::clamped,
};
use crate::{
    check::{
        plan::cell_column,
        relation::Relation,
        release::{Figure, Release},
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
    /// What sensitive columns and measures make of larger cells.
    pub classes: Vec<Class>,
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
    let mut further = Vec::new();
    for (index, figure) in release.statistics.iter().enumerate() {
        if figure.statistic == Statistic::Distinct && !figure.of_subjects {
            further.push(builder.holders(index, figure)?);
            further.push(builder.distinct(index, figure)?);
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
const XOR: &str = "set_xor";
const SUM: &str = "set_sum";

impl Builder<'_> {
    pub(super) fn relation(&self) -> &Relation {
        &self.release.relation
    }

    pub(super) fn figures(&self) -> impl Iterator<Item = (usize, &Figure)> {
        self.release.statistics.iter().enumerate()
    }

    /// Whether a figure is computed from totals per subject.
    fn per_subject(figure: &Figure) -> bool {
        figure.statistic != Statistic::Distinct
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

    /// One row per cell and subject: keys, unit, rows, and for each figure `s` total and `c` values.
    fn subjects(&self) -> Result<LogicalPlanBuilder> {
        let mut arguments = Vec::new();
        for (index, figure) in self.figures().filter(|(_, f)| Self::per_subject(f)) {
            if let Some(argument) = &figure.argument {
                arguments
                    .push(clamped(argument.clone(), figure.bounds, self.relation())?.alias(name("a", index)));
            }
        }
        let rows = self.rows(arguments)?;
        let many = self.release.subject.many_rows;
        let mut values = vec![if many { count(lit(1i64)) } else { lit(1i64) }.alias(ROWS)];
        for (index, figure) in self
            .figures()
            .filter(|(_, f)| Self::per_subject(f) && f.argument.is_some())
        {
            let argument = bare(&name("a", index));
            let counted = match many {
                true => count(argument.clone()),
                false => when(argument.clone().is_null(), lit(0i64)).otherwise(lit(1i64))?,
            };
            values.push(counted.alias(name("c", index)));
            if is_measured(figure) {
                let total = if many { sum(argument) } else { argument };
                values.push(total.alias(name("s", index)));
            }
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
        for (index, figure) in self.figures().filter(|(_, f)| Self::per_subject(f)) {
            values.extend(self.hidden(index, figure)?);
        }
        let cells = self.subjects()?.aggregate(self.keys(), values)?;
        let visible = self
            .figures()
            .filter(|(_, f)| Self::per_subject(f) || f.of_subjects)
            .map(|(index, figure)| {
                let value = match figure.statistic {
                    Statistic::Rows => bare("total_rows"),
                    Statistic::Values => bare(&name("sum_c", index)),
                    Statistic::Sum => bare(&name("sum_s", index)),
                    Statistic::Share => {
                        let rows = cast(bare("total_rows"), DataType::Float64);
                        cast(bare(&name("sum_c", index)), DataType::Float64) / rows
                    }
                    // Of a spread only whether it can be: the release ledger puts the value in.
                    Statistic::Mean | Statistic::Spread => {
                        let values = cast(bare(&name("sum_c", index)), DataType::Float64);
                        cast(bare(&name("sum_s", index)), DataType::Float64) / values
                    }
                    Statistic::Distinct => bare(SUBJECTS),
                };
                try_cast(value, figure.data_type.clone()).alias(self.cell(index))
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

    /// Name of the visible column of a figure.
    pub(super) fn cell(&self, index: usize) -> String {
        cell_column(self.release.keys.len() + index)
    }

    /// What a subject contributes to a figure.
    fn contribution(&self, index: usize, figure: &Figure) -> Expr {
        let amount = match figure.statistic {
            Statistic::Rows => bare(ROWS),
            Statistic::Values | Statistic::Share => bare(&name("c", index)),
            Statistic::Sum | Statistic::Mean | Statistic::Spread | Statistic::Distinct => {
                bare(&name("s", index))
            }
        };
        cast(amount, DataType::Float64)
    }

    /// Hidden columns of a figure over rows of [`Self::subjects`].
    fn hidden(&self, index: usize, figure: &Figure) -> Result<Vec<Expr>> {
        let one_if = |condition: Expr| when(condition, lit(1i64)).otherwise(lit(0i64));
        let amount = self.contribution(index, figure);
        let size = Expr::ScalarFunction(ScalarFunction::new_udf(abs(), vec![amount.clone()]));
        let mut values = vec![
            sum(size.clone()).alias(name("total", index)),
            max(size.clone()).alias(name("first", index)),
            aggregate(functions::second_greatest(), vec![size]).alias(name("second", index)),
            aggregate(functions::contribution_key(), vec![bare(UNIT), amount]).alias(name("key", index)),
        ];
        if figure.argument.is_some() {
            let counted = bare(&name("c", index));
            values.push(sum(counted.clone()).alias(name("sum_c", index)));
            values.push(sum(one_if(counted.gt(lit(0i64)))?).alias(name("with", index)));
        }
        if is_measured(figure) {
            let total = bare(&name("s", index));
            values.push(sum(total.clone()).alias(name("sum_s", index)));
            values.push(sum(one_if(total.not_eq(lit(0i64)))?).alias(name("nonzero", index)));
        }
        Ok(values)
    }

    fn hidden_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (index, figure) in self.figures().filter(|(_, f)| Self::per_subject(f)) {
            names.extend(["total", "first", "second", "key"].map(|stem| name(stem, index)));
            names.extend(figure.argument.is_some().then(|| name("with", index)));
            names.extend(is_measured(figure).then(|| name("nonzero", index)));
        }
        names
    }

    fn layout(&self, classes: usize) -> CellLayout {
        let release = self.release;
        let statistics = self.figures().map(|(index, figure)| {
            let per_subject = Self::per_subject(figure);
            let weighed = per_subject && (is_measured(figure) || release.subject.many_rows);
            StatisticColumns {
                value: self.cell(index),
                statistic: figure.statistic,
                argument: figure
                    .argument
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
                contributors: (figure.argument.is_some() && !figure.of_subjects).then(|| name("with", index)),
                nonzero: is_measured(figure).then(|| name("nonzero", index)),
                dominance: weighed.then(|| ["total", "first", "second"].map(|stem| name(stem, index))),
                indicator: figure.indicator,
                contribution_key: per_subject.then(|| name("key", index)),
            }
        });
        let measured: Vec<usize> = self
            .figures()
            .filter(|(_, f)| is_measured(f))
            .map(|(i, _)| i)
            .collect();
        let domains = (0..release.second_domains.len()).map(|index| {
            let stems = std::iter::once(format!("domain{index}_rows"))
                .chain(measured.iter().map(|figure| format!("domain{index}_{figure}")));
            let shares = stems
                .map(|stem| [format!("{stem}_total"), format!("{stem}_greatest")])
                .collect();
            DomainColumns {
                members: name("members", index),
                shares,
            }
        });
        let datasets = self
            .relation()
            .stored()
            .into_iter()
            .map(|leaf| (leaf.grant.dataset, leaf.grant.version));
        CellLayout {
            keys: (0..release.keys.len()).map(cell_column).collect(),
            statistics: statistics.collect(),
            hidden: HiddenColumns {
                subjects: SUBJECTS.into(),
                set_xor: XOR.into(),
                set_sum: SUM.into(),
            },
            domains: domains.collect(),
            classes: (0..classes).map(classes::columns).collect(),
            domain: release.subject.domain.clone(),
            datasets: datasets.collect(),
        }
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

pub(super) fn is_measured(figure: &Figure) -> bool {
    matches!(
        figure.statistic,
        Statistic::Sum | Statistic::Mean | Statistic::Spread
    )
}
