//! Rehearsing a changed profile on an open case: which dates and outcomes would move.
//!
//! The history is asked twice, with the rules it ran under and with the changed ones, and only differences are told.
//! Both sides see the linked cases as they are today, so that what has changed there since cancels out.

use std::collections::BTreeMap;

use serde::Serialize;
use shuyu_kernel::{CaseId, CivilDate, ClauseId, Manner, Refusal, calendar::Bound};
use shuyu_profile::{Act, Procedure, Profile};

use crate::{
    case::{Case, Clock},
    command::Context,
    decide::{Scene, check_guards, due_with, preview, unfit},
    event::{ActMeta, CaseEvent},
    registry::Registry,
    value::Value,
};

/// What would move in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// The case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// Procedure.
    pub procedure: String,
    /// What the case stands on and the changed rules do not have; it could not be moved to them.
    pub unfit: Vec<String>,
    /// Dates.
    pub dates: Vec<DateMoved>,
    /// Outcomes.
    pub outcomes: Vec<OutcomeMoved>,
}

/// The last day of a clock, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DateMoved {
    /// Clock.
    pub clock: String,
    /// Lane key.
    pub lane: Option<String>,
    /// Whether it still runs.
    pub running: bool,
    /// Last day as recorded.
    pub before: CivilDate,
    /// Last day under the changed rules; `None` if they have no such clock.
    pub after: Option<CivilDate>,
    /// Clauses of the changed rule.
    pub clauses: Vec<ClauseId>,
}

/// Whether an act passes, before and after; `None` = it passes, else the code of the refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeMoved {
    /// Act; `open` for the opening; a clock's id where being in time is the outcome.
    pub what: String,
    /// Day it happened; `None` for what may be done today.
    pub on: Option<CivilDate>,
    /// Under the rules of the case.
    pub before: Option<String>,
    /// Under the changed rules.
    pub after: Option<String>,
    /// Clauses of the side that refuses.
    pub clauses: Vec<ClauseId>,
}

/// Everything a rehearsal looks at besides the case.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// Rules of the case.
    pub old: &'a Profile,
    /// Changed rules.
    pub new: &'a Profile,
    /// Bodies and people.
    pub registry: &'a Registry,
    /// Cases that the case points at.
    pub linked: &'a BTreeMap<CaseId, Case>,
    /// Today.
    pub today: CivilDate,
}

/// Replays the events of a case under both versions. `None` if nothing moves, or if there is no case in the events.
pub fn rehearse(events: &[CaseEvent], stage: Stage<'_>) -> Option<Rehearsal> {
    let case = Case::replay(events)?;
    let unfit = unfit(&case, stage.new);
    let mut outcomes = Vec::new();
    let mut dates = Vec::new();
    if let Some(new) = stage.new.procedure(&case.procedure) {
        dates = dates_moved(&case, new, stage);
        outcomes = late(&case, &dates);
        outcomes.extend(history(events, stage));
        outcomes.extend(possible(&case, stage));
    }
    let moves = !unfit.is_empty() || !dates.is_empty() || !outcomes.is_empty();
    moves.then_some(Rehearsal {
        case: case.id,
        number: case.number,
        procedure: case.procedure,
        unfit,
        dates,
        outcomes,
    })
}

fn dates_moved(case: &Case, new: &Procedure, stage: Stage<'_>) -> Vec<DateMoved> {
    let before = stage.old.procedure(&case.procedure);
    let counted = case
        .clocks
        .iter()
        .filter(|clock| !clock.run.derivation.is_empty() && clock.run.bound_by.is_none());
    counted
        .filter_map(|clock| {
            let run = &clock.run;
            let rule = new.clock(&run.clock);
            let was = before
                .and_then(|procedure| procedure.clock(&run.clock))
                .and_then(|rule| rule.limit_on(case.bound_on()));
            // An extension, or a limit set case by case, stays what it is.
            let limit = match rule.and_then(|rule| rule.limit_on(stage.today)) {
                Some(limit) if was == Some(run.limit) => limit,
                _ => run.limit,
            };
            let after = rule.map(|_| due_with(clock, limit, &stage.new.calendar));
            (after != Some(run.due)).then(|| DateMoved {
                clock: run.clock.clone(),
                lane: run.lane.clone(),
                running: clock.stopped_on.is_none(),
                before: run.due,
                after,
                clauses: rule.map(|rule| rule.basis.clauses().to_vec()).unwrap_or_default(),
            })
        })
        .collect()
}

/// Clocks that were kept and would not have been, or the other way round.
fn late(case: &Case, dates: &[DateMoved]) -> Vec<OutcomeMoved> {
    let stopped = |moved: &DateMoved| -> Option<OutcomeMoved> {
        let same = |clock: &&Clock| {
            clock.run.clock == moved.clock && clock.run.lane == moved.lane && clock.run.due == moved.before
        };
        let clock = case.clocks.iter().find(same)?;
        let (on, after) = (clock.stopped_on?, moved.after?);
        let in_time = |due: CivilDate| match clock.run.bound {
            Bound::AtMost => on <= due,
            Bound::AtLeast => on > due,
        };
        let word = |kept: bool| (!kept).then(|| "late".to_owned());
        (in_time(moved.before) != in_time(after)).then(|| OutcomeMoved {
            what: moved.clock.clone(),
            on: Some(on),
            before: word(in_time(moved.before)),
            after: word(in_time(after)),
            clauses: moved.clauses.clone(),
        })
    };
    dates.iter().filter_map(stopped).collect()
}

