//! One value of a column, from and to Arrow.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
        StringArray,
    },
    datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type},
    error::ArrowError,
};
use shuyu_kernel::CivilDate;

/// Type of the values of a column between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::governance) enum Kind {
    Text,
    Integer,
    Decimal { precision: u8, scale: i8 },
    Float,
    Date,
    Bool,
}

impl Kind {
    /// The kind of an Arrow type; `None` for types that tables of the lake do not have.
    pub(in crate::governance) fn of(kind: &DataType) -> Option<Self> {
        Some(match kind {
            DataType::Utf8 => Self::Text,
            DataType::Int64 => Self::Integer,
            DataType::Decimal128(precision, scale) => Self::Decimal {
                precision: *precision,
                scale: *scale,
            },
            DataType::Float64 => Self::Float,
            DataType::Date32 => Self::Date,
            DataType::Boolean => Self::Bool,
            _ => return None,
        })
    }

    pub(in crate::governance) fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Bool => DataType::Boolean,
        }
    }

    /// Whether values are numbers.
    pub(in crate::governance) fn numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. } | Self::Float)
    }
}

/// A value. `Exact` are integers and decimals, in units of the last digit of their column.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::governance) enum Value {
    Missing,
    Text(String),
    Exact(i128),
    Float(f64),
    Date(i32),
    Bool(bool),
}

impl Value {
    /// The value as people write it.
    pub(in crate::governance) fn written(&self, kind: Kind) -> Option<String> {
        Some(match self {
            Self::Missing => return None,
            Self::Text(text) => text.clone(),
            Self::Exact(number) => match kind {
                Kind::Decimal { scale, .. } => written_decimal(*number, scale),
                _ => number.to_string(),
            },
            Self::Float(number) => number.to_string(),
            Self::Date(days) => CivilDate::from_days(i64::from(*days)).to_string(),
            Self::Bool(value) => value.to_string(),
        })
    }
}

fn written_decimal(number: i128, scale: i8) -> String {
    let digits = usize::try_from(scale).unwrap_or(0);
    let unit = 10u128
        .checked_pow(u32::try_from(digits).unwrap_or(0))
        .unwrap_or(1);
    let (whole, rest) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let sign = if number < 0 { "-" } else { "" };
    if digits == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest:0>digits$}")
    }
}

/// The number that decimal text writes, in units of a digit at `scale`; `None` if it is none or has more digits.
pub(in crate::governance) fn exact(text: &str, scale: i8) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let zeros = usize::try_from(scale).ok()?.checked_sub(fraction.len())?;
    let mut number: i128 = 0;
    for digit in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', zeros))
    {
        number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    Some(if negative { -number } else { number })
}

/// The values of a column of a batch.
pub(in crate::governance) fn read(array: &ArrayRef, kind: Kind) -> Vec<Value> {
    let one = |row: usize| match kind {
        _ if array.is_null(row) => Value::Missing,
        Kind::Text => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        Kind::Integer => Value::Exact(i128::from(array.as_primitive::<Int64Type>().value(row))),
        Kind::Decimal { .. } => Value::Exact(array.as_primitive::<Decimal128Type>().value(row)),
        Kind::Float => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        Kind::Date => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        Kind::Bool => Value::Bool(array.as_boolean().value(row)),
    };
    (0..array.len()).map(one).collect()
}

/// A column of these values. A value of another kind becomes missing; steps do not make such ones.
pub(in crate::governance) fn write(values: Vec<Value>, kind: Kind) -> Result<ArrayRef, ArrowError> {
    let values = values.into_iter();
    Ok(match kind {
        Kind::Text => Arc::new(
            values
                .map(|v| if let Value::Text(t) = v { Some(t) } else { None })
                .collect::<StringArray>(),
        ),
        Kind::Integer => {
            let number = |v| {
                if let Value::Exact(n) = v {
                    i64::try_from(n).ok()
                } else {
                    None
                }
            };
            Arc::new(values.map(number).collect::<Int64Array>())
        }
        Kind::Decimal { precision, scale } => {
            let number = |v| if let Value::Exact(n) = v { Some(n) } else { None };
            let plain = values.map(number).collect::<Decimal128Array>();
            Arc::new(plain.with_precision_and_scale(precision, scale)?)
        }
        Kind::Float => Arc::new(
            values
                .map(|v| if let Value::Float(n) = v { Some(n) } else { None })
                .collect::<Float64Array>(),
        ),
        Kind::Date => Arc::new(
            values
                .map(|v| if let Value::Date(d) = v { Some(d) } else { None })
                .collect::<Date32Array>(),
        ),
        Kind::Bool => Arc::new(
            values
                .map(|v| if let Value::Bool(b) = v { Some(b) } else { None })
                .collect::<BooleanArray>(),
        ),
    })
}
