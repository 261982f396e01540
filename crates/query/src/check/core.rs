//! What an argument may read: one measure, or one group column at its grain (A3.7, A4.2).

use datafusion::{
    common::Column,
    logical_expr::{BinaryExpr, Expr, ExprSchemable},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{
    Bounds, Grain, Use,
    label::{Exactness, Range},
};

use super::{
    argument::Arguments,
    constant::{self, Family},
    exact::Exact,
    figure::Core,
    grain::{self, Generalised},
    origin::Origin,
    proof,
    relation::columns_of,
};

impl Arguments<'_> {
    /// One measure, or one group column at its grain if it is a number.
    ///
    /// # Errors
    /// When it is one, and may not be used.
    pub fn core(&self, argument: &Expr) -> Result<Option<Core>, Refusal> {
        if let (true, Expr::Column(column)) = (self.counting, argument) {
            return self.counted(column).map(Some);
        }
        if let Some(column) = grain::bare_number(argument, self.relation) {
            let label = self.relation.label(column);
            if label.allows(Use::Measure) || !label.allows(Use::Group) || label.exactness != Exactness::Exact
            {
                return self.measured(argument).map(Some);
            }
            return self.grouped(argument, label.range).map(Some);
        }
        match grain::generaliser(argument, self.relation, Use::Group) {
            Some(Generalised::Coarse(column)) => {
                let range = self.relation.label(column).range;
                self.grouped(argument, range).map(Some)
            }
            // A quotient that is no bucket may still be a multiple of a measure.
            Some(Generalised::TooFine(..)) if matches!(argument, Expr::BinaryExpr(_)) => Ok(None),
            Some(Generalised::TooFine(..)) => self.grouped(argument, Range::Unbounded).map(Some),
            None => match argument {
                Expr::ScalarFunction(function) if function.func.name() == "date_part" => {
                    self.grouped(argument, Range::Unbounded).map(Some)
                }
                _ => Ok(None),
            },
        }
    }

    /// Counting values takes a bare column with any use but `out`.
    fn counted(&self, column: &Column) -> Result<Core, Refusal> {
        let label = self.relation.label(column);
        let uses = [Use::Group, Use::Filter, Use::Measure, Use::Link];
        if !uses.into_iter().any(|used| label.allows(used)) {
            self.exact.has_use(column)?;
        }
        Ok(Core {
            value: Expr::Column(column.clone()),
            bounds: None,
            centre: 0,
            grain: None,
        })
    }

    /// A bare measure, moved into its limits.
    ///
    /// # Errors
    /// `use_missing`, `types_differ`, `node_not_allowed`.
    pub fn measured(&self, argument: &Expr) -> Result<Core, Refusal> {
        let Some(column) = grain::bare_number(argument, self.relation) else {
            return Err(self.refused(argument));
        };
        self.exact.has_use(column)?;
        let number = self
            .relation
            .base_type(column)
            .is_some_and(|t| Family::of(&t).is_number());
        if !number {
            return Err(self.exact.types_differ(argument));
        }
        proof::prove(&self.exact, argument)?;
        let label = self.relation.label(column);
        let bounds = match label.range {
            Range::Within(bounds) => bounds,
            // An argument without limits would not be finite (A4.2).
            Range::Unbounded => Bounds::UNDECLARED,
            Range::Empty => return Err(self.exact.node("aggregate_argument", argument)),
        };
        let grain = match label.exactness {
            Exactness::At(Grain::Number { filter, .. }) => Some(filter),
            _ => None,
        };
        // Sums of counts are counts, which are whole.
        let counts = self.relation.counts_rows(argument);
        Ok(Core {
            value: argument.clone(),
            bounds: Some(bounds),
            centre: if counts { 0 } else { centre(bounds) },
            grain,
        })
    }

    /// A group column at its grain: what everybody may see of a group key.
    fn grouped(&self, argument: &Expr, range: Range) -> Result<Core, Refusal> {
        let exact = Exact {
            wanted: Use::Group,
            ..self.exact
        };
        exact.judge(argument)?;
        if !self.is_stored(argument) {
            return Err(self.refused(argument));
        }
        let number = argument
            .get_type(self.exact.schema)
            .is_ok_and(|t| Family::of(&t).is_number());
        let bounds = match range {
            Range::Within(bounds) => Some(bounds),
            Range::Unbounded => Some(Bounds::UNDECLARED),
            Range::Empty => None,
        };
        let bounds = match argument {
            Expr::ScalarFunction(function) if function.func.name() == "date_part" => function
                .args
                .first()
                .and_then(constant::text)
                .as_deref()
                .and_then(of_dates),
            Expr::ScalarFunction(function) => match function.args.as_slice() {
                [Expr::BinaryExpr(division)] => bounds.and_then(|bounds| divided(bounds, division)),
                _ => None,
            },
            Expr::BinaryExpr(division) => bounds.and_then(|bounds| divided(bounds, division)),
            _ => bounds,
        };
        match bounds.filter(|_| number) {
            Some(bounds) => Ok(Core {
                value: argument.clone(),
                bounds: Some(bounds),
                centre: centre(bounds),
                grain: None,
            }),
            None => Err(self.refused(argument)),
        }
    }

    /// Every column is one of a table. What a statement made of the rows of a subject may be a branch, and what it
    /// released is no factor: neither is an argument, unless it is a measure.
    fn is_stored(&self, argument: &Expr) -> bool {
        columns_of(argument).values().all(|column| {
            let leaf = self.relation.leaf(column);
            leaf.is_some_and(|leaf| matches!(leaf.origin, Origin::Stored))
        })
    }

    pub fn is_whole(&self, expr: &Expr) -> bool {
        expr.get_type(self.exact.schema)
            .is_ok_and(|t| Family::of(&t) == Family::Whole)
    }
}

/// The middle of limits that leave zero out; else zero, since noise grows with what is added up.
fn centre(bounds: Bounds) -> i64 {
    if bounds.low <= 0 && bounds.high >= 0 {
        0
    } else {
        bounds.low + (bounds.high - bounds.low) / 2
    }
}

/// Limits of the parts of dates. Days before 1900 and after 2100 count as these years.
fn of_dates(part: &str) -> Option<Bounds> {
    let (low, high) = match part.to_ascii_lowercase().as_str() {
        "year" => (1900, 2100),
        "quarter" => (1, 4),
        "month" => (1, 12),
        "week" => (1, 53),
        "day" => (1, 31),
        "doy" => (1, 366),
        "dow" => (0, 6),
        _ => return None,
    };
    Some(Bounds { low, high })
}

fn divided(bounds: Bounds, division: &BinaryExpr) -> Option<Bounds> {
    let by = constant::fold(&division.right)
        .as_ref()
        .and_then(constant::whole)
        .filter(|by| *by > 0)?;
    Some(Bounds {
        low: bounds.low.div_euclid(by),
        high: bounds.high.div_euclid(by),
    })
}
