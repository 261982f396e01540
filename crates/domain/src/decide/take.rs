//! Taking an act: who, whether, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{BodyId, CivilDate, Manner, Refusal};
use shuyu_profile::{Act, ActKind, Procedure, Rule};

use super::{
    effects,
    guards::{self, Scene},
    open::role_titles,
    route,
};
use crate::{
    case::Case,
    command::{Context, TakeAct},
    event::{ActMeta, CaseEvent, Holder, StepTaken},
    value::{Paper, Value},
};

/// An act about to take effect, all steps of its route taken.
pub(super) struct Finished<'a> {
    pub(super) rule: &'a Act,
    pub(super) lane: Option<String>,
    pub(super) set: BTreeMap<String, Value>,
    pub(super) strike: Vec<String>,
    pub(super) manner: Manner,
    pub(super) happened_on: CivilDate,
    pub(super) paper: Option<Paper>,
    pub(super) steps: Vec<StepTaken>,
    pub(super) finishes: Option<u32>,
}

/// Takes an act, or enters it as the first step of its route.
pub(super) fn act(
    case: &Case,
    procedure: &Procedure,
    command: &TakeAct,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let rule = procedure
        .act(&command.act)
        .ok_or_else(|| Refusal::unknown("act_unknown").fact("act", &command.act))?;
    may_act(case, rule, command.lane.as_deref(), ctx)?;
    in_stage(case, procedure, rule)?;
    effects::lane_ready(case, rule, command.lane.as_deref(), ctx)?;
    let manner = manner(rule, command, ctx)?;
    let happened_on = happened_on(rule, command, manner, ctx)?;
    if rule.kind == ActKind::AnswerObjection && case.objections.iter().all(|o| o.upheld.is_some()) {
        return Err(Refusal::conflict("no_objection_open")
            .citing(rule.basis.clauses())
            .fact("act", &rule.title));
    }
    check_values(&command.set, procedure, ctx)?;
    recordable(rule, procedure, &command.set)?;
    let finished = Finished {
        rule,
        lane: command.lane.clone(),
        set: command.set.clone(),
        strike: command.strike.clone(),
        manner,
        happened_on,
        paper: command.paper.clone(),
        steps: Vec::new(),
        finishes: None,
    };
    check(case, procedure, &finished, ctx)?;
    not_before_stage(case, procedure, &finished)?;
    if route::posts(rule, manner).is_empty() {
        finish(case, procedure, finished, ctx)
    } else {
        route::enter(case, rule, command, manner, ctx)
    }
}

/// Whose act it is: role, post or delegation, party, lane.
pub(super) fn may_act(case: &Case, rule: &Act, lane: Option<&str>, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.registry.admits(ctx.actor, ctx.today)?;
    if !rule.by.contains(&ctx.actor.role) {
        return Err(Refusal::forbidden("role_may_not_act")
            .citing(rule.basis.clauses())
            .fact("act", &rule.title)
            .fact("roles", role_titles(&rule.by, ctx)));
    }
    let separated = rule
        .guards
        .iter()
        .any(|guard| matches!(guard.rule, Rule::NotSameBody { .. }));
    let party = case.is_party(ctx.actor) || (separated && case.has_party(ctx.actor.body));
    // A lane is decided by its own body under its own role; only the applicant's answer comes from outside.
    let in_own_lane = rule.kind == ActKind::Correct
        || lane.is_none_or(|key| {
            case.lanes
                .get(key)
                .is_none_or(|lane| lane.role == ctx.actor.role && lane.body == ctx.actor.body)
        });
    if party && in_own_lane {
        return Ok(());
    }
    let parties = case.parties.get(&ctx.actor.role);
    ctx.registry
        .passed(parties, ctx.actor.body, &ctx.actor.role)
        .map_err(|refusal| refusal.citing(rule.basis.clauses()))?;
    Err(Refusal::forbidden("not_a_party")
        .citing(rule.basis.clauses())
        .fact("act", &rule.title))
}

