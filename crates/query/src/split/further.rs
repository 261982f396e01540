//! Lower plans beside the main one: different values, and members of a second domain.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result, ScalarValue},
    functions::math::abs,
    functions_aggregate::{
        bit_and_or_xor::bit_xor_udaf,
        expr_fn::{count, max, sum},
    },
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, expr::ScalarFunction, lit, when},
};

use super::{
    calls::{aggregate, count_distinct},
    lower::{Builder, UNIT, bare, is_measured, name},
    rows::clamped,
};
use crate::check::{plan::cell_column, release::Figure};

/// Name of the column of values that are counted.
const VALUE: &str = "d";

impl Builder<'_> {
    /// The subjects of each cell that have a value at all.
    pub(super) fn holders(&self, index: usize, figure: &Figure) -> Result<LogicalPlan> {
        let rows = self.values(figure)?;
        let with = when(bare(VALUE).is_not_null(), bare(UNIT)).end()?;
        let counted = count_distinct(with).alias(name("with", index));
        rows.aggregate(self.keys(), vec![counted])?
            .project(self.cells([bare(&name("with", index))]))?
            .build()
    }

    /// Different values per cell. A value counts where at least `k + j` subjects of the cell hold it (A3.6):
    /// a rarer one would be seen by its absence in another cell.
    pub(super) fn distinct(&self, index: usize, figure: &Figure) -> Result<LogicalPlan> {
        let by = |further: &[&str]| -> Vec<Expr> {
            let further = further.iter().map(|n| bare(n));
            self.keys().into_iter().chain(further).collect()
        };
        let subjects = vec![
            count(lit(1i64)).alias("holders"),
            aggregate(bit_xor_udaf(), vec![bare(UNIT)]).alias("xor"),
            sum(bare(UNIT)).alias("units"),
        ];
        let least = ScalarFunction::new_udf(Arc::clone(&self.least), vec![bare("xor"), bare("units")]);
        let held = bare("holders").gt_eq(Expr::ScalarFunction(least));
        let held = when(bare(VALUE).is_not_null().and(held), lit(1i64)).otherwise(lit(0i64))?;
        self.values(figure)?
            .aggregate(by(&[VALUE, UNIT]), Vec::<Expr>::new())?
            .aggregate(by(&[VALUE]), subjects)?
            .aggregate(self.keys(), vec![sum(held).alias(self.cell(index))])?
            .project(self.cells([bare(&self.cell(index))]))?
            .build()
    }

    /// Rows with the value that is counted.
    fn values(&self, figure: &Figure) -> Result<LogicalPlanBuilder> {
        let argument = figure.argument.clone().unwrap_or_else(|| lit(ScalarValue::Null));
        self.rows(vec![argument.alias(VALUE)])
    }

    /// The keys of the cells under their visible names, then these columns.
    fn cells(&self, columns: impl IntoIterator<Item = Expr>) -> Vec<Expr> {
        let keys = self.keys().into_iter().enumerate();
        keys.map(|(i, key)| key.alias(cell_column(i)))
            .chain(columns)
            .collect()
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
        let columns = self.cells(names.iter().map(|n| bare(n)));
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
