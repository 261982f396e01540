//! A leaked piece names its recipient: 50 recipients, a sample of 5 % with 20 % of its cells altered.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{AsArray, Int64Array, RecordBatch, StringArray},
    datatypes::Int64Type,
};
use shuyu_privacy::governance::fingerprint::{
    FALSE_ACCUSATION, MarkColumn, MarkKey, MarkRule, Marker, Trace, Traced,
};
use shuyu_testkit::Random;

use super::batch;

const RECIPIENTS: usize = 50;
const ROWS: usize = 4_000;
const TRIALS: u64 = 120;

fn rule() -> MarkRule {
    let column = |name: &str, unit: &str| MarkColumn {
        column: name.to_owned(),
        unit: unit.to_owned(),
    };
    MarkRule {
        row_key: vec!["person".to_owned()],
        columns: vec![column("income", "1"), column("base", "10")],
    }
}

fn table(seed: u64) -> RecordBatch {
    let mut random = Random::of(seed, "table", 0);
    let person: StringArray = (0..ROWS).map(|row| Some(format!("{seed}-{row}"))).collect();
    let mut amounts = |middle| {
        (0..ROWS)
            .map(|_| Some(random.skewed(middle)))
            .collect::<Int64Array>()
    };
    let (income, base) = (amounts(60_000), amounts(4_000));
    let area: StringArray = (0..ROWS).map(|row| Some(["a", "b", "c"][row % 3])).collect();
    batch(vec![
        ("person", Arc::new(person)),
        ("income", Arc::new(income)),
        ("base", Arc::new(base)),
        ("area", Arc::new(area)),
    ])
}

fn recipients() -> Vec<String> {
    (0..RECIPIENTS).map(|i| format!("recipient {i}")).collect()
}

fn marked(table: &RecordBatch, key: &MarkKey, recipient: &str) -> RecordBatch {
    Marker::new(rule(), key, recipient).mark(table).unwrap()
}

fn number(batch: &RecordBatch, column: &str, row: usize) -> i64 {
    batch
        .column_by_name(column)
        .unwrap()
        .as_primitive::<Int64Type>()
        .value(row)
}

/// One row in twenty, in another order.
fn sample(table: &RecordBatch, random: &mut Random) -> RecordBatch {
    let mut rows: Vec<(u64, usize)> = (0..ROWS).map(|row| (random.bits(), row)).collect();
    rows.sort_unstable();
    rows.truncate(ROWS / 20);
    let person = table.column_by_name("person").unwrap().as_string::<i32>();
    let person: StringArray = rows.iter().map(|(_, row)| Some(person.value(*row))).collect();
    let of = |column: &str| -> arrow::array::ArrayRef {
        Arc::new(
            rows.iter()
                .map(|(_, row)| Some(number(table, column, *row)))
                .collect::<Int64Array>(),
        )
    };
    batch(vec![
        ("person", Arc::new(person)),
        ("income", of("income")),
        ("base", of("base")),
    ])
}

/// A fifth of the cells of these columns altered by something small, all as text, as in a CSV.
fn altered(set: &RecordBatch, random: &mut Random, columns: &[&str]) -> RecordBatch {
    let mut out = vec![("person", set.column(0).clone())];
    for column in columns {
        let cell = |row: usize| {
            let change = if random.chance(200) {
                random.between(-500, 500)
            } else {
                0
            };
            Some((number(set, column, row) + change).to_string())
        };
        out.push((
            column,
            Arc::new((0..set.num_rows()).map(cell).collect::<StringArray>()),
        ));
    }
    batch(out)
}

fn trace(table: &RecordBatch, piece: &RecordBatch, key: &MarkKey) -> Traced {
    let recipients = recipients();
    let mut trace = Trace::new(
        &rule(),
        &table.schema(),
        key,
        recipients.iter().map(String::as_str),
    )
    .unwrap();
    trace.take(piece).unwrap();
    trace.finish()
}

#[test]
fn the_leaker_is_named_from_a_small_altered_sample_and_nobody_else_is() {
    let (mut right, mut trials) = (0, 0);
    for seed in 0..TRIALS {
        let table = table(seed);
        let key = MarkKey::of(&[5; 32], &format!("set {seed}"));
        let mut random = Random::of(seed, "leak", 0);
        let leaker = format!("recipient {}", random.below(RECIPIENTS as u64));
        // Every third leaker leaves a marked column out.
        let columns: &[&str] = if seed % 3 == 0 {
            &["income"]
        } else {
            &["income", "base"]
        };
        let rows = sample(&table, &mut random);
        let piece = altered(&marked(&rows, &key, &leaker), &mut random, columns);
        let traced = trace(&table, &piece, &key);
        trials += 1;
        right += i32::from(traced.accused.as_deref() == Some(leaker.as_str()));
        assert!(
            traced.accused.is_none_or(|accused| accused == leaker),
            "somebody innocent is named"
        );
        // The rows as they were, and one marked under another key: nobody is named.
        for innocent in [rows.clone(), marked(&rows, &MarkKey::of(&[6; 32], "x"), &leaker)] {
            let traced = trace(&table, &altered(&innocent, &mut random, columns), &key);
            assert_eq!(traced.accused, None, "{traced:?}");
            assert!(traced.chance >= FALSE_ACCUSATION);
        }
    }
    println!("{right} of {trials} leakers named");
    assert!(right * 100 >= trials * 99, "{right} of {trials}");
}

