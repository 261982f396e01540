//! A branch that is counted.

use datafusion::{common::ScalarValue, logical_expr::Expr};

use super::constant;

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
