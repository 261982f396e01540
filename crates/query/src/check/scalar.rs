//! Constants that are known only at run time: values that the same statement releases (A3.1).
//!
//! A grained column is compared with such a value rounded to the grain, since what it is could be moved by a hair from
//! above; what runs, and what the release ledger sees, is the rounded comparison. A link is compared with nothing.

use arrow::datatypes::DataType;
use datafusion::{
    common::{
        Column, Result as PlanResult,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    functions::math::floor,
    logical_expr::{Between, BinaryExpr, Expr, Operator, cast, expr::ScalarFunction, lit},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Grain, Use, label::Exactness};

use super::{
    blame::pointing,
    exact::Exact,
    grain::{self, Compared},
    relation::{Relation, columns_of},
};
use crate::refusal::Explain;

/// Whether an expression reads released values and nothing else. A column that is equated with one of a person is
/// that person's.
pub(crate) fn at_run_time(expr: &Expr, relation: &Relation) -> bool {
    let columns = columns_of(expr);
    let equated = |column: &Column| {
        let same = |other: &Column| other.flat_name() == column.flat_name();
        relation.equalities.iter().any(|(a, b)| same(a) || same(b))
    };
    !columns.is_empty()
        && columns.values().all(|column| {
            let leaf = relation.leaf(column);
            leaf.is_some_and(|leaf| leaf.released().is_some()) && !equated(column)
        })
}

/// A comparison with a value known at run time only: what is compared, how, with what.
fn turned<'e>(
    left: &'e Expr,
    op: Operator,
    right: &'e Expr,
    relation: &Relation,
) -> Option<(&'e Expr, Operator, &'e Expr)> {
    if at_run_time(right, relation) {
        Some((left, op, right))
    } else if at_run_time(left, relation) {
        Some((right, op.swap().unwrap_or(op), left))
    } else {
        None
    }
}

impl Exact<'_> {
    /// Judges a comparison in which both sides read columns; `None` if neither side is known at run time.
    pub(super) fn with_released(
        &self,
        left: &Expr,
        op: Operator,
        right: &Expr,
    ) -> Option<Result<(), Refusal>> {
        let (read, op, value) = turned(left, op, right, self.relation)?;
        Some(self.judge_released(read, op, value))
    }

    fn judge_released(&self, read: &Expr, op: Operator, value: &Expr) -> Result<(), Refusal> {
        for column in columns_of(read).values() {
            self.has_use(column)?;
            if self.relation.label(column).allows(Use::Link)
                && self
                    .relation
                    .leaf(column)
                    .is_some_and(|leaf| leaf.column(&column.name).is_some())
            {
                return Err(self.link_compared(column));
            }
        }
        self.comparable(read, value)?;
        self.check(value)?;
        match compared(read, op, self.relation, self.wanted) {
            Some((_, Compared::Aligned)) => Ok(()),
            Some((column, Compared::TooFine(nearest))) => Err(self.too_fine(column, nearest)),
            None => self.check(read),
        }
    }

    fn link_compared(&self, column: &Column) -> Refusal {
        let refusal = Refusal::unmet("use_missing")
            .under(&self.citations.raw_stays)
            .fact("use", Use::Filter.name())
            .fact("node", "filter");
        pointing(refusal, self.relation, column).instruct("join_on_subject")
    }
}

/// How a bare grained column compares with a value known at run time; `None` if it is none.
fn compared<'e>(
    read: &'e Expr,
    op: Operator,
    relation: &Relation,
    wanted: Use,
) -> Option<(&'e Column, Compared)> {
    let column = grain::bare_number(read, relation)?;
    match relation.label(column).exactness {
        Exactness::Exact => None,
        Exactness::At(Grain::Number { filter, group }) => {
            let width = if wanted == Use::Group { group } else { filter };
            let step = matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq);
            let aligned = if step && width > 0 {
                Compared::Aligned
            } else {
                Compared::TooFine(None)
            };
            Some((column, aligned))
        }
        Exactness::At(Grain::Date(_) | Grain::Prefix(_)) | Exactness::Nothing => {
            Some((column, Compared::TooFine(None)))
        }
    }
}

/// The expression with every value that is known at run time only rounded to the grain of what is compared with it.
///
/// # Errors
/// When the engine below refuses an expression.
pub(crate) fn rounded(expr: Expr, relation: &Relation, wanted: Use) -> PlanResult<Expr> {
    let put = expr.transform_up(|node| match node {
        Expr::BinaryExpr(binary) => Ok(match rounded_comparison(&binary, relation, wanted) {
            Some(comparison) => Transformed::yes(comparison),
            None => Transformed::no(Expr::BinaryExpr(binary)),
        }),
        Expr::Between(between) => Ok(match rounded_between(&between, relation, wanted) {
            Some(comparison) => Transformed::yes(comparison),
            None => Transformed::no(Expr::Between(between)),
        }),
        other => Ok(Transformed::no(other)),
    });
    put.data()
}

fn rounded_between(between: &Between, relation: &Relation, wanted: Use) -> Option<Expr> {
    let side = |op, value: &Expr| {
        let comparison = BinaryExpr::new(between.expr.clone(), op, Box::new(value.clone()));
        let put = rounded_comparison(&comparison, relation, wanted);
        (put.is_some(), put.unwrap_or(Expr::BinaryExpr(comparison)))
    };
    let (low, high) = (
        side(Operator::GtEq, &between.low),
        side(Operator::LtEq, &between.high),
    );
    if !low.0 && !high.0 {
        return None;
    }
    let both = low.1.and(high.1);
    Some(if between.negated {
        Expr::Not(Box::new(both))
    } else {
        both
    })
}

fn rounded_comparison(binary: &BinaryExpr, relation: &Relation, wanted: Use) -> Option<Expr> {
    let (read, op, value) = turned(&binary.left, binary.op, &binary.right, relation)?;
    let (column, Compared::Aligned) = compared(read, op, relation, wanted)? else {
        return None;
    };
    let Exactness::At(Grain::Number { filter, group }) = relation.label(column).exactness else {
        return None;
    };
    let width = lit(if wanted == Use::Group { group } else { filter } as f64);
    let nearest = cast(value.clone(), DataType::Float64) / width.clone() + lit(0.5);
    let nearest = Expr::ScalarFunction(ScalarFunction::new_udf(floor(), vec![nearest])) * width;
    // Cells are closed below and open above.
    let op = match op {
        Operator::Lt | Operator::LtEq => Operator::Lt,
        _ => Operator::GtEq,
    };
    let read = cast(read.clone(), DataType::Float64);
    Some(Expr::BinaryExpr(BinaryExpr::new(
        Box::new(read),
        op,
        Box::new(nearest),
    )))
}
