//! Attacks by stages: nothing of one person gets out through bounds, joined cells, rows put together or windows.

use shuyu_privacy::{ColumnGrant, Use};

use crate::{
    small::{Small, groups, text, units, uses},
    stages::visits,
};

#[test]
fn a_suppressed_bound_selects_nobody() {
    let none = groups().ask("SELECT count(*) FROM t WHERE x >= (SELECT avg(x) FROM t WHERE g = 'b')");
    let empty = groups().ask("SELECT count(*) FROM t WHERE x >= (SELECT avg(x) FROM t WHERE g = 'z')");
    assert_eq!(none, [["NULL"]]);
    assert_eq!(none, empty);
    // The one of the rare kind has no cell to join; the rest is answered.
    let joined = visits().ask(
        "SELECT count(DISTINCT t.id_no) FROM t JOIN (SELECT rare, count(*) AS n FROM t GROUP BY rare) c ON t.rare = c.rare",
    );
    assert_eq!(joined, [["59"]]);
}

#[test]
fn one_person_does_not_move_a_bound_that_is_seen() {
    // With and without the one of subject 7, the bound is the same multiple of the grain, and close sets are snapped.
    let bound = |without: &str| {
        visits().ask(&format!(
            "SELECT count(*) FROM t WHERE cost > (SELECT avg(cost) FROM t{without})"
        ))
    };
    assert_eq!(bound(""), bound(" WHERE rare = 'usual'"));
}

/// Forms that would say something about one person, with what they are refused as.
const REFUSED: &[(&str, &str)] = &[
    // The greatest value keeps the label of the value.
    (
        "grain_finer",
        "SELECT s.m, count(*) FROM (SELECT id_no, max(cost) AS m FROM t GROUP BY id_no) s GROUP BY s.m",
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM (SELECT id_no FROM t GROUP BY id_no HAVING max(cost) = 71) s",
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM (SELECT id_no FROM t GROUP BY id_no HAVING sum(cost) >= 213) s",
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM t WHERE cost = (SELECT avg(cost) FROM t)",
    ),
    // A row for each subject is no answer, and neither is a bound of one's own rows.
    ("small_group_key", "SELECT id_no, max(cost) FROM t GROUP BY id_no"),
    (
        "small_group_key",
        "SELECT s.c FROM (SELECT id_no, sum(cost) AS c FROM t GROUP BY id_no HAVING sum(cost) >= 0) s",
    ),
    (
        "column_compared_with_column",
        "SELECT count(*) FROM t JOIN (SELECT id_no, avg(cost) AS a FROM t GROUP BY id_no) s ON t.id_no = s.id_no WHERE t.cost > s.a",
    ),
    // A branch of the analyst's own is no argument.
    (
        "use_missing",
        "SELECT sum(s.f) FROM (SELECT id_no, count(*) FILTER (WHERE rare = 'rare') AS f FROM t GROUP BY id_no) s",
    ),
    (
        "use_missing",
        "SELECT avg(s.f) FROM (SELECT id_no, sum(CASE WHEN rare = 'rare' THEN 1 ELSE 0 END) AS f FROM t GROUP BY id_no) s",
    ),
    (
        "function_not_allowed",
        "SELECT count(*) FROM (SELECT id_no, stddev(cost) AS f FROM t GROUP BY id_no) s WHERE s.f > 0",
    ),
    // Windows stay with the subject, without values of the analyst's own.
    (
        "node_not_allowed",
        "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY cost) AS r FROM t) s WHERE s.r < 3",
    ),
    (
        "node_not_allowed",
        "SELECT sum(s.b) FROM (SELECT lag(cost, 1, 0) OVER (PARTITION BY id_no ORDER BY cost) AS b FROM t) s",
    ),
    (
        "node_not_allowed",
        "SELECT sum(s.b) FROM (SELECT lag(cost) OVER (PARTITION BY place ORDER BY cost) AS b FROM t) s",
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM (SELECT rank() OVER (PARTITION BY id_no ORDER BY cost) AS r FROM t) s WHERE s.r = 1",
    ),
    // Links meet no constant, and released rows no link.
    (
        "use_missing",
        "SELECT count(*) FROM t WHERE id_no = (SELECT min(place) FROM (SELECT place, count(*) AS n FROM t GROUP BY place) c)",
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM t JOIN (SELECT place, count(*) AS n FROM t GROUP BY place) c ON t.id_no = c.place",
    ),
    // Rows that repeat would weigh people.
    (
        "join_not_allowed",
        "SELECT count(*) FROM t JOIN (SELECT place, count(*) AS n FROM t GROUP BY place UNION ALL SELECT place, count(*) FROM t GROUP BY place) c ON t.place = c.place",
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM t JOIN (SELECT rare, count(*) AS n FROM t GROUP BY rare, place) c ON t.rare = c.rare",
    ),
    // A released value is no factor.
    (
        "use_missing",
        "SELECT sum(c.n) FROM t JOIN (SELECT rare, count(*) AS n FROM t GROUP BY rare) c ON t.rare = c.rare",
    ),
    // Nor is it one where grouping columns are, or a branch of the rows of a subject, however it is put.
    (
        "use_missing",
        "SELECT sum(s.f) FROM (SELECT id_no, max(CASE WHEN rare = 'rare' THEN 1 ELSE 0 END) AS f FROM t GROUP BY id_no) s",
    ),
    (
        "use_missing",
        "SELECT sum(2 * s.f + 1) FROM (SELECT DISTINCT id_no, CASE WHEN rare = 'rare' THEN 1 ELSE 0 END AS f FROM t) s",
    ),
    (
        "use_missing",
        "SELECT avg(floor(c.n / 10)) FROM t JOIN (SELECT rare, count(*) AS n FROM t GROUP BY rare) c ON t.rare = c.rare",
    ),
    (
        "use_missing",
        "SELECT corr(t.cost, c.n) FROM t JOIN (SELECT rare, count(*) AS n FROM t GROUP BY rare) c ON t.rare = c.rare",
    ),
    // A total has no place: which rows it is the total of is not in its columns.
    (
        "join_not_allowed",
        "SELECT count(*) FROM t JOIN (SELECT place, count(*) AS n FROM t GROUP BY ROLLUP (place)) c ON t.place = c.place",
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM t JOIN (SELECT place, rare, grouping(place, rare) AS g, count(*) AS n FROM t GROUP BY CUBE (place, rare)) c \
         ON t.place = c.place AND t.rare = c.rare",
    ),
    // Subqueries about rows of other people.
    (
        "small_group_key",
        "SELECT count(*) FROM t WHERE cost > (SELECT max(cost) FROM t GROUP BY id_no LIMIT 1)",
    ),
    ("raw_rows", "SELECT * FROM (SELECT cost FROM t) a"),
];

