//! Moving a case to another version of its rules. A case stays under the version it was opened with unless this
//! event moves it.

use shuyu_kernel::{Refusal, calendar::Bound};
use shuyu_profile::{Procedure, Profile};

use super::clocks;
use crate::{
    case::{Case, LaneStatus},
    command::Context,
    event::CaseEvent,
    value::Paper,
};

/// Why a case is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveOrder {
    /// Reason in words.
    pub reason: String,
    /// The order it rests on, if there is one.
    pub paper: Option<Paper>,
}

/// Moves a case from `old` to the version in `ctx`. Running clocks get the limits of the new version, counted from
/// their old start; an extension that was granted stays. A clock that the new version does not have ends.
///
/// # Errors
/// `move_not_for_role` unless the new version lets the role move cases, `case_closed`, `case_under_these_rules`,
/// `move_reason_missing`, `rules_do_not_fit` when the new version lacks the stage, an open lane or a waiting act.
pub fn moved(
    case: &Case,
    old: &Profile,
    order: &MoveOrder,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    ctx.registry.admits(ctx.actor, ctx.today)?;
    let rules = ctx.profile.procedure(&case.procedure);
    let cited = rules.map(|rules| rules.basis.clauses()).unwrap_or_default();
    let may = |id: &str| ctx.profile.role(id).is_some_and(|role| role.moves_cases);
    if !may(&ctx.actor.role) {
        let roles = ctx.profile.roles.iter().filter(|role| role.moves_cases);
        let titles: Vec<&str> = roles.map(|role| role.title.as_str()).collect();
        return Err(Refusal::forbidden("move_not_for_role")
            .citing(cited)
            .fact("roles", titles.join("; ")));
    }
    if case.closed {
        return Err(Refusal::conflict("case_closed")
            .citing(cited)
            .fact("case", &case.number));
    }
    if case.profile == ctx.profile.digest {
        return Err(Refusal::conflict("case_under_these_rules")
            .citing(cited)
            .fact("case", &case.number));
    }
    if order.reason.trim().is_empty() {
        return Err(Refusal::unmet("move_reason_missing")
            .citing(cited)
            .fact("case", &case.number));
    }
    let missing = unfit(case, ctx.profile);
    if !missing.is_empty() {
        return Err(Refusal::conflict("rules_do_not_fit")
            .citing(cited)
            .fact("case", &case.number)
            .fact("rules", missing.join("; ")));
    }
    let mut events = vec![CaseEvent::Moved {
        from: case.profile,
        to: ctx.profile.digest,
        on: ctx.today,
        reason: order.reason.trim().to_owned(),
        by: ctx.actor.clone(),
        paper: order.paper.clone(),
    }];
    if let Some(procedure) = rules {
        events.extend(clocks_moved(case, old, procedure, ctx));
    }
    Ok(events)
}

/// What the case stands on and the version does not have, by name of the rule.
pub fn unfit(case: &Case, version: &Profile) -> Vec<String> {
    let Some(procedure) = version.procedure(&case.procedure) else {
        return vec![format!("procedure:{}", case.procedure)];
    };
    let stage = Some(&case.stage)
        .filter(|stage| procedure.stage(stage).is_none())
        .map(|stage| format!("stage:{stage}"));
    let lanes = case
        .lanes
        .values()
        .filter(|lane| matches!(lane.status, LaneStatus::Open | LaneStatus::Returned))
        .filter(|lane| procedure.lanes.iter().all(|rule| rule.id != lane.rule))
        .map(|lane| format!("lane:{}", lane.rule));
    let waiting = case
        .pending
        .iter()
        .filter(|waiting| procedure.act(&waiting.act).is_none())
        .map(|waiting| format!("act:{}", waiting.act));
    stage.into_iter().chain(lanes).chain(waiting).collect()
}

fn clocks_moved(case: &Case, old: &Profile, new: &Procedure, ctx: &Context<'_>) -> Vec<CaseEvent> {
    let before = old.procedure(&case.procedure);
    let running = case.clocks.iter().filter(|clock| clock.stopped_on.is_none());
    running
        .filter_map(|clock| {
            let run = &clock.run;
            let Some(rule) = new.clock(&run.clock) else {
                return Some(CaseEvent::ClockStopped {
                    clock: run.clock.clone(),
                    lane: run.lane.clone(),
                    on: ctx.today,
                    in_time: run.bound == Bound::AtLeast || ctx.today <= run.due,
                });
            };
            let was = before
                .and_then(|procedure| procedure.clock(&run.clock))
                .and_then(|rule| rule.limit_on(case.bound_on()));
            let limit = rule.limit_on(ctx.today)?;
            let untouched = was == Some(run.limit);
            (untouched && limit != run.limit)
                .then(|| clocks::relimited(clock, limit, &ctx.profile.calendar, ctx.today))
        })
        .collect()
}
