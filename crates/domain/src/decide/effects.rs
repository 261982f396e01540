//! What follows from an act: lanes, objections, permits, deliveries, closed access.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{BodyId, Refusal};
use shuyu_profile::{Act, ActKind, Effect, LaneBody, Procedure};

use super::{
    clocks, condition,
    guards::Scene,
    permit,
    take::{Finished, holder_of, merged},
};
use crate::{
    case::{Case, LaneStatus},
    command::Context,
    event::{CaseEvent, Holder},
    value::{TableUse, Value},
};

type Parties = BTreeMap<String, BTreeSet<BodyId>>;

/// An act in a lane needs an open lane, one at the applicant a returned one.
pub(super) fn lane_ready(
    case: &Case,
    rule: &Act,
    lane: Option<&str>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let unknown = || {
        Refusal::unmet("lane_unknown")
            .citing(rule.basis.clauses())
            .fact("act", &rule.title)
    };
    if !rule.in_lane {
        // A lane named here would look for clocks in that lane and miss those of the case.
        return if lane.is_none() { Ok(()) } else { Err(unknown()) };
    }
    let state = lane.and_then(|key| case.lanes.get(key)).ok_or_else(unknown)?;
    let wanted = if rule.kind == ActKind::Correct {
        LaneStatus::Returned
    } else {
        LaneStatus::Open
    };
    if state.status == wanted {
        return Ok(());
    }
    Err(Refusal::conflict("lane_not_waiting_for_this")
        .citing(rule.basis.clauses())
        .fact("act", &rule.title)
        .fact("body", ctx.registry.body_name(state.body)))
}

/// Struck columns must be among those applied for.
pub(super) fn strikes_known(
    fields: &BTreeMap<String, Value>,
    strike: &[String],
    rule: &Act,
) -> Result<(), Refusal> {
    let applied: BTreeSet<String> = tables(fields)
        .flat_map(|table| {
            table
                .columns
                .keys()
                .map(|column| format!("{}.{column}", table.table))
        })
        .collect();
    match strike.iter().find(|column| !applied.contains(*column)) {
        None => Ok(()),
        Some(column) => Err(Refusal::unmet("strike_unknown_column")
            .citing(rule.basis.clauses())
            .fact("column", column)),
    }
}

/// Tables applied for in any field.
pub(super) fn tables(fields: &BTreeMap<String, Value>) -> impl Iterator<Item = &TableUse> {
    fields.values().flat_map(|value| match value {
        Value::Columns(tables) => tables.as_slice(),
        _ => &[],
    })
}

/// The stage the act leads to. An approval in a lane moves the case only when it is the last one.
pub(super) fn next_stage(case: &Case, act: &Finished<'_>) -> Option<String> {
    let to = act.rule.to.clone()?;
    if !act.rule.in_lane || act.rule.kind == ActKind::Refuse {
        return Some(to);
    }
    (act.rule.kind == ActKind::Approve && is_last_approval(case, act)).then_some(to)
}

fn is_last_approval(case: &Case, act: &Finished<'_>) -> bool {
    case.lanes
        .iter()
        .all(|(key, lane)| Some(key) == act.lane.as_ref() || lane.status == LaneStatus::Approved)
}

/// Everything that follows, in this order: stopped clocks, the lane, the objection, started clocks, effects.
pub(super) fn follow(
    case: &Case,
    procedure: &Procedure,
    act: &Finished<'_>,
    parties: &Parties,
    ctx: &Context<'_>,
    events: &mut Vec<CaseEvent>,
) -> Result<(), Refusal> {
    for clock in &act.rule.stops {
        clocks::stop(case, clock, act.lane.as_deref(), act.happened_on, events);
    }
    clocks::change(case, act, ctx, events);
    let fields = merged(case, &act.set);
    let scene = Scene {
        case: Some(case),
        procedure,
        fields: &fields,
        happened_on: act.happened_on,
        ctx,
    };
    if act.rule.in_lane {
        in_lane(case, act, &scene, events)?;
    }
    objection(case, act, events);
    for rule in act.rule.starts.iter().filter_map(|id| procedure.clock(id)) {
        let holder = holder_of(Some(&rule.holder), parties);
        events.extend(clocks::start(rule, None, holder, &scene)?);
    }
    for effect in &act.rule.effects {
        apply(*effect, case, procedure, act, ctx, events)?;
    }
    Ok(())
}

