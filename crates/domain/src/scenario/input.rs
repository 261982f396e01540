//! The text of a step's fields as values: `case:`, `body:`, `person:` and `file:` name things of the scenario.

use std::collections::BTreeMap;

use shuyu_kernel::{Actor, Refusal};
use shuyu_profile::{Field, FieldType, Procedure};

use super::world::{World, paper, sealed};
use crate::value::Value;

/// Why a text gave no value.
pub(super) enum Wrong {
    /// The scenario itself is wrong.
    Scenario(String),
    /// The platform refuses it, as it would refuse a form.
    Refused(Refusal),
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
            let body = world.known_body(name);
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
