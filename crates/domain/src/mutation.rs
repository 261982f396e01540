//! Mutation of the rules: every rule dropped, every limit moved by one, every guard negated, every role swapped.
//! A mutant that loads and that no scenario notices shows a rule that nobody proves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shuyu_kernel::calendar::Limit;
use shuyu_profile::{Procedure, Profile, Rule, check, scenario::Scenario};

use crate::scenario::{self, Run};

/// One change of the rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mutant {
    /// Procedure.
    pub procedure: String,
    /// The act, clock or opening that is touched.
    pub of: String,
    /// What was done to what, for example `drop guard plan_incomplete`.
    pub change: String,
    /// File and line of the rule.
    pub at: String,
}

/// What became of the mutants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Mutants that load.
    pub loaded: usize,
    /// Mutants that do not load: the loader itself notices.
    pub refused_at_load: usize,
    /// Mutants noticed by a scenario.
    pub killed: usize,
    /// Those nobody noticed.
    pub survivors: Vec<Mutant>,
}

/// Where in a procedure a change is made.
#[derive(Debug, Clone, Copy)]
enum Spot {
    /// A guard at opening.
    OpenGuard(usize),
    /// A guard of an act.
    Guard(usize, usize),
    /// An act.
    Act(usize),
    /// A clock.
    Clock(usize),
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Drop,
    Negate,
    Longer,
    Shorter,
    OtherRole,
}

/// Tries every mutant of a profile; `told` hears after each one how many are done and how many there are.
pub fn mutate(
    profile: &Profile,
    scenarios: &BTreeMap<String, Scenario>,
    mut told: impl FnMut(usize, usize),
) -> Outcome {
    let runs = scenario::run_all(profile, scenarios);
    let mut outcome = Outcome::default();
    let mutants = all(profile);
    let total = mutants.len();
    for (number, (index, spot, change)) in mutants.into_iter().enumerate() {
        told(number, total);
        let Some((mutant, mutated)) = mutated(profile, index, spot, change) else {
            continue;
        };
        if !check::references(&mutated).is_empty() || !check::life_cycles(&mutated).is_empty() {
            outcome.refused_at_load += 1;
            continue;
        }
        outcome.loaded += 1;
        if noticed(&mutated, scenarios, &runs, &mutant) {
            outcome.killed += 1;
        } else {
            outcome.survivors.push(mutant);
        }
    }
    outcome
}

fn all(profile: &Profile) -> Vec<(usize, Spot, Change)> {
    let mut mutants = Vec::new();
    for (index, procedure) in profile.procedures.iter().enumerate() {
        let opening = (0..procedure.open.guards.len()).map(Spot::OpenGuard);
        let acting = procedure
            .acts
            .iter()
            .enumerate()
            .flat_map(|(act, rule)| (0..rule.guards.len()).map(move |guard| Spot::Guard(act, guard)));
        for spot in opening.chain(acting) {
            mutants.push((index, spot, Change::Drop));
            mutants.push((index, spot, Change::Negate));
            if limit_of(procedure, spot).is_some() {
                mutants.push((index, spot, Change::Longer));
                mutants.push((index, spot, Change::Shorter));
            }
        }
        for act in 0..procedure.acts.len() {
            mutants.push((index, Spot::Act(act), Change::Drop));
            mutants.push((index, Spot::Act(act), Change::OtherRole));
        }
        for clock in 0..procedure.clocks.len() {
            mutants.push((index, Spot::Clock(clock), Change::Drop));
            if limit_of(procedure, Spot::Clock(clock)).is_some() {
                mutants.push((index, Spot::Clock(clock), Change::Longer));
                mutants.push((index, Spot::Clock(clock), Change::Shorter));
            }
        }
    }
    mutants
}

fn limit_of(procedure: &Procedure, spot: Spot) -> Option<Limit> {
    let rule = match spot {
        Spot::OpenGuard(guard) => &procedure.open.guards.get(guard)?.rule,
        Spot::Guard(act, guard) => &procedure.acts.get(act)?.guards.get(guard)?.rule,
        Spot::Clock(clock) => return procedure.clocks.get(clock)?.limit,
        Spot::Act(_) => return None,
    };
    match rule {
        Rule::TermAtMost { limit, .. } | Rule::Retained { limit, .. } => Some(*limit),
        Rule::InOrder { gap, .. } => *gap,
        _ => None,
    }
}

fn moved(limit: Limit, change: Change) -> Option<Limit> {
    let n = match change {
        Change::Longer => limit.n.checked_add(1)?,
        Change::Shorter => limit.n.checked_sub(1)?,
        Change::Drop | Change::Negate | Change::OtherRole => return None,
    };
    Some(Limit { n, unit: limit.unit })
}

