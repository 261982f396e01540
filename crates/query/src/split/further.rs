//! Lower plans beside the main one: different values, and members of a second domain.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result, ScalarValue},
    functions::math::abs,
    functions_aggregate::{
        bit_and_or_xor::bit_xor_udaf,
        expr_fn::{count, max, min, sum},
    },
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, expr::ScalarFunction, lit, when},
};

use super::{
    calls::aggregate,
    layout,
    lower::{Builder, UNIT, bare, name},
};
use crate::check::{
    figure::{Part, Role},
    plan::cell_column,
};

/// Name of the column of values that are counted.
pub(super) const VALUE: &str = "d";

impl Builder<'_> {
    /// The subjects of each cell that have a value at all.
    pub(super) fn holders(&self, index: usize, part: &Part) -> Result<LogicalPlan> {
        let rows = self.values(part)?;
        let with = when(bare(VALUE).is_not_null(), bare(UNIT)).end()?;
        let counted = self.subjects(with).alias(name("with", index));
        rows.aggregate(self.keys(), vec![counted])?
            .project(self.cells([bare(&name("with", index))]))?
            .build()
    }

    /// Different values per cell, or the greatest or smallest of them. A value counts where at least `k + j` subjects
    /// of the cell hold it (A3.6): a rarer one would be seen by its absence in another cell.
    pub(super) fn held(&self, index: usize, part: &Part) -> Result<LogicalPlan> {
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
        let held = bare(VALUE).is_not_null().and(held);
        let value = when(held.clone(), bare(VALUE)).end()?;
        let made = match part.role {
            Role::Greatest => max(value),
            Role::Smallest => min(value),
            _ => sum(when(held, lit(1i64)).otherwise(lit(0i64))?),
        };
        self.values(part)?
            .aggregate(by(&[VALUE, UNIT]), Vec::<Expr>::new())?
            .aggregate(by(&[VALUE]), subjects)?
            .aggregate(self.keys(), vec![made.alias(self.cell(index))])?
            .project(self.cells([bare(&self.cell(index))]))?
            .build()
    }

    /// The values of a part, row by row, with their subjects.
    pub(super) fn ranks(&self, part: &Part) -> Result<LogicalPlan> {
        let value = cast(self.value(part)?, DataType::Float64).alias(VALUE);
        self.rows(vec![value])?.filter(bare(VALUE).is_not_null())?.build()
    }

    /// Rows with the value that is counted.
    fn values(&self, part: &Part) -> Result<LogicalPlanBuilder> {
        let argument = part
            .core
            .as_ref()
            .map_or_else(|| lit(ScalarValue::Null), |core| core.value.clone());
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
        let measured: Vec<(usize, &Part)> = self.parts().filter(|(_, part)| part.is_total()).collect();
        let mut further = vec![Expr::Column(column.clone()).alias("e")];
        let mut totals = vec![cast(self.subjects(bare(UNIT)), DataType::Float64).alias("weight")];
        let mut values = vec![count(lit(1i64)).alias(name("members", index))];
        values.extend(share(bare("weight"), &format!("domain{index}_rows")));
        for (part_index, part) in &measured {
            further.push(self.value(part)?.alias(name("a", *part_index)));
            let size = cast(bare(&name("a", *part_index)), DataType::Float64);
            let size = Expr::ScalarFunction(ScalarFunction::new_udf(abs(), vec![size]));
            totals.push(sum(size).alias(name("w", *part_index)));
            values.extend(share(
                bare(&name("w", *part_index)),
                &format!("domain{index}_{part_index}"),
            ));
        }
        // Each side of a branch is a cell of its own: a firm must not stand alone behind it either.
        for (side, part) in self.parts().filter(|(_, part)| part.indicator) {
            let (there, held) = (name("b", side), name("v", side));
            further.push(
                when(self.value(part)?.is_not_null(), lit(1i64))
                    .end()?
                    .alias(&there),
            );
            let subjects = self.subjects(when(bare(&there).is_not_null(), bare(UNIT)).end()?);
            totals.push(cast(subjects, DataType::Float64).alias(&held));
            let one = when(bare(&held).gt(lit(0.0)), lit(1i64)).otherwise(lit(0i64))?;
            values.push(sum(one).alias(layout::side(index, side).members));
            values.extend(share(bare(&held), &format!("domain{index}_side{side}")));
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
