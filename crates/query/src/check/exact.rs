//! Expressions over personal and non-public rows: every variant is named, so that a new one of the
//! engine below fails to compile instead of slipping through.
//!
//! An expression passes if it is *constant inside every grain cell* of every column it reads, every
//! column has the wanted use, and it *cannot fail* on any row: an error on one row is an answer
//! about that row.

use datafusion::{
    common::{Column, DFSchema},
    logical_expr::{Between, BinaryExpr, Case, Expr, ExprSchemable, Like, Operator, expr::InList},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Grain, Use, label::Exactness};

use super::{
    blame::{first_column, naming, nearest_form},
    constant::{self, Family},
    grain::{self, Compared, Generalised},
    proof,
    relation::{Relation, columns_of},
};
use crate::refusal::Explain;

/// Judges expressions of one relation for one use.
#[derive(Clone, Copy)]
pub(crate) struct Exact<'a> {
    pub relation: &'a Relation,
    pub schema: &'a DFSchema,
    pub citations: &'a Citations,
    pub wanted: Use,
}

impl Exact<'_> {
    /// The expression is constant inside every cell, its columns have the use, and it cannot fail.
    ///
    /// # Errors
    /// Those of [`Self::check`] and [`proof::prove`].
    pub fn judge(&self, expr: &Expr) -> Result<(), Refusal> {
        let judged = self.check(expr).and_then(|()| proof::prove(self, expr));
        judged.map_err(|refusal| match first_column(expr) {
            // A constant is refused for the sake of the columns beside it.
            Some(column) if !refusal.facts.contains_key("column") => {
                naming(refusal, self.relation, &column).fact("use", self.wanted.name())
            }
            _ => refusal,
        })
    }

    /// # Errors
    /// `use_missing`, `small_group_key`, `grain_finer`, `function_not_allowed`, `types_differ`,
    /// `column_compared_with_column`, `node_not_allowed`.
    pub fn check(&self, expr: &Expr) -> Result<(), Refusal> {
        match grain::generaliser(expr, self.relation, self.wanted) {
            Some(Generalised::Coarse(column)) => return self.has_use(column),
            Some(Generalised::TooFine(column, nearest)) => {
                self.has_use(column)?;
                return Err(self.too_fine(column, Some(nearest)));
            }
            None => {}
        }
        match expr {
            Expr::Alias(alias) => self.check(&alias.expr),
            Expr::Column(column) => self.column(column),
            Expr::Literal(value, _) if constant::is_not_finite(value) => Err(self.node("not_finite", expr)),
            Expr::Literal(..) => Ok(()),
            Expr::BinaryExpr(binary) => self.binary(binary),
            Expr::Like(like) => self.like(like),
            Expr::Not(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => {
                self.family(inner, &[Family::Truth, Family::Null])?;
                self.check(inner)
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => match inner.as_ref() {
                // NULL is a cell of its own in every grain.
                Expr::Column(column) => self.has_use(column),
                other => self.check(other),
            },
            Expr::Negative(inner) => {
                self.family(inner, &[Family::Whole, Family::Number])?;
                self.check(inner)
            }
            Expr::Between(between) => self.between(between),
            Expr::Case(case) => self.case(case),
            Expr::Cast(cast) => self.cast(expr, &cast.expr, cast.field.data_type()),
            Expr::TryCast(cast) => self.check(&cast.expr),
            Expr::ScalarFunction(function) => self.function(function),
            Expr::InList(list) => self.in_list(list),
            Expr::SimilarTo(_) => Err(self.node("similar_to", expr)),
            Expr::AggregateFunction(_) => Err(self.node("nested_aggregate", expr)),
            Expr::WindowFunction(_) => Err(self.node("window", expr)),
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) | Expr::ScalarSubquery(_) => {
                Err(self.node("subquery", expr))
            }
            Expr::GroupingSet(_) => Err(self.node("grouping_set", expr)),
            Expr::Placeholder(_) => Err(self.node("placeholder", expr)),
            Expr::OuterReferenceColumn(..) => Err(self.node("column_of_outer_query", expr)),
            Expr::Unnest(_) => Err(self.node("unnest", expr)),
            Expr::ScalarVariable(..) => Err(self.node("variable", expr)),
            Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => {
                Err(self.node("lambda", expr))
            }
            #[expect(deprecated, reason = "the variant still exists and must be refused")]
            Expr::Wildcard { .. } => Err(self.node("wildcard", expr)),
        }
    }

    fn column(&self, column: &Column) -> Result<(), Refusal> {
        self.has_use(column)?;
        match self.relation.label(column).exactness {
            Exactness::Exact => Ok(()),
            Exactness::At(grain) => {
                let nearest = nearest_form(column, &grain, self.relation, self.wanted);
                Err(self.too_fine(column, Some(nearest)))
            }
            Exactness::Nothing => Err(self.too_fine(column, None)),
        }
    }

    fn family_of(&self, expr: &Expr) -> Result<Family, Refusal> {
        let data_type = expr.get_type(self.schema).map_err(|_| self.types_differ(expr))?;
        Ok(Family::of(&data_type))
    }

    pub(super) fn family(&self, expr: &Expr, allowed: &[Family]) -> Result<(), Refusal> {
        if allowed.contains(&self.family_of(expr)?) {
            Ok(())
        } else {
            Err(self.types_differ(expr))
        }
    }

    /// Both sides compare without a conversion that can fail; a text constant that is a date does.
    pub(super) fn comparable(&self, left: &Expr, right: &Expr) -> Result<(), Refusal> {
        let (a, b) = (self.family_of(left)?, self.family_of(right)?);
        // A constant may be converted, a column not: a far date has no time stamp.
        let converts = |side: Family, other: Family, value: &Expr| match (side, other) {
            (Family::Date, Family::Text) => constant::fold(value).as_ref().and_then(constant::day).is_some(),
            (Family::Time, Family::Text | Family::Date) => {
                constant::fold(value).as_ref().and_then(constant::nanos).is_some()
            }
            _ => false,
        };
        if a.compares_with(b) || converts(a, b, right) || converts(b, a, left) {
            return Ok(());
        }
        let read = if columns_of(left).is_empty() { right } else { left };
        Err(self.types_differ(read))
    }

    fn binary(&self, binary: &BinaryExpr) -> Result<(), Refusal> {
        let BinaryExpr { left, op, right } = binary;
        match op {
            Operator::And | Operator::Or => {
                self.family(left, &[Family::Truth, Family::Null])?;
                self.family(right, &[Family::Truth, Family::Null])?;
                self.check(left)?;
                self.check(right)
            }
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom => self.comparison(left, *op, right),
            Operator::Plus | Operator::Minus | Operator::Multiply => {
                self.family(left, &[Family::Whole, Family::Number])?;
                self.family(right, &[Family::Whole, Family::Number])?;
                self.check(left)?;
                self.check(right)
            }
            Operator::Divide | Operator::Modulo => {
                self.family(left, &[Family::Whole, Family::Number])?;
                // A divisor that could be zero or -1 could fail on a row; that of a whole number is whole, since
                // a decimal one would turn the column into decimals, and those overflow with an error.
                let divisor = constant::fold(right);
                let is_whole = divisor
                    .as_ref()
                    .is_some_and(|value| value.data_type().is_integer());
                let whole = divisor.as_ref().and_then(constant::whole);
                if whole.is_none_or(|divisor| divisor <= 0)
                    || (self.family_of(left)? == Family::Whole && !is_whole)
                {
                    self.check(left)?;
                    return Err(self.function_refused(&op.to_string(), left));
                }
                self.check(left)
            }
            Operator::StringConcat => {
                self.family(left, &[Family::Text])?;
                self.family(right, &[Family::Text])?;
                self.check(left)?;
                self.check(right)
            }
            other => {
                let refused = |side: &Expr| self.function_refused(&other.to_string(), side);
                Err(refused(if columns_of(left).is_empty() { right } else { left }))
            }
        }
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Result<(), Refusal> {
        let (read, op, value) = match (columns_of(left).is_empty(), columns_of(right).is_empty()) {
            (_, true) => (left, op, right),
            (true, false) => (right, op.swap().unwrap_or(op), left),
            (false, false) => {
                if let Some(judged) = self.with_released(left, op, right) {
                    return judged;
                }
                let refusal = Refusal::unmet("column_compared_with_column").under(&self.citations.raw_stays);
                return Err(self.involving(refusal, left).instruct("compare_with_constant"));
            }
        };
        // A missing use is the better answer than a difference of types.
        for column in columns_of(read).values() {
            self.has_use(column)?;
        }
        self.comparable(left, right)?;
        self.check(value)?;
        let grained = grain::bare_number(read, self.relation).and_then(|column| {
            Some((
                column,
                grain::compared(column, op, value, self.relation, self.wanted)?,
            ))
        });
        match grained {
            Some((_, Compared::Aligned)) => Ok(()),
            Some((column, Compared::TooFine(nearest))) => Err(self.too_fine(column, nearest)),
            None => self.check(read),
        }
    }

    fn between(&self, between: &Between) -> Result<(), Refusal> {
        let Between {
            expr,
            negated: _,
            low,
            high,
        } = between;
        self.comparison(expr, Operator::GtEq, low)?;
        self.comparison(expr, Operator::LtEq, high)
    }

    fn like(&self, like: &Like) -> Result<(), Refusal> {
        self.family(&like.expr, &[Family::Text])?;
        let Some(pattern) = constant::text(&like.pattern) else {
            return Err(self.node("pattern_of_columns", &like.expr));
        };
        // `ab%` shows no more than a prefix of that length.
        let fixed = pattern
            .strip_suffix('%')
            .filter(|fixed| !fixed.contains(['%', '_', '\\']));
        if let (Expr::Column(column), Some(fixed)) = (like.expr.as_ref(), fixed)
            && let Exactness::At(Grain::Prefix(most)) = self.relation.label(column).exactness
            && !like.case_insensitive
            && u32::try_from(fixed.chars().count()).is_ok_and(|length| length <= most)
        {
            return self.has_use(column);
        }
        self.check(&like.expr)
    }

    fn in_list(&self, list: &InList) -> Result<(), Refusal> {
        let InList {
            expr,
            list,
            negated: _,
        } = list;
        for column in columns_of(expr).values() {
            self.has_use(column)?;
        }
        list.iter()
            .try_for_each(|value| self.comparison(expr, Operator::Eq, value))
    }

    fn case(&self, case: &Case) -> Result<(), Refusal> {
        let Case {
            expr,
            when_then_expr,
            else_expr,
        } = case;
        let mut results: Vec<&Expr> = Vec::new();
        for (when, then) in when_then_expr {
            match expr {
                Some(subject) => self.comparison(subject, Operator::Eq, when)?,
                None => {
                    self.family(when, &[Family::Truth, Family::Null])?;
                    self.check(when)?;
                }
            }
            results.push(then);
        }
        results.extend(else_expr.as_deref());
        self.same_family(&results)?;
        results.into_iter().try_for_each(|result| self.check(result))
    }

    pub(super) fn same_family(&self, exprs: &[&Expr]) -> Result<(), Refusal> {
        let families = exprs
            .iter()
            .map(|e| self.family_of(e))
            .collect::<Result<Vec<_>, _>>()?;
        let fits = families
            .iter()
            .all(|a| families.iter().all(|b| a.compares_with(*b)));
        if fits {
            Ok(())
        } else {
            let read = exprs.iter().find(|expr| !columns_of(expr).is_empty());
            read.or(exprs.first())
                .map_or(Ok(()), |read| Err(self.types_differ(read)))
        }
    }
}
