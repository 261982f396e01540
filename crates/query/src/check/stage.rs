//! What is done one after the other: releases, and tables of released values that later releases read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::{
    common::Result as PlanResult,
    datasource::provider_as_source,
    logical_expr::{Aggregate, Distinct, Expr, JoinType, LogicalPlan, LogicalPlanBuilder, col},
};
use shuyu_kernel::{DatasetId, Refusal};
use shuyu_privacy::{Citations, TableGrant, TableKind, Use, label::Exactness};

use super::{
    blame::pointing,
    origin::{Origin, Released},
    per_subject::names,
    plan::cell_column,
    relation::{Leaf, Relation, Stage},
    release::Release,
};
use crate::{provider::PlannedTable, refusal::Explain};

/// One thing that is done before the upper plan. What comes of the n-th is the table `result_name(n)`.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Cells that pass the gate and the release ledger.
    Release {
        release: Box<Release>,
        /// Under which the cells were planned.
        schema: SchemaRef,
    },
    /// Whatever a plan over earlier results and public rows yields; read by later releases.
    Table(LogicalPlan),
}

impl Step {
    /// The release, if it is one.
    pub fn release(&self) -> Option<&Release> {
        match self {
            Self::Release { release, .. } => Some(release),
            Self::Table(_) => None,
        }
    }
}

/// What stands for the table of released values.
pub(super) const RELEASED: &str = "released";

/// Name of what came of a step, in plans over it. No granted table may begin with two underscores.
pub(crate) fn result_name(step: usize) -> String {
    format!("__cells{step}")
}

/// The step that a table stands for.
pub(crate) fn step_of(table: &str) -> Option<usize> {
    table.strip_prefix("__cells")?.parse().ok()
}

/// A scan of the cells of a step under the very names of the aggregate's columns, and their schema.
pub(super) fn cells_in_place_of(aggregate: &Aggregate, step: usize) -> PlanResult<(SchemaRef, LogicalPlan)> {
    let fields = aggregate.schema.fields().iter().enumerate();
    let schema = Arc::new(Schema::new(
        fields
            .map(|(i, field)| Field::new(cell_column(i), field.data_type().clone(), true))
            .collect::<Vec<_>>(),
    ));
    let source = provider_as_source(Arc::new(PlannedTable {
        schema: Arc::clone(&schema),
    }));
    let name = result_name(step);
    let columns = aggregate.schema.iter().enumerate().map(|(i, (relation, field))| {
        let cell = col(format!("{name}.{}", cell_column(i)));
        cell.alias_qualified(relation.cloned(), field.name())
    });
    let plan = LogicalPlanBuilder::scan(name.as_str(), source, None)?
        .project(columns)?
        .build()?;
    Ok((schema, plan))
}

