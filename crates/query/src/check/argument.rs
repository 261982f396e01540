//! Arguments of sums and means: pieces of `a · core + b`, split where the argument branches (A3.7, A4.1).

use arrow::datatypes::DataType;
use datafusion::{
    common::ScalarValue,
    logical_expr::{BinaryExpr, Case, Expr, Operator, lit},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Bounds, Use};

use super::{
    blame::first_column,
    constant,
    exact::Exact,
    figure::Core,
    nearest::quoted,
    own_limits::{between, narrowed},
    piece::{Affine, Guard, Kind, Piece, equal, fails, holds, mapped, number, together, under, whole},
    relation::{Relation, columns_of},
};
use crate::refusal::Explain;

/// Most pieces of one argument.
const MOST_PIECES: usize = 16;
/// An argument whose limits lie beyond ±2⁶² is not finite: it could have wrapped round.
const FURTHEST: f64 = 4_611_686_018_427_387_904.0;
/// Whole numbers up to here are exact as fractions.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads arguments of one relation.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub exact: Exact<'a>,
    pub relation: &'a Relation,
    /// Of what any constant is a value: a count.
    pub counting: bool,
    /// Limits that the query sets are limits, not branches.
    pub own_limits: bool,
}

impl Arguments<'_> {
    /// The pieces of an argument. They exclude each other and cover all rows.
    ///
    /// # Errors
    /// `node_not_allowed` for what is not made of one measure in this way, and those of [`Exact::judge`].
    pub fn pieces(&self, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        let pieces = self.read(argument)?;
        if pieces.len() > MOST_PIECES {
            return Err(self.refused(argument));
        }
        // The limits that follow from those of the measure (A4.2).
        let finite = |piece: &Piece| {
            let Some(Affine { factor, offset, core }) = &piece.value else {
                return true;
            };
            let bounds = core
                .as_ref()
                .and_then(|core| core.bounds)
                .unwrap_or(Bounds { low: 0, high: 0 });
            let at = |limit: i64| (factor * limit as f64 + offset).abs() <= FURTHEST;
            at(bounds.low) && at(bounds.high)
        };
        if pieces.iter().all(finite) {
            Ok(pieces)
        } else {
            Err(self.exact.node("not_finite", argument))
        }
    }

    /// The argument is no form we know; uses first, since a sealed purpose is the better answer.
    pub fn refused(&self, argument: &Expr) -> Refusal {
        for column in columns_of(argument).values() {
            let label = self.relation.label(column);
            let read = [Use::Group, Use::Filter]
                .into_iter()
                .any(|used| label.allows(used));
            if let (Err(refusal), false) = (self.exact.has_use(column), read && self.branches(argument)) {
                return refusal;
            }
        }
        let (node, function) = if self.counting {
            ("count_argument", "count")
        } else {
            ("aggregate_argument", "avg")
        };
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.exact.citations.raw_stays)
            .instruct("plain_aggregate");
        let refusal = self.exact.involving(refusal, argument).fact("node", node);
        match first_column(argument) {
            Some(column) => refusal.nearest_sql(format!("{function}({})", quoted(&column.name))),
            None => refusal,
        }
    }

    /// Some of its columns may stand in conditions.
    fn branches(&self, argument: &Expr) -> bool {
        matches!(argument, Expr::Case(_)) || self.counting
    }

    fn read(&self, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        if let Some(value) = constant::fold(argument) {
            return self.constant(&value, argument);
        }
        if let Some(core) = self.core(argument)? {
            return Ok(vec![whole(Some(Affine {
                factor: 1.0,
                offset: 0.0,
                core: Some(core),
            }))]);
        }
        if let Some(core) = self.limited(argument)? {
            return Ok(vec![whole(Some(Affine {
                factor: 1.0,
                offset: 0.0,
                core: Some(core),
            }))]);
        }
        match argument {
            Expr::Alias(alias) => self.read(&alias.expr),
            Expr::Negative(inner) => Ok(mapped(self.read(inner)?, |affine| affine.scaled(-1.0))),
            Expr::Cast(cast) if matches!(cast.field.data_type(), DataType::Float64) => self.read(&cast.expr),
            Expr::Cast(cast) if *cast.field.data_type() == DataType::Int64 && self.is_whole(&cast.expr) => {
                self.read(&cast.expr)
            }
            Expr::BinaryExpr(binary) => self.binary(binary, argument),
            Expr::Case(case) => self.case(case, argument),
            Expr::ScalarFunction(function) => match (function.func.name(), function.args.as_slice()) {
                ("nullif", [value, other]) => self.nullif(value, other, argument),
                ("coalesce", values) => self.coalesce(values, argument),
                ("least", values) => self.bounded(values, true, argument),
                ("greatest", values) => self.bounded(values, false, argument),
                _ => Err(self.refused(argument)),
            },
            _ => Err(self.refused(argument)),
        }
    }

    /// One measure within limits that the query sets itself.
    fn limited(&self, argument: &Expr) -> Result<Option<Core>, Refusal> {
        if !self.own_limits || self.counting {
            return Ok(None);
        }
        let Some((value, own)) = between(argument) else {
            return Ok(None);
        };
        Ok(self.core(&value)?.map(|core| narrowed(core, own)))
    }

    fn constant(&self, value: &ScalarValue, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        if value.is_null() {
            return Ok(vec![whole(None)]);
        }
        if constant::is_not_finite(value) {
            return Err(self.exact.node("not_finite", argument));
        }
        match number(value) {
            Some(number) => Ok(vec![whole(Some(Affine::constant(number)))]),
            None if self.counting => Ok(vec![whole(Some(Affine::constant(1.0)))]),
            None => Err(self.refused(argument)),
        }
    }

    fn binary(&self, binary: &BinaryExpr, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        let BinaryExpr { left, op, right } = binary;
        match op {
            Operator::Plus | Operator::Minus | Operator::Multiply => {
                let (left, right) = (self.read(left)?, self.read(right)?);
                let mut pieces = Vec::new();
                for one in &left {
                    for other in &right {
                        let guards = one.guards.iter().chain(&other.guards).cloned().collect();
                        let value = match (&one.value, &other.value) {
                            (Some(a), Some(b)) => {
                                Some(together(a, *op, b).ok_or_else(|| self.refused(argument))?)
                            }
                            _ => None,
                        };
                        pieces.push(Piece { guards, value });
                    }
                }
                if pieces.len() > MOST_PIECES {
                    Err(self.refused(argument))
                } else {
                    Ok(pieces)
                }
            }
            Operator::Divide => {
                // The quotient of whole numbers is cut, and so is no multiple.
                let by = constant::fold(right).as_ref().and_then(number);
                let whole = self.is_whole(left) && self.is_whole(right);
                match by {
                    Some(by) if by != 0.0 && !whole => {
                        Ok(mapped(self.read(left)?, |affine| affine.scaled(1.0 / by)))
                    }
                    _ => Err(self.refused(argument)),
                }
            }
            _ => Err(self.refused(argument)),
        }
    }

    fn case(&self, case: &Case, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        let mut before: Vec<Guard> = Vec::new();
        let mut pieces = Vec::new();
        for (when, then) in &case.when_then_expr {
            let condition = match &case.expr {
                Some(subject) => equal(subject, when),
                None => when.as_ref().clone(),
            };
            self.condition(&condition)?;
            let own = before.iter().cloned().chain([holds(&condition)]).collect();
            pieces.extend(under(own, self.read(then)?));
            before.push(fails(&condition));
            if pieces.len() > MOST_PIECES {
                return Err(self.refused(argument));
            }
        }
        let otherwise = match &case.else_expr {
            Some(otherwise) => self.read(otherwise)?,
            None => vec![whole(None)],
        };
        pieces.extend(under(before, otherwise));
        Ok(pieces)
    }

    /// A branch is a predicate like any filter.
    ///
    /// # Errors
    /// Those of [`Exact::judge`].
    pub fn condition(&self, condition: &Expr) -> Result<(), Refusal> {
        Exact {
            wanted: Use::Filter,
            ..self.exact
        }
        .judge(condition)
    }

    fn nullif(&self, value: &Expr, other: &Expr, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        if constant::fold(other).as_ref().and_then(number).is_none() {
            return Err(self.refused(argument));
        }
        let condition = equal(value, other);
        self.condition(&condition)?;
        let mut pieces = under(vec![fails(&condition)], self.read(value)?);
        pieces.push(Piece {
            guards: vec![holds(&condition)],
            value: None,
        });
        Ok(pieces)
    }

    fn coalesce(&self, values: &[Expr], argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        let [value, rest @ ..] = values else {
            return Ok(vec![whole(None)]);
        };
        let pieces = self.read(value)?;
        let [
            Piece {
                value: Some(affine), ..
            },
        ] = pieces.as_slice()
        else {
            return Err(self.refused(argument));
        };
        let Some(core) = &affine.core else {
            return Ok(pieces);
        };
        let missing = core.value.clone().is_null();
        let present = Guard {
            condition: core.value.clone().is_not_null(),
            kind: Kind::Present,
        };
        let absent = Guard {
            condition: missing,
            kind: Kind::Missing,
        };
        let mut all = under(vec![present], pieces.clone());
        all.extend(under(vec![absent], self.coalesce(rest, argument)?));
        Ok(all)
    }

    /// `least(x, c)` and `greatest(x, c)`, which overlook what is missing.
    fn bounded(&self, values: &[Expr], least: bool, argument: &Expr) -> Result<Vec<Piece>, Refusal> {
        let mut bound: Option<f64> = None;
        let mut read = None;
        for value in values {
            match constant::fold(value) {
                Some(constant) if constant.is_null() => {}
                Some(constant) => {
                    let number = number(&constant)
                        .filter(|n| n.is_finite())
                        .ok_or_else(|| self.refused(argument))?;
                    bound = Some(bound.map_or(number, |b| if least { b.min(number) } else { b.max(number) }));
                }
                None if read.is_none() => read = Some(value),
                None => return Err(self.refused(argument)),
            }
        }
        let pieces = match read {
            Some(read) => self.read(read)?,
            None => vec![whole(bound.map(Affine::constant))],
        };
        let Some(bound) = bound else { return Ok(pieces) };
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(self.bounded_piece(piece, bound, least)?);
        }
        Ok(all)
    }

    fn bounded_piece(&self, piece: Piece, bound: f64, least: bool) -> Result<Vec<Piece>, Refusal> {
        let constant = |guards| Piece {
            guards,
            value: Some(Affine::constant(bound)),
        };
        let Piece { guards, value } = piece;
        let Some(affine) = value else {
            return Ok(vec![constant(guards)]);
        };
        let Some(core) = affine.core.clone() else {
            let value = if least {
                affine.offset.min(bound)
            } else {
                affine.offset.max(bound)
            };
            return Ok(vec![Piece {
                guards,
                value: Some(Affine::constant(value)),
            }]);
        };
        let edge = (bound - affine.offset) / affine.factor;
        // Of the core itself: below the edge, or not below it.
        let below = least == (affine.factor > 0.0);
        let with = |more: Guard| guards.iter().cloned().chain([more]).collect::<Vec<_>>();
        let (inside, outside) = match core
            .bounds
            .and_then(|bounds| all_on_one_side(bounds, edge, below))
        {
            Some(Side::Outside) => return Ok(vec![constant(guards)]),
            Some(Side::Inside) => {
                let guard = |condition, kind| Guard { condition, kind };
                (
                    guard(core.value.clone().is_not_null(), Kind::Present),
                    guard(core.value.is_null(), Kind::Missing),
                )
            }
            None => {
                let condition = self.on_this_side(&core.value, edge, below);
                self.condition(&condition)?;
                (holds(&condition), fails(&condition))
            }
        };
        Ok(vec![
            Piece {
                guards: with(inside),
                value: Some(affine),
            },
            constant(with(outside)),
        ])
    }

    /// Where a core is below an edge, or not below it.
    fn on_this_side(&self, core: &Expr, edge: f64, below: bool) -> Expr {
        let edge = if self.is_whole(core) { edge.ceil() } else { edge };
        let literal = if edge.fract() == 0.0 && edge.abs() < EXACT {
            lit(edge as i64)
        } else {
            lit(edge)
        };
        if below {
            core.clone().lt(literal)
        } else {
            core.clone().gt_eq(literal)
        }
    }
}

/// Where the limits of a core put all of its values.
enum Side {
    Inside,
    Outside,
}

/// Whether all values within limits are below an edge (or, not `below`, not below it), or none is.
fn all_on_one_side(Bounds { low, high }: Bounds, edge: f64, below: bool) -> Option<Side> {
    if edge > high as f64 {
        Some(if below { Side::Inside } else { Side::Outside })
    } else if edge <= low as f64 {
        Some(if below { Side::Outside } else { Side::Inside })
    } else {
        None
    }
}
