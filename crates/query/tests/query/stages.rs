//! Statements in stages: several releases, released values as bounds, and rows that stay with their subject.

use std::sync::Arc;

use arrow::array::Int64Array;
use shuyu_privacy::{Bounds, ColumnGrant, GateKey, Grain, Use};
use shuyu_query::{Engine, EngineLimits};

use crate::{
    fixture::{WORLD, block_on},
    small::{Small, free, groups, text, units, uses, whole},
};

/// Sixty subjects with one to three rows each: subject `i` has `i % 3 + 1` rows that cost `10 · i`, `10 · i + 1`, …
pub fn visits() -> Small {
    let (mut rows, mut cost, mut place, mut rare) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (i, unit) in units(60).into_iter().enumerate() {
        for visit in 0..=(i % 3) {
            rows.push(unit);
            cost.push((10 * i + visit) as i64);
            place.push(if visit == 0 { "first" } else { "later" });
            rare.push(if i == 7 { "rare" } else { "usual" });
        }
    }
    let grained = ColumnGrant {
        grain: Some(Grain::Number {
            filter: 10,
            group: 100,
        }),
        bounds: Some(Bounds { low: 0, high: 10_000 }),
        ..free()
    };
    Small::personal(
        3,
        rows,
        vec![
            ("cost", whole(cost), grained),
            ("place", text(place), uses(&[Use::Group, Use::Filter])),
            ("rare", text(rare), uses(&[Use::Group, Use::Filter])),
        ],
    )
}

fn totals() -> Vec<i64> {
    (0..60i64)
        .map(|i| (0..=(i % 3)).map(|visit| 10 * i + visit).sum())
        .collect()
}

#[test]
fn several_releases_of_one_statement_are_put_together() {
    let rows = visits().ask(
        "SELECT a.n, b.n, c.n FROM (SELECT count(*) AS n FROM t) a \
         CROSS JOIN (SELECT count(DISTINCT id_no) AS n FROM t) b \
         CROSS JOIN (SELECT count(*) AS n FROM t WHERE place = 'later') c",
    );
    assert_eq!(rows, [["120", "60", "60"]]);
    let union = groups()
        .ask("SELECT 'all' AS g, count(*) AS n FROM t UNION ALL SELECT g, count(*) FROM t GROUP BY g");
    // The rest would be five people: the part of forty is answered as the whole of forty-five was, or not at all.
    assert!(
        union.len() <= 2 && union.contains(&vec!["all".to_owned(), "45".to_owned()]),
        "{union:?}"
    );
}

#[test]
fn cells_of_several_releases_are_compared_with_each_other() {
    // Under noise the same set has the same answer, and a set that differs by one has the answer of the first.
    let engine = Engine::new(GateKey::new([3; 32]), EngineLimits::default());
    for second in ["", " WHERE rare = 'usual'"] {
        let sql = format!(
            "SELECT a.n - b.n FROM (SELECT count(DISTINCT id_no) AS n FROM t) a \
             CROSS JOIN (SELECT count(DISTINCT id_no) AS n FROM t{second}) b"
        );
        let released = visits().released_by(&engine, &sql);
        assert_eq!(crate::fixture::table(&released.batches), [["0"]], "{second}");
    }
}

#[test]
fn rows_of_a_subject_are_put_together_first() {
    let totals = totals();
    let mean = |values: &[i64]| values.iter().sum::<i64>() as f64 / values.len() as f64;
    let rows = visits().ask(
        "SELECT avg(s.c), sum(s.n), avg(s.m), count(*) FROM \
         (SELECT id_no, sum(cost) AS c, count(*) AS n, max(cost) AS m FROM t GROUP BY id_no) s",
    );
    let greatest: Vec<i64> = (0..60i64).map(|i| 10 * i + i % 3).collect();
    assert_eq!(
        rows,
        [[
            format!("{:.8e}", mean(&totals)),
            "120".to_owned(),
            format!("{:.8e}", mean(&greatest)),
            "60".to_owned()
        ]]
    );
}

#[test]
fn values_of_subjects_are_grouped_and_filtered_at_their_grain() {
    let by_rows = visits()
        .ask("SELECT s.n, count(*) FROM (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s GROUP BY s.n ORDER BY 1");
    assert_eq!(by_rows, [["1", "20"], ["2", "20"], ["3", "20"]]);
    let having =
        visits().ask("SELECT count(*) FROM (SELECT id_no FROM t GROUP BY id_no HAVING sum(cost) >= 500) s");
    let expected = totals().iter().filter(|total| **total >= 500).count();
    assert_eq!(having, [[expected.to_string()]]);
}

