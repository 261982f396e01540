//! Arguments of sums and means: their values against a computation of our own, and attacks through them.

use crate::{
    people::{MANY, all, exactly, noisy, numbers, people, withheld, x, y},
    scored::{all_pass, however_put},
};

const CASES: &str = include_str!("sql-policy/arguments.jsonl");

#[test]
fn every_attack_is_stopped_and_every_legitimate_query_answered() {
    all_pass(CASES, 24, 7);
}

#[test]
fn however_it_is_put() {
    however_put(CASES);
}

#[test]
fn arguments_are_what_they_say() {
    let sum = |of: &dyn Fn(i64) -> f64| all().map(of).sum::<f64>();
    let n = MANY as f64;
    let small = people();
    exactly(
        &small,
        "SELECT sum(2 * x + 3) FROM t",
        &[sum(&|i| 2.0 * x(i) as f64 + 3.0)],
    );
    exactly(
        &small,
        "SELECT avg(30000 - x), avg(-y / 4) FROM t",
        &[30_000.0 - sum(&|i| x(i) as f64) / n, -sum(&y) / 4.0 / n],
    );
    exactly(
        &small,
        "SELECT avg(v * 2) FROM (SELECT x + x - 5 AS v FROM t) s",
        &[sum(&|i| 4.0 * x(i) as f64 - 10.0) / n],
    );
    let winsorised = sum(&|i| x(i).clamp(4000, 9000) as f64) / n;
    exactly(
        &small,
        "SELECT avg(greatest(least(x, 9000), 4000)) FROM t",
        &[winsorised],
    );
    exactly(
        &small,
        "SELECT sum(least(-x, -4000)) FROM t",
        &[-sum(&|i| x(i).max(4000) as f64)],
    );
    exactly(
        &small,
        "SELECT sum(CASE WHEN g = 'a' THEN x WHEN x < 6000 THEN y ELSE -1 END) FROM t",
        &[sum(&|i| {
            if i % 2 == 0 {
                x(i) as f64
            } else if x(i) < 6000 {
                y(i)
            } else {
                -1.0
            }
        })],
    );
    let old = |i: &i64| 1950 + i % 50 < 1970;
    let branch: Vec<f64> = all().filter(old).map(|i| x(i) as f64).collect();
    exactly(
        &small,
        "SELECT avg(x) FILTER (WHERE date_part('year', birth) < 1970), count(*) FILTER (WHERE date_part('year', birth) < 1970) FROM t",
        &[
            branch.iter().sum::<f64>() / branch.len() as f64,
            branch.len() as f64,
        ],
    );
    let z = |i: i64| (i % 5 != 0).then(|| x(i) as f64);
    exactly(
        &small,
        "SELECT avg(coalesce(z, 0)), avg(z), count(z), avg(least(z, 5000)) FROM t",
        &[
            sum(&|i| z(i).unwrap_or(0.0)) / n,
            sum(&|i| z(i).unwrap_or(0.0)) / 800.0,
            800.0,
            // What is missing is overlooked, so that the constant stands.
            sum(&|i| z(i).map_or(5000.0, |z| z.min(5000.0))) / n,
        ],
    );
    let age = |i: i64| 2025.0 - (1950 + i % 50) as f64;
    exactly(
        &small,
        "SELECT avg(2025 - date_part('year', birth)) FROM t",
        &[sum(&age) / n],
    );
}

#[test]
fn maps_after_the_noise_cannot_be_averaged() {
    let small = people();
    let answers = numbers(
        &small,
        &noisy(3),
        "SELECT avg(x), avg(x + 1), avg(10 * x), sum(x), sum(-x), avg(CASE WHEN g = 'a' THEN x ELSE x END) FROM t",
    );
    let of = |place: usize| answers[place].unwrap();
    assert!((of(1) - of(0) - 1.0).abs() < 1e-6);
    assert!((of(2) - 10.0 * of(0)).abs() < 1e-6);
    assert!((of(3) + of(4)).abs() < 1.0);
    // The same sum under WHERE, under FILTER and in a CASE.
    let whole = numbers(
        &small,
        &noisy(3),
        "SELECT sum(x) FILTER (WHERE g = 'a'), sum(CASE WHEN g = 'a' THEN x END), sum(CASE WHEN g = 'b' THEN 0 ELSE x END) FROM t",
    );
    let alone = numbers(&small, &noisy(3), "SELECT sum(x) FROM t WHERE g = 'a'");
    assert!(
        whole.iter().all(|value| *value == alone[0]),
        "{whole:?} {alone:?}"
    );
}

#[test]
fn branches_of_few_are_withheld() {
    let small = people();
    for sql in [
        "SELECT avg(least(x, 11950)) FROM t",
        "SELECT avg(greatest(x, 2020)) FROM t",
        "SELECT sum(CASE WHEN x >= 11950 THEN 0 ELSE x END) FROM t",
        "SELECT sum(x) FILTER (WHERE x < 11950) FROM t",
        "SELECT sum(CASE WHEN g = 'a' THEN 1 WHEN x < 11950 THEN 2 ELSE 1000000 END) FROM t",
        "SELECT count(CASE WHEN g = 'a' THEN 1 WHEN x < 11950 THEN 2 END) FROM t",
        "SELECT avg(nullif(x, 2000)) FROM t",
        "SELECT count(DISTINCT id_no) FILTER (WHERE x < 11950) FROM t",
        "SELECT median(x) FILTER (WHERE x >= 11950) FROM t",
        "SELECT corr(x, y) FILTER (WHERE x < 11950) FROM t",
    ] {
        withheld(&small, sql);
    }
    for sql in [
        "SELECT sum(x * CAST('NaN' AS DOUBLE)) FROM t",
        "SELECT sum(CASE WHEN x > 11950 THEN CAST('-inf' AS DOUBLE) ELSE 1.0 END) FROM t",
        "SELECT sum(x * 1e308) FROM t",
        "SELECT stddev(CASE WHEN g = 'a' THEN x END) FROM t",
        "SELECT avg(x * y) FROM t",
        "SELECT avg(x / 7) FROM t",
        "SELECT avg(1 / x) FROM t",
    ] {
        assert_eq!(small.refused(sql), "node_not_allowed", "{sql}");
    }
}
