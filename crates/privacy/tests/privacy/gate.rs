//! The gate over batches made by hand.

use std::{collections::BTreeMap, sync::Arc};

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::Int64Type;
use proptest::prelude::*;
use shuyu_kernel::Id;
use shuyu_privacy::{
    CellLayout, GateKey, GateOutcome, HiddenColumns, Rules, Statistic, StatisticColumns, Thresholds, gate,
    gate::visible_schema,
};

/// One cell: subjects, those with a value, total, greatest and second contribution.
#[derive(Debug, Clone, Copy)]
struct Cell {
    set: u64,
    subjects: i64,
    with: i64,
    total: f64,
    top: [f64; 2],
}

fn plain(set: u64, subjects: i64) -> Cell {
    let size = subjects as f64;
    Cell {
        set,
        subjects,
        with: subjects,
        total: size,
        top: [1.0, 1.0],
    }
}

fn batch(cells: &[Cell]) -> RecordBatch {
    let ints = |get: &dyn Fn(&Cell) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(cells.iter().map(get)))
    };
    let floats = |get: &dyn Fn(&Cell) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(cells.iter().map(get)))
    };
    let sets: ArrayRef = Arc::new(UInt64Array::from_iter_values(cells.iter().map(|c| c.set)));
    let key: ArrayRef = Arc::new(StringArray::from_iter_values(
        cells.iter().map(|c| format!("g{}", c.set)),
    ));
    RecordBatch::try_from_iter([
        ("g", key),
        ("count", ints(&|c| c.subjects)),
        ("sum", floats(&|c| c.total)),
        ("n", ints(&|c| c.subjects)),
        ("xor", Arc::clone(&sets)),
        ("add", Arc::clone(&sets)),
        ("with", ints(&|c| c.with)),
        ("total", floats(&|c| c.total)),
        ("first", floats(&|c| c.top[0])),
        ("second", floats(&|c| c.top[1])),
        ("key", sets),
    ])
    .unwrap()
}

fn layout(keys: &[&str]) -> CellLayout {
    let rows = StatisticColumns {
        value: "count".into(),
        statistic: Statistic::Rows,
        argument: String::new(),
        contributors: None,
        nonzero: None,
        dominance: None,
        contribution_key: None,
        indicator: false,
        optional: false,
        domains: Vec::new(),
        classes: Vec::new(),
    };
    let sum = StatisticColumns {
        value: "sum".into(),
        statistic: Statistic::Sum,
        argument: "x".into(),
        contributors: Some("with".into()),
        nonzero: None,
        dominance: Some(["total", "first", "second"].map(str::to_owned)),
        contribution_key: Some("key".into()),
        indicator: false,
        optional: false,
        domains: Vec::new(),
        classes: Vec::new(),
    };
    CellLayout {
        keys: keys.iter().map(|k| (*k).to_owned()).collect(),
        statistics: vec![rows, sum],
        hidden: HiddenColumns {
            subjects: "n".into(),
            set_xor: "xor".into(),
            set_sum: "add".into(),
        },
        domains: Vec::new(),
        classes: Vec::new(),
        domain: "person".into(),
        datasets: BTreeMap::from([(Id::from_bits(1), 4)]),
    }
}

fn run(cells: &[Cell], key: u8) -> GateOutcome {
    gate(
        &batch(cells),
        &layout(&["g"]),
        &Thresholds::default(),
        &GateKey::new([key; 32]),
        &Rules::all(),
    )
    .unwrap()
}

#[test]
fn only_keys_and_statistics_leave() {
    let cells = [plain(1, 50)];
    let outcome = run(&cells, 1);
    let schema = outcome.visible.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["g", "count", "sum"]);
    assert_eq!(
        schema,
        visible_schema(&batch(&cells).schema(), &layout(&["g"])).unwrap()
    );
    assert_eq!(outcome.released.len(), 2);
}

#[test]
fn the_threshold_is_ten_to_twelve_and_depends_on_the_set() {
    for set in 0..200 {
        for subjects in 0..30 {
            let shown = run(&[plain(set, subjects)], 1).visible.num_rows() == 1;
            assert!(shown || subjects < 12, "{subjects} subjects are enough");
            assert!(!shown || subjects >= 10, "{subjects} subjects are too few");
        }
    }
    let shown = |key| {
        (0..200)
            .filter(|set| run(&[plain(*set, 10)], key).visible.num_rows() == 1)
            .collect::<Vec<_>>()
    };
    // About a third of the sets has no jitter, another third for another key, and always the same.
    assert!((40..100).contains(&shown(1).len()));
    assert_ne!(shown(1), shown(2));
    assert_eq!(shown(1), shown(1));
}

