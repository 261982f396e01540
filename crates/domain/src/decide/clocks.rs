//! Clocks: started, stopped, given another limit, paused and resumed by acts. Every date carries its derivation.

use std::collections::BTreeMap;

use shuyu_kernel::{
    CaseId, CivilDate, Refusal,
    calendar::{Bound, Due, Limit, LimitUnit, WorkCalendar},
};
use shuyu_profile::{CaseQuery, ClockRule};

use super::{condition, guards::Scene, take::Finished};
use crate::{
    case::{Case, Clock},
    command::Context,
    event::{CaseEvent, ClockRun, Holder},
    value::Value,
};

/// Longest limit that may be set case by case, in working days: one year.
const LONGEST_SET: i64 = 366;

/// Starts the clock if its conditions hold.
///
/// # Errors
/// `limit_not_set` where the limit or the last day is set case by case and was not.
pub(super) fn start(
    rule: &ClockRule,
    lane: Option<&str>,
    holder: Option<Holder>,
    scene: &Scene<'_>,
) -> Result<Option<CaseEvent>, Refusal> {
    if !rule.dated.covers(scene.bound_on()) || !condition::all_hold(&rule.when, scene) {
        return Ok(None);
    }
    let counted_from = rule
        .start_field
        .as_ref()
        .and_then(|field| date(scene.fields, field));
    let started_on = counted_from.unwrap_or(scene.happened_on);
    let due = due(rule, started_on, scene)?;
    let holder = holder.unwrap_or_else(|| Holder {
        role: rule.holder.clone(),
        bodies: Vec::new(),
    });
    let bound = rule
        .no_later_than
        .as_ref()
        .and_then(|query| earlier(query, &holder, due.on, scene));
    Ok(Some(CaseEvent::ClockStarted(ClockRun {
        clock: rule.id.clone(),
        lane: lane.map(str::to_owned),
        started_on,
        limit: due.limit,
        bound: rule.bound,
        due: bound.map_or(due.on, |(_, on)| on),
        provisional: due.provisional,
        calendar: due.calendar,
        derivation: due.steps,
        holder,
        clauses: rule.basis.clauses().to_vec(),
        bound_by: bound.map(|(case, _)| case),
    })))
}

/// The earliest day before `on` to which another case about the same matter binds this holder already, and that case.
fn earlier(
    query: &CaseQuery,
    holder: &Holder,
    on: CivilDate,
    scene: &Scene<'_>,
) -> Option<(CaseId, CivilDate)> {
    let binds = |clock: &&Clock| {
        let theirs = &clock.run.holder;
        let same = theirs.bodies.is_empty() || theirs.bodies.iter().any(|body| holder.bodies.contains(body));
        theirs.role == holder.role && same && clock.run.due < on
    };
    let days = condition::all_found(query, scene).flat_map(|case| {
        let running = case.open_duties().filter(binds);
        running.map(|clock| (clock.run.due, case.id)).collect::<Vec<_>>()
    });
    days.min().map(|(due, case)| (case, due))
}