#[test]
fn subjects_join_their_own_rows() {
    let rows = visits().ask(
        "SELECT t.place, count(*) FROM t JOIN (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s \
         ON t.id_no = s.id_no WHERE s.n <= 2 GROUP BY t.place ORDER BY 1",
    );
    assert_eq!(rows, [["first", "40"], ["later", "20"]]);
}

#[test]
fn keys_beside_the_subject_leave_several_rows() {
    let rows = visits().ask(
        "SELECT s.place, sum(s.n), count(DISTINCT s.id_no) FROM \
         (SELECT id_no, place, count(*) AS n FROM t GROUP BY id_no, place) s GROUP BY s.place ORDER BY 1",
    );
    assert_eq!(rows, [["first", "60", "60"], ["later", "60", "40"]]);
    let distinct = visits().ask("SELECT count(*) FROM (SELECT DISTINCT id_no, place FROM t) s");
    assert_eq!(distinct, [["100"]]);
}

#[test]
fn windows_over_the_rows_of_a_subject() {
    let first = visits().ask(
        "SELECT count(*), sum(s.cost) FROM (SELECT id_no, cost, row_number() OVER \
         (PARTITION BY id_no ORDER BY cost) AS r FROM t) s WHERE s.r = 1",
    );
    let sum: i64 = (0..60).map(|i| 10 * i).sum();
    assert_eq!(first, [["60".to_owned(), sum.to_string()]]);
    let lagged = visits().ask(
        "SELECT count(s.before), sum(s.before) FROM (SELECT id_no, lag(cost) OVER \
         (PARTITION BY id_no ORDER BY cost) AS before FROM t) s",
    );
    let before: i64 = (0..60i64)
        .map(|i| (0..(i % 3)).map(|v| 10 * i + v).sum::<i64>())
        .sum();
    assert_eq!(lagged, [["60".to_owned(), before.to_string()]]);
    let all = visits().ask(
        "SELECT s.n, count(*) FROM (SELECT id_no, count(*) OVER (PARTITION BY id_no) AS n FROM t) s \
         GROUP BY s.n ORDER BY 1",
    );
    assert_eq!(all, [["1", "20"], ["2", "40"], ["3", "60"]]);
}

#[test]
fn a_released_value_is_a_bound_at_the_grain() {
    // The mean of all rows is 301.67; the grain is ten.
    let rows: Vec<i64> = (0..60i64)
        .flat_map(|i| (0..=(i % 3)).map(move |v| 10 * i + v))
        .collect();
    let mean = rows.iter().sum::<i64>() as f64 / rows.len() as f64;
    let bound = (mean / 10.0).round() as i64 * 10;
    let above = rows.iter().filter(|cost| **cost >= bound).count();
    let expected = [[above.to_string()]];
    for sql in [
        "SELECT count(*) FROM t WHERE cost > (SELECT avg(cost) FROM t)",
        "SELECT count(*) FROM t WHERE (SELECT avg(cost) FROM t) < cost",
        "SELECT count(*) FROM t CROSS JOIN (SELECT avg(cost) AS a FROM t) m WHERE t.cost > m.a",
        "WITH m AS (SELECT avg(cost) AS a FROM t) SELECT count(*) FROM t, m WHERE cost >= m.a",
        "SELECT count(*) FROM t WHERE cost BETWEEN (SELECT avg(cost) FROM t) AND 9999",
    ] {
        assert_eq!(visits().ask(sql), expected, "{sql}");
    }
}

#[test]
fn a_released_relation_joins_on_dimensions() {
    let small = visits();
    let mean = |first: bool| {
        let rows: Vec<i64> = (0..60i64)
            .flat_map(|i| {
                (0..=(i % 3))
                    .filter(move |v| (*v == 0) == first)
                    .map(move |v| 10 * i + v)
            })
            .collect();
        let bound = rows.iter().sum::<i64>() as f64 / rows.len() as f64;
        let bound = (bound / 10.0 + 0.5).floor() as i64 * 10;
        rows.into_iter().filter(|cost| *cost >= bound).count().to_string()
    };
    let rows = small.ask(
        "SELECT t.place, count(*) FROM t JOIN (SELECT place, avg(cost) AS a FROM t GROUP BY place) c \
         ON t.place = c.place WHERE t.cost > c.a GROUP BY t.place ORDER BY 1",
    );
    assert_eq!(
        rows,
        [
            ["first".to_owned(), mean(true)],
            ["later".to_owned(), mean(false)]
        ]
    );
}

