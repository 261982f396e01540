//! Constants of a query and the types that may be compared without a conversion that can fail.

use arrow::datatypes::DataType;
use datafusion::{common::ScalarValue, logical_expr::Expr};

/// Kinds of values that compare with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Whole,
    /// Floating point and decimals with few enough digits that arithmetic cannot overflow.
    Number,
    Text,
    Date,
    Truth,
    Null,
    Other,
}

/// Most digits of a decimal in arithmetic; products of two stay within 38.
const MAX_DECIMAL_DIGITS: u8 = 18;

impl Family {
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Truth,
            t if t.is_integer() => Self::Whole,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Number,
            DataType::Decimal32(digits, _)
            | DataType::Decimal64(digits, _)
            | DataType::Decimal128(digits, _)
            | DataType::Decimal256(digits, _)
                if *digits <= MAX_DECIMAL_DIGITS =>
            {
                Self::Number
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Date,
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

/// Days since 1970 of a constant that names exactly the beginning of a day.
pub(crate) fn day(value: &ScalarValue) -> Option<i64> {
    const DAY: i64 = 86_400;
    match Family::of(&value.data_type()) {
        Family::Date | Family::Text => {
            let second = value
                .cast_to(&DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, None))
                .ok()?;
            let ScalarValue::TimestampNanosecond(Some(nanos), _) = second else {
                return None;
            };
            let per_day = DAY * 1_000_000_000;
            (nanos % per_day == 0).then(|| nanos.div_euclid(per_day))
        }
        Family::Whole | Family::Number | Family::Truth | Family::Null | Family::Other => None,
    }
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

/// Whether a literal is a number that is none: NaN or infinite.
pub(crate) fn is_not_finite(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Float32(Some(x)) => !x.is_finite(),
        ScalarValue::Float64(Some(x)) => !x.is_finite(),
        ScalarValue::Float16(Some(x)) => !x.is_finite(),
        _ => false,
    }
}
