//! Pieces of arguments: where they hold, and what they are there.

use arrow::datatypes::DataType;
use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, Operator},
};

use super::{constant::Family, figure::Core};

/// When a piece is meant.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// True or false on every row.
    pub condition: Expr,
    pub kind: Kind,
}

/// What a guard says about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A predicate of the analyst's own.
    Branch,
    /// A measure has a value.
    Present,
    /// A measure has none.
    Missing,
}

/// `factor · core + offset`; without a core it is a constant.
#[derive(Debug, Clone)]
pub(super) struct Affine {
    pub factor: f64,
    pub offset: f64,
    pub core: Option<Core>,
}

/// An argument where all guards hold. `None` is NULL.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub guards: Vec<Guard>,
    pub value: Option<Affine>,
}

impl Affine {
    pub fn constant(offset: f64) -> Self {
        Self {
            factor: 0.0,
            offset,
            core: None,
        }
    }

    pub fn scaled(self, by: f64) -> Self {
        let core = if by == 0.0 { None } else { self.core };
        Self {
            factor: self.factor * by,
            offset: self.offset * by,
            core,
        }
    }
}

/// The number of a constant, as a fraction.
pub(super) fn number(value: &ScalarValue) -> Option<f64> {
    if value.is_null() || !Family::of(&value.data_type()).is_number() {
        return None;
    }
    match value.cast_to(&DataType::Float64).ok()? {
        ScalarValue::Float64(number) => number,
        _ => None,
    }
}

pub(super) fn whole(value: Option<Affine>) -> Piece {
    Piece {
        guards: Vec::new(),
        value,
    }
}

pub(super) fn mapped(pieces: Vec<Piece>, map: impl Fn(Affine) -> Affine) -> Vec<Piece> {
    let mapped = pieces.into_iter().map(|piece| Piece {
        value: piece.value.map(&map),
        ..piece
    });
    mapped.collect()
}

pub(super) fn under(guards: Vec<Guard>, pieces: Vec<Piece>) -> Vec<Piece> {
    let under = pieces.into_iter().map(|piece| Piece {
        guards: guards.iter().cloned().chain(piece.guards).collect(),
        value: piece.value,
    });
    under.collect()
}

/// The condition is true.
pub(super) fn holds(condition: &Expr) -> Guard {
    Guard {
        condition: condition.clone().is_true(),
        kind: Kind::Branch,
    }
}

/// The condition is false or unknown.
pub(super) fn fails(condition: &Expr) -> Guard {
    Guard {
        condition: condition.clone().is_not_true(),
        kind: Kind::Branch,
    }
}

pub(super) fn equal(left: &Expr, right: &Expr) -> Expr {
    left.clone().eq(right.clone())
}

/// `a op b`, if it reads one core at most.
pub(super) fn together(a: &Affine, op: Operator, b: &Affine) -> Option<Affine> {
    match op {
        Operator::Multiply => match (&a.core, &b.core) {
            // Nothing times a measure would still leave out what is missing; nobody needs it.
            (one, None) => (one.is_none() || b.offset != 0.0).then(|| a.clone().scaled(b.offset)),
            (None, Some(_)) => (a.offset != 0.0).then(|| b.clone().scaled(a.offset)),
            _ => None,
        },
        Operator::Minus => together(a, Operator::Plus, &b.clone().scaled(-1.0)),
        _ => {
            let (factor, offset) = (a.factor + b.factor, a.offset + b.offset);
            let core = match (&a.core, &b.core) {
                (Some(one), Some(other)) if one.value.to_string() == other.value.to_string() => {
                    Some(one.clone())
                }
                (Some(_), Some(_)) => return None,
                (one, other) => one.clone().or_else(|| other.clone()),
            };
            // A factor of nothing would still leave out what is missing; nobody needs `x - x`.
            (core.is_none() || factor != 0.0).then_some(Affine { factor, offset, core })
        }
    }
}
