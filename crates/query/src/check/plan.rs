//! The walk over the logical plan. Every variant is named, without a wildcard: a new one of the
//! engine below fails to compile instead of slipping through.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::{
    common::{NullEquality, Result as PlanResult},
    datasource::provider_as_source,
    logical_expr::{
        Aggregate, BinaryExpr, Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, Projection,
        TableScan, col, utils::conjunction,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Permit, PermitMode, Use};

use super::{
    blame::{first_column, naming, place},
    exact::Exact,
    expression, nearest,
    relation::{Leaf, Relation, Stage},
    release::{self, Release},
};
use crate::{provider::PlannedTable, refusal::Explain};

/// Name of the gated cells in the upper plan. No granted table may begin with two underscores.
pub(crate) const CELLS: &str = "__cells";

/// Name of the n-th column of the gated cells.
pub(crate) fn cell_column(index: usize) -> String {
    format!("c{index}")
}

/// What a node yields.
enum Found {
    /// A selection, projection and join of base tables; its rows may still be personal.
    Rows(Box<Relation>),
    /// Released cells, public rows, or rows granted for output.
    Free,
}

/// The walk through one statement.
pub(crate) struct Walk<'a> {
    pub permit: &'a Permit,
    pub citations: &'a Citations,
    pub schemas: &'a BTreeMap<String, SchemaRef>,
    pub wildcard: bool,
    /// Base tables met so far.
    pub tables: BTreeSet<String>,
    pub release: Option<Release>,
    leaves: usize,
}

impl<'a> Walk<'a> {
    pub fn new(
        permit: &'a Permit,
        citations: &'a Citations,
        schemas: &'a BTreeMap<String, SchemaRef>,
        wildcard: bool,
    ) -> Self {
        Self {
            permit,
            citations,
            schemas,
            wildcard,
            tables: BTreeSet::new(),
            release: None,
            leaves: 0,
        }
    }

    /// Checks a whole statement and returns the upper plan, in which the gated cells stand in place
    /// of the released aggregate.
    ///
    /// # Errors
    /// Every refusal of the check.
    pub fn root(&mut self, plan: &LogicalPlan) -> Result<LogicalPlan, Refusal> {
        let (found, upper) = self.walk(plan)?;
        self.to_free(found, None)?;
        Ok(upper)
    }

