//! Ways around the check that were open once.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray},
    datatypes::DataType,
};
use shuyu_privacy::{Bounds, ColumnGrant, DateGrain, Grain, Permit, TableKind};

use crate::{
    fixture::{Outcome, WORLD, citations, engine, permit, table},
    small::{Small, free, groups, text, units, whole},
};

/// Forty subjects; every kind of column, the last subject with the extreme values.
fn extremes() -> Small {
    let last = |i: i64| i == 39;
    let d = Date32Array::from_iter_values((0..40).map(|i| if last(i) { 2_932_896 } else { 19_800 }));
    let x = Int64Array::from_iter_values((0..40).map(|i| if last(i) { i64::MAX } else { i }));
    let y = Float64Array::from_iter_values((0..40).map(|i| if last(i) { f64::NAN } else { 1.5 }));
    let c = Decimal128Array::from_iter_values((0..40).map(|i| if last(i) { i128::MAX / 10 } else { 7 }))
        .with_precision_and_scale(38, 2)
        .unwrap();
    let g = text((0..40).map(|i| if i < 20 { "a" } else { "b" }));
    let columns: Vec<(&str, ArrayRef, ColumnGrant)> = vec![
        ("g", g, free()),
        ("d", Arc::new(d), free()),
        ("x", Arc::new(x), free()),
        ("y", Arc::new(y), free()),
        ("c", Arc::new(c), free()),
    ];
    Small::personal(1, units(40), columns)
}

fn refused_and_not_opaque(small: &Small, statements: &[&str]) {
    for sql in statements {
        let outcome = small.outcome(&engine(), sql);
        assert!(matches!(outcome, Outcome::Refused(_)), "{sql}: {outcome:?}");
    }
}

#[test]
fn an_overflow_of_decimals_answers_nothing() {
    let guarded =
        |test: &str| format!("SELECT count(*) FROM t WHERE CASE WHEN g = 'b' THEN {test} ELSE true END");
    let statements = [
        "((x - 3) * 1000000000000000000 / CAST(1 AS DECIMAL(18,17))) IS NULL",
        "(x % CAST(7 AS DECIMAL(18,17))) IS NULL",
        "(x + CAST(1 AS DECIMAL(18,17))) IS NULL",
        "x > CAST(1 AS DECIMAL(38,37))",
        "x IN (CAST(1 AS DECIMAL(38,37)), 2)",
        "x BETWEEN CAST(1 AS DECIMAL(38,37)) AND 2",
        "CAST(x AS DECIMAL(20,10)) IS NULL",
        "TRY_CAST(x AS DECIMAL(20,10)) IS NULL",
        "coalesce(x, CAST(1 AS DECIMAL(38,37))) IS NULL",
        "CASE WHEN g = 'b' THEN x ELSE CAST(1 AS DECIMAL(38,37)) END IS NULL",
        "(c * c) IS NULL",
        "c > 1",
        "(x + 18446744073709551615) IS NULL",
        "x > 18446744073709551615",
        "-(CASE WHEN g = 'b' THEN -9223372036854775808 END) = 1",
        "(x / (CASE WHEN g = 'b' THEN 0 ELSE 1 END)) IS NULL",
        "CAST(y AS BIGINT) > 1",
        "CAST(CAST(x AS DOUBLE) AS BIGINT) > 1",
        "CAST(x AS INT) > 1",
        "CAST(CAST(d AS INT) AS SMALLINT) > 1",
    ]
    .map(guarded);
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    refused_and_not_opaque(&extremes(), &statements);
    refused_and_not_opaque(
        &extremes(),
        &[
            "SELECT sum(CAST(y AS BIGINT)) FROM t",
            "SELECT avg(CAST(CAST(x AS DOUBLE) AS BIGINT)) FROM t",
            "SELECT sum(c) FROM t",
            "SELECT (x - 3) / CAST(1 AS DECIMAL(18,17)), count(*) FROM t GROUP BY 1",
            "SELECT count(DISTINCT x / CAST(1 AS DECIMAL(18,17))) FROM t",
        ],
    );
    let refusal = extremes().refusal(statements[0]);
    assert_eq!(refusal.code, "function_not_allowed");
    assert_eq!(refusal.facts["function"], "/");
    assert_eq!(refusal.facts["column"], "x");
}

