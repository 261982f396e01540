//! Order statistics: of a bare measure, at a fraction that stands in the statement (A3.7, G5).

use datafusion::logical_expr::SortExpr;
use shuyu_kernel::Refusal;

use super::{
    constant,
    figure::{Figure, Formula, Part, Role},
    figures::{Call, Figures, figure, filtered},
    grain,
    piece::number,
};

/// Whether it is an order statistic that exists.
pub(super) fn is_one(name: &str) -> bool {
    matches!(
        name,
        "median" | "approx_median" | "percentile_cont" | "approx_percentile_cont"
    )
}

/// Reads one: `median(x)`, `percentile_cont(p) WITHIN GROUP (ORDER BY x)`, `approx_percentile_cont(x, p)`.
///
/// # Errors
/// `node_not_allowed`, `use_missing` and those of arguments.
pub(super) fn read(
    figures: &mut Figures<'_>,
    call: &Call<'_>,
    order_by: &[SortExpr],
) -> Result<Figure, Refusal> {
    let Some((argument, rest)) = call.arguments.split_first() else {
        return Err(Refusal::unmet("query_not_planned"));
    };
    let middle = matches!(call.name, "median" | "approx_median");
    let fraction = match (middle, rest) {
        (true, []) if order_by.is_empty() => Some(0.5),
        // How exact an approximation is makes no difference here.
        (false, [fraction, rest @ ..]) if rest.iter().all(|more| constant::fold(more).is_some()) => {
            constant::fold(fraction).as_ref().and_then(number)
        }
        _ => None,
    };
    let Some(fraction) = fraction.filter(|fraction| (0.0..=1.0).contains(fraction)) else {
        let nearest = |name: &str| format!("percentile_cont(0.5) WITHIN GROUP (ORDER BY {name})");
        return Err(figures.argument("quantile_fraction", argument, nearest));
    };
    let falling = order_by.first().is_some_and(|sort| !sort.asc);
    if grain::bare_number(argument, figures.exact.relation).is_none() {
        let columns = super::relation::columns_of(argument);
        columns
            .values()
            .try_for_each(|column| figures.exact.has_use(column))?;
        return Err(figures.argument("quantile_argument", argument, |name| format!("median({name})")));
    }
    let core = figures.arguments(false).measured(argument)?;
    let part = figures
        .parts
        .put(filtered(Part::new(Role::Ranks, Some(core)), call.filter.as_ref()));
    let fraction = if falling { 1.0 - fraction } else { fraction };
    Ok(figure(
        Formula::Quantile { part, fraction },
        vec![part],
        call.data_type,
    ))
}
