//! Mode `dp` over the engine: narrower rules, bounds, estimates, and what enters the release ledger.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::array::{ArrayRef, Float64Array, UInt64Array};
use shuyu_privacy::{
    Book, Bounds, ColumnGrant, GateKey, Permit, PermitMode, Statistic, TableKind, Use, dp::Random,
};
use shuyu_query::{CheckError, Engine, EngineLimits, Estimate, Past, Released, Sealed};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Memory, block_on, table},
    small::{Small, free, text, units, uses, whole},
};

mod parts;

/// The same bytes for the same seed (splitmix64).
struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let step = 0x9e37_79b9_7f4a_7c15u64;
            let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

fn engine(seed: u64) -> Engine {
    let engine = Engine::new(GateKey::new([1; 32]), EngineLimits::default());
    engine.drawing_from(Arc::new(Seeded(AtomicU64::new(seed))))
}

fn permit(small: &Small) -> Permit {
    let mut permit = small.permit();
    permit.mode = PermitMode::Dp;
    let rows = small
        .tables
        .iter()
        .map(|(name, rows)| (name.clone(), rows.num_rows() as u64));
    permit.thresholds.dp.sizes = rows.collect();
    // Great enough to see the figures through the noise.
    permit.thresholds.dp.query.value = 100_000;
    permit
}

fn memory(small: &Small) -> Arc<Memory> {
    Arc::new(Memory {
        tables: small.tables.clone(),
    })
}

fn sealed(small: &Small, permit: &Permit, sql: &str) -> Sealed {
    engine(1).check(permit, sql, memory(small).as_ref()).unwrap()
}

fn estimate(small: &Small, sql: &str) -> Estimate {
    sealed(small, &permit(small), sql).estimate().unwrap()
}

fn run(small: &Small, permit: &Permit, seed: u64, sql: &str, past: &Past) -> Released {
    let sealed = sealed(small, permit, sql);
    assert!(!sealed.has_drawn());
    let released = block_on(engine(seed).run(&sealed, memory(small), past, &CancellationToken::new()));
    assert!(sealed.has_drawn());
    released.unwrap()
}

fn answer(small: &Small, seed: u64, sql: &str) -> Vec<Vec<String>> {
    table(&run(small, &permit(small), seed, sql, &Past::default()).batches)
}

fn refused(small: &Small, sql: &str) -> (String, String) {
    match engine(1).check(&permit(small), sql, memory(small).as_ref()) {
        Err(CheckError::Refused(refusal)) => {
            assert!(!refusal.clauses.is_empty(), "{sql}");
            let nearest = refusal.facts.get("nearest").cloned();
            (refusal.code, nearest.unwrap_or_default())
        }
        other => panic!("{sql}: {other:?}"),
    }
}

fn limited(low: i64, high: i64) -> ColumnGrant {
    ColumnGrant {
        bounds: Some(Bounds { low, high }),
        ..free()
    }
}

