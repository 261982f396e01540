//! Functions and casts over rows: only those that cannot fail on any row.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable, expr::ScalarFunction};
use shuyu_kernel::Refusal;

use super::{
    constant::{self, Family},
    exact::Exact,
    proof,
    relation::columns_of,
    survey::function_refused,
};
use crate::refusal::Explain;

/// Scalar functions that never fail on a row and may read personal values at their grain.
pub(super) const TOTAL: [&str; 16] = [
    "btrim",
    "ceil",
    "character_length",
    "coalesce",
    "concat",
    "date_part",
    "date_trunc",
    "floor",
    "left",
    "lower",
    "ltrim",
    "nullif",
    "right",
    "rtrim",
    "substr",
    "upper",
];
/// Parts of dates that never fail.
pub(super) const PARTS: [&str; 7] = ["year", "quarter", "month", "week", "day", "doy", "dow"];

impl Exact<'_> {
    /// Casts that cannot fail, and constants whose cast succeeds now.
    pub(super) fn cast(&self, whole: &Expr, inner: &Expr, to: &DataType) -> Result<(), Refusal> {
        if constant::fold(whole).is_some() {
            return Ok(());
        }
        let from = inner
            .get_type(self.schema)
            .map_err(|_| self.types_differ(inner))?;
        // A missing use is the better answer than a cast that could fail.
        self.check(inner)?;
        if proof::is_total_cast(&from, to) {
            Ok(())
        } else {
            Err(self.function_refused("cast", inner))
        }
    }

    /// Functions on the list, with arguments on which they cannot fail.
    pub(super) fn function(&self, function: &ScalarFunction) -> Result<(), Refusal> {
        let name = function.func.name();
        for column in function.args.iter().flat_map(columns_of) {
            self.has_use(&column.1)?;
        }
        let reads = function.args.iter().find(|arg| !columns_of(arg).is_empty());
        let refused = || match reads {
            Some(read) => Err(self.function_refused(name, read)),
            None => Err(function_refused(name, None).under(&self.citations.raw_stays)),
        };
        if !TOTAL.contains(&name) {
            return refused();
        }
        let arguments: Vec<&Expr> = function.args.iter().collect();
        match (name, arguments.as_slice()) {
            ("date_part" | "date_trunc", [part, value]) => {
                let known = constant::text(part)
                    .is_some_and(|part| PARTS.contains(&part.to_ascii_lowercase().as_str()));
                let truncable =
                    name == "date_part" || constant::text(part).is_some_and(|p| !p.starts_with("do"));
                if !known || !truncable {
                    return refused();
                }
                let both = [Family::Date, Family::Time];
                self.family(
                    value,
                    if name == "date_part" {
                        &both
                    } else {
                        &[Family::Date]
                    },
                )?;
                // Truncation goes through nanoseconds. What runs guards bare columns, and nothing else.
                if name == "date_trunc" && !matches!(value, Expr::Column(_)) {
                    self.check(value)?;
                    return refused();
                }
                self.check(value)
            }
            ("substr", [value, numbers @ ..]) | ("left" | "right", [value, numbers @ ..]) => {
                let fixed = |e: &&Expr| {
                    let number = constant::fold(e).as_ref().and_then(constant::whole);
                    number.is_some_and(|n| (0..=proof::MOST_CHARACTERS).contains(&n))
                };
                if !numbers.iter().all(fixed) {
                    return refused();
                }
                self.family(value, &[Family::Text])?;
                self.check(value)
            }
            ("ceil" | "floor", [value]) => {
                self.family(value, &[Family::Whole, Family::Number])?;
                self.check(value)
            }
            ("coalesce" | "nullif", values) => {
                self.same_family(values)?;
                values.iter().try_for_each(|value| self.check(value))
            }
            (_, values) => {
                // Functions of texts.
                for value in values {
                    self.family(value, &[Family::Text, Family::Null])?;
                    self.check(value)?;
                }
                Ok(())
            }
        }
    }
}
