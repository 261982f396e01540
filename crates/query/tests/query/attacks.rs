//! The catalogue of attacks and legitimate queries in `sql-policy/`.
//!
//! `known_open.txt` lists attacks that are not stopped yet, with the reason; `passing.txt` lists
//! legitimate queries that are answered. Both are exact: an attack that is stopped must leave the
//! first list, and a query that is newly answered must enter the second. So one may only shrink and
//! the other only grow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::fixture::{CASES, Outcome, WORLD, table};

const KNOWN_OPEN: &str = include_str!("sql-policy/known_open.txt");
const PASSING: &str = include_str!("sql-policy/passing.txt");

struct Case {
    id: String,
    family: String,
    sql: Vec<String>,
    expect: Strength,
    attack: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Allow,
    Noise,
    Suppress,
    Refuse,
}

fn cases() -> Vec<Case> {
    let read = |line: &str| {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let sql = match &case["sql"] {
            Value::Array(all) => all.iter().map(|s| s.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        };
        let expect = match text("expect").as_str() {
            "refuse" => Strength::Refuse,
            "suppress" => Strength::Suppress,
            "noise" => Strength::Noise,
            "allow" => Strength::Allow,
            other => panic!("{other}"),
        };
        Case {
            id: text("id"),
            family: text("family"),
            sql,
            expect,
            attack: text("kind") == "attack",
        }
    };
    CASES
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(read)
        .collect()
}

/// The protection of one statement: refused, at least one cell or value missing, or everything out.
/// This crude measure does not ask *which* cell is missing; the tests of the gate do.
fn strength(sql: &str) -> Strength {
    match WORLD.ask(sql) {
        Outcome::Refused(_) => Strength::Refuse,
        // An error on some rows would be an answer about them.
        Outcome::Opaque => panic!("{sql}: failed after the seal"),
        Outcome::Answered(released) => {
            // Nothing is perturbed yet, so a different answer is one from which cells are missing. The
            // same answer is no protection, also when it is empty.
            let rows: BTreeSet<Vec<String>> = table(&released.batches).into_iter().collect();
            let unprotected: BTreeSet<Vec<String>> = WORLD.unprotected(sql).into_iter().collect();
            if rows == unprotected {
                Strength::Allow
            } else {
                Strength::Suppress
            }
        }
    }
}

fn listed(text: &str) -> BTreeSet<String> {
    let ids = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    ids.map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_attack_is_stopped_or_listed_as_open() {
    let mut open = BTreeSet::new();
    let mut score: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut words = String::new();
    for case in cases().iter().filter(|case| case.attack) {
        let reached = strength(case.sql.last().unwrap());
        let stopped = reached >= case.expect;
        let family = score.entry(case.family.clone()).or_default();
        family.1 += 1;
        if stopped {
            family.0 += 1;
        } else {
            open.insert(case.id.clone());
            words += &format!(
                "{} {} expects {:?}, got {reached:?}\n",
                case.id, case.family, case.expect
            );
        }
    }
    println!("{score:#?}\n{words}");
    assert_eq!(
        open,
        listed(KNOWN_OPEN),
        "attacks open now (left) and in known_open.txt (right)\n{words}"
    );
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
    let (mut passing, mut reasons) = (BTreeSet::new(), String::new());
    for case in cases().iter().filter(|case| !case.attack) {
        let mut passes = true;
        for sql in &case.sql {
            match WORLD.ask(sql) {
                Outcome::Answered(released) if released.num_rows() > 0 => {
                    agrees(&case.id, sql, &table(&released.batches))
                }
                other => {
                    passes = false;
                    reasons += &format!("{} {other:?}\n", case.id);
                }
            }
        }
        // Values without noise are no pass where noise is expected.
        if passes && case.expect == Strength::Allow {
            passing.insert(case.id.clone());
        }
    }
    println!("{reasons}");
    assert_eq!(
        passing,
        listed(PASSING),
        "passing now (left) and in passing.txt (right)\n{reasons}"
    );
}

/// Without noise, every released row is a row of the unprotected answer, unless it is computed from
/// several cells of which some are missing.
fn agrees(id: &str, sql: &str, released: &[Vec<String>]) {
    let unprotected = WORLD.unprotected(sql);
    let over_cells = ["OVER", "FROM (SELECT", "LIMIT"]
        .iter()
        .any(|mark| sql.contains(mark));
    if released.len() < unprotected.len() && over_cells {
        return;
    }
    let all: BTreeSet<&Vec<String>> = unprotected.iter().collect();
    for row in released
        .iter()
        .filter(|row| row.iter().all(|value| value != "NULL"))
    {
        assert!(
            all.contains(row),
            "{id}: {row:?} is not in the unprotected answer"
        );
    }
}
