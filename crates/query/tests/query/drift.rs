//! The plan of the engine below may grow new fields in an upgrade. The enums are matched without a
//! wildcard in `src/check`; here the structs: by naming all fields where the language allows it, by
//! their debug text where they are marked non-exhaustive.

use std::collections::BTreeSet;

use datafusion::logical_expr::{
    Aggregate, Between, BinaryExpr, Case, Distinct, DistinctOn, EmptyRelation, Expr, Filter, Join, Like,
    Limit, LogicalPlan, Projection, Sort, Subquery, SubqueryAlias, TableScan, Union, Values, Window,
    expr::{
        AggregateFunctionParams, Alias, Cast, Exists, InList, InSubquery, ScalarFunction,
        WindowFunctionParams,
    },
};

use crate::fixture::{WORLD, block_on};

/// Compiles as long as no struct grows. Grown? Decide in `src/check` what the new field means.
#[expect(dead_code, reason = "its compilation is the test")]
fn no_plan_struct_grew(plan: LogicalPlan) {
    match plan {
        LogicalPlan::Window(Window {
            input: _,
            window_expr: _,
            schema: _,
        }) => {}
        LogicalPlan::Sort(Sort {
            expr: _,
            input: _,
            fetch: _,
        }) => {}
        LogicalPlan::Join(Join {
            left: _,
            right: _,
            on: _,
            filter: _,
            join_type: _,
            join_constraint: _,
            schema: _,
            null_equality: _,
            null_aware: _,
        }) => {}
        LogicalPlan::Union(Union { inputs: _, schema: _ }) => {}
        LogicalPlan::TableScan(TableScan {
            table_name: _,
            source: _,
            projection: _,
            projected_schema: _,
            filters: _,
            fetch: _,
            statistics_requests: _,
        }) => {}
        LogicalPlan::EmptyRelation(EmptyRelation {
            produce_one_row: _,
            schema: _,
        }) => {}
        LogicalPlan::Subquery(Subquery {
            subquery: _,
            outer_ref_columns: _,
            spans: _,
        }) => {}
        LogicalPlan::Limit(Limit {
            skip: _,
            fetch: _,
            input: _,
        }) => {}
        LogicalPlan::Values(Values { schema: _, values: _ }) => {}
        LogicalPlan::Distinct(Distinct::All(_)) => {}
        LogicalPlan::Distinct(Distinct::On(DistinctOn {
            on_expr: _,
            select_expr: _,
            sort_expr: _,
            input: _,
            schema: _,
        })) => {}
        _ => {}
    }
}

/// The same for expressions.
#[expect(dead_code, reason = "its compilation is the test")]
fn no_expression_struct_grew(expr: Expr) {
    match expr {
        Expr::Alias(Alias {
            expr: _,
            relation: _,
            name: _,
            metadata: _,
        }) => {}
        Expr::BinaryExpr(BinaryExpr {
            left: _,
            op: _,
            right: _,
        }) => {}
        Expr::Like(Like {
            negated: _,
            expr: _,
            pattern: _,
            escape_char: _,
            case_insensitive: _,
        }) => {}
        Expr::Between(Between {
            expr: _,
            negated: _,
            low: _,
            high: _,
        }) => {}
        Expr::Case(Case {
            expr: _,
            when_then_expr: _,
            else_expr: _,
        }) => {}
        Expr::Cast(Cast { expr: _, field: _ }) => {}
        Expr::ScalarFunction(ScalarFunction { func: _, args: _ }) => {}
        Expr::AggregateFunction(function) => {
            let AggregateFunctionParams {
                args: _,
                distinct: _,
                filter: _,
                order_by: _,
                null_treatment: _,
            } = function.params;
        }
        Expr::WindowFunction(function) => {
            let WindowFunctionParams {
                args: _,
                partition_by: _,
                order_by: _,
                window_frame: _,
                filter: _,
                null_treatment: _,
                distinct: _,
            } = function.params;
        }
        Expr::InList(InList {
            expr: _,
            list: _,
            negated: _,
        }) => {}
        Expr::InSubquery(InSubquery {
            expr: _,
            subquery: _,
            negated: _,
        }) => {}
        Expr::Exists(Exists {
            subquery: _,
            negated: _,
        }) => {}
        _ => {}
    }
}

/// Field names one level deep in a pretty debug text.
fn fields(debug: &str) -> BTreeSet<String> {
    let deep_one = |line: &&str| line.starts_with("    ") && !line.starts_with("     ");
    let named = debug
        .lines()
        .filter(deep_one)
        .filter_map(|line| line.trim().split_once(": "));
    named.map(|(name, _)| name.to_owned()).collect()
}

fn visit(plan: &LogicalPlan, seen: &mut BTreeSet<String>) {
    let mut note = |name: &str, debug: String| {
        let fields: Vec<String> = fields(&debug).into_iter().collect();
        seen.insert(format!("{name}: {}", fields.join(" ")));
    };
    match plan {
        LogicalPlan::Projection(node) => note("Projection", format!("{:#?}", node as &Projection)),
        LogicalPlan::Filter(node) => note("Filter", format!("{:#?}", node as &Filter)),
        LogicalPlan::Aggregate(node) => note("Aggregate", format!("{:#?}", node as &Aggregate)),
        LogicalPlan::SubqueryAlias(node) => note("SubqueryAlias", format!("{:#?}", node as &SubqueryAlias)),
        _ => {}
    }
    plan.inputs().into_iter().for_each(|input| visit(input, seen));
}

#[test]
fn no_non_exhaustive_plan_struct_grew() {
    let sql = "SELECT a.county, count(*) AS n FROM region a WHERE a.gdp > 0 GROUP BY a.county";
    let stock = WORLD.fixture.bare.state();
    let plan = block_on(stock.create_logical_plan(sql)).unwrap();
    let mut seen = BTreeSet::new();
    visit(&plan, &mut seen);
    let seen: Vec<String> = seen.into_iter().collect();
    assert_eq!(
        seen,
        [
            "Aggregate: aggr_expr group_expr input schema",
            "Filter: input predicate",
            "Projection: expr input schema",
            "SubqueryAlias: alias input schema",
        ]
    );
}
