//! Own lists beside personal rows, and attacks through them.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use shuyu_kernel::Id;
use shuyu_privacy::{ColumnGrant, TableKind, Use};
use shuyu_query::UNIT_COLUMN;

use crate::{
    fixture::permit,
    membership::with,
    people::{MANY, exactly, in_turn, noisy, people, withheld, x},
    scored::{all_pass, however_put},
    small::{Small, free, text, units, uses, whole},
};

const CASES: &str = include_str!("sql-policy/fusion.jsonl");

#[test]
fn lists_are_answered_about_and_attacks_through_them_stopped() {
    let report = all_pass(CASES, 31, 11);
    assert!(report.by_noise_alone.is_empty(), "{:?}", report.by_noise_alone);
}

#[test]
fn lists_however_they_are_put() {
    however_put(CASES);
}

/// The thousand people and a list that names some of them, by number and label. Beyond 1,000 is nobody.
pub fn listed(rows: impl Iterator<Item = (u64, &'static str)>) -> Small {
    let mut small = people();
    add_list(&mut small, rows);
    small
}

fn add_list(small: &mut Small, rows: impl Iterator<Item = (u64, &'static str)>) {
    let rows: Vec<(u64, &str)> = rows.collect();
    let known = units(3000);
    let unit: ArrayRef = Arc::new(UInt64Array::from_iter_values(
        rows.iter().map(|(i, _)| known[*i as usize]),
    ));
    let id = ColumnGrant {
        unit: true,
        domain: Some("person".into()),
        ..uses(&[Use::Link, Use::Out])
    };
    let columns = vec![
        ("id_no", whole(rows.iter().map(|(i, _)| *i as i64)), id),
        (
            "tag",
            text(rows.iter().map(|(_, tag)| *tag)),
            uses(&[Use::Out, Use::Group, Use::Filter]),
        ),
        ("w", whole(rows.iter().map(|(i, _)| *i as i64)), free()),
    ];
    small.add("own", TableKind::Own, columns, &[(UNIT_COLUMN, unit)]);
}

pub const JOINED: &str = "FROM own u JOIN t ON u.id_no = t.id_no";

#[test]
fn a_list_is_joined_as_a_set() {
    let sum: f64 = (0..100).map(|i| x(i) as f64).sum();
    // Everybody thrice, in two groups, and five hundred whom nobody knows.
    let rows = (0..300).map(|i| (i % 100, if i < 200 { "a" } else { "b" }));
    let small = listed(rows.chain((1500..2000).map(|i| (i, "a"))));
    for (sql, wanted) in [
        (format!("SELECT count(*), sum(t.x) {JOINED}"), vec![100.0, sum]),
        (
            format!("SELECT count(*), sum(t.x) {JOINED} GROUP BY u.tag"),
            vec![100.0, sum, 100.0, sum],
        ),
        (
            format!("SELECT count(*), sum(t.x) {JOINED} GROUP BY ROLLUP (u.tag)"),
            vec![100.0, sum, 100.0, sum, 100.0, sum],
        ),
        (
            format!("SELECT count(*), sum(t.x) {JOINED} JOIN own v ON v.id_no = t.id_no WHERE v.tag = 'b'"),
            vec![100.0, sum],
        ),
        (
            format!("SELECT count(*), count(u.id_no) {JOINED} WHERE u.tag IN ('a', 'b') OR u.tag IS NULL"),
            vec![100.0, 100.0],
        ),
    ] {
        exactly(&small, &sql, &wanted);
    }
}

#[test]
fn own_rows_never_count_towards_k() {
    // Nineteen are too few, whatever stands beside them; twenty-three are enough with the widest jitter.
    let few = listed((0..19).chain(1000..2500).map(|i| (i, "a")));
    withheld(&few, &format!("SELECT count(*) {JOINED}"));
    withheld(&few, &format!("SELECT avg(t.x) {JOINED}"));
    exactly(
        &listed((0..23).map(|i| (i, "a"))),
        &format!("SELECT count(*) {JOINED}"),
        &[23.0],
    );
}

#[test]
fn both_sides_of_a_branch_need_k_fused() {
    // Fifteen of the list are before the bound.
    let mut bounds: Vec<i64> = (0..100).map(x).collect();
    bounds.sort_unstable();
    let bound = bounds[15];
    let small = listed((0..100).map(|i| (i, "a")));
    withheld(
        &small,
        &format!("SELECT count(CASE WHEN t.x < {bound} THEN 1 END) {JOINED}"),
    );
    let within = format!("SELECT count(CASE WHEN x < {} THEN 1 END) FROM t", 2000 + 150);
    exactly(
        &people(),
        &within,
        &[(0..MANY).filter(|i| x(*i) < 2150).count() as f64],
    );
}

/// That a group of chosen people is there is told with a figure about them, and not without.
#[test]
fn a_key_leaves_with_a_figure_only() {
    let small = listed((0..100).map(|i| (i, if i < 60 { "a" } else { "b" })));
    let refusal = small.refusal(&format!("SELECT u.tag {JOINED} GROUP BY u.tag"));
    assert_eq!(refusal.code, "node_not_allowed");
    for (fact, value) in [
        ("node", "own_without_figure"),
        ("table", "own"),
        ("column", "tag"),
        ("nearest", "count(*)"),
    ] {
        assert_eq!(
            refusal.facts.get(fact).map(String::as_str),
            Some(value),
            "{refusal:?}"
        );
    }
    // Nobody of the list is below the bound: the figure is withheld, and then the groups are not told either.
    let lost = format!("SELECT u.tag, sum(CASE WHEN t.x < 0 THEN t.x ELSE 0 END) {JOINED} GROUP BY u.tag");
    assert!(small.ask(&lost).is_empty());
    let of_all = "SELECT g, sum(CASE WHEN x < 0 THEN x ELSE 0 END) FROM t GROUP BY g";
    assert_eq!(small.ask(of_all), [["a", "NULL"], ["b", "NULL"]]);
}

#[test]
fn grouping_reads_a_column_with_its_table_and_without() {
    let small = listed((0..100).map(|i| (i, if i < 60 { "a" } else { "b" })));
    for key in ["u.tag", "tag"] {
        for read in ["u.tag", "tag"] {
            let sql = format!(
                "SELECT grouping({read}) AS g, count(*) AS n {JOINED} GROUP BY ROLLUP ({key}) ORDER BY g, n"
            );
            exactly(&small, &sql, &[0.0, 40.0, 0.0, 60.0, 1.0, 100.0]);
        }
    }
}

#[test]
fn what_is_usual_is_not_what_is_usual_on_the_list() {
    // Everybody on the list is ill, and few others are.
    let ill = |i: i64| if i < 30 { "ill" } else { "well" };
    let sensitive = ColumnGrant {
        sensitive: true,
        ..uses(&[Use::Group, Use::Filter])
    };
    let mut small = Small::personal(1, units(1000), vec![("d", text((0..1000).map(ill)), sensitive)]);
    add_list(&mut small, (0..30).map(|i| (i, "a")));
    withheld(&small, &format!("SELECT count(*) {JOINED} WHERE t.d = 'ill'"));
    assert!(
        small
            .ask(&format!("SELECT t.d, count(*) {JOINED} GROUP BY t.d"))
            .is_empty()
    );
}

#[test]
fn answers_about_a_list_are_perturbed() {
    let small = listed((0..200).map(|i| (i, "a")));
    let sql = format!("SELECT count(*), sum(t.x) {JOINED}");
    let answers: Vec<_> = (1..=4)
        .map(|key| crate::people::numbers(&small, &noisy(key), &sql))
        .collect();
    assert!(
        answers.iter().any(|answer| answer[0] != Some(200.0)),
        "{answers:?}"
    );
    let sum: f64 = (0..200).map(|i| x(i) as f64).sum();
    assert!(answers.iter().all(|answer| answer[1] != Some(sum)), "{answers:?}");
    assert_eq!(answers[0], crate::people::numbers(&small, &noisy(1), &sql));
}

#[test]
fn lists_that_differ_by_fewer_than_k_fused_have_one_answer() {
    // By fifteen: more than k and its jitter.
    let rows = (0..200).map(|i| (i, if i < 185 { "a" } else { "b" }));
    let small = listed(rows);
    let (all, without) = (
        format!("SELECT sum(t.x) {JOINED}"),
        format!("SELECT sum(t.x) {JOINED} WHERE u.tag = 'a'"),
    );
    for statements in [[all.as_str(), &without], [&without, &all]] {
        let answers = in_turn(&small, &noisy(3), &statements);
        assert_eq!(answers[0], answers[1]);
    }
    // A governed cell is compared with a list in the same way, whichever comes first.
    let half = "SELECT sum(x) FROM t WHERE g = 'a'";
    let rows = (0..1000).step_by(2).filter(|i| *i >= 30);
    let small = listed(rows.map(|i| (i, "a")));
    for statements in [[half, &all], [&all, half]] {
        let answers = in_turn(&small, &noisy(3), &statements);
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
fn fusion_needs_its_use_and_an_assessment() {
    let small = listed((0..200).map(|i| (i, "a")));
    let ask = |fusion: bool, assessed: bool, sql: &str| {
        let mut permit = permit();
        permit.tables.clone_from(&small.grants);
        (permit.fusion, permit.join_risk_assessed) = (fusion, assessed);
        permit.id = Id::from_bits(7);
        small.outcome_under(&permit, sql)
    };
    let joined = format!("SELECT count(*) {JOINED}");
    let beside = "SELECT c.n, u.tag FROM (SELECT count(*) AS n FROM t) c CROSS JOIN own u";
    for sql in [joined.as_str(), beside] {
        assert_eq!(ask(false, true, sql), "fusion_not_granted", "{sql}");
        assert_eq!(ask(true, false, sql), "join_risk_not_assessed", "{sql}");
        assert_eq!(ask(true, true, sql), "answered", "{sql}");
    }
    // Own data alone needs neither.
    assert_eq!(
        ask(false, false, "SELECT tag, count(*) FROM own GROUP BY tag"),
        "answered"
    );
}

#[test]
fn a_membership_of_who_is_on_a_list_is_one_of_the_person() {
    // Everybody on the list thrice, and five hundred whom no table knows; sixty of the hundred are in `w`.
    let rows = (0..300)
        .map(|i| (i % 100, "a"))
        .chain((1500..2000).map(|i| (i, "a")));
    let few = (0..60).map(|_| "one").collect();
    let small = with(
        listed(rows),
        "w",
        60,
        vec![("k", few, uses(&[Use::Group, Use::Filter]))],
    );
    let joined = "FROM own u JOIN t ON u.id_no = t.id_no";
    for (condition, wanted) in [
        ("WHERE u.id_no IN (SELECT id_no FROM w)", &[60.0][..]),
        ("WHERE EXISTS (SELECT 1 FROM w WHERE w.id_no = u.id_no)", &[60.0]),
        ("WHERE u.id_no NOT IN (SELECT id_no FROM w)", &[40.0]),
        ("LEFT SEMI JOIN w ON w.id_no = u.id_no", &[60.0]),
        ("LEFT ANTI JOIN w ON w.id_no = u.id_no", &[40.0]),
    ] {
        exactly(&small, &format!("SELECT count(*) {joined} {condition}"), wanted);
    }
    exactly(
        &small,
        &format!("SELECT count(*), count(w.id_no) {joined} LEFT JOIN w ON w.id_no = u.id_no"),
        &[100.0, 60.0],
    );
    // A list that nobody is joined with names nobody.
    let alone = "SELECT count(*) FROM own u WHERE u.id_no IN (SELECT id_no FROM w)";
    assert_eq!(small.refused(alone), "node_not_allowed");
    // As a member it is no subject either.
    let inside =
        "SELECT count(*) FROM w WHERE id_no IN (SELECT u.id_no FROM own u JOIN t ON u.id_no = t.id_no)";
    let refusal = small.refusal(inside);
    assert_eq!(
        refusal.facts.get("node").map(String::as_str),
        Some("own_per_subject")
    );
}
