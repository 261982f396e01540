//! Small worlds with values that can be computed again, and what is asked of them.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array},
    compute,
    datatypes::{DataType, Float64Type},
};
use shuyu_privacy::{Book, Bounds, ColumnGrant, DateGrain, GateKey, Grain, Past};
use shuyu_query::{Engine, EngineLimits};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Memory, block_on, engine, table},
    small::{Small, free, text, units, whole},
};

/// Everybody in [`people`].
pub const MANY: i64 = 1000;

pub fn x(i: i64) -> i64 {
    2000 + i * 7919 % 997 * 10
}

pub fn y(i: i64) -> f64 {
    0.5 * x(i) as f64 + (i * 104_729 % 613) as f64
}

/// A thousand subjects with one row each. `z` is missing for every fifth.
pub fn people() -> Small {
    let g = text((0..MANY).map(|i| if i % 2 == 0 { "a" } else { "b" }));
    let y: ArrayRef = Arc::new(Float64Array::from_iter_values((0..MANY).map(y)));
    let z: ArrayRef = Arc::new(Int64Array::from_iter(
        (0..MANY).map(|i| (i % 5 != 0).then_some(x(i))),
    ));
    // Years from 1950 to 1999.
    let birth = (0..MANY).map(|i| i32::try_from(-7305 + i % 50 * 365 + 100).unwrap());
    let birth: ArrayRef = Arc::new(Date32Array::from_iter_values(birth));
    let year = ColumnGrant {
        grain: Some(Grain::Date(DateGrain::Year)),
        ..free()
    };
    let bounded = ColumnGrant {
        bounds: Some(Bounds { low: 0, high: 20_000 }),
        ..free()
    };
    let columns = vec![
        ("g", g, free()),
        ("x", whole((0..MANY).map(x)), bounded),
        ("y", y, free()),
        ("z", z, free()),
        ("birth", birth, year),
    ];
    Small::personal(1, units(MANY as u64), columns)
}

/// Events: every subject has one to five rows with `x`.
pub fn events() -> (Small, Vec<(i64, f64)>) {
    let mut rows: Vec<(u64, i64)> = Vec::new();
    for (i, unit) in units(400).into_iter().enumerate() {
        let i = i as i64;
        rows.extend((0..=i % 5).map(|j| (unit, x(i * 5 + j))));
    }
    let y_of = |x: i64| (x % 1700) as f64;
    let y: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, x)| y_of(*x))));
    let small = Small::personal(
        5,
        rows.iter().map(|(unit, _)| *unit).collect(),
        vec![
            ("x", whole(rows.iter().map(|(_, x)| *x)), free()),
            ("y", y, free()),
        ],
    );
    (small, rows.iter().map(|(_, x)| (*x, y_of(*x))).collect())
}

pub fn numbers(small: &Small, engine: &Engine, sql: &str) -> Vec<Option<f64>> {
    let released = small.released_by(engine, sql);
    let mut all = Vec::new();
    for batch in &released.batches {
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                let number = compute::cast(column, &DataType::Float64).unwrap();
                let number = number.as_primitive::<Float64Type>();
                all.push(number.is_valid(row).then(|| number.value(row)));
            }
        }
    }
    all
}

pub fn exactly(small: &Small, sql: &str, wanted: &[f64]) {
    let answers = numbers(small, &engine(), sql);
    assert_eq!(answers.len(), wanted.len(), "{sql}: {answers:?}");
    for (answer, wanted) in answers.iter().zip(wanted) {
        let answer = answer.unwrap_or_else(|| panic!("{sql}: {answers:?}"));
        let near = (answer - wanted).abs() <= 1e-6 * wanted.abs().max(1e-3);
        assert!(near, "{sql}: {answer} for {wanted}");
    }
}

pub fn noisy(key: u8) -> Engine {
    Engine::new(GateKey::new([key; 32]), EngineLimits::default())
}

pub fn withheld(small: &Small, sql: &str) {
    let answers = numbers(small, &engine(), sql);
    assert!(
        !answers.is_empty() && answers.iter().all(Option::is_none),
        "{sql}: {answers:?}"
    );
}

pub fn all() -> impl Iterator<Item = i64> {
    0..MANY
}

/// Statements one after the other, with what they leave behind.
pub fn in_turn(small: &Small, engine: &Engine, statements: &[&str]) -> Vec<String> {
    let memory = Arc::new(Memory {
        tables: small.tables.clone(),
    });
    let mut past = Past {
        party: "one".into(),
        books: BTreeMap::new(),
    };
    let mut answers = Vec::new();
    for sql in statements {
        let sealed = engine.check(&small.permit(), sql, memory.as_ref()).unwrap();
        let cancel = CancellationToken::new();
        let asked = engine.run(&sealed, memory.clone(), &past, &cancel);
        let released = block_on(asked).unwrap();
        let [remembered] = released.remembered.as_slice() else {
            panic!("of one domain")
        };
        let book: &mut Book = Arc::make_mut(past.books.entry(remembered.domain.clone()).or_default());
        remembered.rows.iter().for_each(|row| book.read(row).unwrap());
        answers.push(table(&released.batches)[0][0].clone());
    }
    answers
}
