//! Quantiles: where they lie, and when they are withheld.

use shuyu_privacy::{ColumnGrant, Grain};

use crate::{
    fixture::engine,
    people::{MANY, all, events, in_turn, noisy, numbers, people, withheld, x},
    small::{Small, free, units, whole},
};

#[test]
fn quantiles_lie_where_they_should() {
    let small = people();
    let mut sorted: Vec<i64> = all().map(x).collect();
    sorted.sort_unstable();
    for (sql, place) in [
        ("SELECT median(x) FROM t", 0.5),
        ("SELECT approx_median(x) FROM t", 0.5),
        (
            "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY x) FROM t",
            0.25,
        ),
        (
            "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY x DESC) FROM t",
            0.75,
        ),
        ("SELECT approx_percentile_cont(x, 0.905) FROM t", 0.905),
        (
            "SELECT approx_percentile_cont(0.99) WITHIN GROUP (ORDER BY x) FROM t",
            0.99,
        ),
    ] {
        let answer = numbers(&small, &engine(), sql)[0].unwrap_or_else(|| panic!("{sql}"));
        let at = |share: f64| sorted[((share * MANY as f64) as usize).min(sorted.len() - 1)] as f64;
        assert!(
            (at(place - 0.01)..=at(place + 0.009)).contains(&answer),
            "{sql}: {answer}"
        );
    }
    let (events, rows) = events();
    let mut values: Vec<i64> = rows.iter().map(|(x, _)| *x).collect();
    values.sort_unstable();
    let answer = numbers(&events, &engine(), "SELECT median(x) FROM t")[0].unwrap();
    let at = |share: f64| values[(share * values.len() as f64) as usize] as f64;
    assert!((at(0.47)..=at(0.53)).contains(&answer), "{answer}");
}

#[test]
fn quantiles_of_few_near_the_edge_or_of_a_class_are_withheld() {
    let small = people();
    for fraction in ["0", "0.005", "0.009", "0.995", "1"] {
        withheld(
            &small,
            &format!("SELECT approx_percentile_cont(x, {fraction}) FROM t"),
        );
    }
    let of = |many: u64, x: &dyn Fn(i64) -> i64| {
        Small::personal(
            1,
            units(many),
            vec![("x", whole((0..many as i64).map(x)), free())],
        )
    };
    withheld(&of(99, &|i| i), "SELECT median(x) FROM t");
    assert!(numbers(&of(140, &|i| i), &engine(), "SELECT median(x) FROM t")[0].is_some());
    // All but a few have one value.
    withheld(
        &of(200, &|i| if i < 195 { 7 } else { i }),
        "SELECT median(x) FROM t",
    );
    // Rows of few subjects are no window.
    let rows: Vec<u64> = units(120)
        .into_iter()
        .chain(std::iter::repeat_n(units(1)[0], 40))
        .collect();
    let x = whole((0..160).map(|i| if i < 120 { i * 10 } else { 605 }));
    let small = Small::personal(100, rows, vec![("x", x, free())]);
    withheld(&small, "SELECT median(x) FROM t");
    // A number with a grain is answered on the grain.
    let grained = ColumnGrant {
        grain: Some(Grain::Number {
            filter: 1000,
            group: 1000,
        }),
        ..free()
    };
    let small = Small::personal(
        1,
        units(300),
        vec![("x", whole((0..300).map(|i| i * 37)), grained)],
    );
    for key in 1..=5 {
        let answer = numbers(&small, &noisy(key), "SELECT median(x) FROM t")[0].unwrap();
        assert!(answer % 1000.0 == 0.0, "{answer}");
    }
}

#[test]
fn close_sets_have_one_quantile_and_one_winsorised_mean() {
    let small = people();
    for statistic in [
        "median(x)",
        "approx_percentile_cont(x, 0.9)",
        "avg(3 * x + 1)",
        "var_pop(x)",
    ] {
        let whole = format!("SELECT {statistic} FROM t");
        // Ten subjects have a value of 11,870 or more.
        let fewer = format!("SELECT {statistic} FROM t WHERE x < 11900");
        let answers = in_turn(&small, &noisy(5), &[&whole, &fewer, &whole]);
        assert!(
            answers
                .iter()
                .all(|answer| *answer == answers[0] && answer != "NULL"),
            "{statistic}: {answers:?}"
        );
    }
}
