//! Opening a case.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{BodyId, Manner, Refusal};
use shuyu_profile::{Instrument, Procedure, Standing};

use super::{
    clocks,
    guards::{self, Scene},
    take::{check_values, holder_of, parties_from},
};
use crate::{
    command::Context,
    event::{ActMeta, CaseEvent},
    value::Value,
};

/// Opens a case of a procedure.
pub(super) fn open(
    procedure: &str,
    set: &BTreeMap<String, Value>,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let procedure = ctx
        .profile
        .procedure(procedure)
        .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", procedure))?;
    ctx.registry.admits(ctx.actor, ctx.today)?;
    if !procedure.open.by.contains(&ctx.actor.role) {
        return Err(Refusal::forbidden("role_may_not_act")
            .citing(procedure.basis.clauses())
            .fact("act", &procedure.title)
            .fact("roles", role_titles(&procedure.open.by, ctx)));
    }
    in_force(procedure, ctx)?;
    check_values(set, procedure, ctx)?;
    asked_at_opening(procedure, set)?;
    let scene = Scene {
        case: None,
        procedure,
        fields: set,
        happened_on: ctx.today,
        ctx,
    };
    guards::check(&procedure.open.guards, &scene)?;
    let parties = parties(procedure, set, ctx)?;
    let first = procedure
        .stages
        .first()
        .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", &procedure.id))?;
    let meta = ActMeta {
        act: "open".to_owned(),
        actor: ctx.actor.clone(),
        manner: if ctx.actor.delegation.is_some() {
            Manner::Delegate
        } else {
            Manner::InPerson
        },
        happened_on: ctx.today,
        recorded_on: ctx.today,
        decided_by: None,
        paper: None,
        steps: Vec::new(),
        clauses: procedure.basis.clauses().to_vec(),
    };
    let started: Vec<CaseEvent> = procedure
        .open
        .starts
        .iter()
        .filter_map(|id| procedure.clock(id))
        .map(|rule| clocks::start(rule, None, holder_of(Some(&rule.holder), &parties), &scene))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut events = vec![CaseEvent::Opened {
        case: ctx.new_case,
        procedure: procedure.id.clone(),
        profile: ctx.profile.digest,
        number: case_number(procedure, ctx),
        stage: first.id.clone(),
        holder: holder_of(first.holder.as_deref(), &parties),
        parties,
        title: title(procedure, set, ctx),
        set: set.clone(),
        meta,
    }];
    events.extend(started);
    Ok(events)
}

/// Nothing new is opened under texts that are not in force yet, or no longer; what is open goes on to its end.
/// One text that applies is enough, and steps that rest on none have none that could end.
fn in_force(procedure: &Procedure, ctx: &Context<'_>) -> Result<(), Refusal> {
    let cited = procedure.basis.clauses();
    let texts: Vec<_> = cited
        .iter()
        .filter_map(|clause| ctx.profile.instrument_of(clause))
        .collect();
    let applies = |text: &&Instrument| text.standing(ctx.today) == Standing::Applies;
    let Some(first) = texts.first().filter(|_| !texts.iter().any(applies)) else {
        return Ok(());
    };
    let (code, fact, day) = match first.standing(ctx.today) {
        Standing::Ended => ("instrument_ended", "until", first.last_day()),
        _ => ("instrument_not_in_force", "from", first.in_force_from),
    };
    let clauses: Vec<_> = first.ends_by.iter().cloned().collect();
    let cited = if clauses.is_empty() { cited } else { &clauses };
    let refusal = Refusal::conflict(code)
        .citing(cited)
        .fact("act", &procedure.title)
        .fact("instrument", &first.short);
    Err(match day {
        Some(day) => refusal.fact(fact, day),
        None => refusal,
    })
}

/// Fields without a group are set by acts only: at opening they would slip past the guards of those acts.
fn asked_at_opening(procedure: &Procedure, set: &BTreeMap<String, Value>) -> Result<(), Refusal> {
    let stray = set
        .keys()
        .filter_map(|id| procedure.field(id))
        .find(|field| field.group.is_empty());
    match stray {
        None => Ok(()),
        Some(field) => Err(Refusal::unmet("field_not_of_this_act")
            .citing(field.basis.clauses())
            .fact("field", &field.title)
            .fact("act", &procedure.title)),
    }
}

/// 案号: the profile's pattern with year and running number.
fn case_number(procedure: &Procedure, ctx: &Context<'_>) -> String {
    procedure
        .number_prefix
        .replace("{year}", &ctx.today.year().to_string())
        .replace("{seq}", &ctx.next_number.to_string())
}

fn title(procedure: &Procedure, set: &BTreeMap<String, Value>, ctx: &Context<'_>) -> String {
    let named = procedure
        .fields
        .iter()
        .filter(|field| field.is_title && !field.personal)
        .find_map(|field| {
            set.get(&field.id).map(|value| match value {
                Value::Body(id) => ctx.registry.body_name(*id),
                Value::Person(id) => ctx
                    .registry
                    .people
                    .get(id)
                    .map_or_else(|| id.to_string(), |p| p.login.clone()),
                Value::Case(id) => ctx
                    .linked
                    .get(id)
                    .map_or_else(|| id.to_string(), |other| other.title.clone()),
                other => other.text(),
            })
        });
    named.unwrap_or_else(|| procedure.title.clone())
}

/// The opener, the bodies that hold a party role by office, and the bodies named in party fields.
fn parties(
    procedure: &Procedure,
    set: &BTreeMap<String, Value>,
    ctx: &Context<'_>,
) -> Result<BTreeMap<String, BTreeSet<BodyId>>, Refusal> {
    let mut parties: BTreeMap<String, BTreeSet<BodyId>> = BTreeMap::new();
    parties
        .entry(ctx.actor.role.clone())
        .or_default()
        .insert(ctx.actor.body);
    for role in &procedure.parties {
        if *role == ctx.actor.role {
            continue;
        }
        match ctx.registry.bodies_with(role).as_slice() {
            [only] => {
                parties.entry(role.clone()).or_default().insert(*only);
            }
            [] => {
                let title = ctx.profile.role(role).map_or(role.as_str(), |r| r.title.as_str());
                return Err(Refusal::conflict("party_missing")
                    .citing(procedure.basis.clauses())
                    .fact("role", title));
            }
            several => parties.entry(role.clone()).or_default().extend(several),
        }
    }
    for (role, body) in parties_from(set, procedure) {
        parties.entry(role).or_default().insert(body);
    }
    Ok(parties)
}

/// Titles of roles for a message.
pub(super) fn role_titles(roles: &[String], ctx: &Context<'_>) -> String {
    let titles: Vec<&str> = roles
        .iter()
        .map(|id| {
            ctx.profile
                .role(id)
                .map_or(id.as_str(), |role| role.title.as_str())
        })
        .collect();
    titles.join("; ")
}
