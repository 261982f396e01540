//! Parts and figures over rows that stay with their subject, over released bounds, and beside other releases.

use crate::{
    fixture::table,
    people::{events, exactly, noisy, numbers},
    stages::visits,
};

/// Subjects with the number of their rows and their total cost, as SQL and as numbers.
const SUBJECTS: &str =
    "(SELECT id_no, sum(cost) AS c, count(*) AS n, max(cost) AS m FROM t GROUP BY id_no) s";

fn costs(i: i64) -> impl Iterator<Item = i64> {
    (0..=(i % 3)).map(move |visit| 10 * i + visit)
}

#[test]
fn arguments_of_what_a_subject_comes_to_are_split_where_they_branch() {
    let often: i64 = (0..60).filter(|i| i % 3 >= 1).flat_map(costs).sum();
    let small = visits();
    exactly(
        &small,
        &format!("SELECT avg(CASE WHEN s.n >= 2 THEN s.c ELSE 0 END), sum(2 * s.n + 1) FROM {SUBJECTS}"),
        &[often as f64 / 60.0, 300.0],
    );
    exactly(
        &small,
        &format!(
            "SELECT sum(s.c) FILTER (WHERE s.n >= 2), regr_count(s.n, s.m), regr_avgx(s.m, s.n) FROM {SUBJECTS}"
        ),
        &[often as f64, 60.0, 2.0],
    );
}

#[test]
fn quantiles_of_what_a_subject_comes_to() {
    let (small, rows) = events();
    let mut rows = rows.iter().map(|(x, _)| *x);
    let mut totals: Vec<i64> = (0..400).map(|i| rows.by_ref().take(i % 5 + 1).sum()).collect();
    totals.sort_unstable();
    // The window of five hundredths in the middle.
    let middle = totals[190..210].iter().sum::<i64>() as f64 / 20.0;
    let sql = "SELECT median(s.c) FROM (SELECT id_no, sum(x) AS c FROM t GROUP BY id_no) s";
    let answer = numbers(&small, &crate::fixture::engine(), sql)[0].unwrap();
    assert!((answer - middle).abs() <= 1e-3 * middle, "{answer} for {middle}");
}

#[test]
fn grouping_sets_over_subjects_and_beside_other_releases() {
    let rows = visits().ask(&format!(
        "SELECT s.n, grouping(s.n) AS g, count(*) FROM {SUBJECTS} GROUP BY ROLLUP (s.n) ORDER BY g, s.n"
    ));
    let wanted = [
        ["1", "0", "20"],
        ["2", "0", "20"],
        ["3", "0", "20"],
        ["NULL", "1", "60"],
    ];
    assert_eq!(rows, wanted);
    let beside = visits().ask(
        "SELECT a.place, a.n, b.n FROM (SELECT place, count(*) AS n FROM t GROUP BY ROLLUP (place)) a \
         CROSS JOIN (SELECT count(DISTINCT id_no) AS n FROM t) b ORDER BY 1",
    );
    let wanted = [
        ["first", "60", "60"],
        ["later", "60", "60"],
        ["NULL", "120", "60"],
    ];
    assert_eq!(beside, wanted);
}

#[test]
fn a_branch_at_a_released_bound() {
    let all: Vec<i64> = (0..60).flat_map(costs).collect();
    let mean = all.iter().sum::<i64>() as f64 / all.len() as f64;
    let bound = (mean / 10.0 + 0.5).floor() as i64 * 10;
    let above: Vec<f64> = all
        .iter()
        .filter(|cost| **cost >= bound)
        .map(|cost| *cost as f64)
        .collect();
    let (sum, count) = (above.iter().sum::<f64>(), above.len() as f64);
    exactly(
        &visits(),
        "SELECT avg(CASE WHEN t.cost > m.a THEN t.cost END), count(*) FILTER (WHERE t.cost > m.a), \
         sum(CASE WHEN m.a < t.cost THEN t.cost ELSE 0 END) FROM t CROSS JOIN (SELECT avg(cost) AS a FROM t) m",
        &[sum / count, count, sum],
    );
}

#[test]
fn a_released_value_is_no_argument_in_any_form() {
    for argument in [
        "sum(m.a)",
        "avg(m.a + t.cost)",
        "sum(t.cost * m.a)",
        "avg(least(t.cost, m.a))",
        "sum(CASE WHEN t.place = 'first' THEN m.a ELSE 0 END)",
        "avg(coalesce(m.a, 0))",
        "median(m.a)",
        "stddev(m.a)",
        "max(m.a)",
        "regr_slope(t.cost, m.a)",
    ] {
        let sql = format!("SELECT {argument} FROM t CROSS JOIN (SELECT avg(cost) AS a FROM t) m");
        let code = visits().refused(&sql);
        let known = [
            "use_missing",
            "node_not_allowed",
            "function_not_allowed",
            "types_differ",
        ];
        assert!(known.contains(&code.as_str()), "{sql}: {code}");
    }
    for argument in [
        "sum((SELECT avg(cost) FROM t))",
        "avg(cost - (SELECT avg(cost) FROM t))",
    ] {
        visits().refused(&format!("SELECT {argument} FROM t"));
    }
}

/// One question has one answer, as a margin, as a sum over subjects, as a branch and as a filter.
#[test]
fn the_same_sum_has_the_same_answer_in_every_form() {
    let engine = noisy(7);
    let total = "(SELECT sum(s.n) AS n FROM (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s) b";
    for sql in [
        format!(
            "SELECT a.n - b.n FROM (SELECT grouping(place) AS g, count(*) AS n FROM t GROUP BY ROLLUP (place)) a \
             CROSS JOIN {total} WHERE a.g = 1"
        ),
        format!(
            "SELECT a.n - b.n FROM (SELECT sum(CASE WHEN s.n >= 2 THEN s.n END) AS n FROM {SUBJECTS}) a \
             CROSS JOIN (SELECT sum(s.n) AS n FROM {SUBJECTS} WHERE s.n >= 2) b"
        ),
        format!(
            "SELECT a.n - b.n FROM (SELECT sum(2 * s.c) / 2 AS n FROM {SUBJECTS}) a \
             CROSS JOIN (SELECT sum(cost) AS n FROM t) b"
        ),
    ] {
        let rows = table(&visits().released_by(&engine, &sql).batches);
        let difference: f64 = rows[0][0].parse().unwrap();
        assert!(difference.abs() < 1e-6, "{sql}: {rows:?}");
    }
}
