//! Functions and casts over rows: only those that cannot fail on any row.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable, expr::ScalarFunction};
use shuyu_kernel::Refusal;

use super::{
    constant::{self, Family},
    exact::Exact,
    relation::columns_of,
    survey::function_refused,
};
use crate::refusal::Explain;

/// Scalar functions that never fail on a row and may read personal values at their grain.
const TOTAL: [&str; 16] = [
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
const PARTS: [&str; 7] = ["year", "quarter", "month", "week", "day", "doy", "dow"];

impl Exact<'_> {
    /// Casts that cannot fail, and constants whose cast succeeds now.
    pub(super) fn cast(&self, whole: &Expr, inner: &Expr, to: &DataType) -> Result<(), Refusal> {
        if constant::fold(whole).is_some() {
            return Ok(());
        }
        let from = inner
            .get_type(self.schema)
            .map_err(|_| Refusal::unmet("types_differ"))?;
        let total = match to {
            to if *to == from => true,
            DataType::Float64 => Family::of(&from).is_number(),
            DataType::Int64 => from.is_integer() && from != DataType::UInt64,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                matches!(Family::of(&from), Family::Whole | Family::Text | Family::Truth)
            }
            _ => false,
        };
        if total {
            return self.check(inner);
        }
        // A missing use is the better answer than a cast that could fail.
        self.check(inner)?;
        Err(function_refused("cast", None).under(&self.citations.raw_stays))
    }

    /// Functions on the list, with arguments on which they cannot fail.
    pub(super) fn function(&self, function: &ScalarFunction) -> Result<(), Refusal> {
        let name = function.func.name();
        for column in function.args.iter().flat_map(columns_of) {
            self.has_use(&column.1)?;
        }
        let refused = || Err(function_refused(name, None).under(&self.citations.raw_stays));
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
                self.family(value, &[Family::Date])?;
                self.check(value)
            }
            ("substr", [value, numbers @ ..]) | ("left" | "right", [value, numbers @ ..]) => {
                let fixed = |e: &&Expr| {
                    constant::fold(e)
                        .as_ref()
                        .and_then(constant::whole)
                        .is_some_and(|n| n >= 0)
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