#[test]
fn a_far_date_answers_nothing() {
    let guarded =
        |test: &str| format!("SELECT count(*) FROM t WHERE CASE WHEN g = 'b' THEN {test} ELSE true END");
    let statements = [
        "d < TIMESTAMP '2024-01-01 00:00:00'",
        "d = TIMESTAMP '2024-01-01 00:00:00'",
        "d IN (TIMESTAMP '2024-01-01 00:00:00')",
        "d BETWEEN TIMESTAMP '2024-01-01 00:00:00' AND DATE '2024-02-01'",
        "CASE d WHEN TIMESTAMP '2024-01-01 00:00:00' THEN 1 END = 1",
        "coalesce(d, TIMESTAMP '2024-01-01 00:00:00') IS NULL",
        "nullif(d, TIMESTAMP '2024-01-01 00:00:00') IS NULL",
        "date_trunc('month', coalesce(d, d)) IS NULL",
        "date_trunc('month', CASE WHEN g = 'b' THEN d END) IS NULL",
        "date_trunc('month', nullif(d, DATE '2024-01-01')) IS NULL",
        "date_trunc('month', CAST(d AS TIMESTAMP)) IS NULL",
        "TRY_CAST(d AS TIMESTAMP) IS NULL",
        "CAST(d AS VARCHAR) = ''",
        "d + INTERVAL '1 month' IS NULL",
        "to_char(coalesce(d, d), '%Y') = ''",
    ]
    .map(guarded);
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    refused_and_not_opaque(&extremes(), &statements);
    for sql in [
        "SELECT count(*) FROM t WHERE date_trunc('month', d) = DATE '2024-03-01'",
        "SELECT count(*) FROM t WHERE d >= DATE '2024-01-01' AND d < '2025-01-01'",
        "SELECT date_trunc('year', d), count(*) FROM t GROUP BY 1",
        "SELECT date_part('year', coalesce(d, d)), count(*) FROM t GROUP BY 1",
    ] {
        let outcome = extremes().outcome(&engine(), sql);
        assert!(matches!(outcome, Outcome::Answered), "{sql}: {outcome:?}");
    }
}

#[test]
fn a_far_date_of_other_rows_does_not_fail_either() {
    let mut small = Small::default();
    let day = Date32Array::from(vec![2_932_896, 19_800, 19_801]);
    let grant = ColumnGrant {
        grain: Some(Grain::Date(DateGrain::Month)),
        uses: [shuyu_privacy::Use::Group, shuyu_privacy::Use::Out].into(),
        ..ColumnGrant::default()
    };
    small.add(
        "river",
        TableKind::NonPersonal,
        vec![("d", Arc::new(day), grant)],
        &[],
    );
    let rows = small.ask("SELECT date_trunc('month', d) AS m, count(*) FROM river GROUP BY 1 ORDER BY 1");
    assert_eq!(
        rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(),
        ["2", "1"]
    );
}

#[test]
fn counting_different_values_tells_nothing_of_one_row() {
    for sql in [
        "SELECT count(DISTINCT CASE WHEN g = 'b' AND x = 141 THEN 1 ELSE 0 END) FROM t",
        "SELECT count(DISTINCT nullif(x, 141)) FROM t",
        "SELECT count(DISTINCT coalesce(g, 'z')) FROM t",
        "SELECT count(DISTINCT x > 141) FROM t",
        "SELECT count(DISTINCT v) FROM (SELECT CASE WHEN x = 141 THEN 1 ELSE 0 END AS v FROM t) s",
    ] {
        let refusal = groups().refusal(sql);
        assert_eq!(refusal.code, "node_not_allowed", "{sql}");
        assert_eq!(refusal.facts["node"], "distinct_argument", "{sql}");
        assert!(refusal.facts["nearest"].starts_with("count(DISTINCT "), "{sql}");
    }
    // 40 subjects hold "a"; the five that hold "b" are too few for it to count.
    assert_eq!(groups().ask("SELECT count(DISTINCT g) FROM t"), [["1"]]);
    // Every subject has a value of its own.
    assert_eq!(groups().ask("SELECT count(DISTINCT x) FROM t"), [["0"]]);
    assert_eq!(groups().ask("SELECT count(DISTINCT id_no) FROM t"), [["45"]]);
}

