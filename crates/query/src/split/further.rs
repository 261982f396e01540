//! Lower plans beside the main one: different values, and members of a second domain.

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result, ScalarValue},
    functions::math::abs,
    functions_aggregate::expr_fn::{count, max, sum},
    logical_expr::{Expr, LogicalPlan, cast, expr::ScalarFunction, lit, when},
};

use super::{
    lower::{Builder, UNIT, bare, count_distinct, is_measured, name},
    rows::clamped,
};
use crate::check::{plan::cell_column, release::Figure};

impl Builder<'_> {
    /// Different values per cell, and the subjects that have one.
    pub(super) fn distinct(&self, index: usize, figure: &Figure) -> Result<LogicalPlan> {
        let argument = figure.argument.clone().unwrap_or_else(|| lit(ScalarValue::Null));
        let rows = self.rows(vec![argument.alias("d")])?;
        let with = when(bare("d").is_not_null(), bare(UNIT)).end()?;
        let values = vec![
            count_distinct(bare("d")).alias(self.cell(index)),
            count_distinct(with).alias(name("with", index)),
        ];
        let keys = self
            .keys()
            .into_iter()
            .enumerate()
            .map(|(i, key)| key.alias(cell_column(i)));
        let columns: Vec<Expr> = keys
            .chain([bare(&self.cell(index)), bare(&name("with", index))])
            .collect();
        rows.aggregate(self.keys(), values)?.project(columns)?.build()
    }

    /// Members of a second domain per cell, and how much the greatest of them stands for.
    pub(super) fn domain(&self, index: usize, column: &Column) -> Result<LogicalPlan> {
        let measured: Vec<(usize, &Figure)> = self.figures().filter(|(_, f)| is_measured(f)).collect();
        let mut further = vec![Expr::Column(column.clone()).alias("e")];
        let mut totals = vec![cast(count_distinct(bare(UNIT)), DataType::Float64).alias("weight")];
        let mut values = vec![count(lit(1i64)).alias(name("members", index))];
        values.extend(share(bare("weight"), &format!("domain{index}_rows")));
        for (figure_index, figure) in &measured {
            let argument = figure.argument.clone().unwrap_or_else(|| lit(ScalarValue::Null));
            further.push(clamped(argument, figure.bounds, self.relation())?.alias(name("a", *figure_index)));
            let size = cast(bare(&name("a", *figure_index)), DataType::Float64);
            let size = Expr::ScalarFunction(ScalarFunction::new_udf(abs(), vec![size]));
            totals.push(sum(size).alias(name("w", *figure_index)));
            values.extend(share(
                bare(&name("w", *figure_index)),
                &format!("domain{index}_{figure_index}"),
            ));
        }
        let by: Vec<Expr> = self.keys().into_iter().chain([bare("e")]).collect();
        let names: Vec<String> = values.iter().map(|value| value.qualified_name().1).collect();
        let keys = self
            .keys()
            .into_iter()
            .enumerate()
            .map(|(i, key)| key.alias(cell_column(i)));
        let columns: Vec<Expr> = keys.chain(names.iter().map(|n| bare(n))).collect();
        self.rows(further)?
            .aggregate(by, totals)?
            .aggregate(self.keys(), values)?
            .project(columns)?
            .build()
    }
}

fn share(weight: Expr, stem: &str) -> [Expr; 2] {
    [
        sum(weight.clone()).alias(format!("{stem}_total")),
        max(weight).alias(format!("{stem}_greatest")),
    ]
}
