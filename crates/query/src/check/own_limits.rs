//! Limits that a query sets itself, for mode `dp`.

use std::collections::BTreeMap;

use datafusion::logical_expr::{Aggregate, Expr, expr::AggregateFunction};
use shuyu_privacy::Bounds;

use super::{constant, release::Release};

/// The limits that a query sets itself: `sum(least(greatest(x, low), high))`. They are constants of the text, so that
/// they tell nothing; a value outside is moved to the nearer one, a missing value stays missing.
pub(crate) struct OwnLimits(BTreeMap<usize, Bounds>);

impl OwnLimits {
    /// The aggregate without such limits, and the limits.
    pub fn of(aggregate: &Aggregate) -> (Aggregate, Self) {
        let mut bare = aggregate.clone();
        let mut found = BTreeMap::new();
        for (index, aggregated) in bare.aggr_expr.iter_mut().enumerate() {
            if let Some((call, bounds)) = limited(aggregated) {
                *aggregated = call;
                found.insert(index, bounds);
            }
        }
        (bare, Self(found))
    }

    /// The aggregate as it is, and no limits.
    pub fn none(aggregate: &Aggregate) -> (Aggregate, Self) {
        (aggregate.clone(), Self(BTreeMap::new()))
    }

    /// Narrows the limits of a release: a query can tighten what is declared and never widen it.
    pub fn narrow(&self, release: &mut Release) {
        for (index, own) in &self.0 {
            let Some(figure) = release.statistics.get_mut(*index) else {
                continue;
            };
            if let Some(declared) = figure.bounds {
                let low = own.low.clamp(declared.low, declared.high);
                figure.bounds = Some(Bounds {
                    low,
                    high: own.high.clamp(low, declared.high),
                });
            }
        }
    }
}

/// A sum or mean of a value between two constants, without them.
fn limited(aggregated: &Expr) -> Option<(Expr, Bounds)> {
    let Expr::AggregateFunction(call) = aggregated else {
        return None;
    };
    let plain = matches!(call.func.name(), "sum" | "avg")
        && !call.params.distinct
        && call.params.filter.is_none()
        && call.params.order_by.is_empty();
    let [argument] = call.params.args.as_slice() else {
        return None;
    };
    let (inner, outer) = between(argument).filter(|_| plain)?;
    let mut bare: AggregateFunction = call.clone();
    bare.params.args = vec![inner];
    Some((Expr::AggregateFunction(bare), outer))
}

fn between(argument: &Expr) -> Option<(Expr, Bounds)> {
    let (outer, inner, first) = bound(argument)?;
    let (second, value, other) = bound(&inner)?;
    let (low, high) = match (outer, second) {
        ("least", "greatest") => (other, first),
        ("greatest", "least") => (first, other),
        _ => return None,
    };
    (low < high).then_some((value, Bounds { low, high }))
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
