//! Plans over gated cells and public rows: the analyst's own above the releases, and what later releases read.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    catalog::{MemTable, TableProvider},
    common::{
        Column, DFSchema, Result, plan_err,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    datasource::provider_as_source,
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, expr_rewriter::NamePreserver},
};
use shuyu_privacy::TableKind;

use super::rows::guard_days;
use crate::{
    check::{Sealed, stage::step_of},
    provider::{GovernedTable, Source},
};

/// The plan with real tables in place of the planned ones, and far days kept out of truncation.
///
/// # Errors
/// When a personal table is left in the plan: then the split is broken and nothing may run.
pub(crate) fn furnish(plan: &LogicalPlan, sealed: &Sealed, source: &Source) -> Result<LogicalPlan> {
    let furnished = plan.clone().transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else {
            return guarded(node);
        };
        let name = scan.table_name.table();
        let result = step_of(name).and_then(|step| source.results.get(step));
        let provider: Arc<dyn TableProvider> = match result {
            Some(rows) => Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?),
            None => match sealed.grants().get(name) {
                Some(grant) if !matches!(grant.kind, TableKind::Personal { .. }) => Arc::new(GovernedTable {
                    name: name.to_owned(),
                    grant: grant.clone(),
                    schema: scan.source.schema(),
                    source: source.clone(),
                }),
                _ => return plan_err!("a table that may not stand above the release"),
            },
        };
        let scan = LogicalPlanBuilder::scan(scan.table_name.clone(), provider_as_source(provider), None)?;
        Ok(Transformed::yes(scan.build()?))
    });
    furnished.data()
}

/// The node with far days left out of truncation, under the same names.
fn guarded(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schemas: Vec<Arc<DFSchema>> = node
        .inputs()
        .iter()
        .map(|input| Arc::clone(input.schema()))
        .collect();
    let is_day = |column: &Column| {
        let mut found = schemas
            .iter()
            .filter_map(|schema| schema.qualified_field_from_column(column).ok());
        found.any(|(_, field)| *field.data_type() == DataType::Date32)
    };
    let names = NamePreserver::new(&node);
    let guarded = node.map_expressions(|expr| {
        let saved = names.save(&expr);
        let guarded = expr.transform_up(|inner| match inner {
            Expr::ScalarFunction(function) if matches!(function.func.name(), "date_trunc" | "to_char") => {
                guard_days(function, is_day).map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(guarded.update_data(|expr| saved.restore(expr)))
    })?;
    if guarded.transformed {
        guarded.map_data(LogicalPlan::recompute_schema)
    } else {
        Ok(guarded)
    }
}