fn in_lane(
    case: &Case,
    act: &Finished<'_>,
    scene: &Scene<'_>,
    events: &mut Vec<CaseEvent>,
) -> Result<(), Refusal> {
    let Some(key) = act.lane.clone() else {
        return Ok(());
    };
    let Some(lane) = case.lanes.get(&key) else {
        return Ok(());
    };
    let clock = scene.procedure.lane(&lane.rule).map(|rule| rule.clock.clone());
    match act.rule.kind {
        ActKind::Approve | ActKind::Refuse => {
            let approved = act.rule.kind == ActKind::Approve;
            events.push(CaseEvent::LaneDecided {
                lane: key.clone(),
                approved,
                struck: act.strike.clone(),
            });
        }
        ActKind::Return => events.push(CaseEvent::LaneReturned { lane: key.clone() }),
        ActKind::Correct => {
            events.push(CaseEvent::LaneReopened { lane: key.clone() });
            if let Some(rule) = clock.as_deref().and_then(|id| scene.procedure.clock(id)) {
                let holder = Holder {
                    role: lane.role.clone(),
                    bodies: vec![lane.body],
                };
                events.extend(clocks::start(rule, Some(&key), Some(holder), scene)?);
            }
            return Ok(());
        }
        _ => return Ok(()),
    }
    if let Some(clock) = clock {
        clocks::stop(case, &clock, Some(&key), act.happened_on, events);
    }
    Ok(())
}

fn objection(case: &Case, act: &Finished<'_>, events: &mut Vec<CaseEvent>) {
    match act.rule.kind {
        ActKind::Object => {
            let number = u32::try_from(case.objections.len()).unwrap_or(u32::MAX - 1) + 1;
            events.push(CaseEvent::ObjectionRaised { number });
        }
        ActKind::AnswerObjection => {
            let upheld = matches!(act.set.get("objection_upheld"), Some(Value::YesNo(true)));
            if let Some(open) = case
                .objections
                .iter()
                .find(|objection| objection.upheld.is_none())
            {
                events.push(CaseEvent::ObjectionAnswered {
                    number: open.number,
                    upheld,
                });
            }
        }
        _ => {}
    }
}

fn apply(
    effect: Effect,
    case: &Case,
    procedure: &Procedure,
    act: &Finished<'_>,
    ctx: &Context<'_>,
    events: &mut Vec<CaseEvent>,
) -> Result<(), Refusal> {
    let fields = merged(case, &act.set);
    match effect {
        Effect::OpenLanes => open_lanes(case, procedure, act, &fields, ctx, events),
        Effect::IssuePermit => {
            if is_last_approval(case, act) {
                events.push(permit::permit(case, act, &fields, ctx)?);
            }
            Ok(())
        }
        Effect::EndPermit => {
            if let Some(permit) = case.permit.as_ref().filter(|permit| !permit.ended) {
                events.push(CaseEvent::PermitEnded { permit: permit.id });
            }
            Ok(())
        }
        Effect::DeliverProduct => {
            events.push(permit::delivery(case, act, ctx)?);
            Ok(())
        }
        Effect::CloseAccess => {
            events.push(CaseEvent::AccessClosed { on: act.happened_on });
            Ok(())
        }
    }
}

fn open_lanes(
    case: &Case,
    procedure: &Procedure,
    act: &Finished<'_>,
    fields: &BTreeMap<String, Value>,
    ctx: &Context<'_>,
    events: &mut Vec<CaseEvent>,
) -> Result<(), Refusal> {
    let scene = Scene {
        case: Some(case),
        procedure,
        fields,
        happened_on: act.happened_on,
        ctx,
    };
    let wanted = procedure
        .lanes
        .iter()
        .filter(|lane| condition::all_hold(&lane.when, &scene));
    for lane in wanted {
        let bodies: BTreeSet<BodyId> = match &lane.body {
            LaneBody::Role(role) => ctx.registry.bodies_with(role).into_iter().collect(),
            LaneBody::ProvidersOf(field) => fields
                .get(field)
                .map(Value::cases)
                .unwrap_or_default()
                .iter()
                .filter_map(|resource| ctx.linked.get(resource)?.parties.get(&lane.role))
                .flatten()
                .copied()
                .collect(),
        };
        if bodies.is_empty() {
            return Err(Refusal::conflict("party_missing")
                .citing(lane.basis.clauses())
                .fact("role", &lane.title));
        }
        let clock = procedure.clock(&lane.clock);
        let rule = clock.ok_or_else(|| Refusal::conflict("party_missing").fact("role", &lane.clock))?;
        for body in bodies {
            let key = format!("{}:{body}", lane.id);
            events.push(CaseEvent::LaneOpened {
                lane: key.clone(),
                rule: lane.id.clone(),
                role: lane.role.clone(),
                body,
            });
            let holder = Holder {
                role: lane.role.clone(),
                bodies: vec![body],
            };
            events.extend(clocks::start(rule, Some(&key), Some(holder), &scene)?);
        }
    }
    add_lane_parties(events);
    Ok(())
}

/// Bodies with a lane become parties of the case, so that they see it and may act.
fn add_lane_parties(events: &mut [CaseEvent]) {
    let lanes: Vec<(String, BodyId)> = events
        .iter()
        .filter_map(|event| match event {
            CaseEvent::LaneOpened { role, body, .. } => Some((role.clone(), *body)),
            _ => None,
        })
        .collect();
    if let Some(CaseEvent::Taken { parties, .. }) = events.first_mut() {
        parties.extend(lanes);
    }
}
