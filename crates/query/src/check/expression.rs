//! Expressions over released cells and public rows: free, from the vocabulary. Every variant is
//! named here too.

use datafusion::{
    common::tree_node::{TreeNode, TreeNodeRecursion},
    logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition},
};
use shuyu_kernel::Refusal;

use super::{blame, survey::function_refused};
use crate::{refusal::Explain, vocabulary};

/// Checks an expression and hands every plan inside it to `subquery`.
///
/// # Errors
/// `node_not_allowed`, `function_not_allowed`, and what `subquery` refuses.
pub(crate) fn check(
    expr: &Expr,
    subquery: &mut dyn FnMut(&LogicalPlan) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut answer = Ok(());
    let walked = expr.apply(|node| {
        answer = check_node(node, subquery);
        Ok(if answer.is_ok() {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    if walked.is_err() {
        Err(Refusal::unmet("query_not_planned"))
    } else {
        answer
    }
}

fn check_node(
    node: &Expr,
    subquery: &mut dyn FnMut(&LogicalPlan) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    match node {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::GroupingSet(_) => Ok(()),
        Expr::ScalarFunction(function) => known(function.func.name(), &vocabulary::scalar_names()),
        Expr::AggregateFunction(function) => known(function.func.name(), &vocabulary::aggregate_names()),
        Expr::WindowFunction(function) => match &function.fun {
            WindowFunctionDefinition::AggregateUDF(aggregate) => {
                known(aggregate.name(), &vocabulary::aggregate_names())
            }
            WindowFunctionDefinition::WindowUDF(window) => known(window.name(), &vocabulary::window_names()),
        },
        Expr::Exists(exists) => subquery(&exists.subquery.subquery),
        Expr::InSubquery(membership) => subquery(&membership.subquery.subquery),
        Expr::SetComparison(comparison) => subquery(&comparison.subquery.subquery),
        Expr::ScalarSubquery(scalar) => subquery(&scalar.subquery),
        Expr::SimilarTo(_) => refused("similar_to", node),
        Expr::Placeholder(_) => refused("placeholder", node),
        Expr::Unnest(_) => refused("unnest", node),
        Expr::ScalarVariable(..) => refused("variable", node),
        Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => refused("lambda", node),
        #[expect(deprecated, reason = "the variant still exists and must be refused")]
        Expr::Wildcard { .. } => refused("wildcard", node),
    }
}

fn refused(node: &str, expr: &Expr) -> Result<(), Refusal> {
    let refusal = Refusal::unmet("node_not_allowed")
        .fact("node", node)
        .instruct("plain_columns");
    Err(match blame::first_column(expr) {
        Some(column) => blame::named(refusal, &column),
        None => refusal,
    })
}

fn known(name: &str, names: &[String]) -> Result<(), Refusal> {
    if names.iter().any(|known| known == name) {
        Ok(())
    } else {
        Err(function_refused(name, None))
    }
}
