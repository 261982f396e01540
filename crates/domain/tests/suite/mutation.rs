//! Of the shipped rules hardly one can be changed without a scenario noticing.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use shuyu_domain::{
    mutation::{Outcome, Trial},
    scenario::run_all,
};
use shuyu_profile::{
    Profile, check,
    equivalent::{Equivalent, equivalents},
    scenario::Scenario,
};

use crate::{
    scenarios::failures,
    support::{Law, fictional, folder, named},
};

/// Of a hundred changed rules so many have to be noticed.
const NOTICED: usize = 95;

/// Every mutant, shared out between two threads: the second takes every other one.
fn tried((profile, scenarios): &Law) -> Outcome {
    let trial = Trial::new(profile, scenarios);
    let part = |first| trial.outcome((first..trial.count()).step_by(2), || ());
    thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut all = part(0);
        all.join(other.join().unwrap());
        all
    })
}

/// Enough is noticed, and what is argued to make no difference was indeed not noticed.
fn changes_are_noticed(name: &str) {
    let arguments = equivalents(&folder(name)).unwrap();
    let mut outcome = tried(&named(name));
    assert_eq!(outcome.argue(&arguments), [], "{name}: argued, but noticed");
    let lines: Vec<String> = outcome
        .survivors
        .iter()
        .map(|mutant| {
            format!(
                "{} {}: {} ({})",
                mutant.procedure, mutant.of, mutant.change, mutant.at
            )
        })
        .collect();
    assert!(
        outcome.loaded > 400,
        "{name}: only {} mutants load",
        outcome.loaded
    );
    assert!(
        outcome.percent() >= NOTICED,
        "{name}: {} of {} noticed; not these:\n{}",
        outcome.killed,
        outcome.loaded,
        lines.join("\n")
    );
}

#[test]
fn changed_rules_of_yunnan_are_noticed() {
    changes_are_noticed("yunnan");
}

#[test]
fn changed_rules_of_jilin_are_noticed() {
    changes_are_noticed("jilin");
}

#[test]
fn changed_rules_of_lanzhou_are_noticed() {
    changes_are_noticed("lanzhou");
}

#[test]
fn changed_rules_of_qiqihar_are_noticed() {
    changes_are_noticed("qiqihar");
}

/// The scenarios in which nobody has taken this act, neither there nor before.
fn without_act(scenarios: &BTreeMap<String, Scenario>, act: &str) -> BTreeMap<String, Scenario> {
    let mut poorer = scenarios.clone();
    loop {
        let names: Vec<String> = poorer.keys().cloned().collect();
        let before = poorer.len();
        poorer.retain(|_, scenario| {
            let cut = scenario
                .after
                .as_ref()
                .is_some_and(|after| !names.contains(after));
            !cut && scenario.steps.iter().all(|step| step.act != act)
        });
        if poorer.len() == before {
            return poorer;
        }
    }
}

/// The measure itself: a rule nobody exercises survives, and is then set apart only by an argument that fits.
#[test]
fn a_rule_that_nobody_exercises_survives() {
    let (profile, scenarios) = named("qiqihar");
    let law = (profile, without_act(&scenarios, "note_finding"));
    let mut outcome = tried(&law);
    let of_it = |outcome: &Outcome| {
        let mut changes: Vec<String> = outcome
            .survivors
            .iter()
            .filter(|mutant| mutant.of == "note_finding")
            .map(|mutant| mutant.change.clone())
            .collect();
        changes.sort();
        changes
    };
    assert_eq!(
        of_it(&outcome),
        [
            "drop act note_finding",
            "drop guard finding_note_missing",
            "give act note_finding to implementing_agency",
            "negate guard finding_note_missing",
        ]
    );
    let argument = |change: &str| Equivalent {
        procedure: "development".to_owned(),
        of: "note_finding".to_owned(),
        change: change.to_owned(),
        because: "x".to_owned(),
    };
    let (fits, idle) = (argument("drop act note_finding"), argument("drop clock x"));
    assert_eq!(outcome.argue(&[fits, idle.clone()]), [idle]);
    assert_eq!(of_it(&outcome).len(), 3);
    assert_eq!(outcome.equivalent.len(), 1);
}

/// Every way to leave out one act or one guard that still loads, with the words of the mutant.
fn left_out(profile: &Profile) -> Vec<(String, Profile)> {
    let mut poorer = Vec::new();
    for (at, procedure) in profile.procedures.iter().enumerate() {
        for (index, act) in procedure.acts.iter().enumerate() {
            let mut without = profile.clone();
            without.procedures[at].acts.remove(index);
            poorer.push((
                format!("{} {}: drop act {}", procedure.id, act.id, act.id),
                without,
            ));
            for (number, guard) in act.guards.iter().enumerate() {
                let mut without = profile.clone();
                without.procedures[at].acts[index].guards.remove(number);
                poorer.push((
                    format!("{} {}: drop guard {}", procedure.id, act.id, guard.code),
                    without,
                ));
            }
        }
    }
    poorer.retain(|(_, profile)| {
        check::references(profile).is_empty() && check::life_cycles(profile).is_empty()
    });
    poorer
}

/// Taking up a scenario where the one before it ended notices exactly what running everything from the beginning
/// notices, with all scenarios and with hardly any.
#[test]
fn a_shortened_run_notices_what_a_whole_run_notices() {
    let (profile, scenarios) = fictional();
    let poor = BTreeMap::from([("story".to_owned(), scenarios["story"].clone())]);
    for scenarios in [scenarios, poor] {
        let shortened: BTreeSet<String> = tried(&(profile.clone(), scenarios.clone()))
            .survivors
            .iter()
            .filter(|mutant| mutant.of != "open" && mutant.change.starts_with("drop "))
            .filter(|mutant| !mutant.change.starts_with("drop clock"))
            .map(|mutant| format!("{} {}: {}", mutant.procedure, mutant.of, mutant.change))
            .collect();
        let whole: BTreeSet<String> = left_out(&profile)
            .into_iter()
            .filter(|(_, poorer)| failures(&run_all(poorer, &scenarios)).is_empty())
            .map(|(what, _)| what)
            .collect();
        assert_eq!(shortened, whole);
        assert_eq!(whole.is_empty(), scenarios.len() > 1);
    }
}
