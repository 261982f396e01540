//! The walk over the logical plan. Every variant is named, without a wildcard: a new one of the
//! engine below fails to compile instead of slipping through.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::datatypes::SchemaRef;
use datafusion::{
    common::{NullEquality, tree_node::Transformed},
    logical_expr::{
        Aggregate, BinaryExpr, Distinct, Expr, Join, JoinType, LogicalPlan, Operator, Projection, TableScan,
        utils::conjunction,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Permit, PermitMode, Use};

use super::{
    blame::{first_column, naming, place},
    exact::Exact,
    expression, nearest,
    origin::Origin,
    per_subject,
    relation::{Leaf, Relation, Stage},
    release,
    stage::{self, Step},
    window,
};
use crate::refusal::Explain;

/// Name of the n-th column of the gated cells.
pub(crate) fn cell_column(index: usize) -> String {
    format!("c{index}")
}

/// What a node yields.
pub(super) enum Found {
    /// A selection, projection and join of base tables; its rows may still be personal.
    Rows(Box<Relation>),
    /// Personal rows of the branches of UNION ALL, column by column.
    Branches(Vec<Relation>),
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
    /// What is done first, in this order.
    pub steps: Vec<Step>,
    pub(super) leaves: usize,
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
            steps: Vec::new(),
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

    pub(super) fn walk(&mut self, plan: &LogicalPlan) -> Result<(Found, LogicalPlan), Refusal> {
        self.expressions(plan)?;
        if let LogicalPlan::Filter(filter) = plan {
            return self.selection(plan, filter);
        }
        let plan = &self.subqueries(plan)?;
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(plan, scan),
            LogicalPlan::SubqueryAlias(alias) => {
                // Another name changes nothing: columns are found by their place in the schema.
                let (found, input) = self.walk(&alias.input)?;
                Ok((found, rebuild(plan, vec![input])?))
            }
            LogicalPlan::Projection(projection) => self.projection(plan, projection),
            LogicalPlan::Filter(filter) => self.selection(plan, filter),
            LogicalPlan::Join(join) => self.join(plan, join),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(plan, aggregate),
            LogicalPlan::Sort(_) => self.free(plan, "sort"),
            LogicalPlan::Limit(_) => self.free(plan, "limit"),
            LogicalPlan::Window(window) => self.window(plan, window),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(plan, input),
            LogicalPlan::Distinct(Distinct::On(_)) => self.free(plan, "distinct"),
            LogicalPlan::Union(union) => self.union(plan, union),
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

    pub(super) fn node(&self, node: &str) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed").under(&self.citations.raw_stays);
        refusal.fact("node", node).instruct("aggregate_first")
    }

    /// Vocabulary of the node's own expressions.
    fn expressions(&mut self, plan: &LogicalPlan) -> Result<(), Refusal> {
        // Plans inside them are walked by `subqueries`.
        plan.expressions()
            .iter()
            .try_for_each(|expr| expression::check(expr, &mut |_| Ok(())))
    }

    /// The node with its subqueries as they run above the releases inside them. A subquery inside an expression
    /// reads released cells, public rows and rows granted for output only: which rows it selects would otherwise
    /// speak of persons.
    pub(super) fn subqueries(&mut self, plan: &LogicalPlan) -> Result<LogicalPlan, Refusal> {
        let mut refused = None;
        let put = plan.clone().map_subqueries(|inner| {
            let LogicalPlan::Subquery(subquery) = inner else {
                return Ok(Transformed::no(inner));
            };
            match self.subquery(&subquery.subquery) {
                Ok(upper) => Ok(Transformed::yes(LogicalPlan::Subquery(
                    subquery.with_plan(Arc::new(upper)),
                ))),
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                    Ok(Transformed::no(LogicalPlan::Subquery(subquery)))
                }
            }
        });
        match (refused, put) {
            (Some(refusal), _) => Err(refusal),
            (None, Ok(put)) => Ok(put.data),
            (None, Err(_)) => Err(Refusal::unmet("query_not_planned")),
        }
    }

    fn subquery(&mut self, plan: &LogicalPlan) -> Result<LogicalPlan, Refusal> {
        let (found, upper) = self.walk(plan)?;
        self.to_free(found, Some("subquery"))?;
        Ok(upper)
    }

    /// Rows that go on as they are: never personal ones.
    pub(super) fn to_free(&self, found: Found, node: Option<&str>) -> Result<(), Refusal> {
        let rows = match found {
            Found::Free => return Ok(()),
            Found::Rows(rows) => rows,
            Found::Branches(branches) => return self.over_branches(&branches, node),
        };
        match rows.stage() {
            Stage::Public | Stage::Own => Ok(()),
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

    pub(super) fn raw_rows(&self, rows: &Relation, node: Option<&str>) -> Refusal {
        let refusal = match node {
            Some(node) => self.node(node),
            None if window::is_derived(rows) => return self.one_per_subject(rows),
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
        let personal = rows.personal();
        // Rows would go on as they are.
        let refusal = refusal.fact("use", Use::Out.name());
        let refusal = match (shown, personal) {
            (Some(column), _) => naming(refusal, rows, &column).at(place(&column), ""),
            (None, Some(leaf)) => refusal.fact("table", &leaf.table),
            (None, None) => refusal,
        };
        match personal {
            Some(leaf) => refusal.nearest_sql(nearest::grouped(leaf)),
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
            alias: self.alias(),
            table: name.to_owned(),
            grant: grant.clone(),
            schema: Arc::clone(schema),
            origin: Origin::Stored,
        };
        Ok((Found::Rows(Box::new(Relation::scan(leaf))), plan.clone()))
    }

    fn projection(
        &mut self,
        plan: &LogicalPlan,
        projection: &Projection,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&projection.input)?;
        let found = found.each(|rows| rows.project(&projection.expr, projection.input.schema()))?;
        Ok((found, rebuild(plan, vec![input])?))
    }

    fn join(&mut self, plan: &LogicalPlan, join: &Join) -> Result<(Found, LogicalPlan), Refusal> {
        let (left, left_plan) = self.walk(&join.left)?;
        let (right, right_plan) = self.walk(&join.right)?;
        let inner =
            join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNothing;
        let upper = rebuild(plan, vec![left_plan.clone(), right_plan.clone()])?;
        let (upper_left, upper_right) = (&left_plan, &right_plan);
        if let (Found::Rows(one), Found::Rows(two)) = (&left, &right)
            && let Some(rows) = self.by_subject(one, two, join)?
        {
            return Ok((Found::Rows(Box::new(rows)), upper));
        }
        if let Some(found) = self.join_of_branches((&left, &right), join)? {
            return Ok((found, upper));
        }
        // A condition beside the equalities would decide what is missing.
        let stage_join = inner || (join.join_type == JoinType::Left && join.filter.is_none());
        match (left, right) {
            (Found::Rows(left), Found::Rows(right)) if inner => {
                let beside = left.beside(*right);
                Ok((self.on(beside, join)?, upper))
            }
            (Found::Rows(rows), Found::Free) if rows.stage() == Stage::Personal && stage_join => {
                let leaf = self.released(upper_right, join.join_type == JoinType::Left)?;
                let beside = rows.beside(Relation::scan(leaf));
                Ok((self.on(beside, join)?, upper))
            }
            (Found::Free, Found::Rows(rows)) if rows.stage() == Stage::Personal && inner => {
                let leaf = self.released(upper_left, false)?;
                let beside = Relation::scan(leaf).beside(*rows);
                Ok((self.on(beside, join)?, upper))
            }
            (left, right) => {
                self.to_free(left, Some("join"))?;
                self.to_free(right, Some("join"))?;
                Ok((Found::Free, upper))
            }
        }
    }

    /// The condition of a join over both sides.
    fn on(&self, beside: Relation, join: &Join) -> Result<Found, Refusal> {
        let on = join.on.iter().map(|(left, right)| {
            Expr::BinaryExpr(BinaryExpr::new(
                Box::new(left.clone()),
                Operator::Eq,
                Box::new(right.clone()),
            ))
        });
        let rows = match conjunction(on.chain(join.filter.clone())) {
            Some(condition) => beside.filter(&condition, &join.schema)?,
            None => beside,
        };
        Ok(Found::Rows(Box::new(rows)))
    }

    fn aggregate(
        &mut self,
        plan: &LogicalPlan,
        aggregate: &Aggregate,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&aggregate.input)?;
        let rows = match found {
            Found::Rows(rows) => rows,
            Found::Branches(branches) => return self.branches(aggregate, branches),
            Found::Free => return Ok((Found::Free, rebuild(plan, vec![input])?)),
        };
        if rows.stage() <= Stage::Own {
            return Ok((Found::Free, rebuild(plan, vec![input])?));
        }
        let rows = self.settled(*rows)?;
        if rows.stage() == Stage::Personal {
            let keys = aggregate.group_expr.iter();
            let keys = keys
                .map(|key| rows.write_out(key, aggregate.input.schema()))
                .collect::<Result<Vec<_>, _>>()?;
            if per_subject::hold_subject(&rows, &keys) {
                let alias = self.alias();
                let rows = per_subject::aggregated(rows, &keys, aggregate, alias, self.citations)?;
                return Ok((Found::Rows(Box::new(rows)), rebuild(plan, vec![input])?));
            }
        }
        // Limits that the query sets itself mean something in mode `dp` alone.
        let own_limits = self.permit.mode == PermitMode::Dp;
        let Some(release) = release::check(&rows, aggregate, self.citations, own_limits)? else {
            return Ok((Found::Free, rebuild(plan, vec![input])?));
        };
        let (schema, cells) = stage::cells_in_place_of(aggregate, self.steps.len())
            .map_err(|_| Refusal::unmet("query_not_planned"))?;
        self.steps.push(Step::Release {
            release: Box::new(release),
            schema,
        });
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
pub(super) fn rebuild(plan: &LogicalPlan, inputs: Vec<LogicalPlan>) -> Result<LogicalPlan, Refusal> {
    let same = plan.inputs().into_iter().eq(inputs.iter());
    if same {
        return Ok(plan.clone());
    }
    plan.with_new_exprs(plan.expressions(), inputs)
        .map_err(|_| Refusal::unmet("query_not_planned"))
}
