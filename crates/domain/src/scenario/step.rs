//! One step: from text to a command, decided, applied, and compared with what the file says.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{Actor, CaseId, CivilDate, Manner, PersonId, Refusal, calendar::Bound};
use shuyu_profile::{Guard, Procedure, Profile, scenario::Step};

use super::{
    StepRun,
    input::{self, Wrong},
    world::{World, paper},
};
use crate::{
    case::Case,
    command::{Command, Context, TakeAct},
    decide::{Scene, all_hold, decide},
    event::{CaseEvent, Pending},
    value::Value,
};

/// Where a step stands.
pub(super) struct Site<'a> {
    pub(super) profile: &'a Profile,
    pub(super) scenario: &'a str,
    pub(super) number: usize,
}

/// What is being done to what.
struct Target<'a> {
    procedure: &'a Procedure,
    opens: bool,
    case: CaseId,
    number: u64,
}

/// Takes a step. The error says what went otherwise than written.
pub(super) fn take(world: &mut World, site: &Site<'_>, step: &Step) -> Result<StepRun, String> {
    let target = target(world, site.profile, step)?;
    world.fill_offices(target.procedure);
    let mut run = blank(site, step, target.procedure);
    run.fired = fired(world, step.on);
    run.set = input::filled(target.procedure, step);
    let actor = match world.acting(site.profile, step) {
        Ok(actor) => actor,
        Err(refusal) => {
            expected(step, Some(&refusal))?;
            run.refusal = Some(refusal);
            return Ok(run);
        }
    };
    let refusal = match input::values(world, target.procedure, &actor, &run.set) {
        Err(Wrong::Scenario(message)) => return Err(message),
        Err(Wrong::Refused(refusal)) => Some(refusal),
        Ok(set) => {
            let lane = lane(world, step)?;
            let command = command(site, step, &target, set, lane);
            let before = world.cases.clone();
            let refusal = decide_all(world, site.profile, step, &target, &command, &actor).err();
            if refusal.is_some() && world.cases != before {
                return Err("the refused step changed something".to_owned());
            }
            refusal
        }
    };
    expected(step, refusal.as_ref())?;
    if refusal.is_none() {
        let ctx = Context {
            profile: site.profile,
            actor: &actor,
            today: step.entered_on.unwrap_or(step.on),
            registry: &world.registry,
            linked: &world.cases,
            new_case: target.case,
            next_number: target.number,
        };
        after_success(world, &target, &ctx, &mut run)?;
    }
    run.refusal = refusal;
    check_then(world, step, target.case)?;
    Ok(run)
}

fn target<'a>(world: &World, profile: &'a Profile, step: &Step) -> Result<Target<'a>, String> {
    let find = |id: &str| {
        profile
            .procedure(id)
            .ok_or(format!("there is no procedure `{id}`"))
    };
    if let Some(id) = step.act.strip_prefix("open ") {
        if world.names.contains_key(&step.case) {
            return Err(format!("case `{}` is open already", step.case));
        }
        let (case, number) = world.next_case();
        return Ok(Target {
            procedure: find(id)?,
            opens: true,
            case,
            number,
        });
    }
    let case = world
        .names
        .get(&step.case)
        .ok_or(format!("no case is called `{}`", step.case))?;
    let state = world
        .cases
        .get(case)
        .ok_or(format!("case `{}` has no state", step.case))?;
    Ok(Target {
        procedure: find(&state.procedure)?,
        opens: false,
        case: *case,
        number: 0,
    })
}

fn blank(site: &Site<'_>, step: &Step, procedure: &Procedure) -> StepRun {
    StepRun {
        scenario: site.scenario.to_owned(),
        number: site.number,
        on: step.on,
        actor: step.actor.clone(),
        post: step.post.clone(),
        manner: step.manner,
        procedure: procedure.id.clone(),
        act: if step.act.starts_with("open ") {
            "open".to_owned()
        } else {
            step.act.clone()
        },
        case: step.case.clone(),
        lane: step.lane.clone(),
        set: step.set.clone(),
        strike: step.strike.clone(),
        refusal: None,
        passed: BTreeSet::new(),
        started: BTreeSet::new(),
        fired: BTreeSet::new(),
    }
}

