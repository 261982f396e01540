//! Every rule of the gate is needed: with one of them switched off, something gets through.

use std::sync::Arc;

use arrow::array::Int64Array;
use shuyu_privacy::{ColumnGrant, GateKey, Rule, Rules, Use};
use shuyu_query::{
    Engine, EngineLimits,
    score::{Case, Fixture, Report, Run, read, score},
};

use crate::{
    dice::Dice,
    fixture::{CASES, WORLD, block_on, table},
    fusion::{JOINED, listed},
    people::in_turn,
    small::{Small, free, text, units},
};

/// Cases of our own, in which one rule alone is in the way.
const OWN: &str = include_str!("sql-policy/rules.jsonl");

/// Cases of the catalogue, and our own.
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
    cases.extend(read(OWN).unwrap());
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
    } = block_on(score(&WORLD.fixture, &cases(), &run)).unwrap();
    let mut open: Vec<String> = failed.into_iter().map(|failed| failed.id).collect();
    open.extend(by_noise_alone);
    open
}

fn under(key: GateKey, rules: Rules) -> Engine {
    Engine::new(key, EngineLimits::default()).under(rules)
}

/// Every rule, in turn. A new one fails to compile here until it has its case below.
fn after(rule: Option<Rule>) -> Option<Rule> {
    match rule {
        None => Some(Rule::Subjects),
        Some(Rule::Subjects) => Some(Rule::SecondDomain),
        Some(Rule::SecondDomain) => Some(Rule::LeftOut),
        Some(Rule::LeftOut) => Some(Rule::Dominance),
        Some(Rule::Dominance) => Some(Rule::ClassShare),
        Some(Rule::ClassShare) => Some(Rule::Noise),
        Some(Rule::Noise) => Some(Rule::Close),
        Some(Rule::Close) => Some(Rule::Relations),
        Some(Rule::Relations) => Some(Rule::Groups),
        Some(Rule::Groups) => Some(Rule::Secondary),
        Some(Rule::Secondary) => Some(Rule::Splits),
        Some(Rule::Splits) => Some(Rule::Fused),
        Some(Rule::Fused) => None,
    }
}

/// What of the cases gets through without a rule, or what else does.
fn gets_through(rule: Rule) -> Vec<String> {
    macro_rules! cases_without {
        ($rule:ident) => {
            open(|key| under(key, Rules::all().without(Rule::$rule)))
        };
    }
    let named = |through: bool, what: &str| through.then(|| what.to_owned()).into_iter().collect();
    match rule {
        Rule::Subjects => cases_without!(Subjects),
        Rule::SecondDomain => cases_without!(SecondDomain),
        Rule::LeftOut => cases_without!(LeftOut),
        Rule::Dominance => cases_without!(Dominance),
        Rule::ClassShare => cases_without!(ClassShare),
        Rule::Noise => cases_without!(Noise),
        Rule::Close => cases_without!(Close),
        Rule::Relations => cases_without!(Relations),
        Rule::Groups => named(
            complement_tells(Rules::all().without(rule)),
            "all but one, and the others of all",
        ),
        // A missing cell is withheld in any case, so the score cannot see that a second one is.
        Rule::Secondary => named(margin_tells(Rules::all().without(rule)), "a margin over events"),
        // Random halves of few subjects make small classes too: without relations it is the number that stops them.
        Rule::Splits => named(
            halves(Rules::all().without(Rule::Relations)) <= 12
                && halves(Rules::all().without(Rule::Relations).without(rule)) > 12,
            "halves of 48 subjects",
        ),
        Rule::Fused => named(
            a_list_tells(Rules::all().without(rule)),
            "fifteen people of a list",
        ),
    }
}

/// Whether those who have something are told beside those of all but one who have it not: together they are as many as
/// all, or one fewer.
fn complement_tells(rules: Rules) -> bool {
    let secret = text((0..200).map(|i| if i % 3 == 0 { "y" } else { "n" }));
    let target = text((0..200).map(|i| if i == 7 { "t" } else { "o" }));
    let sensitive = ColumnGrant {
        sensitive: true,
        ..free()
    };
    let small = Small::personal(
        1,
        units(200),
        vec![("s", secret, sensitive), ("d", target, free())],
    );
    let statements = [
        "SELECT count(*) FROM t WHERE s = 'y'",
        "SELECT count(*) FROM t WHERE s <> 'y' AND d <> 't'",
    ];
    let answers = in_turn(&small, &under(GateKey::new([1; 32]), rules), &statements);
    answers.iter().all(|answer| answer != "NULL")
}

