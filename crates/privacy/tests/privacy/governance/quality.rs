//! Checks of quality: every rule on good, bad and missing values; samples; bounds; scores.

use std::{collections::BTreeSet, sync::Arc};

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use num_bigint::BigUint;
use shuyu_kernel::{CivilDate, CreditCode, Digest};
use shuyu_privacy::governance::quality::{
    Check, Dimension, FIRST_ROWS, Found, Outcome, RuleText, bad_at_most, draw, score, scores,
};
use shuyu_testkit::registers;

use super::batch;

fn rule(column: &str, rule: &str, value: &str) -> RuleText {
    RuleText {
        column: column.to_owned(),
        rule: rule.to_owned(),
        value: value.to_owned(),
        at_most: 0,
    }
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn days(values: &[Option<(i16, i8, i8)>]) -> ArrayRef {
    let day = |(y, m, d)| i32::try_from(CivilDate::new(y, m, d).unwrap().days()).unwrap();
    let days = values.iter().map(|value| value.map(day));
    Arc::new(days.collect::<Date32Array>())
}

fn checked(rules: &[RuleText], rows: &RecordBatch) -> Outcome {
    let mut check = Check::new(rules, &rows.schema(), None, 10).unwrap();
    check.take(rows);
    check.finish()
}

/// Looked at, bad, and the numbers of the bad rows under one rule over one column `c`.
fn found(text: (&str, &str), values: ArrayRef) -> (u64, u64, Vec<u64>) {
    let rows = batch(vec![("c", values)]);
    let found = checked(&[rule("c", text.0, text.1)], &rows).found.remove(0);
    (found.checked, found.bad, found.first)
}

#[test]
fn each_rule_tells_good_values_from_bad_ones_and_passes_over_missing_ones() {
    let id = registers::person_id(1, 1).unwrap();
    let id = id.reveal();
    let wrong_id = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
    let credit = CreditCode::from_first_seventeen("91530100MA6K12345").unwrap();
    let credit = credit.as_str();
    let wrong_credit = format!(
        "{}{}",
        &credit[..17],
        if credit.ends_with('A') { 'B' } else { 'A' }
    );
    type Row<'a> = (&'a str, &'a str, Vec<Option<&'a str>>, (u64, Vec<u64>));
    let table: Vec<Row<'_>> = vec![
        (
            "present",
            "",
            vec![Some("x"), None, Some("  "), Some("　"), Some("")],
            (5, vec![2, 3, 4, 5]),
        ),
        (
            "length",
            "2-3",
            vec![Some("张三"), Some("李"), None, Some("欧阳建国"), Some("欧阳明")],
            (4, vec![2, 4]),
        ),
        // One character each, though four bytes in GB18030 and in UTF-8.
        (
            "length",
            "2",
            vec![Some("𠮷野"), Some("㐂𠀋"), Some("𠮷")],
            (3, vec![3]),
        ),
        (
            "digits",
            "",
            vec![Some("0123"), Some("１２"), Some("12a"), Some("-1"), None],
            (4, vec![2, 3, 4]),
        ),
        (
            "resident_id",
            "",
            vec![Some(id), Some(&wrong_id), Some("1234"), None],
            (3, vec![2, 3]),
        ),
        (
            "credit_code",
            "",
            vec![Some(credit), Some(&wrong_credit), None],
            (2, vec![2]),
        ),
        (
            "division_code",
            "",
            vec![Some("530102"), Some("5301"), Some("5301020010011"), Some("昆明")],
            (4, vec![3, 4]),
        ),
        (
            "one_of",
            "男, 女，未知、",
            vec![Some("男"), Some("未知"), Some("女 "), Some("M"), None],
            (4, vec![4]),
        ),
    ];
    for (word, value, values, (looked, bad)) in table {
        let (checked, count, first) = found((word, value), texts(&values));
        assert_eq!((checked, &first), (looked, &bad), "{word} {value}");
        assert_eq!(count, bad.len() as u64);
    }
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(0),
        Some(150),
        Some(-1),
        Some(151),
        None,
    ]));
    assert_eq!(found(("between", "0..150"), whole.clone()), (4, 2, vec![3, 4]));
    assert_eq!(found(("between", "..0"), whole.clone()).2, [2, 4]);
    assert_eq!(found(("digits", ""), whole).2, [3], "numbers as they are written");
    let money = Decimal128Array::from(vec![Some(999), Some(1_000), Some(1_001)]);
    let money: ArrayRef = Arc::new(money.with_precision_and_scale(28, 2).unwrap());
    assert_eq!(found(("between", "10..10.00"), money).2, [1, 3]);
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.1), Some(0.2), None]));
    assert_eq!(found(("between", "0.15.."), floats), (2, 1, vec![1]));
    let born = [
        Some((1899, 12, 31)),
        Some((1900, 1, 1)),
        Some((2026, 11, 26)),
        Some((2026, 11, 27)),
        None,
    ];
    assert_eq!(
        found(("days", "1900-01-01..2026-11-26"), days(&born)),
        (4, 2, vec![1, 4])
    );
    assert_eq!(found(("days", "..2026-11-26"), days(&born)).2, [4]);
    assert_eq!(found(("days", "1900-01-01.."), days(&born)).2, [1]);
}