    fn walk(&mut self, plan: &LogicalPlan) -> Result<(Found, LogicalPlan), Refusal> {
        self.expressions(plan)?;
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(plan, scan),
            LogicalPlan::SubqueryAlias(alias) => {
                // Another name changes nothing: columns are found by their place in the schema.
                let (found, input) = self.walk(&alias.input)?;
                Ok((found, rebuild(plan, vec![input])?))
            }
            LogicalPlan::Projection(projection) => self.projection(plan, projection),
            LogicalPlan::Filter(filter) => {
                let (found, input) = self.walk(&filter.input)?;
                let found = match found {
                    Found::Rows(rows) => {
                        Found::Rows(Box::new(rows.filter(&filter.predicate, filter.input.schema())?))
                    }
                    Found::Free => Found::Free,
                };
                Ok((found, rebuild(plan, vec![input])?))
            }
            LogicalPlan::Join(join) => self.join(plan, join),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(plan, aggregate),
            LogicalPlan::Sort(_) => self.free(plan, "sort"),
            LogicalPlan::Limit(_) => self.free(plan, "limit"),
            LogicalPlan::Window(_) => self.free(plan, "window"),
            LogicalPlan::Distinct(_) => self.free(plan, "distinct"),
            LogicalPlan::Union(_) => self.free(plan, "union"),
            LogicalPlan::Values(_) => self.free(plan, "values"),
            LogicalPlan::EmptyRelation(_) => self.free(plan, "empty"),
            LogicalPlan::Subquery(_) => Err(self.node("lateral")),
            LogicalPlan::Repartition(_) => Err(self.node("repartition")),
            LogicalPlan::Unnest(_) => Err(self.node("unnest")),
            LogicalPlan::RecursiveQuery(_) => Err(self.node("recursive_query")),
            LogicalPlan::Extension(_) => Err(self.node("extension")),
            LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => Err(statement("EXPLAIN")),
            LogicalPlan::DescribeTable(_) => Err(statement("DESCRIBE")),
            LogicalPlan::Copy(_) => Err(statement("COPY")),
            LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Statement(_) => Err(statement("")),
        }
    }

    fn node(&self, node: &str) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed").under(&self.citations.raw_stays);
        refusal.fact("node", node).instruct("aggregate_first")
    }

    /// Vocabulary and subqueries of the node's own expressions.
    fn expressions(&mut self, plan: &LogicalPlan) -> Result<(), Refusal> {
        let mut subquery = |inner: &LogicalPlan| self.subquery(inner);
        plan.expressions()
            .iter()
            .try_for_each(|expr| expression::check(expr, &mut subquery))
    }

    /// A subquery inside an expression may read public rows and rows granted for output only: which
    /// rows it selects would otherwise speak of persons.
    fn subquery(&mut self, plan: &LogicalPlan) -> Result<(), Refusal> {
        let before = self.release.is_some();
        let (found, _) = self.walk(plan)?;
        self.to_free(found, Some("subquery"))?;
        if self.release.is_some() == before {
            Ok(())
        } else {
            Err(self.node("subquery"))
        }
    }

    /// Rows that go on as they are: never personal ones.
    fn to_free(&self, found: Found, node: Option<&str>) -> Result<(), Refusal> {
        let Found::Rows(rows) = found else { return Ok(()) };
        match rows.stage() {
            Stage::Public => Ok(()),
            Stage::NonPersonal => {
                release::check_rows(&rows, self.citations)?;
                let schema = release::base_schema(&rows)?;
                let exact = Exact {
                    relation: &rows,
                    schema: &schema,
                    citations: self.citations,
                    wanted: Use::Out,
                };
                rows.outputs
                    .iter()
                    .try_for_each(|output| exact.judge(&output.value))
            }
            Stage::Personal => Err(self.raw_rows(&rows, node)),
        }
    }

    fn raw_rows(&self, rows: &Relation, node: Option<&str>) -> Refusal {
        let refusal = match node {
            Some(node) => self.node(node),
            None => {
                let code = if self.wildcard { "select_star" } else { "raw_rows" };
                Refusal::unmet(code)
                    .under(&self.citations.raw_stays)
                    .fact("node", "output")
            }
        };
        let shown = rows.outputs.iter().find_map(|output| {
            first_column(&output.value).filter(|column| {
                let leaf = rows.leaf(column);
                leaf.is_some_and(|leaf| leaf.stage() == Stage::Personal)
            })
        });
        let refusal = match shown {
            Some(column) => naming(refusal, rows, &column).at(place(&column), ""),
            None => refusal,
        };
        let personal = rows.leaves.iter().find(|leaf| leaf.stage() == Stage::Personal);
        match personal {
            Some(leaf) => refusal
                .fact("table", &leaf.table)
                .nearest_sql(nearest::grouped(leaf)),
            None => refusal,
        }
    }

    fn scan(&mut self, plan: &LogicalPlan, scan: &TableScan) -> Result<(Found, LogicalPlan), Refusal> {
        let name = scan.table_name.table();
        let plain = scan.projection.is_none() && scan.filters.is_empty() && scan.fetch.is_none();
        let (Some(grant), Some(schema), true) = (self.permit.tables.get(name), self.schemas.get(name), plain)
        else {
            return Err(self.node("scan"));
        };
        self.tables.insert(name.to_owned());
        let leaf = Leaf {
            alias: format!("t{}", self.leaves),
            table: name.to_owned(),
            grant: grant.clone(),
            schema: Arc::clone(schema),
        };
        self.leaves += 1;
        Ok((Found::Rows(Box::new(Relation::scan(leaf))), plan.clone()))
    }

    fn projection(
        &mut self,
        plan: &LogicalPlan,
        projection: &Projection,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&projection.input)?;
        let found = match found {
            Found::Rows(rows) => Found::Rows(Box::new(
                rows.project(&projection.expr, projection.input.schema())?,
            )),
            Found::Free => Found::Free,
        };
        Ok((found, rebuild(plan, vec![input])?))
    }

    fn join(&mut self, plan: &LogicalPlan, join: &Join) -> Result<(Found, LogicalPlan), Refusal> {
        let (left, left_plan) = self.walk(&join.left)?;
        let (right, right_plan) = self.walk(&join.right)?;
        let inner =
            join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNothing;
        let upper = rebuild(plan, vec![left_plan, right_plan])?;
        match (left, right) {
            (Found::Rows(left), Found::Rows(right)) if inner => {
                let mut rows = left.beside(*right);
                let on = join.on.iter().map(|(left, right)| {
                    Expr::BinaryExpr(BinaryExpr::new(
                        Box::new(left.clone()),
                        Operator::Eq,
                        Box::new(right.clone()),
                    ))
                });
                if let Some(condition) = conjunction(on.chain(join.filter.clone())) {
                    rows = rows.filter(&condition, &join.schema)?;
                }
                Ok((Found::Rows(Box::new(rows)), upper))
            }
            (left, right) => {
                self.to_free(left, Some("join"))?;
                self.to_free(right, Some("join"))?;
                Ok((Found::Free, upper))
            }
        }
    }

    fn aggregate(
        &mut self,
        plan: &LogicalPlan,
        aggregate: &Aggregate,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&aggregate.input)?;
        let Found::Rows(rows) = found else {
            return Ok((Found::Free, rebuild(plan, vec![input])?));
        };
        if rows.stage() == Stage::Public {
            return Ok((Found::Free, rebuild(plan, vec![input])?));
        }
        // Limits that the query sets itself mean something in mode `dp` alone.
        let own_limits = self.permit.mode == PermitMode::Dp;
        let Some(release) = release::check(&rows, aggregate, self.citations, own_limits)? else {
            return Ok((Found::Free, rebuild(plan, vec![input])?));
        };
        if self.release.is_some() {
            // Two releases of one statement could be margins of each other.
            let refusal = Refusal::unmet("one_release_per_statement").under(&self.citations.raw_stays);
            return Err(refusal.fact("node", "aggregate").instruct("ask_one_by_one"));
        }
        self.release = Some(release);
        let cells = cells_in_place_of(aggregate).map_err(|_| Refusal::unmet("query_not_planned"))?;
        Ok((Found::Free, cells))
    }

    /// A node that is free above the release and on public rows, and refused on personal rows.
    fn free(&mut self, plan: &LogicalPlan, node: &str) -> Result<(Found, LogicalPlan), Refusal> {
        let mut inputs = Vec::new();
        for input in plan.inputs() {
            let (found, input) = self.walk(input)?;
            self.to_free(found, Some(node))?;
            inputs.push(input);
        }
        Ok((Found::Free, rebuild(plan, inputs)?))
    }
}