/// The number of subjects, of rows and of whatever else is counted is perturbed by one deviation at one scale: two
/// scales would show the number.
#[test]
fn a_count_is_a_count_however_it_was_come_by() {
    let engine = Engine::new(GateKey::new([9; 32]), EngineLimits::default());
    let ask = |sql: &str| crate::fixture::table(&visits().released_by(&engine, sql).batches);
    let number = |rows: Vec<Vec<String>>| rows[0][0].parse::<f64>().unwrap();
    let rows = number(ask("SELECT count(*) FROM t"));
    for sql in [
        "SELECT sum(s.n) FROM (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s",
        "SELECT sum(s.n) FROM (SELECT id_no, count(cost) AS n FROM t GROUP BY id_no) s",
        "SELECT sum(r.m) FROM (SELECT id_no, max(n) AS m FROM (SELECT id_no, count(*) AS n FROM t GROUP BY id_no) s GROUP BY id_no) r",
        "SELECT sum(r.m) FROM (SELECT id_no, sum(n) AS m FROM (SELECT id_no, place, count(*) AS n FROM t GROUP BY id_no, place) s GROUP BY id_no) r",
    ] {
        assert_eq!(number(ask(sql)), rows, "{sql}");
    }
    let subjects = number(ask("SELECT count(DISTINCT id_no) FROM t"));
    for sql in [
        "SELECT sum(s.d) FROM (SELECT id_no, count(DISTINCT id_no) AS d FROM t GROUP BY id_no) s",
        "SELECT sum(s.r) FROM (SELECT id_no, row_number() OVER (PARTITION BY id_no ORDER BY cost) AS r FROM t) s WHERE s.r = 1",
    ] {
        assert_eq!(number(ask(sql)), subjects, "{sql}");
    }
}

#[test]
fn names_of_columns_are_no_way_in() {
    // A key under the name of the hidden unit, and two columns of one name.
    let rows = visits().ask(
        "SELECT count(DISTINCT s.id_no) FROM (SELECT id_no, \"__unit\", count(*) AS n FROM \
         (SELECT id_no, place AS \"__unit\" FROM t) a GROUP BY id_no, \"__unit\") s",
    );
    assert_eq!(rows, [["60"]]);
}

#[test]
fn missing_values_stay_missing_below() {
    let x = Int64Array::from_iter((0..80).map(|i| (i % 2 == 0).then_some(i)));
    let subjects: Vec<u64> = units(40).into_iter().flat_map(|unit| [unit, unit]).collect();
    let small = Small::personal(2, subjects, vec![("x", Arc::new(x), free())]);
    let rows = small.ask(
        "SELECT count(*), sum(s.n), sum(s.m) FROM (SELECT id_no, count(x) AS n, min(x) AS m FROM t GROUP BY id_no) s",
    );
    let sum: i64 = (0..40).map(|i| 2 * i).sum();
    assert_eq!(rows, [["40".to_owned(), "40".to_owned(), sum.to_string()]]);
}

#[test]
fn deep_nesting_has_an_end() {
    let mut sql = "SELECT id_no, count(*) AS n FROM t GROUP BY id_no".to_owned();
    for level in 0..6 {
        sql = format!(
            "SELECT a{level}.id_no, sum(a{level}.n) AS n FROM ({sql}) a{level} GROUP BY a{level}.id_no"
        );
    }
    assert_eq!(
        visits().ask(&format!("SELECT sum(z.n) FROM ({sql}) z")),
        [["120"]]
    );
    for level in 6..40 {
        sql = format!(
            "SELECT a{level}.id_no, sum(a{level}.n) AS n FROM ({sql}) a{level} GROUP BY a{level}.id_no"
        );
    }
    let code = visits().refused(&format!("SELECT sum(z.n) FROM ({sql}) z"));
    assert!(
        ["query_too_large", "query_not_parsed"].contains(&code.as_str()),
        "{code}"
    );
}

/// Under noise every figure is within six deviations of an independent computation.
#[test]
fn perturbed_values_are_near() {
    let engine = Engine::new(GateKey::new([5; 32]), EngineLimits::default());
    let sql = "SELECT p.sex, avg(t.c) AS a FROM person p JOIN (SELECT id_no, count(*) AS c FROM visit \
               WHERE hospital = 'H01' GROUP BY id_no) t ON p.id_no = t.id_no GROUP BY p.sex ORDER BY 1";
    let permit = crate::fixture::permit();
    let sealed = engine.check(&permit, sql, WORLD.memory.as_ref()).unwrap();
    let tables: Arc<dyn shuyu_query::Tables> = Arc::clone(&WORLD.memory) as Arc<dyn shuyu_query::Tables>;
    let past = shuyu_query::Past::default();
    let stop = tokio_util::sync::CancellationToken::new();
    let released = block_on(engine.run(&sealed, tables, &past, &stop)).unwrap();
    assert_eq!(released.num_rows(), 2);
    for sum in &released.sums {
        let value = sum.verdict.value().unwrap();
        assert!(value != sum.exact || sum.exact < 1.0);
        // A subject comes to H01 a few times only, so T is small beside the total of ten thousand.
        assert!((value - sum.exact).abs() <= 6.0 * 2.0 * 10.0, "{sum:?}");
    }
}