#[test]
fn rules_over_two_columns_and_over_the_version() {
    let day = |d| Some((2026, 1, d));
    let rows = batch(vec![
        ("start", days(&[day(1), day(2), day(3), None, day(5)])),
        ("end", days(&[day(1), day(1), day(4), day(1), None])),
        ("__unit", Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]))),
    ]);
    let outcome = checked(
        &[
            rule("start", "not_after", "end"),
            rule("", "fresh", "10"),
            rule("", "fresh", "9"),
        ],
        &rows,
    );
    let told: Vec<_> = outcome
        .found
        .iter()
        .map(|own| (own.checked, own.bad, own.holds()))
        .collect();
    // Recorded ten days before.
    assert_eq!(told, [(3, 1, false), (1, 0, true), (1, 1, false)]);
    assert_eq!(outcome.found[0].first, [2]);
    assert_eq!(
        (outcome.rows, outcome.bad_rows),
        (5, 1),
        "an old version makes no row bad"
    );
    assert_eq!(outcome.found[0].dimension, Dimension::Consistency);
    assert_eq!(outcome.found[1].dimension, Dimension::Timeliness);
}

#[test]
fn rules_that_cannot_be_asked_are_refused_by_what_is_wrong() {
    let rows = batch(vec![
        ("c", texts(&[Some("x")])),
        ("n", Arc::new(Int64Array::from(vec![1]))),
        ("d", days(&[Some((2026, 1, 1))])),
        ("__unit", Arc::new(Int64Array::from(vec![1]))),
    ]);
    let share = RuleText {
        at_most: 10_001,
        ..rule("c", "present", "")
    };
    let table = [
        (vec![], "number"),
        (vec![rule("c", "present", ""); 501], "number"),
        (vec![rule("c", "regex", ".*")], "rule"),
        (vec![rule("c", "length", "3-2")], "value"),
        (vec![rule("c", "length", "")], "value"),
        (vec![rule("c", "present", "x")], "value"),
        (vec![rule("c", "one_of", ",、")], "value"),
        (vec![rule("c", "one_of", &"男,".repeat(2_001))], "value"),
        (vec![rule("d", "days", "..")], "value"),
        (vec![rule("d", "days", "2026-02-30..")], "value"),
        (vec![rule("d", "days", "2026-02-02..2026-02-01")], "value"),
        (vec![rule("n", "between", "0..1.5")], "value"),
        (vec![rule("n", "between", "5..4")], "value"),
        (vec![rule("n", "fresh", "30")], "column"),
        (vec![rule("", "present", "")], "column"),
        (vec![rule("x", "present", "")], "column"),
        (vec![rule("__unit", "present", "")], "column"),
        (vec![rule("d", "not_after", "__unit")], "column"),
        (vec![rule("d", "not_after", "n")], "type"),
        (vec![rule("c", "not_after", "c")], "type"),
        (vec![rule("c", "between", "0..1")], "type"),
        (vec![rule("n", "days", "2026-01-01..")], "type"),
        (vec![share], "share"),
    ];
    for (rules, problem) in table {
        let refused = Check::new(&rules, &rows.schema(), None, 0).err().unwrap();
        assert_eq!(refused.code, "quality_rule_not_usable");
        assert_eq!(refused.facts["problem"], problem, "{:?}", rules.first());
    }
}