fn history(events: &[CaseEvent], stage: Stage<'_>) -> Vec<OutcomeMoved> {
    let mut moved = Vec::new();
    let mut state: Option<Case> = None;
    for event in events {
        let taken = match event {
            CaseEvent::Opened {
                meta, set, procedure, ..
            } => Some((meta, set, procedure.clone())),
            CaseEvent::Taken { meta, set, .. } => {
                state.as_ref().map(|case| (meta, set, case.procedure.clone()))
            }
            _ => None,
        };
        if let Some((meta, set, procedure)) = taken {
            let verdict = |profile| passed(state.as_ref(), profile, &procedure, meta, set, stage).err();
            let (before, after) = (verdict(stage.old), verdict(stage.new));
            moved.extend(difference(&meta.act, Some(meta.happened_on), before, after));
        }
        state = Case::evolve(state, event);
    }
    moved
}

/// Whether an act of the past passes the rules of this profile.
fn passed(
    case: Option<&Case>,
    profile: &Profile,
    procedure: &str,
    meta: &ActMeta,
    set: &BTreeMap<String, Value>,
    stage: Stage<'_>,
) -> Result<(), Refusal> {
    let procedure = profile
        .procedure(procedure)
        .ok_or_else(|| Refusal::unknown("procedure_unknown"))?;
    let (by, from, guards, clauses) = match procedure.act(&meta.act) {
        Some(act) => (&act.by, Some(&act.from), &act.guards, act.basis.clauses()),
        None if case.is_none() => {
            let open = &procedure.open;
            (&open.by, None, &open.guards, procedure.basis.clauses())
        }
        None => return Err(Refusal::unknown("act_unknown")),
    };
    if meta.manner != Manner::System && !by.contains(&meta.actor.role) {
        return Err(Refusal::forbidden("role_may_not_act").citing(clauses));
    }
    if from
        .zip(case)
        .is_some_and(|(from, case)| !from.contains(&case.stage))
    {
        return Err(Refusal::conflict("act_not_in_stage").citing(clauses));
    }
    let mut fields = case.map(|case| case.fields.clone()).unwrap_or_default();
    fields.extend(set.clone());
    let scene = Scene {
        case,
        procedure,
        fields: &fields,
        happened_on: meta.happened_on,
        ctx: &Context {
            profile,
            actor: &meta.actor,
            today: meta.recorded_on,
            registry: stage.registry,
            linked: stage.linked,
            new_case: case.map_or(CaseId::from_bits(0), |case| case.id),
            next_number: 0,
        },
    };
    check_guards(guards, &scene)
}

/// Acts of the present stage that may be taken under one version and not under the other.
fn possible(case: &Case, stage: Stage<'_>) -> Vec<OutcomeMoved> {
    let Some(last) = case.acts.last() else {
        return Vec::new();
    };
    let actor = shuyu_kernel::Actor {
        person: last
            .people
            .last()
            .copied()
            .unwrap_or(shuyu_kernel::PersonId::from_bits(0)),
        body: last.body,
        role: last.role.clone(),
        post: String::new(),
        delegation: None,
    };
    let here = |profile: &'_ Profile| -> BTreeMap<String, Option<Refusal>> {
        let under = Case {
            profile: profile.digest,
            ..case.clone()
        };
        let ctx = Context {
            profile,
            actor: &actor,
            today: stage.today,
            registry: stage.registry,
            linked: stage.linked,
            new_case: case.id,
            next_number: 0,
        };
        let open = |act: &&Act| act.from.contains(&case.stage);
        let acts = profile
            .procedure(&case.procedure)
            .into_iter()
            .flat_map(|procedure| &procedure.acts);
        acts.filter(open)
            .map(|act| (act.id.clone(), preview(&under, act, &ctx).err()))
            .collect()
    };
    let (old, new) = (here(stage.old), here(stage.new));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let side = |of: &BTreeMap<String, Option<Refusal>>, name: &String| {
        of.get(name)
            .cloned()
            .unwrap_or_else(|| Some(Refusal::unknown("act_unknown")))
    };
    names
        .into_iter()
        .filter_map(|name| difference(name, None, side(&old, name), side(&new, name)))
        .collect()
}

fn difference(
    what: &str,
    on: Option<CivilDate>,
    before: Option<Refusal>,
    after: Option<Refusal>,
) -> Option<OutcomeMoved> {
    let code = |side: &Option<Refusal>| side.as_ref().map(|refusal| refusal.code.clone());
    (code(&before) != code(&after)).then(|| OutcomeMoved {
        what: what.to_owned(),
        on,
        before: code(&before),
        after: code(&after),
        clauses: after
            .or(before)
            .map(|refusal| refusal.clauses)
            .unwrap_or_default(),
    })
}