#[test]
fn a_value_counts_for_its_subjects_and_not_for_its_rows() {
    // Six subjects with ten rows each hold "a", fourteen hold "b".
    let mut all: Vec<u64> = units(20)[..6].iter().flat_map(|unit| vec![*unit; 10]).collect();
    all.extend(&units(20)[6..]);
    let g: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..all.len()).map(|i| if i < 60 { "a" } else { "b" }),
    ));
    let small = Small::personal(10, all, vec![("g", g, free())]);
    assert_eq!(small.ask("SELECT count(DISTINCT g) FROM t"), [["1"]]);
}

#[test]
fn an_argument_tells_nothing_of_one_row() {
    for sql in [
        "SELECT count(CASE WHEN g = 'b' AND x = 141 THEN NULL ELSE 1 END) FROM t",
        "SELECT count(nullif(x, 141)) FROM t",
        "SELECT count(v) FROM (SELECT nullif(x, 141) AS v FROM t) s",
        "SELECT sum(CASE WHEN x = 141 THEN x ELSE 0 END) FROM t",
        "SELECT avg(v) FROM (SELECT nullif(x, 141) AS v FROM t) s",
        "SELECT count(x) FILTER (WHERE x > 141) FROM t",
    ] {
        assert_eq!(groups().ask(sql), [["NULL"]], "{sql}");
    }
    assert_eq!(
        groups().ask("SELECT count(x + 1), avg(coalesce(x, 0)) FROM t"),
        [["45", "1.22000000e2"]]
    );
    assert_eq!(
        groups().ask("SELECT count(*), count(1), count(v) FROM (SELECT x AS v FROM t) s"),
        [["45", "45", "45"]]
    );
}

#[test]
fn buckets_go_down_and_not_towards_zero() {
    // Twenty subjects at -10, twenty from -9 to -1, twenty from 0 to 9.
    let values = (0..60).map(|i| match i / 20 {
        0 => -10,
        1 => -1 - i % 9,
        _ => i % 10,
    });
    let grained = |bounds| ColumnGrant {
        grain: Some(Grain::Number {
            filter: 10,
            group: 10,
        }),
        bounds,
        ..free()
    };
    let world = |bounds| Small::personal(1, units(60), vec![("x", whole(values.clone()), grained(bounds))]);
    let cell = |cell: f64, n: &str| vec![format!("{cell:.8e}"), n.to_owned()];
    assert_eq!(
        world(None).ask("SELECT floor(x / 10), count(*) FROM t GROUP BY 1 ORDER BY 1"),
        [cell(-1.0, "40"), cell(0.0, "20")]
    );
    assert_eq!(
        world(None).ask("SELECT count(*) FROM t WHERE floor(x / 10) = 0"),
        [["20"]]
    );
    let refusal = world(None).refusal("SELECT x / 10, count(*) FROM t GROUP BY 1");
    assert_eq!(refusal.code, "grain_finer");
    assert_eq!(refusal.facts["nearest"], "floor(x / 10)");
    let below = Some(Bounds { low: -5, high: 100 });
    assert_eq!(
        world(below).refused("SELECT x / 10, count(*) FROM t GROUP BY 1"),
        "grain_finer"
    );
    // A declared bound is no proof; what runs goes down all the same.
    let above = Some(Bounds { low: 0, high: 100 });
    assert_eq!(
        world(above).ask("SELECT x / 10, count(*) FROM t GROUP BY 1 ORDER BY 1"),
        [["-1", "40"], ["0", "20"]]
    );
}

#[test]
fn a_measure_without_limits_has_those_of_the_platform() {
    let x = whole((0..40).map(|i| if i < 20 { i64::MAX } else { i64::MIN }));
    let small = Small::personal(1, units(40), vec![("x", x, free())]);
    let mean = format!("{:.8e}", 0.0);
    assert_eq!(
        small.ask("SELECT count(*), sum(x), avg(x) FROM t"),
        [["40", "0", &mean]]
    );
    let x = whole((0..40).map(|_| i64::MAX));
    let small = Small::personal(1, units(40), vec![("x", x, free())]);
    let most = (40 * Bounds::UNDECLARED.high).to_string();
    assert_eq!(small.ask("SELECT sum(x) FROM t"), [[most]]);
    assert_eq!(
        small.ask("SELECT sum(CAST(x AS DOUBLE)) FROM t"),
        [[format!("{:.8e}", 40.0 * Bounds::UNDECLARED.high as f64)]]
    );
}

