//! Every rule of the gate is needed: with one of them switched off, something gets through.

use std::sync::Arc;

use arrow::array::Int64Array;
use shuyu_privacy::{GateKey, Rule, Rules};
use shuyu_query::{
    Engine, EngineLimits,
    score::{Case, Report, Run, read, score},
};

use crate::{
    fixture::{CASES, WORLD, table},
    small::{Small, free, units},
};

fn case(id: &str, sql: &[&str]) -> Case {
    serde_json::from_value(serde_json::json!({
        "id": id, "kind": "attack", "family": "rules", "sql": sql, "expect": "suppress", "why": "a rule of its own",
    }))
    .unwrap()
}

/// Cases of the catalogue and some of our own, in which one rule alone is in the way.
fn cases() -> Vec<Case> {
    let mut cases = read(CASES).unwrap();
    let wanted = [
        "isolating-filter",
        "second-domain",
        "class-by-filter",
        "class-dominance",
        "argument-differencing",
    ];
    let single = ["A089", "H026"];
    cases.retain(|case| wanted.contains(&case.family.as_str()) || single.contains(&case.id.as_str()));
    // The sum of ten people's visits differs, and nearly all of them have other visits as well.
    cases.push(case(
        "R1",
        &[
            "SELECT sum(cost) AS s FROM visit WHERE date_part('month', visit_date) <= 10",
            "SELECT sum(cost) AS s FROM visit WHERE date_part('month', visit_date) <= 10 AND dept <> '感染科'",
        ],
    ));
    // Visits of a handful of men, some of whom went more than once: no sum that relations are about.
    cases.push(case(
        "R2",
        &["SELECT count(*) AS n FROM person p JOIN visit v ON p.id_no = v.id_no WHERE p.county = '110101' \
           AND p.sex = 'M' AND date_part('year', p.birth) BETWEEN 1983 AND 1984 AND p.diagnosis IN ('I10', 'E11') \
           AND v.dept = '全科' \
           AND date_part('month', v.visit_date) <= 7"],
    ));
    // One of them has nearly all of it.
    cases.push(case(
        "R3",
        &[
            "SELECT sum(income) AS s FROM person WHERE county = '110107' AND sex = 'M' \
           AND date_part('year', birth) BETWEEN 1975 AND 1977 AND (income < 21000 OR income >= 9000000)",
        ],
    ));
    cases
}

/// What is not stopped, or by noise alone, under rules.
fn open(engine: fn(GateKey) -> Engine) -> Vec<String> {
    let run = Run {
        keys: 2,
        engine,
        ..Run::default()
    };
    let Report {
        failed,
        by_noise_alone,
        ..
    } = WORLD.block_on(score(&WORLD.fixture, &cases(), &run)).unwrap();
    let mut open: Vec<String> = failed.into_iter().map(|failed| failed.id).collect();
    open.extend(by_noise_alone);
    open
}

fn under(key: GateKey, rules: Rules) -> Engine {
    Engine::new(key, EngineLimits::default()).under(rules)
}

macro_rules! without {
    ($($rule:ident)*) => {
        [$((Rule::$rule, (|key| under(key, Rules::all().without(Rule::$rule))) as fn(GateKey) -> Engine)),*]
    };
}

#[test]
fn without_a_rule_something_gets_through() {
    let all = open(|key| under(key, Rules::all()));
    assert!(all.is_empty(), "{all:?}");
    // `Splits` has its test beside the release ledger, where a cell is small enough to be split often; no measure of the
    // catalogue has missing values, so `LeftOut` has one below.
    for (rule, engine) in without![Subjects SecondDomain Dominance ClassShare Noise Close Relations] {
        let open = open(engine);
        println!("{rule:?}: {open:?}");
        assert!(!open.is_empty(), "nothing needs {rule:?}");
    }
}

#[test]
fn without_it_a_sum_leaves_out_a_few() {
    let x = Int64Array::from_iter((0..40).map(|i| (i >= 3).then_some(7)));
    let small = Small::personal(1, units(40), vec![("x", Arc::new(x), free())]);
    let shown = |rules| {
        let engine = under(GateKey::new([1; 32]), rules);
        let rows = table(&small.released_by(&engine, "SELECT sum(x) FROM t").batches);
        rows[0][0] != "NULL"
    };
    assert!(!shown(Rules::all()));
    assert!(shown(Rules::all().without(Rule::LeftOut)));
}