fn date(fields: &BTreeMap<String, Value>, field: &str) -> Option<CivilDate> {
    match fields.get(field) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

fn due(rule: &ClockRule, started_on: CivilDate, scene: &Scene<'_>) -> Result<Due, Refusal> {
    let calendar = &scene.ctx.profile.calendar;
    let unset = || {
        Refusal::unmet("limit_not_set")
            .citing(rule.basis.clauses())
            .fact("clock", &rule.title)
    };
    if let Some(limit) = rule.limit_on(scene.bound_on()) {
        return Ok(calendar.due(started_on, limit));
    }
    if let Some(field) = &rule.due_field {
        let on = date(scene.fields, field).ok_or_else(unset)?;
        return Ok(fixed(calendar, started_on, on));
    }
    match rule
        .limit_field
        .as_ref()
        .and_then(|field| scene.fields.get(field))
    {
        Some(Value::Integer(n)) if (1..=LONGEST_SET).contains(n) => {
            let limit = Limit {
                n: u32::try_from(*n).unwrap_or(1),
                unit: LimitUnit::WorkingDay,
            };
            Ok(calendar.due(started_on, limit))
        }
        _ => Err(unset()),
    }
}

/// A last day named in a paper stands as it is: it is no period, so nothing is counted and nothing rolls.
fn fixed(calendar: &WorkCalendar, started_on: CivilDate, on: CivilDate) -> Due {
    let days = u32::try_from((on.days() - started_on.days()).max(1)).unwrap_or(1);
    Due {
        on,
        provisional: false,
        start: started_on,
        limit: Limit::days(days),
        calendar: calendar.version(),
        steps: Vec::new(),
    }
}

/// Stops the running clock of that id, if there is one.
pub(super) fn stop(case: &Case, clock: &str, lane: Option<&str>, on: CivilDate, events: &mut Vec<CaseEvent>) {
    if let Some(running) = case.running_clock(clock, lane) {
        events.push(CaseEvent::ClockStopped {
            clock: clock.to_owned(),
            lane: lane.map(str::to_owned),
            on,
            in_time: match running.run.bound {
                Bound::AtMost => on <= running.run.due,
                Bound::AtLeast => on > running.run.due,
            },
        });
    }
}

/// Other limits, pauses and resumptions that the act brings.
pub(super) fn change(case: &Case, act: &Finished<'_>, ctx: &Context<'_>, events: &mut Vec<CaseEvent>) {
    let running = |id: &str| case.running_clock(id, act.lane.as_deref());
    let calendar = &ctx.profile.calendar;
    for extension in &act.rule.extends {
        if let Some(clock) = running(&extension.clock) {
            let due = extended(clock, extension.limit, calendar);
            events.push(changed(clock, Some(extension.limit), due, act.happened_on));
        }
    }
    for clock in act.rule.pauses.iter().filter_map(|id| running(id)) {
        if clock.paused_on.is_none() {
            events.push(CaseEvent::ClockPaused {
                clock: clock.run.clock.clone(),
                lane: clock.run.lane.clone(),
                on: act.happened_on,
            });
        }
    }
    for clock in act.rule.resumes.iter().filter_map(|id| running(id)) {
        if let Some(paused_on) = clock.paused_on {
            let due = resumed(clock, paused_on, act.happened_on, calendar);
            events.push(changed(clock, None, due, act.happened_on));
        }
    }
}

/// What a calendar changes in the running clocks of a case: a date that moves, or that is no longer provisional.
/// Clocks that stand still, and last days named in a paper, are left alone.
pub fn recount(case: &Case, calendar: &WorkCalendar, on: CivilDate) -> Vec<CaseEvent> {
    let version = calendar.version();
    let running = case
        .clocks
        .iter()
        .filter(|clock| clock.stopped_on.is_none() && clock.paused_on.is_none());
    running
        .filter(|clock| clock.run.calendar != version && !clock.run.derivation.is_empty())
        .filter_map(|clock| {
            let due = extended(clock, clock.run.limit, calendar);
            let on_day = match clock.run.bound_by {
                Some(_) => due.on.min(clock.run.due),
                None => due.on,
            };
            let moved = on_day != clock.run.due || due.provisional != clock.run.provisional;
            moved.then(|| changed(clock, None, due, on))
        })
        .collect()
}

/// The clock with another limit in all, from its old start.
pub(super) fn relimited(clock: &Clock, limit: Limit, calendar: &WorkCalendar, on: CivilDate) -> CaseEvent {
    changed(clock, Some(limit), extended(clock, limit, calendar), on)
}

/// The last day that a clock would have with this limit and calendar; days that it stood still are added.
pub fn due_with(clock: &Clock, limit: Limit, calendar: &WorkCalendar) -> CivilDate {
    extended(clock, limit, calendar).on
}

/// A day that another case binds to stays, whatever this clock is given.
fn changed(clock: &Clock, limit: Option<Limit>, mut due: Due, on: CivilDate) -> CaseEvent {
    if clock.run.bound_by.is_some() {
        due.on = due.on.min(clock.run.due);
    }
    CaseEvent::ClockChanged {
        clock: clock.run.clock.clone(),
        lane: clock.run.lane.clone(),
        on,
        limit,
        due: due.on,
        provisional: due.provisional,
        calendar: due.calendar,
        derivation: due.steps,
    }
}

/// The new limit in all, from the old start; days that the clock stood still are added.
fn extended(clock: &Clock, limit: Limit, calendar: &WorkCalendar) -> Due {
    let still: i64 = clock
        .pauses
        .iter()
        .map(|pause| pause.days(limit.unit, calendar))
        .sum();
    match (limit.unit, u32::try_from(still)) {
        (LimitUnit::WorkingDay | LimitUnit::Day, Ok(still)) => {
            let longer = Limit {
                n: limit.n.saturating_add(still),
                unit: limit.unit,
            };
            calendar.due(clock.run.started_on, longer)
        }
        _ => later(calendar.due(clock.run.started_on, limit), still, calendar),
    }
}

/// The clock goes on with what was left on the day it was paused; that day counts as used.
fn resumed(clock: &Clock, paused_on: CivilDate, on: CivilDate, calendar: &WorkCalendar) -> Due {
    let left = match clock.run.limit.unit {
        LimitUnit::WorkingDay => calendar.working_days_between(paused_on, clock.run.due),
        LimitUnit::Day => clock.run.due.days() - paused_on.days(),
        LimitUnit::Month | LimitUnit::Year => {
            let due = calendar.due(clock.run.started_on, clock.run.limit);
            let still: i64 = clock
                .pauses
                .iter()
                .map(|pause| pause.days(LimitUnit::Day, calendar))
                .sum();
            return later(due, still + on.days() - paused_on.days(), calendar);
        }
    };
    let left = Limit {
        n: u32::try_from(left.max(0)).unwrap_or(0),
        unit: clock.run.limit.unit,
    };
    calendar.due(on, left)
}

fn later(mut due: Due, days: i64, calendar: &WorkCalendar) -> Due {
    due.on = calendar.on_or_after(due.on.plus_days(days));
    due.provisional = due.provisional || !calendar.is_gazetted(due.on);
    due
}
