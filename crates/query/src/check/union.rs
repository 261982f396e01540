//! UNION ALL of personal rows: branches that a constant group key tells apart (A3.5).
//!
//! Then no cell has rows of two branches, so that each branch is a release of its own: a subject counts once in every
//! cell it stands in, in as many cells as it stands in, and the gate and the release ledger see every cell. Branches
//! that share cells would weigh a subject by how many of them it is in.

use datafusion::{
    common::Result as PlanResult,
    logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Union},
};
use shuyu_kernel::Refusal;

use super::{
    constant,
    per_subject::hold_subject,
    plan::{Found, Walk, cell_column, rebuild},
    relation::{Relation, Stage},
    release,
    stage::{self, Step},
};
use crate::refusal::Explain;

impl Found {
    /// The same done to the rows of every branch.
    pub(super) fn each(self, of: impl Fn(Relation) -> Result<Relation, Refusal>) -> Result<Self, Refusal> {
        Ok(match self {
            Self::Rows(rows) => Self::Rows(Box::new(of(*rows)?)),
            Self::Branches(rows) => Self::Branches(rows.into_iter().map(of).collect::<Result<_, _>>()?),
            Self::Free => Self::Free,
        })
    }
}

impl Walk<'_> {
    /// Branches that are all personal, or a union of what is free.
    pub(super) fn union(
        &mut self,
        plan: &LogicalPlan,
        union: &Union,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (mut branches, mut free, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
        for input in &union.inputs {
            let (found, upper) = self.walk(input)?;
            inputs.push(upper);
            match found {
                Found::Rows(rows) if rows.stage() == Stage::Personal => branches.push(*rows),
                Found::Branches(rows) => branches.extend(rows),
                found => free.push(found),
            }
        }
        match branches.first() {
            None => {
                free.into_iter()
                    .try_for_each(|found| self.to_free(found, Some("union")))?;
                return Ok((Found::Free, rebuild(plan, inputs)?));
            }
            // Rows of nobody among rows of persons would count as somebody's.
            Some(first) if !free.is_empty() => return Err(self.raw_rows(first, Some("union"))),
            Some(_) => {}
        }
        for rows in &branches {
            let schema = release::base_schema(rows)?;
            let types = rows
                .outputs
                .iter()
                .map(|output| output.value.get_type(&schema).ok());
            let wanted = union
                .schema
                .fields()
                .iter()
                .map(|field| Some(field.data_type().clone()));
            // A conversion to a common type could fail on a row.
            if !types.eq(wanted) {
                let refusal = Refusal::unmet("types_differ").under(&self.citations.raw_stays);
                return Err(refusal.fact("node", "union").instruct("compare_same_type"));
            }
        }
        Ok((Found::Branches(branches), rebuild(plan, inputs)?))
    }

    /// An aggregate over branches: one release for each, and their cells one below the other.
    pub(super) fn branches(
        &mut self,
        aggregate: &Aggregate,
        branches: Vec<Relation>,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let mut names: Vec<Vec<Option<datafusion::common::ScalarValue>>> = Vec::new();
        let mut settled = Vec::new();
        for rows in branches {
            let rows = self.settled(rows)?;
            let keys = aggregate.group_expr.iter();
            let keys = keys
                .map(|key| rows.write_out(key, aggregate.input.schema()))
                .collect::<Result<Vec<Expr>, _>>()?;
            if hold_subject(&rows, &keys) {
                return Err(self.unnamed(&rows));
            }
            names.push(keys.iter().map(constant::fold).collect());
            settled.push(rows);
        }
        let apart = |one: &[Option<_>], other: &[Option<_>]| {
            let mut keys = one.iter().zip(other);
            keys.any(|(one, other)| {
                one.as_ref()
                    .zip(other.as_ref())
                    .is_some_and(|(one, other)| one != other)
            })
        };
        for (place, name) in names.iter().enumerate() {
            if let (Some(rows), true) = (
                settled.get(place),
                names.iter().skip(place + 1).any(|other| !apart(name, other)),
            ) {
                return Err(self.unnamed(rows));
            }
        }
        let unplanned = || Refusal::unmet("query_not_planned");
        let mut cells = Vec::new();
        for rows in settled {
            let release = release::check(&rows, aggregate, self.citations, false)?.ok_or_else(unplanned)?;
            let (schema, plan) =
                stage::cells_in_place_of(aggregate, self.steps.len()).map_err(|_| unplanned())?;
            self.steps.push(Step::Release {
                release: Box::new(release),
                schema,
            });
            cells.push(plan);
        }
        let upper = below_each_other(aggregate, cells).map_err(|_| unplanned())?;
        Ok((Found::Free, upper))
    }

    fn unnamed(&self, rows: &Relation) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed").under(&self.citations.raw_stays);
        let refusal = refusal.fact("node", "union_unnamed").instruct("name_branches");
        match rows.personal() {
            Some(leaf) => refusal.fact("table", &leaf.table),
            None => refusal,
        }
    }
}

/// The cells of all branches under the very names of the aggregate's columns.
fn below_each_other(aggregate: &Aggregate, cells: Vec<LogicalPlan>) -> PlanResult<LogicalPlan> {
    let mut all: Option<LogicalPlanBuilder> = None;
    for plan in cells {
        let columns = plan.schema().columns().into_iter().enumerate();
        let columns: Vec<Expr> = columns
            .map(|(place, column)| Expr::Column(column).alias(cell_column(place)))
            .collect();
        let branch = LogicalPlanBuilder::from(plan).project(columns)?;
        all = Some(match all {
            None => branch,
            Some(all) => all.union(branch.build()?)?,
        });
    }
    let Some(all) = all else {
        return datafusion::common::plan_err!("a union of nothing");
    };
    let columns = all.schema().columns().into_iter().zip(aggregate.schema.iter());
    let columns: Vec<Expr> = columns
        .map(|(column, (relation, field))| {
            Expr::Column(column).alias_qualified(relation.cloned(), field.name())
        })
        .collect();
    all.project(columns)?.build()
}