#[test]
fn marks_stay_within_a_unit_never_go_below_zero_and_leave_the_rest_alone() {
    let table = table(1);
    let key = MarkKey::of(&[5; 32], "set");
    let sets: Vec<RecordBatch> = recipients()
        .iter()
        .take(5)
        .map(|own| marked(&table, &key, own))
        .collect();
    let mut differing = BTreeSet::new();
    for set in &sets {
        assert_eq!(set.column_by_name("area"), table.column_by_name("area"));
        for row in 0..ROWS {
            for (column, unit) in [("income", 1), ("base", 10)] {
                let (before, after) = (number(&table, column, row), number(set, column, row));
                assert!(
                    (before - after).abs() <= unit && after >= 0,
                    "{column}: {before} {after}"
                );
            }
            differing.insert(number(set, "income", row) - number(&table, "income", row));
        }
    }
    assert_eq!(differing.into_iter().collect::<Vec<_>>(), [-1, 0, 1]);
    assert_ne!(sets[0], sets[1]);
    let piece = marked(&table.slice(100, 7), &key, "recipient 0");
    assert_eq!(piece, sets[0].slice(100, 7), "a mark does not look at other rows");
    let zero = batch(vec![
        ("person", Arc::new(StringArray::from(vec!["a", "b", "c", "d"]))),
        ("income", Arc::new(Int64Array::from(vec![0; 4]))),
        (
            "base",
            Arc::new(Int64Array::from(vec![Some(5), Some(0), None, Some(-3)])),
        ),
    ]);
    let set = marked(&zero, &key, "r");
    assert!((0..4).all(|row| (0..=1).contains(&number(&set, "income", row))));
    assert!(
        set.column_by_name("base").unwrap().is_null(2),
        "what is missing stays missing"
    );
}

#[test]
fn a_repeated_row_votes_once_and_too_little_names_nobody() {
    let table = table(2);
    let key = MarkKey::of(&[5; 32], "set");
    let set = marked(&table, &key, "recipient 7");
    let few = set.slice(0, 5);
    let recipients = recipients();
    let mut own = Trace::new(
        &rule(),
        &table.schema(),
        &key,
        recipients.iter().map(String::as_str),
    )
    .unwrap();
    for _ in 0..100 {
        own.take(&few).unwrap();
    }
    let traced = own.finish();
    assert_eq!(
        (traced.cells, traced.accused),
        (10, None),
        "ten cells agree with many by chance"
    );
    let traced = trace(&table, &set.slice(0, 100), &key);
    assert_eq!(
        (traced.cells, traced.agreeing, traced.accused.as_deref()),
        (200, 200, Some("recipient 7"))
    );
    assert!(traced.chance < 1e-50);
}

#[test]
fn rules_that_cannot_work_or_would_break_k_are_refused() {
    let quasi = ["base".to_owned()];
    assert_eq!(
        rule().check_against(&quasi).unwrap_err().facts["problem"],
        "mark_breaks_k"
    );
    let table = table(3);
    let refused = |rule: MarkRule| {
        Marker::new(rule, &MarkKey::of(&[1; 32], "s"), "r")
            .check(&table.schema())
            .unwrap_err()
    };
    assert_eq!(
        refused(MarkRule {
            row_key: vec![],
            ..rule()
        })
        .facts["problem"],
        "mark"
    );
    let column = |name: &str, unit: &str| MarkRule {
        columns: vec![MarkColumn {
            column: name.to_owned(),
            unit: unit.to_owned(),
        }],
        ..rule()
    };
    assert_eq!(refused(column("area", "1")).facts["problem"], "type");
    assert_eq!(refused(column("income", "0")).facts["problem"], "edges");
    assert_eq!(refused(column("nothing", "1")).code, "column_unknown");
    let mut own = Trace::new(&rule(), &table.schema(), &MarkKey::of(&[1; 32], "s"), []).unwrap();
    let keyless = batch(vec![("income", Arc::new(Int64Array::from(vec![1])))]);
    assert_eq!(own.take(&keyless).unwrap_err().code, "row_key_missing");
}
