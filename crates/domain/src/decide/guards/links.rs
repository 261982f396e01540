//! Guards over other cases: linked ones, the scope reached through links, and cases found by what they say.

use shuyu_kernel::CaseId;
use shuyu_profile::CaseQuery;

use super::{Facts, Scene, facts, title};
use crate::{case::Case, decide::condition, value::Value};

pub(super) fn linked(link: &str, scene: &Scene<'_>, good: impl Fn(&Case) -> bool) -> Result<(), Facts> {
    let ids: Vec<CaseId> = scene.fields.get(link).map(Value::cases).unwrap_or_default();
    let bad: Vec<String> = ids
        .iter()
        .filter_map(|id| match scene.ctx.linked.get(id) {
            Some(other) if good(other) => None,
            Some(other) => Some(other.title.clone()),
            None => Some(id.to_string()),
        })
        .collect();
    if bad.is_empty() && !ids.is_empty() {
        return Ok(());
    }
    Err(facts([("field", title(scene, link)), ("case", bad.join("; "))]))
}

pub(super) fn linked_field(
    link: &str,
    field: &str,
    values: &[String],
    scene: &Scene<'_>,
) -> Result<(), Facts> {
    linked(link, scene, |other| {
        other
            .fields
            .get(field)
            .is_some_and(|value| values.contains(&value.text()))
    })
}

pub(super) fn same_as_linked(field: &str, link: &str, other: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let own = scene.fields.get(field);
    linked(link, scene, |case| own.is_some() && case.fields.get(other) == own)
}

/// Follows the links from this case, then asks whether each case named in the field stands in the scope found.
pub(super) fn within(field: &str, via: &[String], other: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let mut fields = scene.fields;
    for link in via {
        let next = fields.get(link).map(Value::cases).unwrap_or_default();
        match next.first().and_then(|id| scene.ctx.linked.get(id)) {
            Some(case) => fields = &case.fields,
            None => return Err(facts([("field", title(scene, field)), ("case", String::new())])),
        }
    }
    let scope = fields.get(other).map(Value::cases).unwrap_or_default();
    let named = scene.fields.get(field).map(Value::cases).unwrap_or_default();
    let outside: Vec<String> = named
        .iter()
        .filter(|id| !scope.contains(id))
        .map(|id| {
            scene
                .ctx
                .linked
                .get(id)
                .map_or_else(|| id.to_string(), |case| case.title.clone())
        })
        .collect();
    if outside.is_empty() && !named.is_empty() {
        return Ok(());
    }
    Err(facts([
        ("field", title(scene, field)),
        ("case", outside.join("; ")),
    ]))
}

pub(super) fn some_case(query: &CaseQuery, scene: &Scene<'_>) -> Result<(), Facts> {
    match condition::found(query, scene) {
        Some(_) => Ok(()),
        None => Err(facts([("procedure", procedure(query, scene))])),
    }
}

pub(super) fn no_case(query: &CaseQuery, scene: &Scene<'_>) -> Result<(), Facts> {
    match condition::found(query, scene) {
        None => Ok(()),
        Some(case) => Err(facts([
            ("procedure", procedure(query, scene)),
            ("case", case.number.clone()),
        ])),
    }
}

fn procedure(query: &CaseQuery, scene: &Scene<'_>) -> String {
    let known = scene.ctx.profile.procedure(&query.procedure);
    known.map_or_else(|| query.procedure.clone(), |procedure| procedure.title.clone())
}
