//! What is done about a clock that is nearly due or late. Expiry records that the last day passed; urging (催办)
//! and escalation (督办) put words to those who have to act. None of it moves a case or decides for anybody: the
//! events made here are [`WatchEvent`]s and nothing else.

use shuyu_kernel::{
    BodyId, CivilDate, Refusal,
    calendar::{Limit, WorkCalendar},
};
use shuyu_profile::{Consequence, Procedure, Superior};

use crate::{
    case::{Case, Clock},
    command::{Context, WatchAct, WatchClock},
    event::{CaseEvent, EscalationReason, Holder, WatchEvent},
};

/// Most characters that may be said at once (platform choice).
const LONGEST_WORDS: usize = 500;

/// Something the actor may do about a clock now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchNow {
    /// Place of the clock in the case.
    pub ordinal: usize,
    /// What.
    pub act: WatchAct,
}

/// Everything the actor may do about the clocks of a case today: the same rules, asked ahead.
pub fn watch_now(case: &Case, ctx: &Context<'_>) -> Vec<WatchNow> {
    let mut options = Vec::new();
    for (ordinal, clock) in case.clocks.iter().enumerate() {
        for act in WatchAct::ALL {
            let command = WatchClock {
                clock: clock.run.clock.clone(),
                lane: clock.run.lane.clone(),
                act,
                words: String::new(),
                report_by: Some(ctx.today),
            };
            let meant = target(case, &command).is_some_and(|other| std::ptr::eq(other, clock));
            if meant && may(case, clock, &command, ctx).is_ok() {
                options.push(WatchNow { ordinal, act });
            }
        }
    }
    options
}

/// 到期: the last day passed and the clock still runs. Where its rule says so, the superior body hears of it at once.
///
/// # Errors
/// `clock_not_running`; `clock_not_expired` before the day, and when it is recorded already.
pub(super) fn expire(
    case: &Case,
    procedure: &Procedure,
    clock: &str,
    lane: Option<&str>,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let running = running(case, clock, lane)?;
    if ctx.today <= running.run.due || running.expired() {
        return Err(Refusal::conflict("clock_not_expired")
            .citing(&running.run.clauses)
            .fact("due", running.run.due));
    }
    let consequence = procedure
        .clock(clock)
        .map_or(Consequence::Flag, |rule| rule.on_miss);
    let mut events = vec![CaseEvent::Watched(WatchEvent::ClockExpired {
        clock: clock.to_owned(),
        lane: lane.map(str::to_owned),
        due: running.run.due,
        on: ctx.today,
        consequence,
        clauses: running.run.clauses.clone(),
    })];
    let not_yet = case.escalated_clock(clock, lane).is_none();
    if consequence == Consequence::Escalate
        && not_yet
        && let Ok(to) = superior(case, running, ctx)
    {
        events.push(escalated(
            running,
            &to,
            EscalationReason::AtExpiry,
            "",
            ctx,
            false,
        ));
    }
    Ok(events)
}

/// 督办 by the rules: late for longer than the profile allows.
///
/// # Errors
/// `clock_not_running`, `escalation_not_yet`, `superior_missing`.
pub(super) fn escalate_late(
    case: &Case,
    clock: &str,
    lane: Option<&str>,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let running = running(case, clock, lane)?;
    let late = days_late(&ctx.profile.calendar, running.run.due, ctx.today);
    if !running.escalates()
        || late <= i64::from(ctx.profile.watch.escalate_after)
        || case.escalated_clock(clock, lane).is_some()
    {
        return Err(Refusal::conflict("escalation_not_yet").fact("due", running.run.due));
    }
    let to = superior(case, running, ctx)?;
    Ok(vec![escalated(
        running,
        &to,
        EscalationReason::LeftLate,
        "",
        ctx,
        false,
    )])
}

/// Working days that passed since the last day; at most 0 before it is over.
fn days_late(calendar: &WorkCalendar, due: CivilDate, today: CivilDate) -> i64 {
    if today <= due {
        return 0;
    }
    calendar.working_days_between(due, today)
}

