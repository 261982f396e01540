//! The guard against affiliates: neither one of the parties nor tied to one by what stands in the registry.

use std::collections::BTreeSet;

use shuyu_kernel::BodyId;
use shuyu_profile::{BodyRef, CaseQuery, Touches};

use super::{Facts, Scene, facts};
use crate::{
    case::Case,
    decide::condition,
    registry::{Weight, affiliation},
    value::Value,
};

/// Whom the rule compares.
pub(super) struct Compared<'a> {
    pub(super) body: &'a BodyRef,
    pub(super) role: &'a str,
    pub(super) via: &'a [String],
    pub(super) touches: Touches,
    pub(super) cases: Option<&'a CaseQuery>,
}

/// A body that is not named is not compared: that it must be named is another guard's question.
pub(super) fn unaffiliated(rule: &Compared<'_>, scene: &Scene<'_>) -> Result<(), Facts> {
    let (registry, shares) = (scene.ctx.registry, scene.ctx.profile.affiliation_shares());
    let others = compared(rule, scene);
    let pairs = asked(rule.body, scene)
        .into_iter()
        .flat_map(|asked| others.iter().map(move |other| (asked, *other)));
    for (asked, other) in pairs {
        let found = affiliation(registry, asked, other, scene.happened_on, shares);
        if let Some(tie) = found.filter(|tie| tie.weight == Weight::Established) {
            return Err(facts([
                ("body", registry.body_name(asked)),
                ("other", registry.body_name(other)),
                ("ground", tie.ground.word().to_owned()),
                ("chain", tie.shown()),
            ]));
        }
    }
    Ok(())
}

fn asked(body: &BodyRef, scene: &Scene<'_>) -> BTreeSet<BodyId> {
    match body {
        BodyRef::Actor => BTreeSet::from([scene.ctx.actor.body]),
        BodyRef::Party(role) => {
            let parties = scene.case.and_then(|case| case.parties.get(role));
            parties.cloned().unwrap_or_default()
        }
        BodyRef::Field(field) => match condition::operand(field, scene) {
            Some(Value::Body(body)) => BTreeSet::from([body]),
            _ => BTreeSet::new(),
        },
    }
}

/// The parties that count. At opening there is no case yet: whoever holds the role by office will be its party.
fn compared(rule: &Compared<'_>, scene: &Scene<'_>) -> BTreeSet<BodyId> {
    if rule.touches == Touches::Nothing {
        return BTreeSet::new();
    }
    let parties = |case: &Case| case.parties.get(rule.role).cloned().unwrap_or_default();
    let mut bodies: BTreeSet<BodyId> = match (rule.via.is_empty(), scene.case) {
        (true, Some(case)) => parties(case),
        (true, None) => scene.ctx.registry.bodies_with(rule.role).into_iter().collect(),
        (false, _) => {
            let reached = condition::followed(rule.via, scene);
            reached.into_iter().flat_map(parties).collect()
        }
    };
    if rule.touches == Touches::Delivered {
        bodies.retain(|body| has_delivered(*body, rule, scene));
    }
    bodies
}

fn has_delivered(body: BodyId, rule: &Compared<'_>, scene: &Scene<'_>) -> bool {
    let shows = |case: &Case| {
        rule.cases.is_some_and(|query| {
            case.procedure == query.procedure
                && (query.stages.is_empty() || query.stages.contains(&case.stage))
                && !case.deliveries.is_empty()
                && case
                    .parties
                    .get(rule.role)
                    .is_some_and(|parties| parties.contains(&body))
        })
    };
    scene.ctx.linked.values().any(shows)
}
