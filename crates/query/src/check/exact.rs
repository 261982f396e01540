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
use shuyu_privacy::{Grain, Use, label::Exactness};

use super::{
    constant::{self, Family},
    grain::{self, Compared, Generalised},
    relation::{Relation, columns_of},
    survey::function_refused,
};
use crate::{
    citation::Citations,
    refusal::{Explain, Place},
};

/// Judges expressions of one relation for one use.
#[derive(Clone, Copy)]
pub(crate) struct Exact<'a> {
    pub relation: &'a Relation,
    pub schema: &'a DFSchema,
    pub citations: &'a Citations,
    pub wanted: Use,
}

/// Where the analyst named a column.
pub(crate) fn place(column: &Column) -> Option<Place> {
    let start = column.spans.first()?.start;
    (start.line > 0).then_some(Place {
        line: start.line,
        column: start.column,
    })
}

impl Exact<'_> {
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
            Expr::Literal(value, _) if constant::is_not_finite(value) => Err(self.node("not_finite")),
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
            Expr::SimilarTo(_) => Err(self.node("similar_to")),
            Expr::AggregateFunction(_) => Err(self.node("nested_aggregate")),
            Expr::WindowFunction(_) => Err(self.node("window")),
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) | Expr::ScalarSubquery(_) => {
                Err(self.node("subquery"))
            }
            Expr::GroupingSet(_) => Err(self.node("grouping_set")),
            Expr::Placeholder(_) => Err(self.node("placeholder")),
            Expr::OuterReferenceColumn(..) => Err(self.node("column_of_outer_query")),
            Expr::Unnest(_) => Err(self.node("unnest")),
            Expr::ScalarVariable(..) => Err(self.node("variable")),
            Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => {
                Err(self.node("lambda"))
            }
            #[expect(deprecated, reason = "the variant still exists and must be refused")]
            Expr::Wildcard { .. } => Err(self.node("wildcard")),
        }
    }

    fn node(&self, node: &str) -> Refusal {
        Refusal::unmet("node_not_allowed")
            .under(&self.citations.raw_stays)
            .fact("node", node)
            .fact("use", self.wanted.name())
            .instruct("plain_columns")
    }

    fn about(&self, refusal: Refusal, column: &Column) -> Refusal {
        let table = self.relation.leaf(column).map_or("", |leaf| leaf.table.as_str());
        refusal
            .fact("column", &column.name)
            .fact("table", table)
            .fact("use", self.wanted.name())
            .at(place(column), &column.name)
    }

    /// The column may be used in this way at all.
    pub fn has_use(&self, column: &Column) -> Result<(), Refusal> {
        let label = self.relation.label(column);
        if label.allows(self.wanted) {
            return Ok(());
        }
        let of_own = self
            .relation
            .leaf(column)
            .and_then(|leaf| leaf.column(&column.name))
            .cloned()
            .unwrap_or_default();
        if self.wanted == Use::Group && (of_own.unit || label.allows(Use::Link)) {
            let refusal = Refusal::unmet("small_group_key")
                .under(&self.citations.raw_stays)
                .citing(&of_own.basis);
            let nearest = format!("count(DISTINCT {})", column.name);
            return Err(self.about(refusal, column).nearest_sql(nearest));
        }
        let refusal = Refusal::unmet("use_missing")
            .under(&self.citations.scope)
            .under(&self.citations.least_necessary)
            .citing(&of_own.basis);
        Err(self
            .about(refusal, column)
            .fact("node", node_of(self.wanted))
            .instruct("apply_for_use"))
    }

    fn column(&self, column: &Column) -> Result<(), Refusal> {
        self.has_use(column)?;
        match self.relation.label(column).exactness {
            Exactness::Exact => Ok(()),
            Exactness::At(grain) => {
                Err(self.too_fine(column, Some(nearest_form(column, &grain, self.wanted))))
            }
            Exactness::Nothing => Err(self.too_fine(column, None)),
        }
    }

    fn too_fine(&self, column: &Column, nearest: Option<String>) -> Refusal {
        let refusal = Refusal::unmet("grain_finer").under(&self.citations.least_necessary);
        let refusal = self.about(refusal, column).fact("node", node_of(self.wanted));
        match nearest {
            Some(sql) => refusal.nearest_sql(sql),
            None => refusal.instruct("use_coarser_value"),
        }
    }

    fn family_of(&self, expr: &Expr) -> Result<Family, Refusal> {
        let data_type = expr
            .get_type(self.schema)
            .map_err(|_| Refusal::unmet("types_differ"))?;
        Ok(Family::of(&data_type))
    }

    pub(super) fn family(&self, expr: &Expr, allowed: &[Family]) -> Result<(), Refusal> {
        if allowed.contains(&self.family_of(expr)?) {
            Ok(())
        } else {
            Err(Refusal::unmet("types_differ"))
        }
    }

    /// Both sides compare without a conversion that can fail; a text constant that is a date does.
    fn comparable(&self, left: &Expr, right: &Expr) -> Result<(), Refusal> {
        let (a, b) = (self.family_of(left)?, self.family_of(right)?);
        let dates = |side: Family, other: Family, text: &Expr| {
            side == Family::Date
                && other == Family::Text
                && constant::fold(text).as_ref().and_then(constant::day).is_some()
        };
        if a.compares_with(b) || dates(a, b, right) || dates(b, a, left) {
            return Ok(());
        }
        Err(Refusal::unmet("types_differ").instruct("compare_same_type"))
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
                // A divisor that could be zero or -1 could fail on a row.
                let divisor = constant::fold(right).as_ref().and_then(constant::whole);
                if divisor.is_none_or(|divisor| divisor <= 0) {
                    return Err(function_refused(&op.to_string(), None).under(&self.citations.raw_stays));
                }
                self.check(left)
            }
            Operator::StringConcat => {
                self.family(left, &[Family::Text])?;
                self.family(right, &[Family::Text])?;
                self.check(left)?;
                self.check(right)
            }
            other => Err(function_refused(&other.to_string(), None).under(&self.citations.raw_stays)),
        }
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Result<(), Refusal> {
        let (read, op, value) = match (columns_of(left).is_empty(), columns_of(right).is_empty()) {
            (_, true) => (left, op, right),
            (true, false) => (right, op.swap().unwrap_or(op), left),
            (false, false) => {
                let first = columns_of(left).into_values().next();
                let refusal = Refusal::unmet("column_compared_with_column").under(&self.citations.raw_stays);
                let refusal = match first {
                    Some(column) => self.about(refusal, &column),
                    None => refusal,
                };
                return Err(refusal.instruct("compare_with_constant"));
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
            return Err(self.node("pattern_of_columns"));
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
            Err(Refusal::unmet("types_differ").instruct("compare_same_type"))
        }
    }
}

fn node_of(wanted: Use) -> &'static str {
    match wanted {
        Use::Out => "output",
        Use::Group => "group_key",
        Use::Filter => "filter",
        Use::Measure => "aggregate_argument",
        Use::Link => "join",
    }
}

fn nearest_form(column: &Column, grain: &Grain, wanted: Use) -> String {
    let name = &column.name;
    match grain {
        Grain::Date(step) => format!("date_trunc('{}', {name})", grain::step_name(*step)),
        Grain::Number { filter, group } => {
            format!(
                "floor({name} / {0}) * {0}",
                if wanted == Use::Group { group } else { filter }
            )
        }
        Grain::Prefix(length) => format!("left({name}, {length})"),
    }
}
