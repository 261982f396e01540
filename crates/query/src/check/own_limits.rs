//! Limits that a query sets itself, for mode `dp`.

use datafusion::logical_expr::Expr;
use shuyu_privacy::Bounds;

use super::{constant, figure::Core};

/// The limits that a query sets itself: `least(greatest(x, low), high)`. They are constants of the text, so that they
/// tell nothing; a value outside is moved to the nearer one, a missing value stays missing. Outside of mode `dp` the same
/// text is a branch.
pub(super) fn between(argument: &Expr) -> Option<(Expr, Bounds)> {
    let (outer, inner, first) = bound(argument)?;
    let (second, value, other) = bound(&inner)?;
    let (low, high) = match (outer, second) {
        ("least", "greatest") => (other, first),
        ("greatest", "least") => (first, other),
        _ => return None,
    };
    (low < high).then_some((value, Bounds { low, high }))
}

/// Narrows the limits of what an argument reads: a query can tighten what is declared and never widen it. What is taken
/// off every value stays the same, so that it is the same sum in the release ledger.
pub(super) fn narrowed(core: Core, own: Bounds) -> Core {
    let bounds = core.bounds.map(|declared| {
        let low = own.low.clamp(declared.low, declared.high);
        Bounds {
            low,
            high: own.high.clamp(low, declared.high),
        }
    });
    Core { bounds, ..core }
}

/// `least` or `greatest` of a value and a whole constant.
fn bound(expr: &Expr) -> Option<(&'static str, Expr, i64)> {
    let Expr::ScalarFunction(function) = expr else {
        return None;
    };
    let name = match function.func.name() {
        "least" => "least",
        "greatest" => "greatest",
        _ => return None,
    };
    let [a, b] = function.args.as_slice() else {
        return None;
    };
    let whole = |expr: &Expr| constant::fold(expr).as_ref().and_then(constant::whole);
    match (whole(a), whole(b)) {
        (None, Some(limit)) => Some((name, a.clone(), limit)),
        (Some(limit), None) => Some((name, b.clone(), limit)),
        _ => None,
    }
}
