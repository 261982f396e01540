//! UNION ALL of personal branches: cells of every branch, and attacks through them.

use shuyu_privacy::Use;

use crate::{
    membership::with,
    people::{MANY, all, exactly, noisy, numbers, people, x},
    scored::{all_pass, however_put},
    small::{Small, uses},
};

const CASES: &str = include_str!("sql-policy/unions.jsonl");

#[test]
fn unions_are_answered_and_attacks_through_them_stopped() {
    let report = all_pass(CASES, 20, 5);
    assert!(report.by_noise_alone.is_empty(), "{:?}", report.by_noise_alone);
}

#[test]
fn unions_however_they_are_put() {
    however_put(CASES);
}

#[test]
fn a_subject_counts_once_in_every_branch() {
    let mut odd = all().filter(|i| i % 2 == 1);
    let mean = |of: &mut dyn Iterator<Item = i64>| {
        let values: Vec<f64> = of.map(|i| x(i) as f64).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let (half, all_of_them) = (mean(&mut odd), mean(&mut all()));
    exactly(
        &people(),
        "SELECT avg(u.x), count(*), count(DISTINCT u.id_no) FROM (SELECT 'b' AS g, id_no, x FROM t WHERE g = 'b' \
         UNION ALL SELECT 'all', id_no, x FROM t) u GROUP BY u.g ORDER BY count(*)",
        &[
            half,
            MANY as f64 / 2.0,
            MANY as f64 / 2.0,
            all_of_them,
            MANY as f64,
            MANY as f64,
        ],
    );
}

#[test]
fn a_condition_above_chooses_a_branch() {
    exactly(
        &people(),
        "SELECT count(*) FROM (SELECT 'b' AS g, id_no FROM t WHERE g = 'b' UNION ALL SELECT 'all', id_no FROM t) u \
         WHERE u.g = 'b' GROUP BY u.g",
        &[MANY as f64 / 2.0],
    );
}

#[test]
fn branches_of_other_types_are_refused() {
    let sql =
        "SELECT u.g, avg(u.x) FROM (SELECT 'b' AS g, x FROM t UNION ALL SELECT 'a', y FROM t) u GROUP BY u.g";
    assert_eq!(people().refused(sql), "types_differ");
}

#[test]
fn branches_of_one_type_by_a_conversion_are_answered() {
    let sql = "SELECT count(*) FROM (SELECT 'b' AS g, CAST(x AS DOUBLE) AS x FROM t UNION ALL SELECT 'a', y FROM t) u \
               WHERE u.x > 0 GROUP BY u.g";
    exactly(&people(), sql, &[MANY as f64, MANY as f64]);
}

/// The thousand people, and `w` about the first six hundred of them.
fn with_members() -> Small {
    let half = (0..600).map(|i| if i % 2 == 0 { "even" } else { "odd" });
    let half = ("half", half.collect(), uses(&[Use::Group, Use::Filter]));
    with(people(), "w", 600, vec![half])
}

/// All, and the odd half of them.
const BRANCHES: &str =
    "(SELECT 'b' AS g, id_no, x FROM t WHERE g = 'b' UNION ALL SELECT 'all', id_no, x FROM t) u";

#[test]
fn what_keeps_rows_by_their_subject_is_asked_of_every_branch() {
    let small = with_members();
    let (members, others) = ([600.0, 300.0], [400.0, 200.0]);
    for (condition, wanted) in [
        ("WHERE u.id_no IN (SELECT id_no FROM w)", members),
        (
            "WHERE EXISTS (SELECT 1 FROM w WHERE w.id_no = u.id_no) AND u.x > 0",
            members,
        ),
        ("WHERE u.id_no NOT IN (SELECT id_no FROM w)", others),
        (
            "WHERE NOT EXISTS (SELECT 1 FROM w WHERE w.id_no = u.id_no)",
            others,
        ),
        ("LEFT SEMI JOIN w ON w.id_no = u.id_no", members),
        ("LEFT ANTI JOIN w ON w.id_no = u.id_no", others),
        (
            "WHERE u.id_no NOT IN (SELECT id_no FROM w WHERE half = 'even' UNION ALL SELECT id_no FROM w WHERE half = 'odd')",
            others,
        ),
    ] {
        let sql = format!("SELECT count(*) FROM {BRANCHES} {condition} GROUP BY u.g ORDER BY u.g");
        exactly(&small, &sql, &wanted);
    }
    let turned = format!(
        "SELECT count(*) FROM w RIGHT ANTI JOIN {BRANCHES} ON w.id_no = u.id_no GROUP BY u.g ORDER BY u.g"
    );
    exactly(&small, &turned, &others);
}

#[test]
fn rows_without_a_match_are_told_above_a_union_as_inside() {
    let joined = "FROM t LEFT JOIN w ON w.id_no = t.id_no";
    let union = format!(
        "FROM (SELECT 'b' AS g, t.id_no, w.id_no AS v {joined} WHERE t.g = 'b' \
         UNION ALL SELECT 'all', t.id_no, w.id_no {joined}) u"
    );
    let small = with_members();
    let grouped = "GROUP BY u.g ORDER BY u.g";
    exactly(
        &small,
        &format!("SELECT count(*) {union} WHERE u.v IS NULL {grouped}"),
        &[400.0, 200.0],
    );
    exactly(
        &small,
        &format!("SELECT count(u.v), count(*) {union} {grouped}"),
        &[600.0, 1000.0, 300.0, 500.0],
    );
}

/// One question has one answer, whether it is asked above a union or of one branch alone.
#[test]
fn a_branch_has_the_answer_that_it_has_alone() {
    let small = with_members();
    let condition = "id_no NOT IN (SELECT id_no FROM w)";
    let union =
        format!("SELECT count(*), sum(u.x) FROM {BRANCHES} WHERE u.{condition} GROUP BY u.g ORDER BY u.g");
    let alone = format!("SELECT count(*), sum(x) FROM t WHERE {condition}");
    for key in 1..4 {
        let answers = numbers(&small, &noisy(key), &union);
        assert_eq!(answers[..2], numbers(&small, &noisy(key), &alone)[..]);
    }
}

#[test]
fn what_is_asked_of_a_union_in_vain_has_a_way_out() {
    let small = with_members();
    let in_one = "SELECT count(*) FROM t WHERE id_no IN (SELECT id_no FROM w UNION ALL SELECT id_no FROM t)";
    let unnamed = "SELECT count(*) FROM (SELECT id_no, x FROM t UNION ALL SELECT id_no, x FROM t) u";
    let joined = format!("SELECT count(*) FROM {BRANCHES} JOIN w ON w.id_no = u.id_no GROUP BY u.g");
    let windowed = format!("SELECT u.g, row_number() OVER (PARTITION BY u.id_no) FROM {BRANCHES}");
    let types =
        "SELECT count(*) FROM (SELECT 'b' AS g, x FROM t UNION ALL SELECT 'a', y FROM t) u GROUP BY u.g";
    for (sql, column, node, used, nearest) in [
        (
            in_one,
            "id_no",
            "subquery_of_union",
            "link",
            "member_of_each_branch",
        ),
        (unnamed, "id_no", "union_unnamed", "group", "name_branches"),
        (&joined, "id_no", "join", "out", "inside_branches"),
        (&windowed, "id_no", "window", "out", "inside_branches"),
        (types, "y", "union", "group", "same_type_in_branches"),
    ] {
        let refusal = small.refusal(sql);
        let fact = |name: &str| refusal.facts.get(name).map_or("", String::as_str);
        let told = (
            fact("column"),
            fact("table"),
            fact("node"),
            fact("use"),
            fact("nearest"),
        );
        assert_eq!(told, (column, "t", node, used, nearest), "{sql}: {refusal:?}");
        assert!(!refusal.clauses.is_empty());
    }
}
