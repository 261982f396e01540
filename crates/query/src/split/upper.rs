//! The upper plan: the analyst's own, over gated cells and public rows.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    catalog::{MemTable, TableProvider},
    common::{
        Result, plan_err,
        tree_node::{Transformed, TransformedResult},
    },
    datasource::provider_as_source,
    logical_expr::{LogicalPlan, LogicalPlanBuilder},
};
use shuyu_privacy::{TableGrant, TableKind};

use crate::{check::plan::CELLS, provider::GovernedTable, tables::Tables};

/// The plan with real tables in place of the planned ones.
///
/// # Errors
/// When a personal table is left in the plan: then the split is broken and nothing may run.
pub(crate) fn furnish(
    plan: &LogicalPlan,
    cells: Option<Arc<MemTable>>,
    grants: &BTreeMap<String, TableGrant>,
    tables: &Arc<dyn Tables>,
) -> Result<LogicalPlan> {
    let furnished = plan.clone().transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else {
            return Ok(Transformed::no(node));
        };
        let name = scan.table_name.table();
        let provider: Arc<dyn TableProvider> = match (name, &cells) {
            (CELLS, Some(cells)) => Arc::clone(cells) as Arc<dyn TableProvider>,
            _ => match grants.get(name) {
                Some(grant) if !matches!(grant.kind, TableKind::Personal { .. }) => Arc::new(GovernedTable {
                    name: name.to_owned(),
                    grant: grant.clone(),
                    schema: scan.source.schema(),
                    tables: Arc::clone(tables),
                }),
                _ => return plan_err!("a table that may not stand above the release"),
            },
        };
        let scan = LogicalPlanBuilder::scan(scan.table_name.clone(), provider_as_source(provider), None)?;
        Ok(Transformed::yes(scan.build()?))
    });
    furnished.data()
}
