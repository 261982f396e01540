//! Rows that are gathered, against the same rows put together one by one.

use std::{collections::BTreeMap, num::NonZeroUsize};

use arrow::{
    array::{AsArray, Int64Array, StringArray, UInt64Array},
    datatypes::Int64Type,
};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::split::gathered::Given;

/// Key, unit, a number, and whether there is a text.
type Row = (Option<i64>, u64, Option<i64>, bool);

const COLUMNS: [Column; 3] = [Column::Values(0), Column::Presence(1), Column::Products(0, 0)];
const GIVEN: [Given; 7] = [
    Given::One,
    Given::Rows,
    Given::Has(1),
    Given::Values(1),
    Given::Values(0),
    Given::Total(0),
    Given::Product(0, 0),
];

fn batch(rows: &[Row]) -> RecordBatch {
    let keys: Int64Array = rows.iter().map(|row| row.0).collect();
    let units: UInt64Array = rows.iter().map(|row| Some(row.1)).collect();
    let numbers: Int64Array = rows.iter().map(|row| row.2).collect();
    let texts: StringArray = rows.iter().map(|row| row.3.then_some("text")).collect();
    let columns: [(&str, ArrayRef, bool); 4] = [
        ("k0", Arc::new(keys), true),
        ("u", Arc::new(units), true),
        ("a0", Arc::new(numbers), true),
        ("a1", Arc::new(texts), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// By key, sum and unit, what is contributed.
type Expected = BTreeMap<Option<i64>, Vec<BTreeMap<u64, f64>>>;

fn expected(rows: &[Row]) -> Expected {
    let mut all = Expected::new();
    for (key, unit, number, text) in rows {
        let sums = all
            .entry(*key)
            .or_insert_with(|| vec![BTreeMap::new(); GIVEN.len()]);
        let number = number.map(|number| number as f64);
        for (sum, given) in sums.iter_mut().zip(GIVEN) {
            let (adds, counts) = match given {
                Given::One => (Some(1.0), false),
                Given::Rows => (Some(1.0), true),
                Given::Has(_) => (text.then_some(1.0), false),
                Given::Values(1) => (text.then_some(1.0), true),
                Given::Values(_) => (number.map(|_| 1.0), true),
                Given::Total(_) => (number, true),
                Given::Product(..) => (number.map(|number| number * number), true),
            };
            if let Some(adds) = adds {
                let amount = sum.entry(*unit).or_insert(0.0);
                *amount = if counts { *amount + adds } else { adds };
            }
        }
    }
    all
}

fn gathered(rows: &[Row], batches: usize, keys: usize, many: bool, threads: usize) -> Gathered {
    let wanted = Wanted {
        keys,
        columns: COLUMNS.to_vec(),
        many,
    };
    let mut gather = Gather::all(&wanted, batch(&[]).schema().as_ref(), 1 << 20).unwrap();
    for rows in rows.chunks(batches) {
        gather.read(&batch(rows)).unwrap();
    }
    gather
        .finish(Hands {
            threads: NonZeroUsize::new(threads).unwrap(),
            stop: &CancellationToken::new(),
        })
        .unwrap()
}

fn found(gathered: &Gathered) -> Vec<Vec<BTreeMap<u64, f64>>> {
    let each = gathered.cells.iter().map(|cell| {
        let sums = GIVEN.iter().map(|given| {
            let sum = gathered.contribution(cell, *given);
            let all: BTreeMap<u64, f64> = sum.iter().map(|one| (one.unit, one.amount)).collect();
            assert_eq!(all.len(), sum.len(), "nobody is there twice");
            all
        });
        sums.collect()
    });
    each.collect()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = prop_oneof![Just(None), (0i64..4).prop_map(Some)];
    let number = prop_oneof![Just(None), (-5i64..5).prop_map(Some)];
    proptest::collection::vec((key, 0u64..12, number, any::<bool>()), 0..60)
}

proptest! {
    #[test]
    fn subjects_of_several_rows_are_put_together(rows in rows(), batches in 1usize..9, threads in 1usize..4) {
        let all = gathered(&rows, batches, 1, true, threads);
        let expected = expected(&rows);
        let keys: Option<Vec<_>> = all.keys.first().map(|keys| keys.as_primitive::<Int64Type>().iter().collect());
        prop_assert_eq!(keys.unwrap_or_default(), expected.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(found(&all), expected.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn subjects_of_one_row_are_as_they_are(rows in rows(), batches in 1usize..9) {
        // Each row has a subject of its own.
        let rows: Vec<Row> = (0..).zip(rows).map(|(unit, row)| (row.0, unit, row.2, row.3)).collect();
        let all = gathered(&rows, batches, 1, false, 2);
        prop_assert_eq!(found(&all), expected(&rows).into_values().collect::<Vec<_>>());
        prop_assert!(all.held() <= 64 * rows.len());
    }

    #[test]
    fn without_keys_there_is_one_cell(rows in rows(), batches in 1usize..9) {
        let all = gathered(&rows, batches, 0, true, 1);
        let one: Vec<Row> = rows.iter().map(|row| (None, row.1, row.2, row.3)).collect();
        let nobody = vec![BTreeMap::new(); GIVEN.len()];
        let expected = expected(&one).into_values().next().unwrap_or(nobody);
        prop_assert_eq!(found(&all), vec![expected]);
    }
}

#[test]
fn rows_beyond_the_memory_are_refused() {
    let rows: Vec<Row> = (0..100).map(|unit| (Some(1), unit, Some(1), true)).collect();
    let wanted = Wanted {
        keys: 1,
        columns: vec![Column::Values(0), Column::Presence(1)],
        many: true,
    };
    // A unit and a value each.
    for (most, fits) in [(1600, true), (1599, false)] {
        let mut gather = Gather::all(&wanted, batch(&[]).schema().as_ref(), most).unwrap();
        assert_eq!(gather.read(&batch(&rows)).is_ok(), fits);
    }
}

#[test]
fn what_a_subject_contributes_does_not_depend_on_the_order_of_its_rows() {
    let values = [0.1, 0.7, 1e9, -0.3, 0.2, -1e9, 0.4];
    let in_order = |values: &[f64]| values.iter().fold(0.0, |total, value| total + value).to_bits();
    let wanted = Wanted {
        keys: 0,
        columns: vec![Column::Values(0), Column::Products(0, 0)],
        many: true,
    };
    let (mut totals, mut plain) = (Vec::new(), Vec::new());
    for first in 0..values.len() {
        let mut turned = values;
        turned.rotate_left(first);
        plain.push(in_order(&turned));
        let columns: [(&str, ArrayRef); 2] = [
            ("u", Arc::new(UInt64Array::from(vec![7; values.len()]))),
            ("a0", Arc::new(Float64Array::from(turned.to_vec()))),
        ];
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        let mut gather = Gather::all(&wanted, rows.schema().as_ref(), 1 << 20).unwrap();
        gather.read(&rows).unwrap();
        let hands = Hands {
            threads: NonZeroUsize::MIN,
            stop: &CancellationToken::new(),
        };
        let gathered = gather.finish(hands).unwrap();
        let cell = gathered.cells.first().unwrap();
        let amounts = [Given::Total(0), Given::Product(0, 0)].map(|given| {
            let sum = gathered.contribution(cell, given);
            sum.iter().map(|one| one.amount.to_bits()).collect::<Vec<u64>>()
        });
        totals.push(amounts);
    }
    assert!(
        plain.iter().any(|total| *total != plain[0]),
        "as they are read, they differ"
    );
    assert!(totals.iter().all(|amounts| *amounts == totals[0]), "{totals:?}");
}