/// 600 subjects in a, 300 in b, three in c; incomes of 0 to 99.
fn people() -> Small {
    let all = 903;
    let group = |i: i64| match i {
        0..600 => "a",
        600..900 => "b",
        _ => "c",
    };
    let g = text((0..all).map(group));
    let x = whole((0..all).map(|i| i % 100));
    Small::personal(
        1,
        units(all as u64),
        vec![
            ("g", g, free()),
            ("x", x.clone(), limited(0, 100)),
            ("y", x, free()),
        ],
    )
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn counts_and_means_are_near_the_truth_and_small_groups_are_absent() {
    let people = people();
    let rows = answer(
        &people,
        7,
        "SELECT g, count(*), avg(x), sum(x) FROM t GROUP BY g ORDER BY g",
    );
    assert_eq!(
        rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    for (row, n) in rows.iter().zip([600.0, 300.0]) {
        assert!((number(&row[1]) - n).abs() < 30.0, "{row:?}");
        assert!((number(&row[2]) - 49.5).abs() < 12.0, "{row:?}");
        assert!((number(&row[3]) - 49.5 * n).abs() < 3_000.0, "{row:?}");
    }
    // Asked again, it is another answer: nothing of it is a function of the data.
    let again = answer(
        &people,
        8,
        "SELECT g, count(*), avg(x), sum(x) FROM t GROUP BY g ORDER BY g",
    );
    assert_ne!(rows, again);
    // The words that made-up data are asked for their marginals in.
    let sql = "SELECT \"g\", count(*) AS \"rows of a value\" FROM \"t\" GROUP BY \"g\"";
    assert_eq!(answer(&people, 7, sql).len(), 2);
}

#[test]
fn the_expected_error_holds() {
    let people = people();
    let sql = "SELECT count(*), sum(x) FROM t";
    let expected = estimate(&people, sql).expected;
    let exact = [903.0, f64::from((0..903).map(|i| i % 100).sum::<i32>())];
    let mut inside = [0; 2];
    for seed in 0..60 {
        let row = answer(&people, 100 + seed, sql).remove(0);
        for (place, inside) in inside.iter_mut().enumerate() {
            let apart = (number(&row[place]) - exact[place]).abs();
            *inside += i32::from(apart <= expected[place].error.half_width);
        }
    }
    assert!(inside.iter().all(|n| (50..=60).contains(n)), "{inside:?}");
}

#[test]
fn what_is_no_sum_of_known_parts_is_refused_with_the_nearest_form() {
    let people = people();
    assert_eq!(
        refused(&people, "SELECT stddev(x) FROM t"),
        ("dp_statistic_refused".into(), "count(DISTINCT id_no)".into())
    );
    assert_eq!(
        refused(&people, "SELECT count(DISTINCT g) FROM t").0,
        "dp_statistic_refused"
    );
    let (code, nearest) = refused(&people, "SELECT avg(y) FROM t");
    assert_eq!(
        (code.as_str(), nearest.as_str()),
        ("dp_limits_missing", "least(greatest(y, 0), 10000)")
    );
    let row = answer(&people, 3, &format!("SELECT avg({nearest}) FROM t")).remove(0);
    assert!((0.0..=10_000.0).contains(&number(&row[0])), "{row:?}");
    // In `stat` such limits are branches on the value, and nobody is on the other sides of these.
    let sql = "SELECT avg(least(greatest(y, 0), 10000)) FROM t";
    assert_eq!(people.ask(sql), people.ask("SELECT avg(y) FROM t WHERE y < 0"));
    // Raw rows and sealed columns as ever.
    assert_eq!(refused(&people, "SELECT x FROM t").0, "raw_rows");
}

#[test]
fn limits_of_a_query_can_only_tighten() {
    let people = people();
    let half = |sql: &str| estimate(&people, sql).expected[0].error.half_width;
    let declared = half("SELECT sum(x) FROM t");
    assert!((half("SELECT sum(least(greatest(x, 0), 50)) FROM t") / declared - 0.5).abs() < 1e-9);
    assert_eq!(half("SELECT sum(greatest(0, least(500, x))) FROM t"), declared);
}

#[test]
fn estimates_are_functions_of_text_permit_and_public_sizes() {
    let (people, mut others) = (people(), people());
    let rows = others.tables.remove("t").unwrap();
    others.tables.insert("t".into(), rows.slice(0, 5));
    let sql = "SELECT g, count(DISTINCT id_no) AS n, avg(x) FROM t GROUP BY g HAVING count(*) > 3";
    let plain = "SELECT g, count(DISTINCT id_no) AS n, avg(x) FROM t GROUP BY g ORDER BY n DESC LIMIT 2";
    let told = sealed(&people, &permit(&people), sql).estimate().unwrap();
    // The same permit over other data says the same.
    assert_eq!(sealed(&others, &permit(&people), sql).estimate().unwrap(), told);
    // What stands above the release costs nothing.
    let above = sealed(&people, &permit(&people), plain).estimate().unwrap();
    assert_eq!(above.rho, told.rho);
    assert_eq!(told.charged.len(), 1);
    assert_eq!(told.expected[1].statistic, Statistic::Mean);
    assert_eq!(told.expected[1].column.as_deref(), Some("x"));
    assert!(told.least_subjects.is_some_and(|least| least > 10));
    // A table of its own size has its own δ.
    let large = |small: &Small, rows: u64| {
        let mut permit = permit(small);
        permit.thresholds.dp.sizes.insert("t".into(), rows);
        sealed(small, &permit, sql).estimate().unwrap().least_subjects
    };
    assert!(large(&people, 1_000_000_000) > large(&people, 1_000));
}

/// Subjects with one visit each, and one with ten thousand.
fn visits(with: bool) -> Small {
    let mut all = units(400);
    let mut cost: Vec<i64> = (0..400).map(|i| i % 10).collect();
    if with {
        all.extend(std::iter::repeat_n(77u64, 10_000));
        cost.extend(std::iter::repeat_n(1_000_000i64, 10_000));
    }
    let day: Vec<i64> = (0..all.len() as i64).map(|i| i % 200).collect();
    Small::personal(
        100_000,
        all,
        vec![("cost", whole(cost), limited(0, 50)), ("day", whole(day), free())],
    )
}

#[test]
fn a_subject_with_ten_thousand_rows_moves_an_answer_by_its_bound_alone() {
    let sql = "SELECT count(*), sum(cost), count(DISTINCT id_no) FROM t";
    let [with, without] = [true, false].map(|with| {
        // The same noise in both, so that only the subject makes the difference.
        let small = visits(with);
        let mut permit = permit(&small);
        permit.thresholds.dp.sizes.insert("t".into(), 10_000);
        table(&run(&small, &permit, 5, sql, &Past::default()).batches).remove(0)
    });
    let moved: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(a, b)| number(a) - number(b))
        .collect();
    assert_eq!(moved, [12.0, 600.0, 1.0]);
    // Over cells: four of two hundred, twelve rows each at most.
    let mut declared = permit(&visits(true));
    let days = (0..200).map(|day| day.to_string()).collect();
    declared
        .thresholds
        .dp
        .declared
        .insert("t".into(), BTreeMap::from([("day".into(), days)]));
    let by_day = |with: bool| {
        let sql = "SELECT day, count(*) FROM t GROUP BY day ORDER BY day";
        table(&run(&visits(with), &declared, 6, sql, &Past::default()).batches)
    };
    let (with, without) = (by_day(true), by_day(false));
    assert_eq!((with.len(), without.len()), (200, 200));
    let all = |rows: &[Vec<String>]| rows.iter().map(|row| number(&row[1])).collect::<Vec<_>>();
    let moved: Vec<f64> = all(&with).iter().zip(all(&without)).map(|(a, b)| a - b).collect();
    let (cells, most) = (
        moved.iter().filter(|x| **x != 0.0).count(),
        moved.iter().fold(0.0f64, |m, x| m.max(x.abs())),
    );
    assert!(cells <= 4 && most <= 12.0, "{moved:?}");
}

#[test]
fn declared_cells_all_leave_and_undeclared_values_are_nowhere() {
    let people = people();
    let mut permit = permit(&people);
    let values = ["a", "c", "nobody"].map(str::to_owned).to_vec();
    permit
        .thresholds
        .dp
        .declared
        .insert("t".into(), BTreeMap::from([("g".into(), values)]));
    let sql = "SELECT g, count(*) FROM t GROUP BY g ORDER BY g";
    assert_eq!(
        sealed(&people, &permit, sql).estimate().unwrap().least_subjects,
        None
    );
    let rows = table(&run(&people, &permit, 4, sql, &Past::default()).batches);
    assert_eq!(
        rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["a", "c", "nobody"]
    );
    assert!((number(&rows[0][1]) - 600.0).abs() < 30.0);
}

#[test]
fn fractions_and_what_is_no_number_stay_within_the_limits() {
    let x: ArrayRef = Arc::new(Float64Array::from_iter((0..400).map(|i| {
        if i < 3 {
            [f64::NAN, f64::INFINITY, -1e300][i]
        } else {
            0.5
        }
    })));
    let small = Small::personal(1, units(400), vec![("x", x, limited(0, 1))]);
    let row = answer(&small, 2, "SELECT sum(x), avg(x) FROM t").remove(0);
    assert!((number(&row[0]) - 199.5).abs() < 20.0, "{row:?}");
    assert!((0.0..=1.0).contains(&number(&row[1])), "{row:?}");
}

#[test]
fn what_left_enters_the_release_ledger() {
    let people = people();
    let mut permit = permit(&people);
    let sql = "SELECT count(*) FROM t WHERE g = 'a'";
    let released = run(&people, &permit, 9, sql, &Past::default());
    let [remembered] = &released.remembered[..] else {
        panic!("one identifier domain, one draft");
    };
    let mut book = Book::default();
    remembered.rows.iter().for_each(|row| book.read(row).unwrap());
    let past = Past {
        party: "other".into(),
        books: BTreeMap::from([("person".to_owned(), Arc::new(book))]),
    };
    // The gate answers the same set as it was answered, whoever asks.
    permit.mode = PermitMode::Stat;
    let sealed = sealed(&people, &permit, sql);
    assert!(sealed.estimate().is_none());
    let gated = block_on(engine(10).run(&sealed, memory(&people), &past, &CancellationToken::new()));
    assert_eq!(table(&gated.unwrap().batches), table(&released.batches));
    assert!(!sealed.has_drawn());
}

#[test]
fn joins_go_over_the_subject_alone() {
    let mut two = people();
    let other: ArrayRef = Arc::new(UInt64Array::from(units(903)));
    let kind = TableKind::Personal {
        domain: "person".into(),
        rows_per_unit: 1,
    };
    let firm = ColumnGrant {
        domain: Some("enterprise".into()),
        ..uses(&[Use::Link, Use::Group])
    };
    let employer = text((0..903).map(|i| if i % 2 == 0 { "p" } else { "q" }));
    two.add(
        "job",
        kind,
        vec![("employer", employer, firm)],
        &[("__unit", other)],
    );
    let id = two.grants["t"].columns["id_no"].clone();
    two.grants
        .get_mut("job")
        .unwrap()
        .columns
        .insert("id_no".into(), id);
    let sql = "SELECT count(*) FROM t JOIN job j ON t.id_no = j.id_no";
    assert!((number(&answer(&two, 5, sql)[0][0]) - 903.0).abs() < 30.0);
    // Both datasets pay.
    assert_eq!(estimate(&two, sql).charged.len(), 2);
}

#[test]
fn without_a_source_of_randomness_nothing_is_answered() {
    let people = people();
    let engine = Engine::new(GateKey::new([1; 32]), EngineLimits::default());
    let sealed = engine
        .check(
            &permit(&people),
            "SELECT count(*) FROM t",
            memory(&people).as_ref(),
        )
        .unwrap();
    let (past, cancel) = (Past::default(), CancellationToken::new());
    let run = engine.run(&sealed, memory(&people), &past, &cancel);
    assert!(block_on(run).is_err());
    assert!(!sealed.has_drawn());
}
