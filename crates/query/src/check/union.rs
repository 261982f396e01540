//! UNION ALL of personal rows: branches that a constant group key tells apart (A3.5).
//!
//! Then no cell has rows of two branches, so that each branch is a release of its own: a subject counts once in every
//! cell it stands in, in as many cells as it stands in, and the gate and the release ledger see every cell. Branches
//! that share cells would weigh a subject by how many of them it is in.

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, Result as PlanResult},
    logical_expr::{Aggregate, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Union},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Use;

use super::{
    blame::{first_column, pointing},
    constant,
    membership::{How, of_join},
    per_subject::is_subject,
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
        branches
            .iter()
            .try_for_each(|rows| self.same_types(rows, union))?;
        Ok((Found::Branches(branches), rebuild(plan, inputs)?))
    }

    /// A branch has the types of the union: a conversion to a common type could fail on a row. Of the subject of rows that
    /// may be missing only that it is there is known ([`super::matches`]), whatever its type.
    fn same_types(&self, rows: &Relation, union: &Union) -> Result<(), Refusal> {
        let schema = release::base_schema(rows)?;
        let differs = |value: &Expr, wanted: &DataType| match value {
            Expr::Column(column)
                if rows
                    .leaf(column)
                    .is_some_and(|leaf| leaf.is_presence(&column.name)) =>
            {
                false
            }
            value => value.get_type(&schema).ok().as_ref() != Some(wanted),
        };
        let mut columns = rows.outputs.iter().zip(union.schema.fields());
        let Some((output, _)) = columns.find(|(output, field)| differs(&output.value, field.data_type()))
        else {
            return Ok(());
        };
        let refusal = Refusal::unmet("types_differ").under(&self.citations.raw_stays);
        let about = first_column(&output.value);
        Err(about_branch(refusal, rows, about.as_ref())
            .fact("node", "union")
            .instruct("same_type_in_branches"))
    }

    /// A join with the branches of a union on a side; `None` if there are none. One that keeps their rows by whether
    /// their subject is on the other side is one of each branch.
    ///
    /// # Errors
    /// `node_not_allowed` for every other, and those of [`Self::by_subject`].
    pub(super) fn join_of_branches(
        &mut self,
        (left, right): (&Found, &Found),
        join: &Join,
    ) -> Result<Option<Found>, Refusal> {
        let (branches, other, turned) = match (left, right) {
            (Found::Branches(branches), other) => (branches, other, false),
            (other, Found::Branches(branches)) => (branches, other, true),
            _ => return Ok(None),
        };
        let keeps = matches!(of_join(join), Some((How::Among | How::Apart, of)) if of == turned);
        if let (Found::Rows(other), true) = (other, keeps) {
            let mut kept = Vec::new();
            for rows in branches {
                let sides = if turned {
                    (&**other, rows)
                } else {
                    (rows, &**other)
                };
                kept.extend(self.by_subject(sides.0, sides.1, join)?);
            }
            if kept.len() == branches.len() {
                return Ok(Some(Found::Branches(kept)));
            }
        }
        self.over_branches(branches, Some("join")).map(|()| None)
    }

    /// A step over the rows of branches that is not taken.
    ///
    /// # Errors
    /// `node_not_allowed`, always if there is a branch.
    pub(super) fn over_branches(&self, branches: &[Relation], node: Option<&str>) -> Result<(), Refusal> {
        let Some(rows) = branches.first() else {
            return Ok(());
        };
        let refusal = self.raw_rows(rows, Some(node.unwrap_or("union")));
        Err(match node {
            Some("join" | "window") => refusal.instruct("inside_branches"),
            _ => refusal,
        })
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
            if let Some(Expr::Column(subject)) = keys.iter().find(|key| is_subject(&rows, key)) {
                return Err(self.unnamed(&rows, Some(subject)));
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
                let key = aggregate.group_expr.iter().find_map(|key| {
                    let written = rows.write_out(key, aggregate.input.schema()).ok()?;
                    first_column(&written)
                });
                return Err(self.unnamed(rows, key.as_ref()));
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

    /// Branches that no constant key tells apart; `key` is a column that they are grouped by.
    fn unnamed(&self, rows: &Relation, key: Option<&Column>) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed").under(&self.citations.raw_stays);
        let refusal = refusal.fact("node", "union_unnamed").instruct("name_branches");
        about_branch(refusal, rows, key)
    }
}

/// Adds a column of a branch, else its table, and the use that is asked for.
fn about_branch(refusal: Refusal, rows: &Relation, column: Option<&Column>) -> Refusal {
    let refusal = refusal.fact("use", Use::Group.name());
    let shown = rows.outputs.iter().find_map(|output| first_column(&output.value));
    match (column.or(shown.as_ref()), rows.personal()) {
        (Some(column), _) => pointing(refusal, rows, column),
        (None, Some(leaf)) => refusal.fact("table", &leaf.table),
        (None, None) => refusal,
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
