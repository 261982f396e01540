//! Forms of aggregates that stand for something simpler: a branch that is counted, a spread.

use datafusion::{common::ScalarValue, logical_expr::Expr};

use super::constant;

/// Which measure of spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    /// The standard deviation, not the variance.
    pub root: bool,
    /// Of a sample: divided by one less than the number of values.
    pub sample: bool,
}

/// The measures of spread that exist.
pub(super) fn spread(name: &str) -> Option<Spread> {
    let (root, sample) = match name {
        "stddev" => (true, true),
        "stddev_pop" => (true, false),
        "var" => (false, true),
        "var_pop" => (false, false),
        _ => return None,
    };
    Some(Spread { root, sample })
}

/// Whether a constant is this number.
pub(super) fn is_number(value: &ScalarValue, number: i64) -> bool {
    match value {
        ScalarValue::Float64(value) => *value == Some(number as f64),
        value => constant::whole(value) == Some(number),
    }
}

/// The condition of `CASE WHEN condition THEN 1 ELSE 0 END`.
pub(super) fn indicator(argument: &Expr) -> Option<Expr> {
    let Expr::Case(case) = argument else {
        return None;
    };
    let is = |expr: &Expr, number| constant::fold(expr).is_some_and(|value| is_number(&value, number));
    match (&case.expr, case.when_then_expr.as_slice(), &case.else_expr) {
        (None, [(when, then)], Some(otherwise)) if is(then, 1) && is(otherwise, 0) => {
            Some(when.as_ref().clone())
        }
        _ => None,
    }
}
