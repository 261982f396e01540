//! Constants of a query and the types that may be compared without a conversion that can fail.

use arrow::datatypes::DataType;
use datafusion::{common::ScalarValue, logical_expr::Expr};

/// Kinds of values that compare with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Whole,
    /// Floating point. No decimals: they overflow with an error, and the error speaks of a row.
    Number,
    Text,
    /// Days.
    Date,
    /// Points in time. Days are no points in time: a far day has none.
    Time,
    Truth,
    Null,
    Other,
}

impl Family {
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Truth,
            // 64 bits without a sign meet signed numbers in a conversion that can fail.
            DataType::UInt64 => Self::Other,
            t if t.is_integer() => Self::Whole,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Number,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(_, None) => Self::Time,
            DataType::Dictionary(_, value) => Self::of(value),
            _ => Self::Other,
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Number | Self::Null)
    }

    /// Whether values of both compare without a conversion that can fail.
    pub fn compares_with(self, other: Self) -> bool {
        self != Self::Other
            && other != Self::Other
            && (self == other
                || self == Self::Null
                || other == Self::Null
                || (self.is_number() && other.is_number()))
    }
}

/// The value of a constant: a literal, its negative, or a cast of one that succeeds.
pub(crate) fn fold(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        Expr::Negative(inner) => fold(inner)?.arithmetic_negate().ok(),
        Expr::Cast(cast) => fold(&cast.expr)?.cast_to(cast.field.data_type()).ok(),
        Expr::TryCast(cast) => fold(&cast.expr)?.cast_to(cast.field.data_type()).ok(),
        Expr::Alias(alias) => fold(&alias.expr),
        _ => None,
    }
}

/// A whole number, if the constant is one.
pub(crate) fn whole(value: &ScalarValue) -> Option<i64> {
    if value.is_null() || !Family::of(&value.data_type()).is_number() {
        return None;
    }
    let ScalarValue::Int64(Some(number)) = value.cast_to(&DataType::Int64).ok()? else {
        return None;
    };
    let back = ScalarValue::Int64(Some(number))
        .cast_to(&value.data_type())
        .ok()?;
    (back == *value).then_some(number)
}

/// Nanoseconds since 1970 of a constant that names a point in time or a day.
pub(crate) fn nanos(value: &ScalarValue) -> Option<i64> {
    let second = match Family::of(&value.data_type()) {
        Family::Date | Family::Time | Family::Text => value
            .cast_to(&DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, None))
            .ok()?,
        Family::Whole | Family::Number | Family::Truth | Family::Null | Family::Other => return None,
    };
    match second {
        ScalarValue::TimestampNanosecond(nanos, _) => nanos,
        _ => None,
    }
}

/// Days since 1970 of a constant that names exactly the beginning of a day.
pub(crate) fn day(value: &ScalarValue) -> Option<i64> {
    const NANOS: i64 = 86_400 * 1_000_000_000;
    let nanos = nanos(value)?;
    (nanos % NANOS == 0).then(|| nanos.div_euclid(NANOS))
}

/// The text of a literal.
pub(crate) fn text(expr: &Expr) -> Option<String> {
    match fold(expr)? {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Some(text),
        _ => None,
    }
}

/// Whether a constant is a number that is none: NaN or infinite.
pub(crate) fn is_not_finite(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Float32(Some(x)) => !x.is_finite(),
        ScalarValue::Float64(Some(x)) => !x.is_finite(),
        ScalarValue::Float16(Some(x)) => !x.is_finite(),
        _ => false,
    }
}