#[test]
fn how_rows_are_cut_changes_nothing_and_few_row_numbers_are_kept() {
    let values: Vec<Option<i64>> = (0..1_000).map(|n| (n % 10 != 3).then_some(n)).collect();
    let whole = batch(vec![("n", Arc::new(Int64Array::from(values)))]);
    let rules = [rule("n", "present", ""), rule("n", "between", "0..899")];
    for sample in [None, Some(draw(Digest::of(b"cut"), 1_000, 100))] {
        let run = |size: usize| {
            let mut check = Check::new(&rules, &whole.schema(), sample.clone(), 0).unwrap();
            for from in (0..1_000).step_by(size) {
                check.take(&whole.slice(from, size.min(1_000 - from)));
            }
            check.finish()
        };
        let once = run(1_000);
        assert_eq!(run(7), once);
        assert_eq!(run(128), once);
        let Some(sample) = &sample else {
            assert_eq!((once.rows, once.bad_rows), (1_000, 190));
            assert_eq!((once.found[0].bad, once.found[1].bad), (100, 90));
            assert_eq!(once.found[0].first.len(), FIRST_ROWS);
            assert_eq!(once.found[0].first[..3], [4, 14, 24]);
            continue;
        };
        let missing = sample.iter().filter(|row| *row % 10 == 3).count() as u64;
        assert_eq!((once.rows, once.found[0].bad), (100, missing));
    }
}

#[test]
fn a_seed_draws_the_same_rows_again_and_another_seed_others() {
    let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
    let sample = draw(a, 15_690, 300);
    assert_eq!(sample.len(), 300);
    assert!(sample.iter().all(|row| *row < 15_690));
    assert_eq!(draw(a, 15_690, 300), sample);
    assert_ne!(draw(b, 15_690, 300), sample);
    // Written down: a change of the way would leave old records that nobody can draw again.
    let first: Vec<u64> = draw(a, 1_000, 5).into_iter().collect();
    assert_eq!(first, [334, 616, 821, 840, 881]);
    let all: BTreeSet<u64> = (0..20).collect();
    assert_eq!(draw(a, 20, 20), all);
    assert_eq!(draw(a, 20, 500), all, "no more rows than there are");
    assert_eq!(draw(a, 0, 5), BTreeSet::new());
}

#[test]
fn every_row_and_every_pair_is_drawn_as_often() {
    const SEEDS: u64 = 20_000;
    let (mut single, mut pair) = ([0u32; 10], [[0u32; 10]; 10]);
    for seed in 0..SEEDS {
        let rows: Vec<usize> = draw(Digest::of(&seed.to_be_bytes()), 10, 3)
            .into_iter()
            .map(|row| usize::try_from(row).unwrap())
            .collect();
        for (index, a) in rows.iter().enumerate() {
            single[*a] += 1;
            rows[index + 1..].iter().for_each(|b| pair[*a][*b] += 1);
        }
    }
    // Chi-square against equal shares. Three of ten are drawn without replacement, which makes the sum smaller than it
    // is for as many independent draws: the bounds are those of independent ones, at a chance of one in a million.
    let chi = |counts: &[u32], expected: f64| -> f64 {
        counts
            .iter()
            .map(|n| (f64::from(*n) - expected).powi(2) / expected)
            .sum()
    };
    let pairs: Vec<u32> = (0..10).flat_map(|a| pair[a][a + 1..].to_vec()).collect();
    assert_eq!(pairs.len(), 45);
    let (ones, twos) = (chi(&single, 6_000.0), chi(&pairs, 60_000.0 / 45.0));
    assert!(ones < 46.0, "{ones}");
    assert!(twos < 107.0, "{twos}");
    // The test can fail: a draw that prefers low rows is seen.
    let mut skewed = single;
    skewed[0] += 600;
    skewed[9] -= 600;
    assert!(chi(&skewed, 6_000.0) > 46.0);
}