/// `lane:body` as the key the engine uses.
fn lane(world: &World, step: &Step) -> Result<Option<String>, String> {
    step.lane.as_deref().map(|text| lane_key(world, text)).transpose()
}

fn lane_key(world: &World, text: &str) -> Result<String, String> {
    let (lane, body) = text
        .split_once(':')
        .ok_or(format!("`{text}` is not `lane:body`"))?;
    let body = world
        .known_body(body)
        .ok_or(format!("no body is called `{body}`"))?;
    Ok(format!("{lane}:{body}"))
}

fn command(
    site: &Site<'_>,
    step: &Step,
    target: &Target<'_>,
    set: BTreeMap<String, Value>,
    lane: Option<String>,
) -> Command {
    if target.opens {
        return Command::Open {
            procedure: target.procedure.id.clone(),
            set,
        };
    }
    let on_behalf = step.manner == Manner::OnBehalf;
    Command::Act(TakeAct {
        act: step.act.clone(),
        lane,
        set,
        strike: step.strike.clone(),
        manner: step.manner,
        happened_on: on_behalf.then_some(step.on),
        paper: on_behalf.then(|| paper(&format!("{}-{}.pdf", site.scenario, site.number))),
    })
}

/// Decides the command and, if asked for, the remaining steps of its route, each by another person.
fn decide_all(
    world: &mut World,
    profile: &Profile,
    step: &Step,
    target: &Target<'_>,
    command: &Command,
    actor: &Actor,
) -> Result<(), Refusal> {
    one(world, profile, step, target, command, actor)?;
    let Command::Act(act) = command else { return Ok(()) };
    while let Some(waiting) = waiting(world, target.case, act).filter(|_| step.route) {
        let taken: Vec<PersonId> = waiting.steps.iter().map(|step| step.person).collect();
        let post = waiting.next.first().map_or("checker", String::as_str);
        let next = world.colleague(actor, post, &taken);
        one(
            world,
            profile,
            step,
            target,
            &Command::Advance {
                number: waiting.number,
            },
            &next,
        )?;
    }
    Ok(())
}

fn waiting(world: &World, case: CaseId, act: &TakeAct) -> Option<Pending> {
    let case = world.cases.get(&case)?;
    case.pending
        .iter()
        .find(|waiting| waiting.act == act.act && waiting.lane == act.lane)
        .cloned()
}

fn one(
    world: &mut World,
    profile: &Profile,
    step: &Step,
    target: &Target<'_>,
    command: &Command,
    actor: &Actor,
) -> Result<(), Refusal> {
    let ctx = Context {
        profile,
        actor,
        today: step.entered_on.unwrap_or(step.on),
        registry: &world.registry,
        linked: &world.cases,
        new_case: target.case,
        next_number: target.number,
    };
    let state = world.cases.get(&target.case).filter(|_| !target.opens);
    let events = decide(state, command, &ctx)?;
    world.apply(&step.case, target.case, events);
    Ok(())
}

fn expected(step: &Step, refusal: Option<&Refusal>) -> Result<(), String> {
    match (step.refused.as_deref(), refusal) {
        (None, None) => Ok(()),
        (None, Some(refusal)) => Err(format!("refused with `{}` {:?}", refusal.code, refusal.facts)),
        (Some(code), None) => Err(format!("should be refused with `{code}`, but was not")),
        (Some(code), Some(refusal)) if refusal.code != code => Err(format!(
            "should be refused with `{code}`, but with `{}` {:?}",
            refusal.code, refusal.facts
        )),
        (Some(_), Some(refusal)) => match &step.clause {
            Some(clause) if !refusal.clauses.contains(clause) => Err(format!(
                "the refusal should cite {clause}, but cites {:?}",
                refusal.clauses
            )),
            _ => Ok(()),
        },
    }
}

