//! A table of extreme values.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
};
use shuyu_privacy::{Bounds, ColumnGrant, DateGrain, Grain};

use crate::small::{Small, free, text, units};

const ROWS: usize = 60;

fn cycle<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().cycle().take(ROWS).cloned().collect()
}

fn numbers() -> ArrayRef {
    Arc::new(Int64Array::from(cycle(&[
        Some(i64::MIN),
        Some(i64::MAX),
        Some(i64::MIN + 1),
        Some(-1),
        Some(0),
        None,
        Some(10),
        Some(-10),
        Some(9_007_199_254_740_993),
    ])))
}

fn fractions() -> ArrayRef {
    Arc::new(Float64Array::from(cycle(&[
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(f64::NEG_INFINITY),
        Some(f64::MAX),
        Some(f64::MIN_POSITIVE),
        Some(-0.0),
        Some(1.5),
        None,
    ])))
}

/// The ends of the type, of the years that have nanoseconds, and of those that have four digits.
fn days() -> ArrayRef {
    Arc::new(Date32Array::from(cycle(&[
        Some(i32::MAX),
        Some(i32::MIN),
        Some(2_932_896),
        Some(-719_162),
        Some(0),
        Some(19_800),
        None,
        Some(106_752),
        Some(-106_752),
    ])))
}

fn texts() -> ArrayRef {
    Arc::new(StringArray::from(cycle(&[
        Some(""),
        Some("a"),
        Some("张三"),
        Some("ß"),
        Some("%"),
        Some("\\"),
        Some("123"),
        Some("2024-01-01"),
        None,
        Some("99999999999999999999"),
    ])))
}

fn decimals() -> ArrayRef {
    let values = cycle(&[Some(i128::MAX / 10), Some(i128::MIN / 10), None, Some(150)]);
    Arc::new(
        Decimal128Array::from(values)
            .with_precision_and_scale(38, 2)
            .unwrap(),
    )
}

/// Most columns value by value; `n` and `h` at a width, `h` with limits, `m` by month.
pub fn extremes() -> Small {
    let wide = |bounds| ColumnGrant {
        grain: Some(Grain::Number {
            filter: 10,
            group: 10,
        }),
        bounds,
        ..free()
    };
    let monthly = ColumnGrant {
        grain: Some(Grain::Date(DateGrain::Month)),
        ..free()
    };
    let bounds = Some(Bounds { low: 0, high: 1_000 });
    let truths = BooleanArray::from(cycle(&[Some(true), Some(false), None]));
    Small::personal(
        1,
        units(ROWS as u64),
        vec![
            (
                "g",
                text((0..ROWS).map(|i| if i % 2 == 0 { "a" } else { "b" })),
                free(),
            ),
            ("i", numbers(), free()),
            ("n", numbers(), wide(None)),
            ("h", numbers(), wide(bounds)),
            ("y", fractions(), free()),
            ("d", days(), free()),
            ("m", days(), monthly),
            ("s", texts(), free()),
            ("b", Arc::new(truths), free()),
            ("c", decimals(), free()),
        ],
    )
}
