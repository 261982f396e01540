//! Calls of aggregates.

use std::sync::Arc;

use datafusion::{
    functions_aggregate::count::count_udaf,
    logical_expr::{AggregateUDF, Expr, expr::AggregateFunction},
};

pub(super) fn aggregate(function: Arc<AggregateUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(
        function,
        arguments,
        false,
        None,
        Vec::new(),
        None,
    ))
}

pub(super) fn count_distinct(argument: Expr) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(
        count_udaf(),
        vec![argument],
        true,
        None,
        Vec::new(),
        None,
    ))
}