/// Whether at most `bad` of `drawn` has a chance of at most 5 % at a share of so many of ten thousand: in whole numbers.
fn rare(bad: u64, drawn: u64, share: u32) -> bool {
    let (p, q) = (BigUint::from(share), BigUint::from(10_000 - share));
    let power = |base: &BigUint, n: u64| base.pow(u32::try_from(n).unwrap());
    let mut choose = BigUint::from(1u32);
    let mut sum = BigUint::ZERO;
    for k in 0..=bad {
        sum += &choose * power(&p, k) * power(&q, drawn - k);
        choose = choose * (drawn - k) / (k + 1);
    }
    sum * 20u32 <= power(&BigUint::from(10_000u32), drawn)
}

#[test]
fn the_bound_is_the_smallest_share_at_which_so_few_bad_rows_are_rare() {
    for (bad, drawn) in [
        (0, 1),
        (0, 59),
        (0, 300),
        (1, 2),
        (1, 300),
        (3, 300),
        (5, 100),
        (50, 100),
        (99, 100),
        (10, 2_000),
    ] {
        let bound = bad_at_most(bad, drawn, 1_000_000).unwrap();
        assert!(rare(bad, drawn, bound), "{bad} of {drawn}: {bound}");
        assert!(!rare(bad, drawn, bound - 1), "{bad} of {drawn}: {bound}");
    }
    // None of 300: 1 - 0.05^(1/300) = 0.994 %.
    assert_eq!(bad_at_most(0, 300, 1_000_000), Some(100));
    assert_eq!(bad_at_most(0, 100_000, u64::MAX), Some(1));
    assert_eq!(
        bad_at_most(50_000, 100_000, u64::MAX),
        Some(5_027),
        "far down in the tail"
    );
    assert_eq!(bad_at_most(4, 4, 100), Some(10_000));
    assert_eq!(bad_at_most(1, 3, 3), Some(3_334), "all rows: the share itself");
    assert_eq!(bad_at_most(0, 3, 3), Some(0));
    assert_eq!(bad_at_most(0, 0, 3), None);
}

#[test]
fn a_dimension_scores_the_mean_of_its_rules() {
    let found = |dimension, checked, bad| Found {
        column: "c".to_owned(),
        rule: "r".to_owned(),
        dimension,
        checked,
        bad,
        at_most: 100,
        first: Vec::new(),
    };
    let all = [
        found(Dimension::Accuracy, 3, 1),
        found(Dimension::Accuracy, 1_000_000, 0),
        found(Dimension::Completeness, 100, 1),
        found(Dimension::Completeness, 0, 0),
        found(Dimension::Timeliness, 1, 1),
    ];
    let told: Vec<_> = scores(&all).into_iter().collect();
    assert_eq!(
        told,
        [
            (Dimension::Accuracy, 8_333),
            (Dimension::Completeness, 9_900),
            (Dimension::Timeliness, 0)
        ],
        "no rule, no score; nothing to look at, no score"
    );
    assert!(all[2].holds(), "one of a hundred is allowed");
    assert!(!all[0].holds());
    assert_eq!(score(3, 1), Some(6_666), "rounded down");
    assert_eq!(score(u64::MAX, 0), Some(10_000));
}
