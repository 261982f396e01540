//! Answers over small tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, StringArray, UInt64Array};
use shuyu_privacy::{Bounds, ColumnGrant, DateGrain, Grain, Permit, TableKind, Use};
use shuyu_query::{Past, UNIT_COLUMN};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Memory, block_on, engine, table},
    small::{Small, free, groups, text, units, uses, whole},
};

#[test]
fn small_cells_are_absent_and_others_exact() {
    let rows =
        groups().ask("SELECT g, count(*), sum(x), avg(x), count(x), count(DISTINCT id_no) FROM t GROUP BY g");
    let sum: i64 = (0..40).map(|i| 100 + i).sum();
    let mean = format!("{:.8e}", sum as f64 / 40.0);
    assert_eq!(
        rows,
        [["a", "40", &sum.to_string(), &mean, "40", "40"]
            .map(str::to_owned)
            .to_vec()]
    );
}

#[test]
fn nobody_and_a_few_look_the_same() {
    let none = groups().ask("SELECT count(*), sum(x) FROM t WHERE g = 'z'");
    let few = groups().ask("SELECT count(*), sum(x) FROM t WHERE g = 'b'");
    assert_eq!(none, few);
    assert_eq!(none, [["NULL", "NULL"]]);
    let (none, few) = (
        "SELECT g, count(*) FROM t WHERE g = 'z' GROUP BY g",
        "SELECT g, count(*) FROM t WHERE g = 'b' GROUP BY g",
    );
    assert!(groups().ask(none).is_empty() && groups().ask(few).is_empty());
}

#[test]
fn rows_of_one_subject_are_no_threshold() {
    // 60 rows of 6 subjects.
    let many: Vec<u64> = units(6).into_iter().cycle().take(60).collect();
    let small = Small::personal(50, many, vec![("x", whole(0..60), free())]);
    assert_eq!(small.ask("SELECT count(*), avg(x) FROM t"), [["NULL", "NULL"]]);
}

#[test]
fn one_subject_must_not_dominate_counts_of_events() {
    // 30 subjects with one row each and one with 600.
    let mut rows = units(30);
    rows.extend(std::iter::repeat_n(units(31)[30], 600));
    let small = Small::personal(1000, rows, vec![("x", whole((0..630).map(|_| 1)), free())]);
    assert_eq!(
        small.ask("SELECT count(*), count(DISTINCT id_no), count(x) FROM t"),
        [["NULL", "31", "NULL"]]
    );
}

#[test]
fn one_subject_must_not_dominate_a_sum() {
    let x = whole((0..40).map(|i| if i == 0 { 1_000_000 } else { 10 }));
    let small = Small::personal(1, units(40), vec![("x", x, free())]);
    assert_eq!(
        small.ask("SELECT count(*), sum(x), avg(x) FROM t"),
        [["40", "NULL", "NULL"]]
    );
}

#[test]
fn bounds_are_applied_before_anything_is_computed() {
    let x = whole((0..40).map(|i| if i == 0 { 1_000_000 } else { 10 }));
    let bounded = ColumnGrant {
        bounds: Some(Bounds { low: 0, high: 20 }),
        ..free()
    };
    let small = Small::personal(1, units(40), vec![("x", x, bounded)]);
    assert_eq!(small.ask("SELECT sum(x) FROM t"), [["410"]]);
}

#[test]
fn an_argument_must_not_leave_out_a_few() {
    for (missing, shown) in [(0, true), (3, false), (15, true), (35, false)] {
        let x = Int64Array::from_iter((0..40).map(|i| (i >= missing).then_some(7)));
        let small = Small::personal(1, units(40), vec![("x", Arc::new(x), free())]);
        let rows = small.ask("SELECT count(*), sum(x), count(x) FROM t");
        assert_eq!(rows[0][0], "40");
        assert_eq!(rows[0][1] != "NULL", shown, "{missing} missing");
        assert_eq!(rows[0][2] != "NULL", shown, "{missing} missing");
    }
}

#[test]
fn an_indicator_column_needs_enough_subjects_behind_it() {
    let x = whole((0..40).map(|i| i64::from(i < 4)));
    let small = Small::personal(1, units(40), vec![("x", x, free())]);
    assert_eq!(small.ask("SELECT sum(x), avg(x) FROM t"), [["NULL", "NULL"]]);
}

#[test]
fn values_that_are_not_finite_are_suppressed() {
    for odd in [f64::NAN, f64::INFINITY] {
        let x = Float64Array::from_iter_values((0..40).map(|i| if i == 0 { odd } else { 1.0 }));
        let small = Small::personal(1, units(40), vec![("x", Arc::new(x), free())]);
        assert_eq!(
            small.ask("SELECT count(*), sum(x), avg(x) FROM t"),
            [["40", "NULL", "NULL"]]
        );
    }
}

#[test]
fn a_far_date_does_not_make_the_query_fail() {
    let day = Date32Array::from_iter_values((0..40).map(|i| if i == 0 { 2_932_896 } else { 19_800 }));
    let grant = ColumnGrant {
        grain: Some(Grain::Date(DateGrain::Month)),
        ..free()
    };
    let small = Small::personal(1, units(40), vec![("d", Arc::new(day), grant)]);
    let rows = small.ask("SELECT date_trunc('month', d), count(*) FROM t GROUP BY 1");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][1], "39");
}

