//! Conditions and operands: the same reading wherever a rule says `when`, compares, or looks for cases.

use std::collections::BTreeMap;

use shuyu_kernel::CaseId;
use shuyu_profile::{CaseQuery, Operand, When};

use super::guards::Scene;
use crate::{case::Case, value::Value};

/// Whether all conditions hold.
pub fn all_hold(whens: &[When], scene: &Scene<'_>) -> bool {
    whens.iter().all(|when| holds(when, scene))
}

fn holds(when: &When, scene: &Scene<'_>) -> bool {
    if let Some(query) = &when.some_case {
        return found(query, scene).is_some();
    }
    let values: Vec<Option<&Value>> = if when.via.is_empty() {
        vec![scene.fields.get(&when.field)]
    } else {
        let reached = followed(&when.via, scene);
        reached
            .into_iter()
            .map(|case| case.fields.get(&when.field))
            .collect()
    };
    values.into_iter().any(|value| {
        let text = value.map(Value::text);
        (when.is.is_empty() || text.as_ref().is_some_and(|text| when.is.contains(text)))
            && text.as_ref().is_none_or(|text| !when.not.contains(text))
            && when
                .filled
                .is_none_or(|filled| filled == value.is_some_and(|value| !value.is_empty()))
    })
}

/// Cases reached by following case fields one after another, each of them.
pub fn followed<'a>(via: &[String], scene: &'a Scene<'_>) -> Vec<&'a Case> {
    let mut reached: Vec<&Case> = Vec::new();
    let mut fields: Vec<&BTreeMap<String, Value>> = vec![scene.fields];
    for link in via {
        let ids: Vec<CaseId> = fields
            .iter()
            .filter_map(|fields| fields.get(link))
            .flat_map(Value::cases)
            .collect();
        reached = ids.iter().filter_map(|id| scene.ctx.linked.get(id)).collect();
        fields = reached.iter().map(|case| &case.fields).collect();
    }
    reached
}

/// The value of an operand; of several cases reached, the first.
pub fn operand(operand: &Operand, scene: &Scene<'_>) -> Option<Value> {
    match operand {
        Operand::Today => Some(Value::Date(scene.happened_on)),
        Operand::Field { via, field } if via.is_empty() => scene.fields.get(field).cloned(),
        Operand::Field { via, field } => followed(via, scene).first()?.fields.get(field).cloned(),
    }
}

/// The first case, in order of id, that fits the query; never the case itself.
pub fn found<'a>(query: &'a CaseQuery, scene: &'a Scene<'_>) -> Option<&'a Case> {
    all_found(query, scene).next()
}

/// Every case that fits the query, in order of id; never the case itself.
pub fn all_found<'a>(query: &'a CaseQuery, scene: &'a Scene<'_>) -> impl Iterator<Item = &'a Case> {
    let own = scene.case.map(|case| case.id);
    scene.ctx.linked.values().filter(move |case| {
        case.procedure == query.procedure
            && Some(case.id) != own
            && (query.stages.is_empty() || query.stages.contains(&case.stage))
            && query
                .matching
                .iter()
                .all(|(theirs, ours)| matches(case, theirs, ours, scene))
            && query.values.iter().all(|(field, values)| {
                case.fields
                    .get(field)
                    .is_some_and(|value| values.contains(&value.text()))
            })
    })
}

fn matches(case: &Case, theirs: &str, ours: &str, scene: &Scene<'_>) -> bool {
    let Some(value) = case.fields.get(theirs) else {
        return false;
    };
    match ours {
        // A record of a body that went into another is a record of its successor.
        "@actor" => match value {
            Value::Body(body) => scene.ctx.registry.survivor(*body) == scene.ctx.actor.body,
            _ => false,
        },
        "@person" => *value == Value::Person(scene.ctx.actor.person),
        "@case" => scene.case.is_some_and(|own| value.cases().contains(&own.id)),
        field => scene.fields.get(field).is_some_and(|own| own == value),
    }
}