#[test]
fn two_subjects_must_not_hold_nearly_everything() {
    let held = |first: f64, second: f64| {
        let cell = Cell {
            total: 100.0,
            top: [first, second],
            ..plain(7, 100)
        };
        run(&[cell], 1).visible.column(2).is_valid(0)
    };
    assert!(held(50.0, 40.0));
    assert!(!held(50.0, 41.0));
    assert!(!held(f64::NAN, 1.0));
    assert!(held(85.0, 5.0));
    assert!(!held(89.0, 2.0));
}

#[test]
fn without_keys_there_is_one_row_whatever_happens() {
    for cells in [vec![], vec![plain(1, 3)], vec![plain(1, 300)]] {
        let outcome = gate(
            &batch(&cells),
            &layout(&[]),
            &Thresholds::default(),
            &GateKey::new([1; 32]),
            &Rules::all(),
        )
        .unwrap();
        assert_eq!(outcome.visible.num_rows(), 1);
        assert_eq!(
            outcome.visible.column(0).is_valid(0),
            cells.iter().any(|c| c.subjects > 12)
        );
    }
}

#[test]
fn a_layout_that_does_not_fit_is_an_error_without_values() {
    let mut wrong = layout(&["g"]);
    wrong.hidden.subjects = "sum".into();
    let error = gate(
        &batch(&[plain(1, 50)]),
        &wrong,
        &Thresholds::default(),
        &GateKey::new([1; 32]),
        &Rules::all(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("sum") && !error.to_string().contains("50"));
}

proptest! {
    /// No cell of fewer than k subjects and no argument that fewer than k have, or lack, ever leaves.
    #[test]
    fn nothing_small_leaves(
        cells in proptest::collection::vec((any::<u64>(), 0i64..40, 0i64..40, 0.0..9.0f64, 0.0..9.0f64), 0..30),
        key in any::<u8>(),
    ) {
        let cells: Vec<Cell> = cells
            .into_iter()
            .map(|(set, a, b, x, y)| Cell { set, subjects: a.max(b), with: a.min(b), total: 10.0, top: [x.max(y), x.min(y)] })
            .collect();
        let outcome = run(&cells, key);
        let counts = outcome.visible.column(1).as_primitive::<Int64Type>();
        prop_assert!(counts.iter().flatten().all(|n| n >= 10));
        prop_assert_eq!(counts.null_count(), 0);
        let sums = outcome.released.iter().filter(|c| c.statistic == Statistic::Sum);
        for released in sums {
            let cell = cells.iter().find(|c| c.set == released.set_key.xor && c.subjects as u64 == released.subjects);
            let Some(cell) = cell else { return Err(TestCaseError::fail("released without a cell")) };
            let left_out = cell.subjects - cell.with;
            prop_assert!(cell.with >= 10 && (left_out == 0 || left_out >= 10));
            prop_assert!(cell.top[0] + cell.top[1] <= 9.0);
        }
    }
}

#[test]
fn a_whole_total_that_may_have_wrapped_round_is_suppressed() {
    for (total, shown) in [(4.0e18, true), (4.7e18, false), (1.0e19, false)] {
        let cell = Cell {
            total,
            top: [total / 20.0; 2],
            ..plain(1, 40)
        };
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        let cells = batch(&[cell]);
        for (field, column) in cells.schema().fields().iter().zip(cells.columns()) {
            let column = match field.name().as_str() {
                "sum" => Arc::new(Int64Array::from(vec![-5])),
                _ => Arc::clone(column),
            };
            columns.push((field.name().clone(), column));
        }
        let cells = RecordBatch::try_from_iter(columns).unwrap();
        let key = GateKey::new([1; 32]);
        let outcome = gate(
            &cells,
            &layout(&["g"]),
            &Thresholds::default(),
            &key,
            &Rules::all(),
        )
        .unwrap();
        assert_eq!(
            outcome.visible.column_by_name("sum").unwrap().is_valid(0),
            shown,
            "{total}"
        );
    }
}