#[test]
fn a_second_domain_needs_enough_members() {
    // Forty employees of two firms in mining, forty of eight in trade.
    let firm = |i: u64| {
        if i < 40 {
            format!("m{}", i % 2)
        } else {
            format!("t{}", i % 8)
        }
    };
    let firms: ArrayRef = Arc::new(StringArray::from_iter_values((0..80).map(firm)));
    let link = ColumnGrant {
        domain: Some("enterprise".into()),
        ..uses(&[Use::Link])
    };
    let mut small = Small::personal(
        1,
        units(80),
        vec![("firm", firms, link), ("x", whole(0..80), free())],
    );
    let codes = ["m0", "m1", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"];
    let industry = text(codes.map(|code| if code.starts_with('m') { "mining" } else { "trade" }));
    let columns = vec![
        ("code", text(codes), ColumnGrant::default()),
        ("industry", industry, ColumnGrant::default()),
    ];
    small.add("register", TableKind::Public, columns, &[]);
    let rows = small
        .ask("SELECT r.industry, count(*) FROM t JOIN register r ON t.firm = r.code GROUP BY r.industry");
    assert_eq!(rows, [["trade", "40"]]);
    assert_eq!(
        small.refused("SELECT r.code, count(*) FROM t JOIN register r ON t.firm = r.code GROUP BY r.code"),
        "small_group_key"
    );
}

#[test]
fn the_same_people_have_the_same_set_key() {
    let key = |sql: &str| groups().released(sql).cells[0].set_key;
    let one = key("SELECT count(*) FROM t WHERE g = 'a'");
    assert_eq!(
        one,
        key("SELECT avg(y) FROM (SELECT x AS y FROM t WHERE NOT (g <> 'a')) s")
    );
    assert_ne!(one, key("SELECT count(*) FROM t"));
    let released = groups().released("SELECT g, count(*), sum(x) FROM t GROUP BY g");
    assert_eq!(released.cells.len(), 2, "one entry per released number");
    assert!(released.cells.iter().all(|cell| cell.subjects == 40));
}

#[test]
fn answers_are_cut_without_saying_how_much() {
    let codes: Vec<&'static str> = vec!["a", "b", "c", "d"];
    let g = text((0..80).map(|i| codes[i % 4]));
    let small = Small::personal(1, units(80), vec![("g", g, free())]);
    let memory = Arc::new(Memory {
        tables: small.tables.clone(),
    });
    let permit = Permit {
        max_rows: 3,
        ..small.permit()
    };
    let sealed = engine()
        .check(&permit, "SELECT g, count(*) FROM t GROUP BY g", memory.as_ref())
        .unwrap();
    let released =
        block_on(engine().run(&sealed, memory, &Past::default(), &CancellationToken::new())).unwrap();
    assert!(released.truncated);
    assert_eq!(released.num_rows(), 3);
    assert_eq!(
        table(&released.batches)
            .iter()
            .map(|row| row[0].as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[test]
fn names_may_be_chinese() {
    let mut small = Small::default();
    let district = text((0..40).map(|i| if i < 20 { "盘龙" } else { "五华" }));
    let unit: ArrayRef = Arc::new(UInt64Array::from(units(40)));
    let kind = TableKind::Personal {
        domain: "person".into(),
        rows_per_unit: 1,
    };
    small.add(
        "人口",
        kind,
        vec![("区县", district, free())],
        &[(UNIT_COLUMN, unit)],
    );
    let rows = small.ask("SELECT 区县, count(*) AS 人数 FROM 人口 GROUP BY 区县 ORDER BY 区县 DESC");
    assert_eq!(rows, [["盘龙", "20"], ["五华", "20"]]);
    assert_eq!(small.refused("SELECT \"姓名\" FROM 人口"), "column_unknown");
}

#[test]
fn rows_that_are_not_personal_need_the_use_out() {
    let mut small = Small::default();
    let columns = vec![
        (
            "station",
            text(["s1", "s2"]),
            uses(&[Use::Out, Use::Group, Use::Filter]),
        ),
        ("level", whole([3, 5]), uses(&[Use::Measure])),
    ];
    small.add("river", TableKind::NonPersonal, columns, &[]);
    assert_eq!(
        small.ask("SELECT station FROM river ORDER BY station"),
        [["s1"], ["s2"]]
    );
    assert_eq!(
        small.ask("SELECT sum(level) FROM river WHERE station <> 's3'"),
        [["8"]]
    );
    assert_eq!(small.refused("SELECT level FROM river"), "use_missing");
    assert_eq!(
        small.refused("SELECT station FROM river WHERE level > 3"),
        "use_missing"
    );
    assert_eq!(
        small.refused("SELECT level, count(*) FROM river GROUP BY level"),
        "use_missing"
    );
    assert_eq!(
        small.refused("SELECT max(level) FROM river"),
        "function_not_allowed"
    );
}

#[test]
fn identifiers_of_subjects_are_never_read() {
    // `id_no` is granted but not stored; joining and counting by it works on the hidden unit.
    let mut small = groups();
    let unit: ArrayRef = Arc::new(UInt64Array::from(units(30)));
    let kind = TableKind::Personal {
        domain: "person".into(),
        rows_per_unit: 1,
    };
    small.add(
        "s",
        kind,
        vec![("y", whole(0..30), free())],
        &[(UNIT_COLUMN, unit)],
    );
    let id = small.grants["t"].columns["id_no"].clone();
    small
        .grants
        .get_mut("s")
        .unwrap()
        .columns
        .insert("id_no".into(), id);
    let rows = small.ask("SELECT count(DISTINCT t.id_no), sum(s.y) FROM t JOIN s ON t.id_no = s.id_no");
    assert_eq!(rows, [["30", "435"]]);
}