/// Columns of which no two rows of a plan over released values have the same values; `None` if nobody knows.
pub(super) fn unique(plan: &LogicalPlan, steps: &[Step]) -> Option<BTreeSet<usize>> {
    let first = |plan: &LogicalPlan| unique(plan.inputs().first().copied()?, steps);
    match plan {
        LogicalPlan::TableScan(scan) => match steps.get(step_of(scan.table_name.table())?)? {
            // A total has keys that are missing, as a cell of nothing may have.
            Step::Release { release, .. } if release.sets.is_some() => None,
            Step::Release { release, .. } => Some((0..release.keys.len()).collect()),
            Step::Table(_) => None,
        },
        LogicalPlan::Projection(projection) => {
            let keys = unique(&projection.input, steps)?;
            let place = |key: usize| {
                let (relation, field) = projection.input.schema().qualified_field(key);
                let named = datafusion::common::Column::from((relation, field));
                let is_it = |expr: &Expr| match expr.clone().unalias_nested().data {
                    Expr::Column(column) => {
                        projection.input.schema().maybe_index_of_column(&column) == Some(key)
                            || column == named
                    }
                    _ => false,
                };
                projection.expr.iter().position(is_it)
            };
            keys.into_iter().map(place).collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            let sets = |expr: &Expr| matches!(expr, Expr::GroupingSet(_));
            (!aggregate.group_expr.iter().any(sets)).then(|| (0..aggregate.group_expr.len()).collect())
        }
        LogicalPlan::Distinct(Distinct::All(input)) => Some((0..input.schema().fields().len()).collect()),
        LogicalPlan::Join(join) => {
            let (left, right) = (unique(&join.left, steps)?, unique(&join.right, steps)?);
            let beside = join.left.schema().fields().len();
            match join.join_type {
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => Some(
                    left.into_iter()
                        .chain(right.into_iter().map(|key| key + beside))
                        .collect(),
                ),
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Some(left),
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => Some(right),
            }
        }
        LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Window(_) => first(plan),
        LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::Distinct(Distinct::On(_))
        | LogicalPlan::Subquery(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::RecursiveQuery(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Statement(_) => None,
    }
}

/// A leaf of what a step yields. `keys` as in [`Released`].
pub(super) fn released_leaf(plan: &LogicalPlan, alias: String, released: Released) -> Leaf {
    let shown = plan.schema();
    let names = names(shown.fields().iter().map(|field| field.name().as_str()), |_| {
        false
    });
    let fields = shown.fields().iter().zip(names);
    let fields: Vec<Field> = fields
        .map(|(field, name)| Field::new(name, field.data_type().clone(), true))
        .collect();
    Leaf {
        alias,
        table: RELEASED.to_owned(),
        grant: TableGrant {
            dataset: DatasetId::from_bits(0),
            version: 0,
            kind: TableKind::Public,
            provider: None,
            columns: BTreeMap::new(),
            struck: Vec::new(),
            rows: None,
        },
        schema: Arc::new(Schema::new(fields)),
        origin: Origin::Released(released),
    }
}

/// Released rows are joined on dimensions only, and on all that tells them apart: so that a person has one of them,
/// and that a link or a value of a person meets no constant by way of a table (A3.1, A3.5).
///
/// # Errors
/// `join_not_allowed`.
pub(super) fn check_released(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    for leaf in &relation.leaves {
        let Some(released) = leaf.released() else { continue };
        let mut joined = BTreeSet::new();
        for (left, right) in &relation.equalities {
            for (own, other) in [(left, right), (right, left)] {
                if relation.leaf(own).is_none_or(|of| of.alias != leaf.alias) {
                    continue;
                }
                if !is_dimension(relation, own) {
                    return Err(
                        refused(relation, other, "released_key", citations).instruct("join_on_dimension")
                    );
                }
                joined.extend(leaf.schema.index_of(&own.name));
            }
        }
        if let Some(key) = released.keys.iter().find(|key| !joined.contains(*key)) {
            let name = leaf.schema.field(*key).name();
            let column = datafusion::common::Column::new(Some(leaf.alias.as_str()), name);
            return Err(refused(relation, &column, "released_repeats", citations).instruct("join_all_keys"));
        }
    }
    Ok(())
}

fn refused(
    relation: &Relation,
    column: &datafusion::common::Column,
    node: &str,
    citations: &Citations,
) -> Refusal {
    let refusal = Refusal::unmet("join_not_allowed")
        .under(&citations.join_risk)
        .fact("node", node)
        .fact("use", Use::Group.name());
    pointing(refusal, relation, column)
}

/// Whether a column, and all that are equated with it, may be grouped by, value by value, and is neither a link nor
/// something that is said about a person.
fn is_dimension(relation: &Relation, column: &datafusion::common::Column) -> bool {
    let label = relation.label(column);
    let own = equated(relation, column).into_iter().all(|column| {
        let leaf = relation.leaf(&column);
        leaf.is_none_or(|leaf| {
            let grant = leaf.column(&column.name).cloned().unwrap_or_default();
            leaf.stage() == Stage::Public || !(grant.speaks() || grant.uses.contains(&Use::Link))
        })
    });
    own && label.allows(Use::Group) && label.exactness == Exactness::Exact
}

/// The column and all that it is equated with.
pub(super) fn equated(
    relation: &Relation,
    column: &datafusion::common::Column,
) -> Vec<datafusion::common::Column> {
    let mut same = vec![column.clone()];
    let mut next = 0;
    while let Some(here) = same.get(next).map(|column| column.flat_name()) {
        for (left, right) in &relation.equalities {
            for (one, other) in [(left, right), (right, left)] {
                if one.flat_name() == here && !same.iter().any(|known| known.flat_name() == other.flat_name())
                {
                    same.push(other.clone());
                }
            }
        }
        next += 1;
    }
    same
}
