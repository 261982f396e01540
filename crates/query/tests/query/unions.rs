//! UNION ALL of personal branches: cells of every branch, and attacks through them.

use crate::{
    people::{MANY, all, exactly, people, x},
    scored::{all_pass, however_put},
};

const CASES: &str = include_str!("sql-policy/unions.jsonl");

#[test]
fn unions_are_answered_and_attacks_through_them_stopped() {
    let report = all_pass(CASES, 17, 3);
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
