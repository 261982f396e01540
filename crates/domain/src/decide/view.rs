//! What could be done now: for the console's next-act panel and the work queue. The same rules, asked ahead.

use std::collections::BTreeMap;

use shuyu_kernel::{Manner, Refusal};
use shuyu_profile::Act;

use super::{
    effects,
    guards::{self, Scene},
    procedure_of, take,
};
use crate::{case::Case, command::Context, value::Value};

/// An act of this actor's role, open now or with the reason why not.
#[derive(Debug, Clone, PartialEq)]
pub struct Possible<'a> {
    /// The act.
    pub act: &'a Act,
    /// Lane key for acts in a lane.
    pub lane: Option<String>,
    /// `None` = may be taken now (values still to be given); else why not.
    pub refusal: Option<Refusal>,
}

/// The acts of the actor's role in this case: those of the present stage, each with the first thing that
/// stands in its way. Guards about values that the act itself will bring are not asked yet.
pub fn acts_now<'a>(case: &Case, ctx: &Context<'a>) -> Vec<Possible<'a>> {
    let Ok(procedure) = procedure_of(case, ctx) else {
        return Vec::new();
    };
    let mut options = Vec::new();
    for act in procedure
        .acts
        .iter()
        .filter(|act| act.by.contains(&ctx.actor.role) && act.from.contains(&case.stage))
    {
        let lanes: Vec<Option<String>> = if act.in_lane {
            case.lanes.keys().cloned().map(Some).collect()
        } else {
            vec![None]
        };
        for lane in lanes {
            if take::may_act(case, act, lane.as_deref(), ctx).is_err()
                || effects::lane_ready(case, act, lane.as_deref(), ctx).is_err()
            {
                continue;
            }
            let refusal = preview(case, act, ctx).err();
            options.push(Possible { act, lane, refusal });
        }
    }
    options
}

/// Asks the guards of an act that do not depend on values the act brings.
///
/// # Errors
/// The first refusal that no value given with the act could mend.
pub fn preview(case: &Case, act: &Act, ctx: &Context<'_>) -> Result<(), Refusal> {
    let procedure = procedure_of(case, ctx)?;
    let fields: &BTreeMap<String, Value> = &case.fields;
    let scene = Scene {
        case: Some(case),
        procedure,
        fields,
        happened_on: ctx.today,
        ctx,
    };
    let settled: Vec<_> = act
        .guards
        .iter()
        .filter(|guard| !touches(&guard.rule, act) && !depends(guard, act))
        .cloned()
        .collect();
    if act.manners == [Manner::OnBehalf] {
        // The day it happened is not known yet; clocks are asked when it is entered.
        let timeless: Vec<_> = settled
            .into_iter()
            .filter(|guard| !is_about_time(&guard.rule))
            .collect();
        return guards::check(&timeless, &scene);
    }
    guards::check(&settled, &scene)
}

fn is_about_time(rule: &shuyu_profile::Rule) -> bool {
    use shuyu_profile::Rule;
    matches!(
        rule,
        Rule::WholeDays { .. } | Rule::BeforeDue { .. } | Rule::Retained { .. } | Rule::Done { .. }
    )
}

/// Whether the guard applies at all may hang on a value that the act brings.
fn depends(guard: &shuyu_profile::Guard, act: &Act) -> bool {
    guard.when.iter().any(|when| {
        let first = when.via.first().unwrap_or(&when.field);
        act.records.contains(first)
    })
}

fn touches(rule: &shuyu_profile::Rule, act: &Act) -> bool {
    use shuyu_profile::{BodyRef, Operand, Rule};
    let brings = |field: &String| act.records.contains(field);
    match rule {
        Rule::Complete { fields } => fields.iter().any(brings),
        Rule::OneOf { fields, .. } | Rule::Zero { fields } => fields.iter().any(brings),
        Rule::ColumnsJustified { field } => brings(field),
        Rule::InOrder { low, high, .. } => [low, high].into_iter().any(|side| match side {
            Operand::Field { via, field } => brings(via.first().unwrap_or(field)),
            Operand::Today => false,
        }),
        Rule::SomeCase(query) | Rule::NoCase(query) => query.matching.values().any(brings),
        Rule::TermAtMost { from, to, .. } => brings(from) || brings(to),
        Rule::Linked { link, .. } | Rule::LinkedField { link, .. } => brings(link),
        Rule::SameAsLinked { field, link, .. } => brings(field) || brings(link),
        Rule::Within { field, via, .. } => brings(field) || via.first().is_some_and(brings),
        Rule::Unaffiliated { body, via, .. } => {
            let named = match body {
                BodyRef::Field(Operand::Field { via, field }) => brings(via.first().unwrap_or(field)),
                BodyRef::Field(Operand::Today) | BodyRef::Actor | BodyRef::Party(_) => false,
            };
            named || via.first().is_some_and(brings)
        }
        Rule::AtMostField { field, ceiling } => brings(field) || brings(ceiling),
        Rule::Balanced { left, right } => brings(left) || brings(right),
        Rule::WholeDays { .. }
        | Rule::BeforeDue { .. }
        | Rule::NoOpenObjection
        | Rule::ObjectionsMended
        | Rule::NotSamePerson { .. }
        | Rule::NotSameBody { .. }
        | Rule::Done { .. }
        | Rule::LanesApproved
        | Rule::Retained { .. } => false,
    }
}