/// An act of a person about a clock.
///
/// # Errors
/// Who may not, what is not open, and words that are missing or too long; see [`may`].
pub(super) fn watch(
    case: &Case,
    procedure: &Procedure,
    command: &WatchClock,
    ctx: &Context<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let clock = target(case, command).ok_or_else(|| not_running(&command.clock))?;
    may(case, clock, command, ctx).map_err(|refusal| about(refusal, clock, procedure))?;
    let words = said(command).map_err(|refusal| about(refusal, clock, procedure))?;
    let event = match command.act {
        WatchAct::Urge => WatchEvent::Urged {
            clock: command.clock.clone(),
            lane: command.lane.clone(),
            by: ctx.actor.clone(),
            on: ctx.today,
            words,
            answer_by: ctx
                .profile
                .calendar
                .due(ctx.today, Limit::working_days(ctx.profile.watch.urge_answer))
                .on,
        },
        WatchAct::AnswerUrge => WatchEvent::UrgeAnswered {
            clock: command.clock.clone(),
            lane: command.lane.clone(),
            by: ctx.actor.clone(),
            on: ctx.today,
            words,
        },
        WatchAct::Escalate => {
            let to = superior(case, clock, ctx)?;
            return Ok(vec![escalated(
                clock,
                &to,
                EscalationReason::ByOverseer,
                &words,
                ctx,
                true,
            )]);
        }
        WatchAct::Instruct => WatchEvent::Instructed {
            clock: command.clock.clone(),
            lane: command.lane.clone(),
            by: ctx.actor.clone(),
            on: ctx.today,
            words,
            report_by: command.report_by.unwrap_or(ctx.today),
        },
        WatchAct::Report => WatchEvent::InstructionReported {
            clock: command.clock.clone(),
            lane: command.lane.clone(),
            by: ctx.actor.clone(),
            on: ctx.today,
            words,
        },
        WatchAct::Close => WatchEvent::EscalationClosed {
            clock: command.clock.clone(),
            lane: command.lane.clone(),
            by: ctx.actor.clone(),
            on: ctx.today,
            words,
        },
    };
    Ok(vec![CaseEvent::Watched(event)])
}

/// The clock a command means: the running one, or for what follows an escalation the one that was escalated.
fn target<'a>(case: &'a Case, command: &WatchClock) -> Option<&'a Clock> {
    let lane = command.lane.as_deref();
    match command.act {
        WatchAct::Urge | WatchAct::AnswerUrge | WatchAct::Escalate => {
            case.running_clock(&command.clock, lane)
        }
        WatchAct::Instruct | WatchAct::Report | WatchAct::Close => case
            .escalated_clock(&command.clock, lane)
            .or_else(|| case.running_clock(&command.clock, lane)),
    }
}

/// Who may do it, and whether it is open.
///
/// # Errors
/// Of urging: `not_a_party`, `urge_own_clock`, `clock_not_running`, `urge_not_yet`, `urge_open`. Of answering:
/// `not_the_holder`, `urge_not_open`. Of escalating: `supervision_not_for_role`, `escalation_not_yet`,
/// `escalation_open`, `superior_missing`. Of instructing and closing: `escalation_not_open`,
/// `not_the_superior`, `report_day_invalid`. Of reporting: `not_the_holder`, `instruction_not_open`.
fn may(case: &Case, clock: &Clock, command: &WatchClock, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.registry.admits(ctx.actor, ctx.today)?;
    match command.act {
        WatchAct::Urge => may_urge(case, clock, ctx),
        WatchAct::AnswerUrge => {
            held(clock, ctx)?;
            open(clock.open_urge().is_some(), Refusal::conflict("urge_not_open"))
        }
        WatchAct::Escalate => may_escalate(case, clock, ctx),
        WatchAct::Instruct | WatchAct::Close => {
            let escalation = clock.watch.open_escalation();
            let to = &escalation
                .ok_or_else(|| Refusal::conflict("escalation_not_open"))?
                .to;
            if to.role != ctx.actor.role || !to.bodies.contains(&ctx.actor.body) {
                return Err(Refusal::forbidden("not_the_superior"));
            }
            let early =
                command.act == WatchAct::Instruct && command.report_by.is_none_or(|day| day < ctx.today);
            if early {
                return Err(Refusal::unmet("report_day_invalid").fact("today", ctx.today));
            }
            Ok(())
        }
        WatchAct::Report => {
            held(clock, ctx)?;
            let escalation = clock.watch.open_escalation();
            let asked = escalation.and_then(|escalation| escalation.open_instruction());
            open(asked.is_some(), Refusal::conflict("instruction_not_open"))
        }
    }
}

fn held(clock: &Clock, ctx: &Context<'_>) -> Result<(), Refusal> {
    if clock.is_held_by(ctx.actor) {
        return Ok(());
    }
    Err(Refusal::forbidden("not_the_holder"))
}

fn open(is: bool, else_refused: Refusal) -> Result<(), Refusal> {
    if is { Ok(()) } else { Err(else_refused) }
}

fn oversees(ctx: &Context<'_>) -> bool {
    ctx.profile
        .role(&ctx.actor.role)
        .is_some_and(|role| role.oversees)
}

