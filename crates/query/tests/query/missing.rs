//! Which grants would make a query legal: exactly those, and none where no grant helps.

use std::collections::BTreeSet;

use shuyu_privacy::{Permit, Use, missing::Missing};

use crate::fixture::{WORLD, engine, permit};

fn missing(permit: &Permit, sql: &str) -> Missing {
    engine()
        .missing_grants(permit, sql, WORLD.memory.as_ref())
        .unwrap()
}

/// As `table.column: uses`.
fn told(missing: &Missing) -> Vec<String> {
    let one = |((table, column), grant): (&(String, String), &shuyu_privacy::missing::MissingGrant)| {
        let mut words: Vec<&str> = grant.uses.iter().map(|each| each.name()).collect();
        words.extend(grant.finer.then_some("finer"));
        format!("{table}.{column}: {}", words.join(" "))
    };
    missing.grants.iter().map(one).collect()
}

#[test]
fn a_legal_query_lacks_nothing() {
    let found = missing(&permit(), "SELECT sex, avg(income) FROM person GROUP BY sex");
    assert!(found.is_nothing(), "{found:?}");
}

#[test]
fn every_missing_use_is_found_and_with_all_of_them_the_query_is_legal() {
    let sql = "SELECT sex, avg(income) FROM person WHERE income > 100000 AND county = '110101' GROUP BY sex";
    let mut poor = permit();
    let person = poor.tables.get_mut("person").unwrap();
    // One column is sealed, the uses of two others are taken away.
    person.columns.remove("county");
    person.columns.get_mut("sex").unwrap().uses = BTreeSet::new();
    person.columns.get_mut("income").unwrap().uses = BTreeSet::new();
    person.columns.get_mut("income").unwrap().grain = None;
    let found = missing(&poor, sql);
    assert_eq!(
        told(&found),
        [
            "person.county: filter",
            "person.income: filter measure",
            "person.sex: group"
        ]
    );
    assert_eq!(found.refusal, None);
    for ((table, column), grant) in &found.grants {
        let columns = &mut poor.tables.get_mut(table).unwrap().columns;
        columns
            .entry(column.clone())
            .or_default()
            .uses
            .extend(&grant.uses);
    }
    assert!(missing(&poor, sql).is_nothing());
    // None of them is too much: without any one of them the query is refused.
    for ((table, column), grant) in &found.grants {
        for wanted in &grant.uses {
            let mut less = poor.clone();
            let columns = &mut less.tables.get_mut(table).unwrap().columns;
            columns.get_mut(column).unwrap().uses.remove(wanted);
            assert!(!missing(&less, sql).is_nothing(), "{table}.{column} {wanted:?}");
        }
    }
}

#[test]
fn a_finer_grain_and_an_assessment_are_found() {
    let found = missing(&permit(), "SELECT birth, count(*) FROM person GROUP BY birth");
    assert_eq!(told(&found), ["person.birth: finer"]);
    let mut unassessed = permit();
    unassessed.join_risk_assessed = false;
    let joined = "SELECT p.sex, sum(v.cost) FROM person p JOIN visit v ON p.id_no = v.id_no GROUP BY p.sex";
    let found = missing(&unassessed, joined);
    assert!(found.join_risk && found.grants.is_empty(), "{found:?}");
    assert_eq!(found.refusal, None);
}

#[test]
fn what_no_grant_heals_is_said() {
    for (sql, code) in [
        ("SELECT * FROM person", "select_star"),
        ("SELECT income FROM person", "raw_rows"),
        (
            "SELECT id_no, count(*) FROM person GROUP BY id_no",
            "small_group_key",
        ),
        ("SELECT count(*) FROM elsewhere", "table_not_granted"),
        ("COPY person TO 'x.csv'", "query_statement_not_allowed"),
    ] {
        let found = missing(&permit(), sql);
        let refusal = found.refusal.as_ref().map(|refusal| refusal.code.as_str());
        assert_eq!(refusal, Some(code), "{sql}: {found:?}");
        // A use that lets raw rows out is never what is proposed.
        let out = found.grants.values().any(|grant| grant.uses.contains(&Use::Out));
        assert!(!out, "{sql}: {found:?}");
    }
}
