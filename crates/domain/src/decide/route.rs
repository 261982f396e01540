//! Internal routing (拟办 → 复核 → 签发) and entry on behalf (经办 + 复核): the same mechanism.
//!
//! The first step enters the act, every further step is taken by another person of the same body in the next
//! post, the last one makes it take effect. Guards are asked at entry and again at the end.

use shuyu_kernel::{Manner, Refusal};
use shuyu_profile::{Act, Procedure};

use super::{
    effects,
    take::{self, Finished},
};
use crate::{
    case::Case,
    command::{Context, TakeAct},
    event::{CaseEvent, Pending, StepTaken},
    registry::Membership,
};

/// Posts of the route; an act entered from a paper without a route of its own needs a clerk and a checker.
pub(super) fn posts(rule: &Act, manner: Manner) -> Vec<String> {
    if rule.route.is_empty() && manner == Manner::OnBehalf {
        return vec!["clerk".to_owned(), "checker".to_owned()];
    }
    rule.route.iter().map(|step| step.post.clone()).collect()
}

fn step(post: &str, ctx: &Context<'_>) -> StepTaken {
    StepTaken {
        post: post.to_owned(),
        person: ctx.actor.person,
        delegation: ctx.actor.delegation.clone(),
        on: ctx.today,
    }
}

fn fits(post: &str, ctx: &Context<'_>) -> bool {
    post == "checker" || ctx.actor.post == post
}

fn wrong_post(rule: &Act, post: &str, ctx: &Context<'_>) -> Refusal {
    let title = ctx
        .profile
        .posts
        .iter()
        .find(|p| p.id == post)
        .map_or(post, |p| p.title.as_str());
    Refusal::forbidden("post_may_not_act")
        .citing(rule.basis.clauses())
        .fact("act", &rule.title)
        .fact("post", title)
}

/// Enters an act as the first step of its route.
pub(super) fn enter(
    case: &Case,
    rule: &Act,
    command: &TakeAct,
    manner: Manner,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let mut next = posts(rule, manner);
    let first = next.remove(0);
    if !fits(&first, ctx) {
        return Err(wrong_post(rule, &first, ctx));
    }
    if case
        .pending
        .iter()
        .any(|waiting| waiting.act == rule.id && waiting.lane == command.lane)
    {
        return Err(Refusal::conflict("act_already_entered")
            .citing(rule.basis.clauses())
            .fact("act", &rule.title));
    }
    let pending = Pending {
        number: case.pending_count + 1,
        act: rule.id.clone(),
        lane: command.lane.clone(),
        set: command.set.clone(),
        strike: command.strike.clone(),
        manner,
        happened_on: (manner == Manner::OnBehalf).then(|| command.happened_on.unwrap_or(ctx.today)),
        paper: command.paper.clone(),
        body: ctx.actor.body,
        steps: vec![step(&first, ctx)],
        next,
    };
    Ok(vec![CaseEvent::Entered {
        pending,
        by: ctx.actor.clone(),
    }])
}

/// Takes the next step of a waiting act; the last step makes it take effect.
pub(super) fn advance(
    case: &Case,
    procedure: &Procedure,
    number: u32,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let waiting = waiting(case, number)?;
    let rule = procedure
        .act(&waiting.act)
        .ok_or_else(|| Refusal::unknown("act_unknown").fact("act", &waiting.act))?;
    take::may_act(case, rule, waiting.lane.as_deref(), ctx)?;
    take::in_stage(case, procedure, rule)?;
    // The lane may have been returned or decided since the act was entered.
    effects::lane_ready(case, rule, waiting.lane.as_deref(), ctx)?;
    let post = waiting.next.first().map_or("checker", String::as_str);
    if ctx.actor.body != waiting.body || !fits(post, ctx) {
        return Err(wrong_post(rule, post, ctx));
    }
    if waiting.steps.iter().any(|taken| taken.person == ctx.actor.person) {
        return Err(Refusal::forbidden("same_person_in_route")
            .citing(rule.basis.clauses())
            .fact("act", &rule.title));
    }
    let manner = match waiting.manner {
        Manner::InPerson if ctx.actor.delegation.is_some() => Manner::Delegate,
        other => other,
    };
    let finished = Finished {
        rule,
        lane: waiting.lane.clone(),
        set: waiting.set.clone(),
        strike: waiting.strike.clone(),
        manner,
        happened_on: waiting.happened_on.unwrap_or(ctx.today),
        paper: waiting.paper.clone(),
        steps: waiting.steps.clone(),
        finishes: Some(number),
    };
    if waiting.next.len() > 1 {
        // Whoever takes a step in between is bound by the guards too, for example not to judge their own act.
        take::check(case, procedure, &finished, ctx)?;
        return Ok(vec![CaseEvent::Advanced {
            number,
            step: step(post, ctx),
        }]);
    }
    take::finish(case, procedure, finished, ctx)
}

/// Drops a waiting act: the paper was wrong, or a reviewer sends it back to the desk. That is for whoever took a
/// step of it, and for the posts it still waits for; a bystander of the same body has no hand in it.
pub(super) fn drop_waiting(
    case: &Case,
    procedure: &Procedure,
    number: u32,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    ctx.registry.admits(ctx.actor, ctx.today)?;
    let waiting = waiting(case, number)?;
    let rule = procedure
        .act(&waiting.act)
        .ok_or_else(|| Refusal::unknown("act_unknown").fact("act", &waiting.act))?;
    if ctx.actor.body != waiting.body {
        return Err(Refusal::forbidden("not_a_party").fact("act", &rule.title));
    }
    take::may_act(case, rule, waiting.lane.as_deref(), ctx)?;
    let post = Membership {
        body: ctx.actor.body,
        role: ctx.actor.role.clone(),
        post: ctx.actor.post.clone(),
    };
    let stands_for = |earlier| {
        ctx.registry
            .stands_for(ctx.actor.person, earlier, &post, ctx.today)
    };
    let took_a_step = waiting.steps.iter().any(|taken| stands_for(taken.person));
    if !took_a_step && !waiting.next.iter().any(|post| fits(post, ctx)) {
        let post = waiting.next.first().map_or("checker", String::as_str);
        return Err(wrong_post(rule, post, ctx));
    }
    Ok(vec![CaseEvent::Dropped {
        number,
        step: step(&ctx.actor.post, ctx),
    }])
}

fn waiting(case: &Case, number: u32) -> Result<&Pending, Refusal> {
    case.pending
        .iter()
        .find(|waiting| waiting.number == number)
        .ok_or_else(|| Refusal::conflict("waiting_act_gone").fact("number", number))
}
