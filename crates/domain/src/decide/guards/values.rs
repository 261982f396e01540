//! Guards over values: completeness, choices, terms, order, money, columns.

use shuyu_kernel::{CivilDate, calendar::Limit};
use shuyu_profile::Operand;

use super::{Facts, Scene, facts, title};
use crate::{decide::condition, value::Value};

pub(super) fn complete(fields: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let missing: Vec<String> = fields
        .iter()
        .filter(|field| scene.fields.get(*field).is_none_or(Value::is_empty))
        .map(|field| title(scene, field))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(facts([
        ("missing", missing.join("; ")),
        ("count", missing.len().to_string()),
        ("needed", fields.len().to_string()),
    ]))
}

pub(super) fn one_of(fields: &[String], values: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let text = |field: &String| scene.fields.get(field).map(Value::text).unwrap_or_default();
    let Some(field) = fields.iter().find(|field| !values.contains(&text(field))) else {
        return Ok(());
    };
    let value = text(field);
    let shown = scene
        .procedure
        .field(field)
        .and_then(|f| f.choices.iter().find(|choice| choice.id == value))
        .map_or(value, |choice| choice.title.clone());
    Err(facts([("field", title(scene, field)), ("value", shown)]))
}

/// A term from one day to another, both counted, of at most the limit, or of exactly it.
pub(super) fn term(from: &str, to: &str, limit: Limit, exact: bool, scene: &Scene<'_>) -> Result<(), Facts> {
    let (from, to) = (date(scene, from), date(scene, to));
    let last = from.and_then(|from| Some(limit.last_day(from)?.plus_days(-1)));
    if let (Some(from), Some(to), Some(last)) = (from, to, last)
        && if exact {
            to == last
        } else {
            (from..=last).contains(&to)
        }
    {
        return Ok(());
    }
    let text = |day: Option<CivilDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Err(facts([
        ("limit", limit.to_string()),
        ("last", text(last)),
        ("to", text(to)),
    ]))
}

fn date(scene: &Scene<'_>, field: &str) -> Option<CivilDate> {
    match scene.fields.get(field) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

/// What is missing is in no order.
pub(super) fn in_order(
    low: &Operand,
    gap: Option<Limit>,
    high: &Operand,
    scene: &Scene<'_>,
) -> Result<(), Facts> {
    let (low, high) = (condition::operand(low, scene), condition::operand(high, scene));
    let holds = match (&low, &high) {
        (Some(Value::Date(low)), Some(Value::Date(high))) => {
            let least = match gap {
                Some(gap) => gap
                    .last_day(*low)
                    .unwrap_or_else(|| scene.ctx.profile.calendar.due_on(*low, gap)),
                None => *low,
            };
            least <= *high
        }
        (Some(Value::Money(low)), Some(Value::Money(high))) => low <= high,
        (Some(Value::Integer(low)), Some(Value::Integer(high))) => low <= high,
        _ => false,
    };
    if holds {
        return Ok(());
    }
    let text = |value: Option<Value>| value.map(|value| value.text()).unwrap_or_default();
    Err(facts([
        ("low", text(low)),
        ("high", text(high)),
        ("gap", gap.map(|gap| gap.to_string()).unwrap_or_default()),
    ]))
}

pub(super) fn at_most(field: &str, ceiling: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    match (scene.fields.get(field), scene.fields.get(ceiling)) {
        (Some(Value::Money(price)), Some(Value::Money(top))) if price <= top && price.fen() >= 0 => Ok(()),
        (price, top) => Err(facts([("price", text(price)), ("ceiling", text(top))])),
    }
}

pub(super) fn zero(fields: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let values = fields.iter().map(|field| scene.fields.get(field));
    let mut other = values.filter(|value| !matches!(value, Some(Value::Money(money)) if money.fen() == 0));
    match other.next() {
        None => Ok(()),
        Some(value) => Err(facts([("price", text(value))])),
    }
}

pub(super) fn balanced(left: &str, right: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    match (scene.fields.get(left), scene.fields.get(right)) {
        (Some(Value::Integer(a)), Some(Value::Integer(b))) if a == b => Ok(()),
        (a, b) => Err(facts([("left", text(a)), ("right", text(b))])),
    }
}

fn text(value: Option<&Value>) -> String {
    value.map(Value::text).unwrap_or_default()
}

pub(super) fn columns_justified(field: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(Value::Columns(tables)) = scene.fields.get(field) else {
        return Err(facts([("table", String::new()), ("column", String::new())]));
    };
    for table in tables {
        let idle = table
            .columns
            .iter()
            .find(|(_, uses)| uses.is_empty())
            .map(|(column, _)| column.clone());
        if table.reason.is_empty() || table.columns.is_empty() || idle.is_some() {
            return Err(facts([
                ("table", table.table.clone()),
                ("column", idle.unwrap_or_default()),
            ]));
        }
    }
    Ok(())
}
