//! Figures against an outside library, and against examples worked out by hand in the papers.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use shuyu_privacy::governance::assess::{Assessment, Figures};

use super::batch;

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().copied().map(Some).collect::<StringArray>())
}

fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<Int64Array>())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn assess(batches: &[RecordBatch], quasi: &[&str], sensitive: &[&str]) -> Figures {
    let mut assessment = Assessment::new(&names(quasi), &names(sensitive)).unwrap();
    for batch in batches {
        assessment.take(batch).unwrap();
    }
    assessment.finish().unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// The table of `outside.py`: the same linear congruential draws.
fn table(rows: usize) -> RecordBatch {
    let mut state: u64 = 2026;
    let mut drawn: [Vec<i64>; 5] = Default::default();
    for _ in 0..rows {
        for (column, bound) in [4, 3, 5, 6, 9].into_iter().enumerate() {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            drawn[column].push(i64::try_from((state >> 8) % bound).unwrap());
        }
    }
    let [age, sex, area, illness, income] = drawn;
    let age: StringArray = age.iter().map(|v| Some(format!("[{v}0,{}0)", v + 1))).collect();
    let illness: StringArray = illness.iter().map(|v| Some(format!("i{v}"))).collect();
    batch(vec![
        ("age", Arc::new(age)),
        ("sex", numbers(sex)),
        ("area", numbers(area)),
        ("illness", Arc::new(illness)),
        ("income", numbers(income.iter().map(|v| v * v * 100))),
    ])
}

/// `outside.json` was made by `outside.py` with pycanon 1.3.6. Its recursive (c,l)-diversity sorts counts the other
/// way round than the paper and is not compared.
#[test]
fn figures_are_those_of_an_outside_library() {
    let cases: serde_json::Value = serde_json::from_str(include_str!("outside.json")).unwrap();
    let whole = table(1_200);
    let pieces: Vec<RecordBatch> = (0..12).map(|i| whole.slice(i * 100, 100)).collect();
    for case in cases.as_array().unwrap() {
        let quasi: Vec<&str> = case["quasi"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|q| q.as_str())
            .collect();
        let figures = assess(&pieces, &quasi, &["illness", "income"]);
        assert_eq!(
            figures,
            assess(std::slice::from_ref(&whole), &quasi, &["illness", "income"])
        );
        assert_eq!(figures.k, case["k"].as_u64().unwrap(), "{quasi:?}");
        for own in &figures.sensitive {
            let expected = &case["sensitive"][&own.column];
            assert_eq!(
                own.distinct,
                expected["distinct"].as_u64().unwrap(),
                "{quasi:?} {}",
                own.column
            );
            let floor = expected["entropy_floor"].as_f64().unwrap();
            assert!(
                own.entropy >= floor && own.entropy < floor + 1.0,
                "{quasi:?} {own:?}"
            );
            assert!(
                near(own.closeness, expected["t"].as_f64().unwrap()),
                "{quasi:?} {own:?}"
            );
            assert_eq!(own.ordered, own.column == "income");
        }
    }
}

/// Machanavajjhala et al. 2007, figures 2 and 3: the 4-anonymous inpatient table has a class with cancer only; the
/// other one is 3-diverse.
#[test]
fn the_inpatients_of_machanavajjhala() {
    let class = |names: [&str; 3]| {
        numbers(
            names
                .iter()
                .enumerate()
                .flat_map(|(i, _)| [i64::try_from(i).unwrap(); 4]),
        )
    };
    let open = texts(&[
        "heart", "heart", "viral", "viral", "cancer", "heart", "viral", "viral", "cancer", "cancer",
        "cancer", "cancer",
    ]);
    let figures = assess(
        &[batch(vec![("q", class(["a", "b", "c"])), ("illness", open)])],
        &["q"],
        &["illness"],
    );
    assert_eq!(
        (figures.k, figures.classes, figures.sensitive[0].distinct),
        (4, 3, 1)
    );
    assert!(near(figures.sensitive[0].entropy, 1.0));
    assert_eq!(figures.sensitive[0].recursive_c, None);
    let diverse = texts(&[
        "heart", "viral", "cancer", "cancer", "cancer", "heart", "viral", "viral", "heart", "viral",
        "cancer", "cancer",
    ]);
    let figures = assess(
        &[batch(vec![("q", class(["a", "b", "c"])), ("illness", diverse)])],
        &["q"],
        &["illness"],
    );
    assert_eq!(figures.sensitive[0].distinct, 3);
    assert!(near(figures.sensitive[0].entropy, 2f64.powf(1.5)), "{figures:?}");
    assert_eq!(figures.sensitive[0].recursive_c, Some(1.0));
}

/// Li et al. 2007, section 4: salaries 3 to 11 thousand; the class {3,4,5} lies 0.375 from the whole.
#[test]
fn the_salaries_of_li() {
    let class = numbers([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    let salary = numbers([3, 4, 5, 6, 8, 11, 7, 9, 10]);
    let figures = assess(
        &[batch(vec![("q", class.clone()), ("salary", salary)])],
        &["q"],
        &["salary"],
    );
    assert!(near(figures.sensitive[0].closeness, 0.375), "{figures:?}");
    // As names instead of numbers every class holds three of nine: two thirds must move.
    let named = texts(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    let figures = assess(
        &[batch(vec![("q", class), ("salary", named)])],
        &["q"],
        &["salary"],
    );
    assert!(near(figures.sensitive[0].closeness, 2.0 / 3.0), "{figures:?}");
    assert!(!figures.sensitive[0].ordered);
}

#[test]
fn risk_of_records_with_and_without_a_population() {
    let sample = batch(vec![("area", texts(&["a", "a", "a", "b", "b", "c"]))]);
    let figures = assess(std::slice::from_ref(&sample), &["area"], &[]);
    assert_eq!((figures.k, figures.unique_rows, figures.largest), (1, 1, 3));
    assert!(near(figures.risk.prosecutor, 1.0) && near(figures.risk.prosecutor_average, 0.5));
    assert_eq!((figures.k_fifth_percentile, figures.k_median), (1, 2));
    let bands: Vec<(u64, u64, u64)> = figures
        .sizes
        .iter()
        .filter(|b| b.classes > 0)
        .map(|b| (b.from, b.classes, b.rows))
        .collect();
    assert_eq!(bands, [(1, 1, 1), (2, 1, 2), (3, 1, 3)]);

    let everybody: Vec<&str> = [("a", 6), ("b", 4), ("c", 5), ("d", 9)]
        .iter()
        .flat_map(|(n, c)| vec![*n; *c])
        .collect();
    let mut population = Assessment::new(&names(&["area"]), &[]).unwrap();
    population
        .take(&batch(vec![("area", texts(&everybody))]))
        .unwrap();
    let mut assessment = Assessment::new(&names(&["area"]), &[]).unwrap();
    assessment.take(&sample).unwrap();
    let figures = assessment.finish_within(&population.population()).unwrap();
    assert!(
        near(figures.risk.prosecutor, 1.0),
        "who knows that c is in the set is sure"
    );
    assert!(
        near(figures.risk.journalist, 0.25),
        "the smallest class outside has four"
    );
    // a: 3/6, b: 2/4, c: 1/5 of six rows.
    assert!(near(figures.risk.marketer, 1.2 / 6.0), "{figures:?}");
    assert_eq!(
        figures.risk.presence.map(|(a, b)| (near(a, 0.2), near(b, 0.5))),
        Some((true, true))
    );
}

#[test]
fn a_gap_is_a_value_and_wrong_orders_are_refused() {
    let with_gap: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("a"), None]));
    assert_eq!(assess(&[batch(vec![("q", with_gap.clone())])], &["q"], &[]).k, 1);
    let code = |quasi: &[&str], sensitive: &[&str]| {
        Assessment::new(&names(quasi), &names(sensitive))
            .unwrap_err()
            .code
    };
    assert_eq!(code(&[], &["s"]), "assessment_not_usable");
    assert_eq!(code(&["a"], &["a"]), "assessment_not_usable");
    let mut unknown = Assessment::new(&names(&["x"]), &[]).unwrap();
    assert_eq!(
        unknown.take(&batch(vec![("q", with_gap)])).unwrap_err().code,
        "column_unknown"
    );
    assert!(Assessment::new(&names(&["x"]), &[]).unwrap().finish().is_none());
}
