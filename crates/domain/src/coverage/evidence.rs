//! What one run proves.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::ClauseId;
use shuyu_profile::{Guard, Procedure, Profile};

use super::{ClauseCoverage, Pair, Place};
use crate::scenario::{Run, StepRun};

/// Clauses one refusal may evidence.
const CLAUSES_PER_REFUSAL: usize = 3;

/// Refusals outside the guards that still are the clause speaking: what comes first, and whose act it is.
/// Others (a missing post, a wrong type) are about the person or the form.
const OF_ORDER_AND_COMPETENCE: [&str; 7] = [
    "act_not_in_stage",
    "role_may_not_act",
    "post_may_not_act",
    "not_a_party",
    "manner_not_allowed",
    "roles_must_be_separate",
    "body_lacks_role",
];

type Rows<'a> = BTreeMap<&'a ClauseId, ClauseCoverage>;

/// Adds what the steps of a run prove.
pub(super) fn collect(profile: &Profile, run: &Run, rows: &mut Rows<'_>) {
    for (index, step) in run.steps.iter().enumerate() {
        for (procedure, clock) in &step.fired {
            let Some(procedure) = profile.procedure(procedure) else {
                continue;
            };
            // A clock watches the clause it cites, and the clauses of the act it demands.
            let rule = procedure.clock(clock).map(|rule| &rule.basis).into_iter();
            let demanded = procedure
                .acts
                .iter()
                .filter(|act| act.stops.contains(clock))
                .map(|act| &act.basis);
            for basis in rule.chain(demanded) {
                note(rows, basis.clauses(), |row| row.fired.push(place(step, clock)));
            }
        }
        let Some(procedure) = profile.procedure(&step.procedure) else {
            continue;
        };
        if step.refusal.is_some() {
            refused(run, index, procedure, rows);
        } else {
            succeeded(step, procedure, rows);
            let role = step.actor.split(':').next().and_then(|id| profile.role(id));
            if let Some(role) = role {
                note(rows, role.basis.clauses(), |row| {
                    row.exercised.push(place(step, &role.id))
                });
            }
        }
    }
}

fn note(rows: &mut Rows<'_>, clauses: &[ClauseId], add: impl Fn(&mut ClauseCoverage)) {
    for clause in clauses {
        if let Some(row) = rows.get_mut(clause) {
            add(row);
        }
    }
}

fn place(step: &StepRun, what: &str) -> Place {
    Place {
        scenario: step.scenario.clone(),
        step: step.number,
        what: what.to_owned(),
    }
}

fn guards<'a>(procedure: &'a Procedure, step: &StepRun) -> &'a [Guard] {
    procedure
        .act(&step.act)
        .map_or(&procedure.open.guards, |act| &act.guards)
}

fn succeeded(step: &StepRun, procedure: &Procedure, rows: &mut Rows<'_>) {
    for guard in guards(procedure, step)
        .iter()
        .filter(|guard| step.passed.contains(&guard.code))
    {
        note(rows, guard.basis.clauses(), |row| {
            row.passed.push(place(step, &guard.code))
        });
    }
    for clock in procedure
        .clocks
        .iter()
        .filter(|clock| step.started.contains(&clock.id))
    {
        note(rows, clock.basis.clauses(), |row| {
            row.started.push(place(step, &clock.id))
        });
    }
    let basis = procedure
        .act(&step.act)
        .map_or(&procedure.basis, |act| &act.basis);
    note(rows, basis.clauses(), |row| {
        row.exercised.push(place(step, &step.act))
    });
    for field in step.set.keys().filter_map(|id| procedure.field(id)) {
        note(rows, field.basis.clauses(), |row| {
            row.exercised.push(place(step, &field.id))
        });
    }
}

fn refused(run: &Run, index: usize, procedure: &Procedure, rows: &mut Rows<'_>) {
    let Some(step) = run.steps.get(index) else { return };
    let Some(refusal) = &step.refusal else { return };
    let by_guard = guards(procedure, step)
        .iter()
        .any(|guard| guard.code == refusal.code);
    if !by_guard && !OF_ORDER_AND_COMPETENCE.contains(&refusal.code.as_str()) {
        return;
    }
    let clauses: Vec<ClauseId> = refusal
        .clauses
        .iter()
        .take(CLAUSES_PER_REFUSAL)
        .cloned()
        .collect();
    note(rows, &clauses, |row| row.refused.push(place(step, &refusal.code)));
    // The complying step comes after the refused one, mended by one thing; or before it, undone by one thing.
    for (at, other) in run
        .steps
        .iter()
        .enumerate()
        .filter(|(_, other)| other.refusal.is_none())
    {
        let (first, last) = (at.min(index), at.max(index));
        let between = run
            .steps
            .iter()
            .take(last)
            .skip(first + 1)
            .filter(|step| step.refusal.is_none())
            .collect::<Vec<_>>();
        if let Some(difference) = one_difference(step, other, &between) {
            let pair = Pair {
                scenario: step.scenario.clone(),
                refused: step.number,
                passed: other.number,
                code: refusal.code.clone(),
                difference,
            };
            note(rows, &clauses, |row| row.pairs.push(pair.clone()));
        }
    }
}

/// The one thing in which the complying step differs from the refused one; `None` if it is another act or there
/// are more differences.
fn one_difference(refused: &StepRun, complying: &StepRun, between: &[&StepRun]) -> Option<String> {
    let same_act = refused.scenario == complying.scenario
        && refused.procedure == complying.procedure
        && refused.act == complying.act
        && refused.case == complying.case
        && refused.lane == complying.lane;
    if !same_act {
        return None;
    }
    let mut differences: Vec<String> = between
        .iter()
        .map(|step| format!("{} of {} in between", step.act, step.case))
        .collect();
    let keys: BTreeSet<&String> = refused.set.keys().chain(complying.set.keys()).collect();
    differences.extend(
        keys.into_iter()
            .filter(|key| refused.set.get(*key) != complying.set.get(*key))
            .map(|key| format!("value of {key}")),
    );
    if refused.on != complying.on {
        differences.push(format!("day {} instead of {}", complying.on, refused.on));
    }
    if (&refused.actor, &refused.post) != (&complying.actor, &complying.post) {
        differences.push(format!(
            "taken by {} instead of {}",
            complying.actor, refused.actor
        ));
    }
    if refused.strike != complying.strike {
        differences.push("columns struck".to_owned());
    }
    if refused.manner != complying.manner {
        differences.push("manner".to_owned());
    }
    match differences.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}
