//! Statistics of second moments: their values against a computation of our own, and whom they must not speak of.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use crate::{
    fixture::engine,
    people::{MANY, all, events, exactly, noisy, numbers, people, withheld, x, y},
    small::{Small, free, units, whole},
};

struct Moments {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

fn moments(pairs: &[(f64, f64)]) -> Moments {
    let n = pairs.len() as f64;
    let (x, y) = (
        pairs.iter().map(|p| p.0).sum::<f64>() / n,
        pairs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let of = |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|p| f(p.0 - x, p.1 - y)).sum::<f64>();
    Moments {
        n,
        x,
        y,
        xx: of(&|a, _| a * a),
        xy: of(&|a, b| a * b),
        yy: of(&|_, b| b * b),
    }
}

#[test]
fn statistics_of_two_arguments_are_what_they_say() {
    let sql = "SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x), regr_slope(y, x), regr_intercept(y, x), \
               regr_r2(y, x), regr_count(y, x), regr_avgx(y, x), regr_avgy(y, x), var_pop(x), stddev(y) FROM t";
    let wanted = |m: &Moments| {
        let slope = m.xy / m.xx;
        let r = m.xy / (m.xx * m.yy).sqrt();
        [
            r,
            m.xy / m.n,
            m.xy / (m.n - 1.0),
            slope,
            m.y - slope * m.x,
            r * r,
            m.n,
            m.x,
            m.y,
            m.xx / m.n,
            (m.yy / (m.n - 1.0)).sqrt(),
        ]
    };
    let pairs: Vec<(f64, f64)> = all().map(|i| (x(i) as f64, y(i))).collect();
    exactly(&people(), sql, &wanted(&moments(&pairs)));
    // Subjects with many rows: the squares are those of rows.
    let (small, rows) = events();
    let rows: Vec<(f64, f64)> = rows.into_iter().map(|(x, y)| (x as f64, y)).collect();
    exactly(&small, sql, &wanted(&moments(&rows)));
    // Only where both are there; and affine maps.
    let both: Vec<(f64, f64)> = all()
        .filter(|i| i % 5 != 0)
        .map(|i| (3.0 * x(i) as f64 - 1.0, -y(i)))
        .collect();
    let m = moments(&both);
    exactly(
        &people(),
        "SELECT regr_slope(-y, 3 * z - 1), regr_intercept(-y, 3 * z - 1), corr(3 * z - 1, -y), regr_count(y, z) FROM t",
        &[
            m.xy / m.xx,
            m.y - m.xy / m.xx * m.x,
            m.xy / (m.xx * m.yy).sqrt(),
            800.0,
        ],
    );
}

#[test]
fn second_moments_of_few_are_withheld() {
    let of = |x: &dyn Fn(i64) -> i64| {
        let y: ArrayRef = Arc::new(Float64Array::from_iter_values(all().map(y)));
        Small::personal(
            1,
            units(MANY as u64),
            vec![("x", whole(all().map(x)), free()), ("y", y, free())],
        )
    };
    let sql = "SELECT corr(y, x), regr_slope(y, x), covar_pop(x, y), var_pop(x) FROM t";
    // One person's, three people's, nobody's.
    withheld(&of(&|i| if i == 7 { 900 } else { 5 }), sql);
    withheld(&of(&|i| if i < 3 { 6 } else { 5 }), sql);
    withheld(&of(&|i| if i < 9 { 6 } else { 5 }), sql);
    withheld(&of(&|_| 5), sql);
    let two = of(&|i| if i % 3 == 0 { 6 } else { 5 });
    assert!(numbers(&two, &engine(), sql).iter().all(Option::is_some));
    // Eleven subjects have nine degrees of freedom beside a line.
    let y: ArrayRef = Arc::new(Float64Array::from_iter_values(
        (0..11).map(|i| (i * i % 7) as f64),
    ));
    let few = Small::personal(
        1,
        units(11),
        vec![
            ("x", whole((0..11).map(|i| i * 3 % 11)), free()),
            ("y", y, free()),
        ],
    );
    withheld(&few, "SELECT corr(y, x) FROM t");
    // One argument is missing for three.
    let z: ArrayRef = Arc::new(Int64Array::from_iter(all().map(|i| (i > 2).then(|| x(i)))));
    let missing = Small::personal(
        1,
        units(MANY as u64),
        vec![("x", whole(all().map(x)), free()), ("z", z, free())],
    );
    withheld(
        &missing,
        "SELECT corr(x, z), regr_avgx(x, z), regr_avgy(x, z), regr_count(x, z) FROM t",
    );
}

#[test]
fn perturbed_answers_stay_within_the_noise() {
    let small = people();
    let pairs: Vec<(f64, f64)> = all().map(|i| (x(i) as f64, y(i))).collect();
    let m = moments(&pairs);
    let sorted = {
        let mut all: Vec<f64> = pairs.iter().map(|p| p.0).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    for key in 1..=8 {
        let answers = numbers(
            &small,
            &noisy(key),
            "SELECT avg(2 * x), regr_slope(y, x), corr(y, x), median(x), avg(2025 - date_part('year', birth)), count(*) FROM t",
        );
        let of = |place: usize| answers[place].unwrap();
        // Six deviations of a sum, a count and the two contributions that are lowered.
        assert!(
            (of(0) - 2.0 * m.x).abs() < 2.0 * (6.0 * 11_960.0 + 6.0 * 2.0 * m.x) / 1000.0,
            "{answers:?}"
        );
        assert!((of(1) - m.xy / m.xx).abs() < 0.1, "{answers:?}");
        assert!(of(2) <= 1.0 && of(2) > 0.9, "{answers:?}");
        // Twelve ranks and half of a window.
        let between = sorted[500 - 17]..sorted[500 + 17];
        assert!(between.contains(&of(3)), "{answers:?}: {between:?}");
        assert!((of(4) - 50.5).abs() < 6.0 * 26.0 / 1000.0 + 0.5, "{answers:?}");
        assert!((of(5) - 1000.0).abs() <= 12.0, "{answers:?}");
    }
}
