//! Every shipped scenario runs as written, and would not if the rule behind a refusal were gone.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::scenario::{Run, run, run_all};
use shuyu_profile::{Guard, Profile, scenario::Scenario};

use crate::support::{Law, fictional, named, shipped};

pub fn failures(runs: &[Run]) -> Vec<String> {
    runs.iter()
        .flat_map(|run| run.failures.iter().map(ToString::to_string))
        .collect()
}

fn all_pass((profile, scenarios): &Law) {
    let found = failures(&run_all(profile, scenarios));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn all_pass_in_every_jurisdiction() {
    for name in ["yunnan", "jilin", "qiqihar", "lanzhou"] {
        all_pass(&named(name));
    }
}

/// Other roles, other stages, other clauses, no word of any shipped profile: the engine knows none of them.
#[test]
fn all_pass_in_a_jurisdiction_that_does_not_exist() {
    let law = fictional();
    all_pass(&law);
    every_guard_matters(&law, 4);
    assert_eq!(not_shown(&law), BTreeSet::new());
}

/// A guard by procedure, act (`open` for opening) and code.
type GuardName = (String, String, String);

fn guards_of(profile: &mut Profile) -> Vec<(String, String, &mut Vec<Guard>)> {
    let mut lists = Vec::new();
    for procedure in &mut profile.procedures {
        lists.push((
            procedure.id.clone(),
            "open".to_owned(),
            &mut procedure.open.guards,
        ));
        for act in &mut procedure.acts {
            lists.push((procedure.id.clone(), act.id.clone(), &mut act.guards));
        }
    }
    lists
}

fn without(profile: &Profile, guard: &GuardName) -> Profile {
    let mut profile = profile.clone();
    for (procedure, act, guards) in guards_of(&mut profile) {
        if (&procedure, &act) == (&guard.0, &guard.1) {
            guards.retain(|other| other.code != guard.2);
        }
    }
    profile
}

/// The scenarios that show a refusal by each guard.
fn shown(profile: &Profile, scenarios: &BTreeMap<String, Scenario>) -> BTreeMap<GuardName, BTreeSet<String>> {
    let mut shown: BTreeMap<GuardName, BTreeSet<String>> = BTreeMap::new();
    for run in run_all(profile, scenarios) {
        for step in &run.steps {
            if let Some(refusal) = step.refusal.as_ref().filter(|_| step.scenario == run.name) {
                let name = (step.procedure.clone(), step.act.clone(), refusal.code.clone());
                shown.entry(name).or_default().insert(run.name.clone());
            }
        }
    }
    shown
}

#[test]
fn removing_a_guard_fails_every_scenario_that_shows_it() {
    every_guard_matters(&shipped(), 200);
}

#[test]
fn and_so_in_the_other_jurisdictions() {
    for name in ["jilin", "qiqihar", "lanzhou"] {
        every_guard_matters(&named(name), 60);
    }
}

fn every_guard_matters((profile, scenarios): &Law, at_least: usize) {
    let shown = shown(profile, scenarios);
    let names: Vec<GuardName> = guards_of(&mut profile.clone())
        .into_iter()
        .flat_map(|(procedure, act, guards)| {
            guards
                .iter()
                .map(move |guard| (procedure.clone(), act.clone(), guard.code.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut tried = 0;
    for name in names {
        let poorer = without(profile, &name);
        for scenario in shown.get(&name).into_iter().flatten() {
            tried += 1;
            let still = run(&poorer, scenarios, scenario);
            assert!(!still.failures.is_empty(), "{scenario} passes without {name:?}");
        }
    }
    assert!(tried >= at_least, "only {tried} refusals were tried");
}

/// Refusals by which the story is told to its reviewers; each must have a scenario of its own.
const OF_THE_STORY: &[(&str, &str, &str)] = &[
    ("plan", "open", "prefecture_consent_missing"),
    ("resource", "submit", "catalogue_incomplete"),
    ("resource", "submit", "restriction_missing"),
    ("resource", "submit", "desensitisation_unproven"),
    ("resource", "aggregate", "rows_missing"),
    ("plan", "include_resource", "resource_not_open"),
    ("plan", "submit", "plan_incomplete"),
    ("plan", "submit", "feasibility_incomplete"),
    ("plan", "deliberate", "collective_decision_missing"),
    ("selection", "open", "plan_not_approved"),
    ("selection", "announce", "opinions_not_recorded"),
    ("exclusion", "submit", "exclusion_reason_missing"),
    ("operator_agreement", "sign", "collective_decision_missing"),
    ("operator_agreement", "sign", "agreement_incomplete"),
    ("operator_agreement", "sign", "term_too_long"),
    ("operator_agreement", "activate", "emergency_plan_missing"),
    ("staff", "clear", "confidentiality_missing"),
    ("development", "apply", "applicant_affiliated"),
    ("development", "accept", "materials_incomplete"),
    ("development", "sign", "publicity_not_over"),
    ("development", "sign", "objection_open"),
    ("development", "answer_objection", "objection_handler_decided"),
    ("development", "sign", "agreement_incomplete"),
    ("development", "sign", "term_too_long"),
    ("development", "activate", "emergency_plan_missing"),
    ("development", "grant_raw_access", "raw_access_not_assessed"),
    ("development", "delete_logs", "logs_must_be_kept"),
    ("data_use", "submit", "operator_agreement_not_active"),
    ("data_use", "submit", "not_least_necessary"),
    ("product", "review", "own_product_self_review"),
    ("product", "review", "review_points_missing"),
    ("product", "set_price", "price_must_be_zero"),
    ("product", "set_price", "pricing_basis_missing"),
    ("product", "set_price", "price_above_ceiling"),
    ("product", "deliver", "customer_agreement_not_active"),
    ("redevelopment", "review", "author_reviews_own"),
];

#[test]
fn the_refusals_of_the_story_are_all_shown() {
    let (profile, scenarios) = shipped();
    let shown = shown(&profile, &scenarios);
    let missing: Vec<_> = OF_THE_STORY
        .iter()
        .filter(|(procedure, act, code)| {
            !shown.contains_key(&((*procedure).to_owned(), (*act).to_owned(), (*code).to_owned()))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_cited_guard_is_shown_by_some_scenario() {
    for name in ["yunnan", "jilin", "qiqihar", "lanzhou"] {
        assert_eq!(not_shown(&named(name)), BTreeSet::new(), "{name}");
    }
}

/// Guards resting on a clause whose refusal no scenario shows.
fn not_shown((profile, scenarios): &Law) -> BTreeSet<String> {
    let shown: BTreeSet<String> = shown(profile, scenarios)
        .into_keys()
        .map(|(_, _, code)| code)
        .collect();
    let mut missing = BTreeSet::new();
    for (procedure, act, guards) in guards_of(&mut profile.clone()) {
        for guard in guards.iter().filter(|guard| !guard.basis.clauses().is_empty()) {
            if !shown.contains(&guard.code) {
                missing.insert(format!("{procedure}.{act}: {}", guard.code));
            }
        }
    }
    missing
}

#[test]
fn due_dates_of_the_story_are_written_down() {
    let (_, scenarios) = shipped();
    let written: BTreeSet<(String, String)> = scenarios
        .values()
        .flat_map(|scenario| &scenario.steps)
        .flat_map(|step| step.then.due.iter().chain(&step.then.lane_due))
        .map(|(clock, date)| (clock.split(':').next().unwrap().to_owned(), date.to_string()))
        .collect();
    for (clock, date) in [
        ("revision", "2025-10-29"),
        ("filing", "2025-12-12"),
        ("filing", "2026-02-27"),
        ("report", "2026-02-24"),
        ("provider", "2026-02-03"),
        ("provider", "2026-02-10"),
        ("correction", "2026-02-06"),
        ("publicity", "2026-02-24"),
        ("rectification", "2026-05-06"),
        ("deletion", "2026-06-30"),
        ("review", "2026-11-16"),
    ] {
        assert!(
            written.contains(&(clock.to_owned(), date.to_owned())),
            "{clock} {date}"
        );
    }
}

fn one(profile: &Profile, text: &str) -> Run {
    let scenarios = BTreeMap::from([("x".to_owned(), toml::from_str::<Scenario>(text).unwrap())]);
    run(profile, &scenarios, "x")
}

/// A faulty scenario file and what its author is told.
#[test]
fn the_runner_says_what_went_otherwise() {
    let (profile, _) = shipped();
    let step = |rest: &str| {
        format!(
            "title = \"x\"\n[[step]]\non = \"2025-11-03\"\nas = \"implementing_agency\"\ncase = \"p\"\n{rest}"
        )
    };
    for (text, message) in [
        (step("do = \"submit\""), "no case is called `p`"),
        (step("do = \"open plans\""), "there is no procedure `plans`"),
        (
            step("do = \"open plan\"\nset = { colour = \"red\" }"),
            "has no field `colour`",
        ),
        (
            step("do = \"open plan\"\nset = { scope = \"case:q\" }"),
            "no case is called `q`",
        ),
        (
            step("do = \"open plan\"\nrefused = \"plan_incomplete\""),
            "should be refused with `plan_incomplete`",
        ),
        (
            step("do = \"open plan\"\nset = { level = \"village\" }"),
            "refused with `field_wrong_type`",
        ),
        (
            step("do = \"open plan\"\nthen = { stage = \"approved\" }"),
            "stage should be `approved`",
        ),
        (
            step("do = \"open plan\"\nthen = { permit = true }"),
            "permit should be true",
        ),
        (
            step("do = \"open plan\"\nthen = { due = { filing = \"2025-12-12\" } }"),
            "was never started",
        ),
        (
            step("do = \"open plan\"\nthen = { stopped = [\"filing\"] }"),
            "should have stopped",
        ),
        (
            step(
                "do = \"open plan\"\nset = { level = \"county\" }\nrefused = \"prefecture_consent_missing\"\nclause = \"YN-OP-001\"",
            ),
            "should cite YN-OP-001",
        ),
        (
            step("do = \"open plan\"\nset = { level = \"county\" }\nrefused = \"plan_incomplete\""),
            "but with `prefecture_consent_missing`",
        ),
    ] {
        let found = failures(&[one(&profile, &text)]).join("\n");
        assert!(found.starts_with("scenarios/x.toml: step 1: "), "{found}");
        assert!(found.contains(message), "{found:?} should contain {message:?}");
    }
}

#[test]
fn a_scenario_cannot_come_after_itself_or_after_nothing() {
    let (profile, _) = shipped();
    assert!(failures(&[one(&profile, "title = \"x\"\nafter = \"x\"")])[0].contains("comes after itself"));
    assert!(failures(&[one(&profile, "title = \"x\"\nafter = \"y\"")])[0].contains("names no scenario: `y`"));
}

#[test]
fn a_run_is_the_same_every_time() {
    let (profile, scenarios) = shipped();
    let last = scenarios.keys().rfind(|name| name.starts_with("story-")).unwrap();
    assert_eq!(
        run(&profile, &scenarios, last).world,
        run(&profile, &scenarios, last).world
    );
}