fn mutated(profile: &Profile, index: usize, spot: Spot, change: Change) -> Option<(Mutant, Profile)> {
    let mut mutated = profile.clone();
    let roles: Vec<String> = profile
        .roles
        .iter()
        .filter(|role| role.signs_in)
        .map(|role| role.id.clone())
        .collect();
    let procedure = mutated.procedures.get_mut(index)?;
    let (of, what, at) = match spot {
        Spot::OpenGuard(guard) => {
            let said = guard_changed(&mut procedure.open.guards, guard, change)?;
            ("open".to_owned(), said.0, said.1)
        }
        Spot::Guard(act, guard) => {
            let act = procedure.acts.get_mut(act)?;
            let said = guard_changed(&mut act.guards, guard, change)?;
            (act.id.clone(), said.0, said.1)
        }
        Spot::Act(act) => act_changed(procedure, act, change, &roles)?,
        Spot::Clock(clock) => clock_changed(procedure, clock, change)?,
    };
    let mutant = Mutant {
        procedure: procedure.id.clone(),
        of,
        change: what,
        at,
    };
    Some((mutant, mutated))
}

fn guard_changed(
    guards: &mut Vec<shuyu_profile::Guard>,
    index: usize,
    change: Change,
) -> Option<(String, String)> {
    let guard = guards.get_mut(index)?;
    let (code, at) = (guard.code.clone(), guard.at.to_string());
    let what = match change {
        Change::Drop => {
            guards.remove(index);
            format!("drop guard {code}")
        }
        Change::Negate => {
            guard.negated = true;
            format!("negate guard {code}")
        }
        Change::Longer | Change::Shorter => {
            let limit = match &mut guard.rule {
                Rule::TermAtMost { limit, .. } | Rule::Retained { limit, .. } => limit,
                Rule::InOrder { gap: Some(gap), .. } => gap,
                _ => return None,
            };
            *limit = moved(*limit, change)?;
            format!("move the limit of guard {code} to {limit}")
        }
        Change::OtherRole => return None,
    };
    Some((what, at))
}

fn act_changed(
    procedure: &mut Procedure,
    index: usize,
    change: Change,
    roles: &[String],
) -> Option<(String, String, String)> {
    let act = procedure.acts.get_mut(index)?;
    let (id, at) = (act.id.clone(), act.at.to_string());
    match change {
        Change::Drop => {
            procedure.acts.remove(index);
            Some((id.clone(), format!("drop act {id}"), at))
        }
        Change::OtherRole => {
            let other = roles.iter().find(|role| !act.by.contains(role))?;
            act.by = vec![other.clone()];
            Some((id.clone(), format!("give act {id} to {other}"), at))
        }
        Change::Negate | Change::Longer | Change::Shorter => None,
    }
}

fn clock_changed(
    procedure: &mut Procedure,
    index: usize,
    change: Change,
) -> Option<(String, String, String)> {
    let clock = procedure.clocks.get_mut(index)?;
    let (id, at) = (clock.id.clone(), clock.at.to_string());
    let what = match change {
        Change::Drop => {
            procedure.open.starts.retain(|other| *other != id);
            for act in &mut procedure.acts {
                act.starts.retain(|other| *other != id);
                act.stops.retain(|other| *other != id);
                act.pauses.retain(|other| *other != id);
                act.resumes.retain(|other| *other != id);
                act.extends.retain(|other| other.clock != id);
            }
            procedure.clocks.remove(index);
            format!("drop clock {id}")
        }
        Change::Longer | Change::Shorter => {
            let limit = moved(clock.limit?, change)?;
            clock.limit = Some(limit);
            format!("move the limit of clock {id} to {limit}")
        }
        Change::Negate | Change::OtherRole => return None,
    };
    Some((id.clone(), what, at))
}

/// Runs the scenarios that touch the procedure, those that take the act first.
fn noticed(mutated: &Profile, scenarios: &BTreeMap<String, Scenario>, runs: &[Run], mutant: &Mutant) -> bool {
    let mut near: Vec<(bool, usize, &str)> = runs
        .iter()
        .filter(|run| run.failures.is_empty())
        .filter(|run| run.steps.iter().any(|step| step.procedure == mutant.procedure))
        .map(|run| {
            let touches = run
                .steps
                .iter()
                .any(|step| step.procedure == mutant.procedure && step.act == mutant.of);
            (!touches, run.steps.len(), run.name.as_str())
        })
        .collect();
    near.sort_unstable();
    let mut tried = BTreeSet::new();
    near.into_iter()
        .filter(|(_, _, name)| tried.insert(*name))
        .any(|(_, _, name)| !scenario::run(mutated, scenarios, name).failures.is_empty())
}
