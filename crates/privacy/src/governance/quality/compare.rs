//! A rule made ready for a type of column, and what it says of a value.

use std::cmp::Ordering;

use arrow::datatypes::Schema;
use shuyu_kernel::{CreditCode, DivisionCode, ResidentId};

use super::rule::{ColumnRule, Rule};
use crate::governance::recipe::value::{Kind, Value, exact};

/// What a rule says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does not speak of it.
    Passed,
    /// It holds.
    Good,
    /// It is broken.
    Bad,
}

/// A rule with the type of its column, and its bounds in that type.
pub(super) struct Ready {
    kind: Option<Kind>,
    bounds: [Option<Value>; 2],
}

impl Ready {
    /// Of a rule over these columns.
    ///
    /// # Errors
    /// What is wrong, in one word: `column`, `type`, `value`.
    pub(super) fn of(rule: &ColumnRule, schema: &Schema) -> Result<Self, &'static str> {
        let kind_of = |name: &str| {
            let field = schema.field_with_name(name).ok();
            let visible = field.filter(|_| !name.starts_with("__"));
            visible
                .and_then(|field| Kind::of(field.data_type()))
                .ok_or("column")
        };
        if matches!(rule.rule, Rule::Fresh(_)) {
            return Ok(Self {
                kind: None,
                bounds: [None, None],
            });
        }
        let kind = kind_of(&rule.column)?;
        let bounds = match &rule.rule {
            Rule::Between(min, max) if kind.numeric() => {
                let ends = [bound(min, kind)?, bound(max, kind)?];
                match &ends {
                    [Some(min), Some(max)] if order(min, max) == Some(Ordering::Greater) => {
                        return Err("value");
                    }
                    _ => ends,
                }
            }
            Rule::Days(from, to) if kind == Kind::Date => [from, to].map(|day| {
                let days = i32::try_from((*day)?.days()).ok()?;
                Some(Value::Date(days))
            }),
            Rule::NotAfter(other) if kind.numeric() || kind == Kind::Date => match kind_of(other)? {
                same if same == kind => [None, None],
                _ => return Err("type"),
            },
            Rule::Between(..) | Rule::Days(..) | Rule::NotAfter(_) => return Err("type"),
            _ => [None, None],
        };
        let kind = Some(kind);
        Ok(Self { kind, bounds })
    }

    /// The columns it reads, with their type.
    pub(super) fn reads<'a>(&self, rule: &'a ColumnRule) -> impl Iterator<Item = (&'a str, Kind)> {
        let other = match &rule.rule {
            Rule::NotAfter(other) => Some(other.as_str()),
            _ => None,
        };
        let names = [Some(rule.column.as_str()), other].into_iter().flatten();
        let kind = self.kind;
        names.filter_map(move |name| Some((name, kind?)))
    }

    /// What it says of a row whose values are asked by column.
    pub(super) fn judge<'v>(&self, rule: &ColumnRule, value: &impl Fn(&str) -> Option<&'v Value>) -> Verdict {
        let (Some(kind), Some(own)) = (self.kind, value(&rule.column)) else {
            return Verdict::Passed;
        };
        let written = own.written(kind);
        let text = written.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let Some(text) = text else {
            return match rule.rule {
                Rule::Present => Verdict::Bad,
                _ => Verdict::Passed,
            };
        };
        let good = match &rule.rule {
            Rule::Present | Rule::Fresh(_) => true,
            Rule::Length(from, to) => {
                let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                (*from..=*to).contains(&length)
            }
            Rule::Digits => text.bytes().all(|byte| byte.is_ascii_digit()),
            Rule::ResidentId => ResidentId::parse(text).is_ok(),
            Rule::CreditCode => CreditCode::parse(text).is_ok(),
            Rule::DivisionCode => DivisionCode::parse(text).is_ok(),
            Rule::OneOf(codes) => codes.contains(text),
            Rule::Between(..) | Rule::Days(..) => {
                let [min, max] = &self.bounds;
                let below = min
                    .as_ref()
                    .is_some_and(|min| order(own, min) == Some(Ordering::Less));
                !below
                    && max
                        .as_ref()
                        .is_none_or(|max| order(own, max) != Some(Ordering::Greater))
            }
            Rule::NotAfter(other) => match value(other) {
                None | Some(Value::Missing) => return Verdict::Passed,
                Some(other) => order(own, other) != Some(Ordering::Greater),
            },
        };
        if good { Verdict::Good } else { Verdict::Bad }
    }
}

/// Bounds of numbers: exact ones in units of the last digit of their column.
fn bound(text: &str, kind: Kind) -> Result<Option<Value>, &'static str> {
    let number = match (text, kind) {
        ("", _) => return Ok(None),
        (text, Kind::Float) => text
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .map(Value::Float),
        (text, Kind::Decimal { scale, .. }) => exact(text, scale).map(Value::Exact),
        (text, _) => exact(text, 0).map(Value::Exact),
    };
    number.map(Some).ok_or("value")
}

/// The order of two values of one type.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Exact(a), Value::Exact(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
