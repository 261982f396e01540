//! Attacks through semi, anti and outer joins over the subject, and forms near to them.

use shuyu_privacy::{ColumnGrant, Permit, PermitMode, Use};
use shuyu_query::CheckError;

use crate::{
    fixture::{Memory, engine},
    membership::{persons, with},
    people::{in_turn, noisy, withheld},
    scored::{all_pass, however_put},
    small::{Small, text, units, uses},
};

const CASES: &str = include_str!("sql-policy/membership.jsonl");

#[test]
fn every_attack_is_stopped_and_every_legitimate_query_answered() {
    all_pass(CASES, 43, 11);
}

#[test]
fn however_it_is_put() {
    however_put(CASES);
}

#[test]
fn a_match_of_few_or_of_all_is_withheld() {
    let small = persons();
    for on in ["w.few = 'few'", "w.few = 'many'"] {
        for figure in [
            "count(w.id_no)",
            "count(DISTINCT w.id_no)",
            "count(w.id_no) FILTER (WHERE t.place = 'first')",
        ] {
            withheld(
                &small,
                &format!("SELECT {figure} FROM t LEFT JOIN w ON t.id_no = w.id_no AND {on}"),
            );
        }
    }
    // All have a match: that nobody lacks one is not told either.
    for figure in [
        "count(q.id_no)",
        "sum(q.cost)",
        "avg(q.cost)",
        "median(q.cost)",
        "avg(coalesce(q.cost, 0))",
    ] {
        withheld(
            &small,
            &format!("SELECT {figure} FROM t LEFT JOIN t AS q ON t.id_no = q.id_no"),
        );
    }
    let few = "(SELECT q.id_no, q.cost FROM t AS q JOIN w ON w.id_no = q.id_no WHERE w.few = 'few') q";
    for figure in [
        "sum(q.cost)",
        "avg(q.cost)",
        "corr(t.cost, q.cost)",
        "stddev(q.cost)",
        "avg(coalesce(q.cost, 9))",
    ] {
        withheld(
            &small,
            &format!("SELECT {figure} FROM t LEFT JOIN {few} ON t.id_no = q.id_no"),
        );
        let totals = format!(
            "(SELECT t.id_no, max(t.cost) AS d, sum(q.cost) AS c FROM t LEFT JOIN {few} ON t.id_no = q.id_no GROUP BY t.id_no) s"
        );
        let figure = figure.replace("q.cost", "s.c").replace("t.cost", "s.d");
        withheld(&small, &format!("SELECT {figure} FROM {totals}"));
    }
}

/// Statements about all, and about all apart from a few.
#[test]
fn the_halves_of_a_set_are_no_difference() {
    let small = persons();
    let engine = noisy(5);
    let all = "SELECT count(*) FROM w";
    for apart in [
        "SELECT count(*) FROM w WHERE NOT EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.few = 'few')",
        "SELECT count(*) FROM w WHERE id_no NOT IN (SELECT id_no FROM w WHERE few = 'few')",
        "SELECT count(*) FROM w LEFT JOIN w AS q ON q.id_no = w.id_no AND q.few = 'few' WHERE q.id_no IS NULL",
        "SELECT count(*) FROM (SELECT id_no FROM w EXCEPT SELECT id_no FROM w WHERE few = 'few') s",
        "SELECT count(*) FROM w WHERE EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.few = 'many')",
        "SELECT count(*) FROM (SELECT w.id_no, count(q.id_no) AS n FROM w LEFT JOIN w AS q ON q.id_no = w.id_no AND q.few = 'few' GROUP BY w.id_no) s WHERE s.n = 0",
    ] {
        let answers = in_turn(&small, &engine, &[all, apart]);
        assert_eq!(answers[0], answers[1], "{apart}");
        let answers = in_turn(&small, &engine, &[apart, all]);
        assert_eq!(answers[0], answers[1], "{apart}");
    }
    // The few themselves are withheld, in whatever half they are.
    for few in [
        "EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.few = 'few')",
        "NOT EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.few = 'many')",
        "id_no NOT IN (SELECT id_no FROM w WHERE NOT EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.few = 'few'))",
    ] {
        withheld(&small, &format!("SELECT count(*) FROM w WHERE {few}"));
    }
}