#[test]
fn nothing_of_one_person_gets_out_by_stages() {
    for (code, sql) in REFUSED {
        let refusal = visits().refusal(sql);
        let code = if *code == "raw_rows" { "select_star" } else { code };
        let nested = refusal.code == "node_not_allowed" && code == "small_group_key";
        assert!(refusal.code == code || nested, "{sql}: {refusal:?}");
        assert!(!refusal.clauses.is_empty(), "{sql}");
        assert!(
            refusal.facts.contains_key("nearest") || nested,
            "{sql}: {refusal:?}"
        );
    }
}

#[test]
fn a_condition_on_the_rows_of_a_subject_isolates_nobody() {
    for having in [
        "count(*) > 3",
        "count(*) FILTER (WHERE rare = 'rare') > 0",
        "sum(cost) >= 1740",
    ] {
        let rows = visits().ask(&format!(
            "SELECT count(*), avg(s.c) FROM (SELECT id_no, avg(cost) AS c FROM t GROUP BY id_no HAVING {having}) s"
        ));
        assert_eq!(rows, [["NULL", "NULL"]], "{having}");
    }
    // And leaving him out is answered as if he was there.
    let whole = visits().ask("SELECT count(DISTINCT id_no) FROM t");
    assert_eq!(whole, [["60"]]);
}

#[test]
fn a_class_does_not_hide_in_an_inner_relation() {
    // All twelve of group a have the value; the other hundred do not.
    let g = text((0..112).map(|i| if i < 12 { "a" } else { "b" }));
    let d = text((0..112).map(|i| if i < 12 { "ill" } else { "well" }));
    let sensitive = ColumnGrant {
        sensitive: true,
        ..uses(&[Use::Group, Use::Filter])
    };
    let small = Small::personal(
        1,
        units(112),
        vec![("g", g, uses(&[Use::Group, Use::Filter])), ("d", d, sensitive)],
    );
    for sql in [
        "SELECT count(*) FROM t WHERE g = 'a' AND d = 'ill'",
        "SELECT count(*) FROM (SELECT id_no FROM t WHERE g = 'a' AND d = 'ill' GROUP BY id_no) s",
        "SELECT count(*) FROM (SELECT DISTINCT id_no FROM t WHERE d = 'ill') s JOIN t ON s.id_no = t.id_no WHERE t.g = 'a'",
        "SELECT count(*) FROM (SELECT id_no, max(d) AS m FROM t WHERE g = 'a' GROUP BY id_no) s WHERE s.m = 'ill'",
        "SELECT count(*) FROM (SELECT id_no FROM t WHERE g = 'a' GROUP BY id_no HAVING count(*) FILTER (WHERE d = 'ill') = 1) s",
        "SELECT count(s.m) FROM (SELECT id_no, max(CASE WHEN d = 'ill' THEN 1 END) AS m FROM t WHERE g = 'a' GROUP BY id_no) s",
        "SELECT count(s.m) FROM (SELECT DISTINCT id_no, CASE WHEN d = 'ill' THEN 1 END AS m FROM t WHERE g = 'a') s",
        "SELECT count(CASE WHEN s.m = 'ill' THEN 1 END) FROM (SELECT id_no, max(d) AS m FROM t WHERE g = 'a' GROUP BY id_no) s",
        "SELECT count(*) FROM (SELECT id_no FROM (SELECT id_no, first_value(d) OVER (PARTITION BY id_no) AS m FROM t WHERE g = 'a') w WHERE w.m = 'ill' GROUP BY id_no) s",
    ] {
        assert_eq!(small.ask(sql), [["NULL"]], "{sql}");
    }
}