/// What the step proved: guards passed, clocks started, and that replaying the events gives the state.
fn after_success(
    world: &World,
    target: &Target<'_>,
    ctx: &Context<'_>,
    run: &mut StepRun,
) -> Result<(), String> {
    let events = world
        .events
        .get(&target.case)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let state = world.cases.get(&target.case);
    if Case::replay(events).as_ref() != state {
        return Err("replaying the events gives another state".to_owned());
    }
    let guards = match target.procedure.act(&run.act) {
        Some(act) => &act.guards,
        None => &target.procedure.open.guards,
    };
    let asked = |guard: &&Guard| {
        state.is_some_and(|case| {
            let scene = Scene {
                case: Some(case),
                procedure: target.procedure,
                fields: &case.fields,
                happened_on: run.on,
                ctx,
            };
            all_hold(&guard.when, &scene)
        })
    };
    run.passed = guards
        .iter()
        .filter(asked)
        .map(|guard| guard.code.clone())
        .collect();
    let act = |event: &CaseEvent| matches!(event, CaseEvent::Taken { .. } | CaseEvent::Opened { .. });
    let last = events.iter().rposition(act).unwrap_or_default();
    run.started = events
        .iter()
        .skip(last)
        .filter_map(|event| match event {
            CaseEvent::ClockStarted(clock) => Some(clock.clock.clone()),
            _ => None,
        })
        .collect();
    Ok(())
}

/// Clocks that have run out on this day: nobody stopped them in time, or an at-least clock has opened the way.
fn fired(world: &World, today: CivilDate) -> BTreeSet<(String, String)> {
    let mut fired = BTreeSet::new();
    for case in world.cases.values() {
        let out = case.clocks.iter().filter(|clock| {
            let late = clock.stopped_on.is_none_or(|on| on > clock.run.due);
            today > clock.run.due && (late || clock.run.bound == Bound::AtLeast)
        });
        fired.extend(out.map(|clock| (case.procedure.clone(), clock.run.clock.clone())));
    }
    fired
}

fn check_then(world: &World, step: &Step, id: CaseId) -> Result<(), String> {
    let then = &step.then;
    let Some(case) = world.cases.get(&id) else {
        let nothing = then.stage.is_none() && then.due.is_empty() && then.stopped.is_empty();
        return if nothing {
            Ok(())
        } else {
            Err("the case was not opened, `then` cannot hold".to_owned())
        };
    };
    if let Some(stage) = then.stage.as_ref().filter(|stage| **stage != case.stage) {
        return Err(format!("stage should be `{stage}`, but is `{}`", case.stage));
    }
    for (clock, date) in &then.due {
        let due = case.latest_clock(clock).map(|clock| clock.run.due);
        same_day(clock, *date, due)?;
    }
    for (text, date) in &then.lane_due {
        let key = lane_key(world, text)?;
        let latest = case
            .clocks
            .iter()
            .rev()
            .find(|clock| clock.run.lane.as_ref() == Some(&key));
        same_day(text, *date, latest.map(|clock| clock.run.due))?;
    }
    for clock in &then.stopped {
        if case
            .latest_clock(clock)
            .is_none_or(|clock| clock.stopped_on.is_none())
        {
            return Err(format!("clock `{clock}` should have stopped"));
        }
    }
    let permit = case.permit.as_ref().is_some_and(|permit| !permit.ended);
    match then.permit {
        Some(wanted) if wanted != permit => Err(format!("permit should be {wanted}, but is {permit}")),
        _ => Ok(()),
    }
}

fn same_day(clock: &str, wanted: CivilDate, due: Option<CivilDate>) -> Result<(), String> {
    match due {
        Some(due) if due == wanted => Ok(()),
        Some(due) => Err(format!(
            "clock `{clock}` should end on {wanted}, but ends on {due}"
        )),
        None => Err(format!("clock `{clock}` was never started")),
    }
}
