//! The text of a step's fields as values: `case:`, `body:`, `person:` and `file:` name things of the scenario.

use std::collections::BTreeMap;

use shuyu_kernel::{Actor, CivilDate, Refusal};
use shuyu_profile::{Field, FieldType, Procedure, Rule, scenario::Step};

use super::world::{World, paper, sealed};
use crate::value::Value;

/// Why a text gave no value.
pub(super) enum Wrong {
    /// The scenario itself is wrong.
    Scenario(String),
    /// The platform refuses it, as it would refuse a form.
    Refused(Refusal),
}

/// The values of a step, and with `fill` one for every field that a guard of the act wants complete.
pub(super) fn filled(procedure: &Procedure, step: &Step) -> BTreeMap<String, String> {
    let mut set = step.set.clone();
    if !step.fill {
        return set;
    }
    let guards = match procedure.act(&step.act) {
        Some(act) => &act.guards,
        None => &procedure.open.guards,
    };
    let wanted = guards.iter().filter_map(|guard| match &guard.rule {
        Rule::Complete { fields } => Some(fields),
        _ => None,
    });
    for id in wanted.flatten().filter(|id| !step.without.contains(id)) {
        let sample = procedure.field(id).and_then(|field| sample(field, step.on));
        if let Some(sample) = sample {
            set.entry(id.clone()).or_insert(sample);
        }
    }
    set
}

/// A value that says nothing in particular; none where it would have to name somebody or another case.
fn sample(field: &Field, on: CivilDate) -> Option<String> {
    Some(match field.ty {
        FieldType::Text | FieldType::Paragraph => field.title.clone(),
        FieldType::Date => on.to_string(),
        FieldType::Money => "0".to_owned(),
        FieldType::Integer => "1".to_owned(),
        FieldType::YesNo => "no".to_owned(),
        FieldType::Choice => field.choices.first()?.id.clone(),
        FieldType::File => format!("file:{}.pdf", field.title),
        FieldType::Figures => "n=1".to_owned(),
        FieldType::Body | FieldType::Person | FieldType::Case | FieldType::Cases | FieldType::Columns => {
            return None;
        }
    })
}

/// All fields of a step.
pub(super) fn values(
    world: &mut World,
    procedure: &Procedure,
    actor: &Actor,
    set: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Wrong> {
    let mut values = BTreeMap::new();
    for (id, text) in set {
        let field = procedure
            .field(id)
            .ok_or_else(|| Wrong::Scenario(format!("procedure `{}` has no field `{id}`", procedure.id)))?;
        if let Some(value) = value(world, field, actor, text)? {
            values.insert(id.clone(), value);
        }
    }
    Ok(values)
}

fn value(world: &mut World, field: &Field, actor: &Actor, text: &str) -> Result<Option<Value>, Wrong> {
    let named = |prefix: &str| {
        text.strip_prefix(prefix).ok_or_else(|| {
            Wrong::Scenario(format!(
                "field `{}` takes `{prefix}<name>`, not `{text}`",
                field.id
            ))
        })
    };
    if field.personal {
        return Ok(Some(sealed(&field.id, text)));
    }
    Ok(match field.ty {
        FieldType::File if text.is_empty() => None,
        FieldType::File => Some(Value::File(paper(named("file:")?))),
        FieldType::Body => {
            let name = named("body:")?;
            let roles = |id| {
                world
                    .registry
                    .bodies
                    .get(&id)
                    .is_some_and(|body| !body.roles.is_empty())
            };
            let body = world.known_body(name).filter(|id| roles(*id));
            let role = field.party.as_deref().unwrap_or("customer");
            Some(Value::Body(body.unwrap_or_else(|| world.body(name, role))))
        }
        FieldType::Person => Some(Value::Person(world.person(
            actor.body,
            &actor.role,
            "clerk",
            named("person:")?,
        ))),
        FieldType::Case | FieldType::Cases | FieldType::Columns => {
            Value::parse(field, &with_ids(world, text)?).map_err(Wrong::Refused)?
        }
        _ => Value::parse(field, text).map_err(Wrong::Refused)?,
    })
}

/// Replaces each word `case:<name>` by the id of that case.
fn with_ids(world: &World, text: &str) -> Result<String, Wrong> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words = Vec::new();
        for word in line.split(' ') {
            words.push(match word.strip_prefix("case:") {
                None => word.to_owned(),
                Some(name) => world
                    .names
                    .get(name)
                    .map(ToString::to_string)
                    .ok_or_else(|| Wrong::Scenario(format!("no case is called `{name}`")))?,
            });
        }
        lines.push(words.join(" "));
    }
    Ok(lines.join("\n"))
}
