//! The part of the walk about rows that stay with their subject, and about released values that they are compared or
//! joined with.

use datafusion::{
    common::{
        Column,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::{Expr, LogicalPlan, Window},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Use;

use super::{
    blame::{pointing, told},
    nearest::subjects,
    origin::Released,
    per_subject,
    plan::{Found, Walk, rebuild},
    relation::{Leaf, Relation, Stage, columns_of},
    stage::{self, Step},
    window,
};
use crate::refusal::Explain;

impl Walk<'_> {
    /// A new name for a leaf, never one of the analyst.
    pub(super) fn alias(&mut self) -> String {
        self.leaves += 1;
        format!("t{}", self.leaves - 1)
    }

    /// What a plan over released values yields, to be joined with personal rows: it is run before they are read.
    pub(super) fn released(&mut self, plan: &LogicalPlan, optional: bool) -> Result<Leaf, Refusal> {
        let Some(keys) = stage::unique(plan, &self.steps) else {
            let refusal = Refusal::unmet("join_not_allowed")
                .under(&self.citations.join_risk)
                .fact("node", "released_repeats")
                .fact("use", Use::Group.name())
                .fact("table", stage::RELEASED);
            return Err(refusal.instruct("group_before_join"));
        };
        let released = Released {
            step: self.steps.len(),
            keys: keys.into_iter().collect(),
            scalar: false,
            optional,
        };
        self.steps.push(Step::Table(plan.clone()));
        Ok(stage::released_leaf(plan, self.alias(), released))
    }

    /// The relation with every scalar subquery over released values as a constant of its own.
    pub(super) fn settled(&mut self, mut rows: Relation) -> Result<Relation, Refusal> {
        if rows.stage() != Stage::Personal {
            return Ok(rows);
        }
        let mut leaves = Vec::new();
        for filter in &mut rows.filters {
            *filter = self.constants(filter.clone(), &mut leaves)?;
        }
        for output in &mut rows.outputs {
            output.value = self.constants(output.value.clone(), &mut leaves)?;
        }
        rows.leaves.extend(leaves);
        Ok(rows)
    }

    fn constants(&mut self, expr: Expr, leaves: &mut Vec<Leaf>) -> Result<Expr, Refusal> {
        let put = expr.transform_up(|node| match node {
            Expr::ScalarSubquery(subquery) if subquery.outer_ref_columns.is_empty() => {
                let plan = subquery.subquery.as_ref();
                let released = Released {
                    step: self.steps.len(),
                    keys: Vec::new(),
                    scalar: true,
                    optional: false,
                };
                self.steps.push(Step::Table(plan.clone()));
                let leaf = stage::released_leaf(plan, self.alias(), released);
                let name = leaf.schema.field(0).name();
                let column = Column::new(Some(leaf.alias.as_str()), name);
                leaves.push(leaf);
                Ok(Transformed::yes(Expr::Column(column)))
            }
            other => Ok(Transformed::no(other)),
        });
        put.data().map_err(|_| Refusal::unmet("query_not_planned"))
    }

    /// A window that stays with the subject, or one over what is free.
    pub(super) fn window(
        &mut self,
        plan: &LogicalPlan,
        window: &Window,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&window.input)?;
        let upper = rebuild(plan, vec![input])?;
        match found {
            Found::Rows(rows) if rows.stage() == Stage::Personal => {
                let rows = self.settled(*rows)?;
                let alias = self.alias();
                let rows = window::windowed(rows, window, alias, self.citations)?;
                Ok((Found::Rows(Box::new(rows)), upper))
            }
            found => {
                self.to_free(found, Some("window"))?;
                Ok((Found::Free, upper))
            }
        }
    }

    /// Different rows of each subject, or of what is free.
    pub(super) fn distinct(
        &mut self,
        plan: &LogicalPlan,
        input: &LogicalPlan,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, upper) = self.walk(input)?;
        let upper = rebuild(plan, vec![upper])?;
        match found {
            Found::Rows(rows) if rows.stage() == Stage::Personal => {
                let rows = self.settled(*rows)?;
                let shown: Vec<Expr> = rows.outputs.iter().map(|output| output.value.clone()).collect();
                if !per_subject::hold_subject(&rows, &shown) {
                    return Err(self.raw_rows(&rows, Some("distinct")));
                }
                let alias = self.alias();
                let rows = per_subject::different(rows, input.schema(), alias, self.citations)?;
                Ok((Found::Rows(Box::new(rows)), upper))
            }
            // A list is joined as a set anyway.
            Found::Rows(rows) if rows.is_own_list() => Ok((Found::Rows(rows), upper)),
            found => {
                self.to_free(found, Some("distinct"))?;
                Ok((Found::Free, upper))
            }
        }
    }

    /// Rows of one subject each were to go out.
    pub(super) fn one_per_subject(&self, rows: &Relation) -> Refusal {
        let refusal = Refusal::unmet("small_group_key")
            .under(&self.citations.raw_stays)
            .fact("node", "group_key")
            .fact("use", Use::Group.name());
        let unit = rows
            .outputs
            .iter()
            .flat_map(|output| columns_of(&output.value).into_values());
        let unit = unit.chain(rows.leaves.iter().flat_map(|leaf| {
            let names = leaf.schema.fields().iter().map(|field| field.name().clone());
            names.map(|name| Column::new(Some(leaf.alias.as_str()), name))
        }));
        let is_unit = |column: &Column| rows.leaf(column).is_some_and(|leaf| leaf.is_unit(&column.name));
        let found = unit.into_iter().find(is_unit);
        match &found {
            Some(column) => pointing(refusal, rows, column).nearest_sql(subjects(told(rows, column))),
            None => refusal.instruct("aggregate_first"),
        }
    }
}
