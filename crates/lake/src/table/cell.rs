//! One value of a table, and how text becomes one. Nothing is guessed and nothing is rounded.

use std::borrow::Cow;

use shuyu_kernel::CivilDate;

use super::spec::{ColumnType, DECIMAL_PRECISION};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Missing.
    Null,
    /// Text.
    Text(Cow<'a, str>),
    /// Whole number.
    Integer(i64),
    /// Exact number in units of its column's last digit.
    Decimal(i128),
    /// Measurement.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Truth.
    Bool(bool),
}

impl<'a> Cell<'a> {
    /// The value that `text` writes, `None` when it is not one of this type.
    pub(crate) fn parse(text: &'a str, kind: ColumnType) -> Option<Self> {
        let trimmed = text.trim();
        match kind {
            ColumnType::Text => Some(Self::Text(Cow::Borrowed(text))),
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => {
                Self::number(trimmed, kind)
            }
            ColumnType::Date => date(trimmed).map(Self::Date),
            ColumnType::Bool => truth(trimmed).map(Self::Bool),
        }
    }

    /// The number that `text` writes in a column of this type.
    pub(crate) fn number(text: &str, kind: ColumnType) -> Option<Self> {
        match kind {
            ColumnType::Integer => integer(text).map(Self::Integer),
            ColumnType::Decimal { scale } => decimal(text, scale).map(Self::Decimal),
            ColumnType::Float => float(text).map(Self::Float),
            ColumnType::Text | ColumnType::Date | ColumnType::Bool => None,
        }
    }

    /// Whether both are numbers of the same kind and this one is smaller.
    pub(crate) fn less_than(&self, other: &Cell<'_>) -> bool {
        match (self, other) {
            (Self::Integer(a), Cell::Integer(b)) => a < b,
            (Self::Decimal(a), Cell::Decimal(b)) => a < b,
            (Self::Float(a), Cell::Float(b)) => a < b,
            (Self::Date(a), Cell::Date(b)) => a < b,
            _ => false,
        }
    }

    /// A text form of its own for each value, for keys and units: trimmed, ASCII letters upper-case (an
    /// identity number's `x` is its `X`), numbers in their shortest form.
    pub(crate) fn canonical(&self, kind: ColumnType) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Text(text) => text.trim().to_ascii_uppercase(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(_) | Self::Float(_) | Self::Date(_) | Self::Bool(_) => self.written(kind)?,
        })
    }

    /// The value as people write it; `None` for a missing one.
    pub(crate) fn written(&self, kind: ColumnType) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Text(text) => text.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => match kind {
                ColumnType::Decimal { scale } => written_decimal(*number, scale),
                _ => number.to_string(),
            },
            Self::Float(number) => number.to_string(),
            Self::Date(days) => CivilDate::from_days(i64::from(*days)).to_string(),
            Self::Bool(value) => value.to_string(),
        })
    }
}

fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Finite numbers in decimal or scientific notation; `inf` and `nan` are not values of a register.
fn float(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Exact: more digits after the point than the scale has are refused unless they are zeros.
fn decimal(text: &str, scale: u8) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    let mut number: i128 = 0;
    let zeros = std::iter::repeat_n(b'0', missing);
    for digit in whole.bytes().chain(fraction.bytes()).chain(zeros) {
        number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let limit = 10i128.pow(u32::from(DECIMAL_PRECISION));
    (number < limit).then_some(if negative { -number } else { number })
}

fn written_decimal(number: i128, scale: u8) -> String {
    let unit = 10u128.pow(u32::from(scale));
    let (whole, rest) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    let sign = if number < 0 { "-" } else { "" };
    let digits = usize::from(scale);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest:0>digits$}")
    }
}

fn date(text: &str) -> Option<i32> {
    let civil = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        parts(text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let separator = if text.contains('/') { '/' } else { '-' };
        let mut pieces = text.split(separator);
        let (year, month, day) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let lengths_fit = year.len() == 4
            && if separator == '-' {
                (month.len(), day.len()) == (2, 2)
            } else {
                month.len() <= 2 && day.len() <= 2
            };
        if pieces.next().is_some() || !lengths_fit {
            return None;
        }
        parts(year, month, day)
    };
    i32::try_from(civil?.days()).ok()
}

fn parts(year: &str, month: &str, day: &str) -> Option<CivilDate> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !(digits(year) && digits(month) && digits(day)) {
        return None;
    }
    CivilDate::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "是" => Some(true),
        "0" | "否" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_read_exactly_or_not_at_all() {
        let two = ColumnType::Decimal { scale: 2 };
        for (text, kind, expected) in [
            ("12", ColumnType::Integer, Some(Cell::Integer(12))),
            (
                "-9223372036854775808",
                ColumnType::Integer,
                Some(Cell::Integer(i64::MIN)),
            ),
            ("9223372036854775808", ColumnType::Integer, None),
            ("1.0", ColumnType::Integer, None),
            ("１", ColumnType::Integer, None),
            ("12.34", two, Some(Cell::Decimal(1234))),
            ("12.340", two, Some(Cell::Decimal(1234))),
            ("12.345", two, None),
            ("-.5", two, Some(Cell::Decimal(-50))),
            (".", two, None),
            ("99999999999999999999999999999", two, None),
            ("1e3", ColumnType::Float, Some(Cell::Float(1000.0))),
            ("inf", ColumnType::Float, None),
            ("NaN", ColumnType::Float, None),
            ("1e999", ColumnType::Float, None),
            ("1970-01-02", ColumnType::Date, Some(Cell::Date(1))),
            ("1970/1/2", ColumnType::Date, Some(Cell::Date(1))),
            ("19700102", ColumnType::Date, Some(Cell::Date(1))),
            ("1970-1-2", ColumnType::Date, None),
            ("2023-02-29", ColumnType::Date, None),
            ("是", ColumnType::Bool, Some(Cell::Bool(true))),
            ("yes", ColumnType::Bool, None),
        ] {
            assert_eq!(Cell::parse(text, kind), expected, "{text} as {kind:?}");
        }
    }

    #[test]
    fn decimals_are_written_as_they_were_read() {
        for text in ["0.05", "-12.34", "100.00", "-0.01"] {
            let kind = ColumnType::Decimal { scale: 2 };
            let cell = Cell::parse(text, kind).expect("decimal");
            assert_eq!(cell.written(kind).as_deref(), Some(text));
        }
    }
}
