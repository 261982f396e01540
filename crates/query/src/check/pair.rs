//! Statistics of two arguments: correlation, covariance, regression (A4.3, A4.6).

use datafusion::logical_expr::Expr;
use shuyu_kernel::Refusal;

use super::{
    figure::{Amount, Core, Figure, Formula, Moment, Part, Role, Scaled, Term},
    figures::{Call, Figures, figure, filtered},
    piece::{Affine, Piece},
};

/// What a statistic of two arguments is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pair {
    Moment(Moment),
    Count,
    MeanOfX,
    MeanOfY,
}

/// The statistics of two arguments that exist.
pub(super) fn moment(name: &str) -> Option<Pair> {
    Some(Pair::Moment(match name {
        "corr" => Moment::Correlation,
        "covar_pop" => Moment::Covariance { sample: false },
        "covar_samp" => Moment::Covariance { sample: true },
        "regr_slope" => Moment::Slope,
        "regr_intercept" => Moment::Intercept,
        "regr_r2" => Moment::Determination,
        "regr_sxx" => Moment::SquaresOfX,
        "regr_syy" => Moment::SquaresOfY,
        "regr_sxy" => Moment::Products,
        "regr_count" => return Some(Pair::Count),
        "regr_avgx" => return Some(Pair::MeanOfX),
        "regr_avgy" => return Some(Pair::MeanOfY),
        _ => return None,
    }))
}

/// Reads one. Both arguments are `a · m + b`: a branch would leave people out of both.
///
/// # Errors
/// `node_not_allowed`, and those of arguments.
pub(super) fn read(figures: &mut Figures<'_>, call: &Call<'_>, kind: Pair) -> Result<Figure, Refusal> {
    let [y, x] = call.arguments.as_slice() else {
        let first = call
            .arguments
            .first()
            .cloned()
            .unwrap_or_else(|| datafusion::logical_expr::lit(0i64));
        return Err(figures.node("aggregate_of_several", &first));
    };
    let (of_y, of_x) = (affine(figures, call.name, y)?, affine(figures, call.name, x)?);
    let part = |figures: &mut Figures<'_>, (_, _, core): &(f64, f64, Core), other: &Core| {
        // Rows count where both have a value; that leaves nobody out, or enough.
        let guards = if core.value == other.value {
            Vec::new()
        } else {
            vec![other.value.clone().is_not_null()]
        };
        let part = Part {
            guards,
            ..Part::new(Role::Total, Some(core.clone()))
        };
        figures.parts.put(filtered(part, call.filter.as_ref()))
    };
    let (px, py) = (part(figures, &of_x, &of_y.2), part(figures, &of_y, &of_x.2));
    let scaled = |part, (factor, offset, core): &(f64, f64, Core)| Scaled {
        part,
        factor: *factor,
        offset: offset + factor * core.centre as f64,
    };
    let (x, y) = (scaled(px, &of_x), scaled(py, &of_y));
    let rows = |part| {
        vec![Term {
            factor: 1.0,
            part,
            amount: Amount::Rows,
        }]
    };
    let total = |of: Scaled| {
        let mut terms = vec![Term {
            factor: of.factor,
            part: of.part,
            amount: Amount::Total,
        }];
        terms.extend((of.offset != 0.0).then_some(Term {
            factor: of.offset,
            part: of.part,
            amount: Amount::Rows,
        }));
        terms
    };
    let formula = match kind {
        Pair::Moment(moment) => Formula::Second { moment, y, x },
        Pair::Count => Formula::Sum(rows(px)),
        Pair::MeanOfX => Formula::Ratio(total(x), rows(px)),
        Pair::MeanOfY => Formula::Ratio(total(y), rows(py)),
    };
    Ok(figure(formula, vec![px, py], call.data_type))
}

/// Factor, offset and core of an argument that does not branch.
fn affine(figures: &Figures<'_>, name: &str, argument: &Expr) -> Result<(f64, f64, Core), Refusal> {
    let pieces = figures.arguments(false).pieces(argument)?;
    match pieces.as_slice() {
        [
            Piece {
                guards,
                value:
                    Some(Affine {
                        factor,
                        offset,
                        core: Some(core),
                    }),
            },
        ] if guards.is_empty() => Ok((*factor, *offset, core.clone())),
        _ => Err(figures.argument("pair_argument", argument, |column| {
            format!("{name}({column}, {column})")
        })),
    }
}