#[test]
fn declared_limits_hold_after_a_cast_too() {
    let bounded = ColumnGrant {
        bounds: Some(Bounds { low: 0, high: 20 }),
        ..free()
    };
    let x = whole((0..40).map(|i| if i == 0 { i64::MAX } else { 10 }));
    let small = Small::personal(1, units(40), vec![("x", x, bounded)]);
    assert_eq!(
        small.ask("SELECT sum(CAST(x AS DOUBLE)) FROM t"),
        [[format!("{:.8e}", 410.0)]]
    );
}

#[test]
fn joins_without_an_equality_are_bounded_for_public_rows_too() {
    for sql in [
        "SELECT count(*) FROM region a, region b",
        "SELECT count(*) FROM region a CROSS JOIN region b CROSS JOIN region c",
        "SELECT count(*) FROM region a JOIN region b ON a.gdp < b.gdp",
        "SELECT count(*) FROM region a LEFT JOIN region b ON a.gdp > 1",
        "SELECT count(*) FROM (SELECT county FROM region UNION ALL SELECT county FROM region) a, region b",
        "SELECT count(*) FROM (SELECT 1 FROM region LIMIT 500) a, (SELECT 1 FROM region LIMIT 500) b, region c",
    ] {
        let refusal = WORLD.refusal(sql);
        assert_eq!(refusal.code, "join_not_allowed", "{sql}");
        assert_eq!(refusal.facts["node"], "cross_join", "{sql}");
    }
    for sql in [
        "SELECT count(*) FROM region a, region b WHERE a.county = b.county",
        "SELECT count(*) FROM region a, region b, region c WHERE a.county = b.county AND upper(b.city) = c.city",
        "SELECT count(*) FROM region a LEFT JOIN region b ON a.county = b.county AND b.gdp > 1",
        "SELECT count(*) FROM region a CROSS JOIN (SELECT max(gdp) AS m FROM region) b",
        "SELECT r.county FROM region r CROSS JOIN (VALUES (1), (2)) v",
    ] {
        let outcome = WORLD.ask(sql);
        assert!(matches!(outcome, Outcome::Answered), "{sql}: {outcome:?}");
    }
}

#[test]
fn texts_cannot_be_made_to_grow() {
    let doubling = |table: &str, column: &str| {
        (0..8).fold(format!("SELECT {column} AS x FROM {table}"), |inner, _| {
            format!("SELECT concat(x, x, x, x) AS x FROM ({inner}) s")
        })
    };
    let long = "y".repeat(20_000);
    for sql in [
        doubling("region", "county"),
        format!(
            "SELECT count(*) FROM ({}) s WHERE x = 'a'",
            doubling("person", "county")
        ),
        format!("SELECT concat(county, '{long}') FROM region"),
        format!("SELECT '{long}' FROM region"),
        format!("SELECT CASE WHEN gdp > 1 THEN '{long}' END FROM region"),
        format!("SELECT count(*) FROM person WHERE concat(county, '{long}') = 'a'"),
        format!(
            "SELECT count(*) FROM person WHERE county LIKE '{}'",
            "_%".repeat(3_000)
        ),
    ] {
        let refusal = WORLD.refusal(&sql);
        assert!(
            ["query_too_large", "node_not_allowed"].contains(&refusal.code.as_str()),
            "{}: {refusal:?}",
            &sql[..60]
        );
        assert!(!refusal.clauses.is_empty());
    }
    let outcome = WORLD.ask(&format!("SELECT count(*) FROM person WHERE county <> '{long}'"));
    assert!(matches!(outcome, Outcome::Answered), "{outcome:?}");
}

#[test]
fn two_jurisdictions_in_one_process_cite_their_own_clauses() {
    let engine = engine();
    let refused_under = |instrument: &str| {
        let permit = Permit {
            citations: citations(instrument),
            ..permit()
        };
        match engine.check(&permit, "SELECT * FROM person", WORLD.memory.as_ref()) {
            Err(shuyu_query::CheckError::Refused(refusal)) => refusal.clauses,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused_under("TT"), ["TT-AA-004".parse().unwrap()]);
    assert_eq!(refused_under("UU"), ["UU-AA-004".parse().unwrap()]);
}

#[test]
fn a_column_of_decimals_can_still_be_a_key() {
    let rows = table(
        &extremes()
            .released("SELECT c IS NULL, count(*) FROM t GROUP BY 1")
            .batches,
    );
    assert_eq!(rows, [["false", "40"]]);
    let stored = extremes().tables["t"]
        .column_by_name("c")
        .unwrap()
        .data_type()
        .clone();
    assert_eq!(stored, DataType::Decimal128(38, 2));
}
