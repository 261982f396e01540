//! The catalogue of attacks and legitimate queries in `sql-policy/`, as `shuyu policy score` scores it.
//!
//! Every attack is stopped, also put differently. `passing.txt` lists the legitimate queries that are answered; it is
//! exact, so that it can only grow. `known_open.txt` lists attacks that are not stopped yet, with the reason: none.

use std::collections::BTreeSet;

use shuyu_query::score::{Case, Report, Rewrite, Run, read, score};

use crate::fixture::{CASES, WORLD};

const KNOWN_OPEN: &str = include_str!("sql-policy/known_open.txt");
const PASSING: &str = include_str!("sql-policy/passing.txt");

fn scored(run: &Run, wanted: impl Fn(&Case) -> bool) -> Report {
    let mut cases = read(CASES).unwrap();
    cases.retain(wanted);
    let report = WORLD.block_on(score(&WORLD.fixture, &cases, run)).unwrap();
    println!("{report:#?}");
    report
}

fn attack(case: &Case) -> bool {
    case.id.starts_with(['A', 'H', 'R']) && !case.id.starts_with("HL")
}

fn listed(text: &str) -> BTreeSet<String> {
    let ids = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    ids.map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

fn failed(report: &Report) -> BTreeSet<String> {
    report.failed.iter().map(|failed| failed.id.clone()).collect()
}

#[test]
fn every_attack_is_stopped_or_listed_as_open() {
    let report = scored(&Run::default(), attack);
    assert_eq!(
        failed(&report),
        listed(KNOWN_OPEN),
        "open now (left) and in known_open.txt (right)"
    );
    assert_eq!(report.attacks.of, 145);
}

#[test]
fn open_attacks_have_reasons() {
    for line in KNOWN_OPEN
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        assert!(line.split_whitespace().count() > 3, "a reason for {line}");
    }
}

#[test]
fn the_legitimate_queries_that_pass_only_grow() {
    let report = scored(&Run::default(), |case| !attack(case));
    let all: BTreeSet<String> = read(CASES)
        .unwrap()
        .into_iter()
        .filter(|case| !attack(case))
        .map(|case| case.id)
        .collect();
    let passing: BTreeSet<String> = all.difference(&failed(&report)).cloned().collect();
    assert_eq!(
        passing,
        listed(PASSING),
        "passing now (left) and in passing.txt (right)"
    );
}

/// Put differently, an attack is stopped all the same, and a query that is answered is answered.
fn put_differently(rewrite: Rewrite) {
    let (open, passing) = (listed(KNOWN_OPEN), listed(PASSING));
    let run = Run {
        keys: 1,
        rewrite,
        ..Run::default()
    };
    let report = scored(&run, |case| {
        if attack(case) {
            !open.contains(&case.id)
        } else {
            passing.contains(&case.id)
        }
    });
    assert!(
        report.attacks.of > 100 && report.legitimate.of == passing.len(),
        "{rewrite:?}"
    );
    assert!(report.failed.is_empty(), "{rewrite:?}: {:#?}", report.failed);
}

// One test each: together they take minutes on a busy machine.
#[test]
fn protection_does_not_depend_on_how_a_question_is_wrapped() {
    put_differently(Rewrite::Wrapped);
}

#[test]
fn protection_does_not_depend_on_how_a_question_is_nested() {
    put_differently(Rewrite::Nested);
}

#[test]
fn protection_does_not_depend_on_the_order_of_operands() {
    put_differently(Rewrite::Commuted);
}

#[test]
fn protection_does_not_depend_on_names() {
    put_differently(Rewrite::Renamed);
}

#[test]
fn every_rewrite_is_tried() {
    let tried = [
        Rewrite::Wrapped,
        Rewrite::Nested,
        Rewrite::Commuted,
        Rewrite::Renamed,
    ];
    assert_eq!(tried, Rewrite::ALL);
}