#[test]
fn a_class_does_not_hide_in_a_membership() {
    // All twelve of group a have the value, and none of them anything else; of the other hundred one in ten has it.
    let g = text((0..112).map(|i| if i < 12 { "a" } else { "b" }));
    let d: Vec<&str> = (0..112)
        .map(|i| if i < 12 || i % 10 == 0 { "ill" } else { "well" })
        .collect();
    let sensitive = ColumnGrant {
        sensitive: true,
        ..uses(&[Use::Group, Use::Filter])
    };
    let small = Small::personal(1, units(112), vec![("g", g, uses(&[Use::Group, Use::Filter]))]);
    let small = with(small, "u", 112, vec![("d", d, sensitive)]);
    for sql in [
        "FROM t WHERE g = 'a' AND EXISTS (SELECT 1 FROM u WHERE u.id_no = t.id_no AND d = 'ill')",
        "FROM t WHERE g = 'a' AND id_no IN (SELECT id_no FROM u WHERE d = 'ill')",
        "FROM t WHERE g = 'a' AND NOT EXISTS (SELECT 1 FROM u WHERE u.id_no = t.id_no AND d = 'well')",
        "FROM t WHERE g = 'a' AND id_no NOT IN (SELECT id_no FROM u WHERE d <> 'ill')",
        "FROM t LEFT JOIN u ON u.id_no = t.id_no AND u.d = 'well' WHERE g = 'a' AND u.id_no IS NULL",
        "FROM t LEFT JOIN u ON u.id_no = t.id_no AND u.d = 'ill' WHERE g = 'a' AND u.id_no IS NOT NULL",
        "FROM t LEFT JOIN u ON u.id_no = t.id_no WHERE g = 'a' AND u.d = 'ill'",
        "FROM (SELECT id_no FROM t WHERE g = 'a' INTERSECT SELECT id_no FROM u WHERE d = 'ill') s",
        "FROM (SELECT id_no FROM t WHERE g = 'a' EXCEPT SELECT id_no FROM u WHERE d = 'well') s",
        "FROM t WHERE g = 'a' AND NOT EXISTS (SELECT 1 FROM t AS o WHERE o.id_no = t.id_no AND NOT EXISTS (SELECT 1 FROM u WHERE u.id_no = o.id_no AND d = 'ill'))",
        "FROM (SELECT t.id_no, count(u.id_no) AS n FROM t LEFT JOIN u ON u.id_no = t.id_no AND u.d = 'ill' WHERE g = 'a' GROUP BY t.id_no) s WHERE s.n = 1",
        "FROM (SELECT t.id_no, count(u.id_no) AS n FROM t LEFT JOIN u ON u.id_no = t.id_no AND u.d = 'well' WHERE g = 'a' GROUP BY t.id_no) s WHERE s.n = 0",
    ] {
        assert_eq!(small.ask(&format!("SELECT count(*) {sql}")), [["NULL"]], "{sql}");
    }
    // Among everybody the class is small, and its other half is as usual.
    let rows = small
        .ask("SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id_no = t.id_no AND d = 'ill')");
    assert_eq!(rows, [["22"]]);
    let rows = small.ask("SELECT count(*) FROM t WHERE g = 'b' AND NOT EXISTS (SELECT 1 FROM u WHERE u.id_no = t.id_no AND d = 'ill')");
    assert_eq!(rows, [["90"]]);
}

/// Forms near to a membership that are none, with what they are refused as and about which column.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "join_not_allowed",
        "half",
        "FROM w WHERE EXISTS (SELECT 1 FROM w AS q WHERE q.half = w.half)",
    ),
    (
        "join_not_allowed",
        "cost",
        "FROM w WHERE EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no AND t.cost = w.x)",
    ),
    (
        "join_not_allowed",
        "",
        "FROM w WHERE EXISTS (SELECT 1 FROM t WHERE t.cost > 100)",
    ),
    (
        "join_not_allowed",
        "half",
        "FROM w WHERE half IN (SELECT half FROM w WHERE few = 'few')",
    ),
    (
        "join_not_allowed",
        "place",
        "FROM w WHERE id_no IN (SELECT place FROM t)",
    ),
    (
        "join_not_allowed",
        "half",
        "FROM w LEFT JOIN t ON w.id_no = t.id_no AND w.half = 'even'",
    ),
    (
        "join_not_allowed",
        "",
        "FROM (SELECT id_no, half FROM w INTERSECT SELECT id_no, half FROM w) s",
    ),
    (
        "node_not_allowed",
        "place",
        "FROM w LEFT JOIN t ON w.id_no = t.id_no WHERE t.place IS NULL",
    ),
    (
        "node_not_allowed",
        "place",
        "FROM w LEFT JOIN t ON w.id_no = t.id_no WHERE coalesce(t.place, 'later') = 'later'",
    ),
    (
        "node_not_allowed",
        "place",
        "FROM w LEFT JOIN t ON w.id_no = t.id_no GROUP BY t.place",
    ),
    (
        "node_not_allowed",
        "id_no",
        "FROM w LEFT JOIN t ON w.id_no = t.id_no GROUP BY CASE WHEN t.id_no IS NULL THEN 1 ELSE 0 END",
    ),
    (
        "node_not_allowed",
        "",
        "FROM w WHERE half = 'even' OR EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)",
    ),
    (
        "use_missing",
        "id_no",
        "FROM w WHERE id_no NOT IN (SELECT id_no FROM t WHERE id_no = 'A')",
    ),
    (
        "use_missing",
        "x",
        "FROM w WHERE NOT EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = w.id_no AND q.x = 'a')",
    ),
];

