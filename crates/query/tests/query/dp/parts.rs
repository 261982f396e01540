//! Figures of several parts in mode `dp`, and what has no parts of which one subject changes a known amount.

use shuyu_privacy::Statistic;
use shuyu_query::CheckError;

use super::{answer, engine, estimate, limited, memory, number, people, permit};
use crate::small::{Small, units, whole};

#[test]
fn quantiles_moments_and_grouping_sets_are_refused() {
    let people = people();
    let function = |sql: &str| match engine(1).check(&permit(&people), sql, memory(&people).as_ref()) {
        Err(CheckError::Refused(refusal)) => {
            assert_eq!(refusal.code, "dp_statistic_refused", "{sql}");
            refusal.facts.get("function").cloned()
        }
        other => panic!("{sql}: {other:?}"),
    };
    for (sql, called) in [
        ("SELECT median(x) FROM t", "percentile_cont"),
        ("SELECT corr(x, y) FROM t", "corr"),
        ("SELECT var_pop(least(greatest(x, 0), 9)) FROM t", "var_pop"),
        ("SELECT g, count(*) FROM t GROUP BY ROLLUP (g)", "grouping"),
    ] {
        assert_eq!(function(sql).as_deref(), Some(called), "{sql}");
    }
}

#[test]
fn branches_and_multiples_have_noise_for_each_part() {
    let people = people();
    let sql = "SELECT avg(CASE WHEN g = 'a' THEN 2 * x ELSE 10 END), sum(x + 1) FILTER (WHERE g = 'b'), \
               count(DISTINCT id_no) FILTER (WHERE g = 'a'), avg(CASE WHEN x < 50 THEN 1 ELSE 0 END) FROM t";
    let told = estimate(&people, sql);
    let statistics: Vec<Statistic> = told.expected.iter().map(|one| one.statistic).collect();
    assert_eq!(
        statistics,
        [
            Statistic::Mean,
            Statistic::Sum,
            Statistic::Distinct,
            Statistic::Share
        ]
    );
    let row = answer(&people, 12, sql).remove(0);
    let exact = [
        (600.0 * 99.0 + 303.0 * 10.0) / 903.0,
        300.0 * 50.5,
        600.0,
        453.0 / 903.0,
    ];
    for ((text, exact), one) in row.iter().zip(exact).zip(&told.expected) {
        // Three times what 95 of 100 keep.
        let within = 3.0 * one.error.half_width * if one.error.among.is_some() { 1.2 } else { 1.0 };
        assert!((number(text) - exact).abs() < within, "{row:?} {exact}");
    }
    // The same rows with a value are paid for once, a factor is no further sum.
    let half = |sql: &str| estimate(&people, sql).expected[0].error.half_width;
    assert!((half("SELECT sum(2 * x) FROM t") / half("SELECT sum(x) FROM t") - 2.0).abs() < 1e-9);
    assert_eq!(
        half("SELECT avg(x), count(x), sum(x) FROM t"),
        half("SELECT avg(x) FROM t")
    );
}

#[test]
fn what_lies_far_from_zero_is_added_up_around_the_middle() {
    let year = whole((0..400).map(|i| 1_950 + i % 50));
    let small = Small::personal(1, units(400), vec![("year", year, limited(1_950, 2_000))]);
    let told = estimate(&small, "SELECT avg(year) FROM t").expected.remove(0);
    assert!(told.error.half_width < 5.0, "{told:?}");
    let row = answer(&small, 2, "SELECT avg(year), sum(year) FROM t").remove(0);
    assert!((number(&row[0]) - 1_974.5).abs() < 10.0, "{row:?}");
    assert!((number(&row[1]) / 400.0 - 1_974.5).abs() < 200.0, "{row:?}");
}