fn statement(name: &str) -> Refusal {
    Refusal::unmet("query_statement_not_allowed")
        .fact("statement", name)
        .instruct("one_select")
}

/// The same node over other inputs.
fn rebuild(plan: &LogicalPlan, inputs: Vec<LogicalPlan>) -> Result<LogicalPlan, Refusal> {
    let same = plan.inputs().into_iter().eq(inputs.iter());
    if same {
        return Ok(plan.clone());
    }
    plan.with_new_exprs(plan.expressions(), inputs)
        .map_err(|_| Refusal::unmet("query_not_planned"))
}

/// A scan of the gated cells under the very names of the aggregate's columns.
fn cells_in_place_of(aggregate: &Aggregate) -> PlanResult<LogicalPlan> {
    let fields = aggregate.schema.fields().iter().enumerate();
    let schema = Schema::new(
        fields
            .map(|(i, field)| Field::new(cell_column(i), field.data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    let source = provider_as_source(Arc::new(PlannedTable {
        schema: Arc::new(schema),
    }));
    let columns = aggregate.schema.iter().enumerate().map(|(i, (relation, field))| {
        let cell = col(format!("{CELLS}.{}", cell_column(i)));
        cell.alias_qualified(relation.cloned(), field.name())
    });
    LogicalPlanBuilder::scan(CELLS, source, None)?
        .project(columns)?
        .build()
}