/// Whether the stage allows it.
pub(super) fn in_stage(case: &Case, procedure: &Procedure, rule: &Act) -> Result<(), Refusal> {
    if rule.from.contains(&case.stage) {
        return Ok(());
    }
    let stage = procedure
        .stage(&case.stage)
        .map_or(case.stage.as_str(), |stage| stage.title.as_str());
    let stages: Vec<&str> = rule
        .from
        .iter()
        .filter_map(|id| procedure.stage(id))
        .map(|stage| stage.title.as_str())
        .collect();
    Err(Refusal::conflict("act_not_in_stage")
        .citing(rule.basis.clauses())
        .fact("act", &rule.title)
        .fact("stage", stage)
        .fact("stages", stages.join("; ")))
}

fn manner(rule: &Act, command: &TakeAct, ctx: &Context<'_>) -> Result<Manner, Refusal> {
    let refuse = |code: &str| {
        Err(Refusal::unmet(code)
            .citing(rule.basis.clauses())
            .fact("act", &rule.title))
    };
    let manner = match (command.manner, &ctx.actor.delegation) {
        (Manner::InPerson, Some(_)) => Manner::Delegate,
        // Whether somebody acts by delegation follows from the paper, never from what a client says.
        (Manner::Delegate, None) => return refuse("delegation_missing"),
        (other, _) => other,
    };
    if rule.manners.contains(&manner) {
        return Ok(manner);
    }
    refuse("manner_not_allowed")
}

fn happened_on(
    rule: &Act,
    command: &TakeAct,
    manner: Manner,
    ctx: &Context<'_>,
) -> Result<CivilDate, Refusal> {
    let refuse = |code: &str| {
        Err(Refusal::unmet(code)
            .citing(rule.basis.clauses())
            .fact("act", &rule.title))
    };
    if manner != Manner::OnBehalf {
        return match command.happened_on {
            Some(day) if day != ctx.today => refuse("in_person_happens_today"),
            _ => Ok(ctx.today),
        };
    }
    if command.paper.is_none() {
        return refuse("paper_missing");
    }
    match command.happened_on {
        Some(day) if day > ctx.today => refuse("happened_in_future"),
        Some(day) => Ok(day),
        None => Ok(ctx.today),
    }
}

/// Nothing taken in a stage can have happened before the case came into it.
fn not_before_stage(case: &Case, procedure: &Procedure, act: &Finished<'_>) -> Result<(), Refusal> {
    let moved = |act: &str| {
        procedure
            .act(act)
            .is_some_and(|rule| rule.to.is_some() && !rule.in_lane)
    };
    let last = case.acts.iter().rev().find(|taken| moved(&taken.act));
    let since = last.map_or(case.opened_on, |taken| taken.happened_on);
    if act.happened_on >= since {
        return Ok(());
    }
    Err(Refusal::unmet("happened_before_stage")
        .citing(act.rule.basis.clauses())
        .fact("act", &act.rule.title)
        .fact("since", since))
}

/// Values must be of known fields and of the right type, and point at cases that exist.
pub(super) fn check_values(
    set: &BTreeMap<String, Value>,
    procedure: &Procedure,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    for (id, value) in set {
        let field = procedure
            .field(id)
            .ok_or_else(|| Refusal::unmet("field_unknown").fact("field", id))?;
        let wrong = |code: &str| {
            Refusal::unmet(code)
                .citing(field.basis.clauses())
                .fact("field", &field.title)
        };
        if !value.fits(field) {
            return Err(wrong("field_wrong_type"));
        }
        for other in value.cases() {
            let known = ctx.linked.get(&other);
            if known.is_none_or(|case| field.procedure.as_ref().is_some_and(|p| *p != case.procedure)) {
                return Err(wrong("link_unknown"));
            }
        }
        let known_body = |body: &BodyId| ctx.registry.bodies.contains_key(body);
        if matches!(value, Value::Body(body) if !known_body(body)) {
            return Err(wrong("link_unknown"));
        }
        if let Value::Body(body) = value {
            ctx.registry.still_there(*body)?;
        }
        if let (Value::Body(body), Some(role)) = (value, &field.party)
            && !ctx
                .registry
                .bodies
                .get(body)
                .is_some_and(|body| body.roles.contains(role))
        {
            let title = ctx
                .profile
                .role(role)
                .map_or(role.as_str(), |role| role.title.as_str());
            return Err(wrong("body_lacks_role").fact("role", title));
        }
        if matches!(value, Value::Person(person) if !ctx.registry.people.contains_key(person)) {
            return Err(wrong("link_unknown"));
        }
    }
    Ok(())
}