/// Whether a total over three parts, of which one is too small, stands beside both others. Subjects have rows in several
/// parts, so that relations are not about it.
fn margin_tells(rules: Rules) -> bool {
    let rows = (0..206u64).flat_map(|subject| (0..3u64).map(move |row| (subject, row)));
    let all = units(206);
    let of: Vec<u64> = rows.clone().map(|(subject, _)| all[subject as usize]).collect();
    let part = |(subject, row): (u64, u64)| match subject {
        0..6 => "c",
        _ if (subject + row).is_multiple_of(2) => "a",
        _ => "b",
    };
    let small = Small::personal(
        3,
        of,
        vec![("g", text(rows.map(part).collect::<Vec<_>>()), free())],
    );
    let engine = under(GateKey::new([1; 32]), rules);
    let rows = table(
        &small
            .released_by(&engine, "SELECT g, count(*) FROM t GROUP BY ROLLUP (g)")
            .batches,
    );
    let shown: Vec<&str> = rows
        .iter()
        .filter(|row| row[1] != "NULL")
        .map(|row| row[0].as_str())
        .collect();
    ["a", "b", "NULL"].iter().all(|part| shown.contains(part))
}

/// Whether fifteen people are told because somebody chose them.
fn a_list_tells(rules: Rules) -> bool {
    let small = listed((0..15).map(|i| (i, "a")));
    let engine = under(GateKey::new([1; 32]), rules);
    let sql = format!("SELECT count(*) {JOINED}");
    table(&small.released_by(&engine, &sql).batches) != [["NULL"]]
}

/// How many halves of 48 subjects are told one after the other, once all of them are counted.
fn halves(rules: Rules) -> usize {
    const BITS: [&str; 16] = [
        "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10", "b11", "b12", "b13", "b14", "b15",
    ];
    let mut dice = Dice::new(4);
    let mut bit = || text((0..48).map(|_| if dice.happens(50) { "y" } else { "n" }));
    let small = Small::personal(
        1,
        units(48),
        BITS.iter().map(|name| (*name, bit(), free())).collect(),
    );
    let mut statements = vec!["SELECT count(*) FROM t".to_owned()];
    statements.extend(
        BITS.iter()
            .map(|name| format!("SELECT count(*) FROM t WHERE {name} = 'y'")),
    );
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let answers = in_turn(&small, &under(GateKey::new([1; 32]), rules), &statements);
    answers.iter().skip(1).filter(|answer| *answer != "NULL").count()
}

#[test]
fn without_a_rule_something_gets_through() {
    let all = open(|key| under(key, Rules::all()));
    assert!(all.is_empty(), "{all:?}");
    assert!(!margin_tells(Rules::all()));
    assert!(!a_list_tells(Rules::all()));
    assert!(!complement_tells(Rules::all()));
    let mut rule = None;
    while let Some(next) = after(rule) {
        let through = gets_through(next);
        println!("{next:?}: {through:?}");
        assert!(!through.is_empty(), "nothing needs {next:?}");
        rule = Some(next);
    }
}

/// Without what a permit states, the check lets through what it is there to refuse.
#[test]
fn without_what_a_permit_states_something_gets_through() {
    type Change = fn(&mut ColumnGrant);
    let every_use =
        |column: &mut ColumnGrant| column.uses = [Use::Group, Use::Filter, Use::Measure, Use::Link].into();
    let switched: [(&str, Change, &[&str]); 3] = [
        ("uses", every_use, &["A025", "A073"]),
        (
            "grain",
            |column| column.grain = None,
            &["A016", "A061", "H008", "H017"],
        ),
        ("sensitive", |column| column.sensitive = false, &["R4"]),
    ];
    for (what, change, ids) in switched {
        let mut cases = read(CASES).unwrap();
        cases.extend(read(OWN).unwrap());
        cases.retain(|case| ids.contains(&case.id.as_str()));
        let failed = |fixture: &Fixture| {
            let run = Run {
                keys: 2,
                ..Run::default()
            };
            let report = block_on(score(fixture, &cases, &run)).unwrap();
            report
                .failed
                .into_iter()
                .map(|failed| failed.id)
                .collect::<Vec<_>>()
        };
        assert!(failed(&WORLD.fixture).is_empty(), "{what}");
        let mut permit = WORLD.fixture.permit.clone();
        let columns = permit
            .tables
            .values_mut()
            .flat_map(|table| table.columns.values_mut());
        columns.for_each(change);
        let weaker = Fixture {
            memory: Arc::clone(&WORLD.fixture.memory),
            bare: WORLD.fixture.bare.clone(),
            permit,
        };
        let through = failed(&weaker);
        println!("{what}: {through:?}");
        assert!(!through.is_empty(), "nothing needs {what}");
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