/// Whoever watches may urge, and every party that waits for the holder.
fn may_urge(case: &Case, clock: &Clock, ctx: &Context<'_>) -> Result<(), Refusal> {
    if !oversees(ctx) && !case.is_party(ctx.actor) {
        return Err(Refusal::forbidden("not_a_party").fact("act", &case.title));
    }
    if clock.run.holder.bodies.contains(&ctx.actor.body) {
        return Err(Refusal::conflict("urge_own_clock"));
    }
    if !clock.binds() {
        return Err(not_running(&clock.run.clock));
    }
    let near = ctx
        .profile
        .calendar
        .working_days_between(ctx.today, clock.run.due);
    if ctx.today <= clock.run.due && near > i64::from(ctx.profile.watch.urge_within) {
        return Err(Refusal::conflict("urge_not_yet")
            .fact("due", clock.run.due)
            .fact("days", ctx.profile.watch.urge_within));
    }
    open(clock.open_urge().is_none(), Refusal::conflict("urge_open"))
}

fn may_escalate(case: &Case, clock: &Clock, ctx: &Context<'_>) -> Result<(), Refusal> {
    if !oversees(ctx) {
        return Err(Refusal::forbidden("supervision_not_for_role"));
    }
    if !clock.binds() {
        return Err(not_running(&clock.run.clock));
    }
    if ctx.today <= clock.run.due {
        return Err(Refusal::conflict("escalation_not_yet").fact("due", clock.run.due));
    }
    let lane = clock.run.lane.as_deref();
    open(
        case.escalated_clock(&clock.run.clock, lane).is_none(),
        Refusal::conflict("escalation_open"),
    )?;
    superior(case, clock, ctx).map(|_| ())
}

struct Above<'a> {
    rule: &'a Superior,
    bodies: Vec<BodyId>,
}

/// The superior body of the holder: a party under that role, else whoever holds the role here. Nobody is above
/// itself.
fn superior<'a>(case: &Case, clock: &Clock, ctx: &Context<'a>) -> Result<Above<'a>, Refusal> {
    let holder = &clock.run.holder;
    let title = ctx
        .profile
        .role(&holder.role)
        .map_or(holder.role.as_str(), |role| role.title.as_str());
    let missing = || Refusal::conflict("superior_missing").fact("role", title);
    let rule = ctx.profile.superior_of(&holder.role).ok_or_else(missing)?;
    let parties = case.parties.get(&rule.is).filter(|bodies| !bodies.is_empty());
    let mut bodies = match parties {
        Some(bodies) => bodies.iter().copied().collect(),
        None => ctx.registry.bodies_with(&rule.is),
    };
    bodies.retain(|body| !holder.bodies.contains(body));
    if bodies.is_empty() {
        return Err(missing());
    }
    Ok(Above { rule, bodies })
}

fn escalated(
    clock: &Clock,
    to: &Above<'_>,
    why: EscalationReason,
    words: &str,
    ctx: &Context<'_>,
    by_person: bool,
) -> CaseEvent {
    CaseEvent::Watched(WatchEvent::Escalated {
        clock: clock.run.clock.clone(),
        lane: clock.run.lane.clone(),
        to: Holder {
            role: to.rule.is.clone(),
            bodies: to.bodies.clone(),
        },
        why,
        by: by_person.then(|| ctx.actor.clone()),
        on: ctx.today,
        due: clock.run.due,
        words: words.to_owned(),
        clauses: to.rule.basis.clauses().to_vec(),
    })
}

fn running<'a>(case: &'a Case, clock: &str, lane: Option<&str>) -> Result<&'a Clock, Refusal> {
    case.running_clock(clock, lane)
        .filter(|running| running.binds())
        .ok_or_else(|| not_running(clock))
}

fn not_running(clock: &str) -> Refusal {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let shown = if clock.chars().all(known) { clock } else { "?" };
    Refusal::conflict("clock_not_running").fact("clock", shown)
}

/// The refusal with the title of the clock and its clauses.
fn about(refusal: Refusal, clock: &Clock, procedure: &Procedure) -> Refusal {
    let title = procedure
        .clock(&clock.run.clock)
        .map_or(clock.run.clock.as_str(), |rule| rule.title.as_str());
    refusal.citing(&clock.run.clauses).fact("clock", title)
}

fn said(command: &WatchClock) -> Result<String, Refusal> {
    let words = command.words.trim();
    if words.is_empty() {
        return Err(Refusal::unmet("words_missing"));
    }
    if words.chars().count() > LONGEST_WORDS {
        return Err(Refusal::unmet("words_too_long").fact("most", LONGEST_WORDS));
    }
    Ok(words.to_owned())
}