#[test]
fn forms_that_are_no_membership_are_refused() {
    let mut small = persons();
    let sealed = with(
        Small::personal(1, units(1), Vec::new()),
        "w",
        80,
        vec![("x", vec!["a"; 80], uses(&[Use::Measure]))],
    );
    let x = sealed.tables["w"].column_by_name("x").unwrap().clone();
    let mut columns: Vec<(String, arrow::array::ArrayRef)> = Vec::new();
    for (field, column) in small.tables["w"]
        .schema()
        .fields()
        .iter()
        .zip(small.tables["w"].columns())
    {
        columns.push((field.name().clone(), column.clone()));
    }
    columns.push(("x".to_owned(), x));
    let rows = arrow::array::RecordBatch::try_from_iter(columns).unwrap();
    small.tables.insert("w".to_owned(), rows);
    let grant = sealed.grants["w"].columns["x"].clone();
    small
        .grants
        .get_mut("w")
        .unwrap()
        .columns
        .insert("x".into(), grant);
    for (code, column, sql) in REFUSED {
        let refusal = small.refusal(&format!("SELECT count(*) {sql}"));
        assert_eq!(refusal.code, *code, "{sql}: {refusal:?}");
        let told = refusal.facts.get("column").map_or("", String::as_str);
        assert!(
            column.is_empty() || told == *column || told == "x",
            "{sql}: {refusal:?}"
        );
        // The table is that of the column.
        let of = match told {
            "cost" | "place" => "t",
            "half" | "x" => "w",
            _ => "",
        };
        let table = refusal.facts.get("table").map_or("", String::as_str);
        assert!(of.is_empty() || table == of, "{sql}: {refusal:?}");
        assert!(!refusal.clauses.is_empty(), "{sql}");
        assert!(refusal.facts.contains_key("nearest"), "{sql}: {refusal:?}");
    }
}

/// Rows that others are kept by do not make a row of them one per subject.
#[test]
fn rows_are_refused_as_rows() {
    let small = persons();
    for (code, sql) in [
        (
            "raw_rows",
            "SELECT half FROM w WHERE EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)",
        ),
        (
            "raw_rows",
            "SELECT half FROM w WHERE id_no NOT IN (SELECT id_no FROM t)",
        ),
        (
            "raw_rows",
            "SELECT cost FROM t WHERE id_no IN (SELECT id_no FROM w GROUP BY id_no HAVING count(*) = 1)",
        ),
        (
            "raw_rows",
            "SELECT w.half, t.cost FROM w LEFT JOIN t ON t.id_no = w.id_no",
        ),
        (
            "raw_rows",
            "SELECT w.half, t.cost FROM w LEFT JOIN t ON t.id_no = w.id_no WHERE t.place = 'later'",
        ),
        (
            "select_star",
            "SELECT * FROM w WHERE EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)",
        ),
        ("small_group_key", "SELECT id_no, count(*) FROM t GROUP BY id_no"),
        (
            "small_group_key",
            "SELECT cost, row_number() OVER (PARTITION BY id_no ORDER BY cost) FROM t",
        ),
        (
            "small_group_key",
            "SELECT s.n FROM (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s WHERE EXISTS (SELECT 1 FROM w WHERE w.id_no = s.id_no)",
        ),
    ] {
        assert_eq!(small.refused(sql), code, "{sql}");
    }
}

#[test]
fn a_value_of_a_side_that_may_be_missing_is_not_computed_unless_it_may_be_shown() {
    // It would fail on one row, were it computed.
    let small = persons();
    let rows = small.ask(
        "SELECT count(*) FROM w LEFT JOIN (SELECT id_no, CAST(place AS INT) AS p FROM t) s ON w.id_no = s.id_no",
    );
    assert_eq!(rows, [["140"]]);
}

#[test]
fn mode_dp_answers_stored_rows_alone() {
    let small = persons();
    let memory = Memory {
        tables: small.tables.clone(),
    };
    let permit = Permit {
        mode: PermitMode::Dp,
        ..small.permit()
    };
    let sql = "SELECT count(*) FROM w WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)";
    let refused = engine().check(&permit, sql, &memory);
    assert!(matches!(refused, Err(CheckError::Refused(refusal)) if refusal.code == "dp_one_release"));
}