fn recordable(rule: &Act, procedure: &Procedure, set: &BTreeMap<String, Value>) -> Result<(), Refusal> {
    match set.keys().find(|id| !rule.records.contains(id)) {
        None => Ok(()),
        Some(id) => {
            let title = procedure
                .field(id)
                .map_or(id.as_str(), |field| field.title.as_str());
            Err(Refusal::unmet("field_not_of_this_act")
                .citing(rule.basis.clauses())
                .fact("field", title)
                .fact("act", &rule.title))
        }
    }
}

/// The values as they would be after the act.
pub(super) fn merged(case: &Case, set: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut fields = case.fields.clone();
    fields.extend(joined(case, set));
    fields
}

/// `Cases` fields grow: an act adds to what is there.
fn joined(case: &Case, set: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    set.iter()
        .map(|(id, value)| match (case.fields.get(id), value) {
            (Some(Value::Cases(old)), Value::Cases(new)) => {
                let mut all = old.clone();
                all.extend(new.iter().filter(|case| !old.contains(case)));
                (id.clone(), Value::Cases(all))
            }
            _ => (id.clone(), value.clone()),
        })
        .collect()
}

/// Asks the guards of an act.
pub(super) fn check(
    case: &Case,
    procedure: &Procedure,
    act: &Finished<'_>,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let fields = merged(case, &act.set);
    let scene = Scene {
        case: Some(case),
        procedure,
        fields: &fields,
        happened_on: act.happened_on,
        ctx,
    };
    guards::check(&act.rule.guards, &scene)?;
    effects::strikes_known(&fields, &act.strike, act.rule)
}

/// The act takes effect.
pub(super) fn finish(
    case: &Case,
    procedure: &Procedure,
    act: Finished<'_>,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    check(case, procedure, &act, ctx)?;
    let to = effects::next_stage(case, &act);
    let stage = procedure.stage(to.as_deref().unwrap_or(&case.stage));
    let new_parties = parties_from(&act.set, procedure);
    let mut parties = case.parties.clone();
    for (role, body) in &new_parties {
        parties.entry(role.clone()).or_default().insert(*body);
    }
    let meta = ActMeta {
        act: act.rule.id.clone(),
        actor: ctx.actor.clone(),
        manner: act.manner,
        happened_on: act.happened_on,
        recorded_on: ctx.today,
        decided_by: act.rule.decided_by.clone(),
        paper: act.paper.clone(),
        steps: act.steps.clone(),
        clauses: act.rule.basis.clauses().to_vec(),
    };
    let mut events = vec![CaseEvent::Taken {
        meta,
        finishes: act.finishes,
        lane: act.lane.clone(),
        set: joined(case, &act.set),
        parties: new_parties,
        to,
        holder: holder_of(stage.and_then(|stage| stage.holder.as_deref()), &parties),
        closed: stage.is_some_and(|stage| stage.is_final),
    }];
    effects::follow(case, procedure, &act, &parties, ctx, &mut events)?;
    Ok(events)
}

/// Bodies that become parties by the fields that name them.
pub(super) fn parties_from(set: &BTreeMap<String, Value>, procedure: &Procedure) -> Vec<(String, BodyId)> {
    set.iter()
        .filter_map(|(id, value)| match (procedure.field(id)?.party.clone(), value) {
            (Some(role), Value::Body(body)) => Some((role, *body)),
            _ => None,
        })
        .collect()
}

/// Whose turn it is, with the bodies of that role.
pub(super) fn holder_of(role: Option<&str>, parties: &BTreeMap<String, BTreeSet<BodyId>>) -> Option<Holder> {
    let role = role?;
    let bodies = parties
        .get(role)
        .map(|bodies| bodies.iter().copied().collect())
        .unwrap_or_default();
    Some(Holder {
        role: role.to_owned(),
        bodies,
    })
}
