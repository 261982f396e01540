//! What one subject can change.

use shuyu_privacy::dp::{Amount, Counted, DpTerms};

use super::{Seeded, design, subjects, totals};

#[test]
fn a_subject_with_ten_thousand_rows_counts_as_few() {
    let mut planned = design(&[Amount::One, Amount::Rows, Amount::total(0, 100, true)], 1_000);
    planned.rows = 12;
    // One line of the engine per subject and cell; and the same as single rows.
    let one = subjects(&[(7, 0, &[1, 10_000, 9_000_000]), (8, 0, &[1, 2, 40])]);
    assert_eq!(totals(&one, &planned, 1), [[2, 14, 1_240]]);
    let lines: Vec<(u64, u32, &[i64])> = (0..10_000).map(|_| (7, 0, &[1i64, 1, 900][..])).collect();
    assert_eq!(totals(&subjects(&lines), &planned, 1), [[1, 12, 1_200]]);
}

#[test]
fn amounts_that_overflow_stay_within_the_limits() {
    let mut planned = design(&[Amount::total(-5, 10, true)], 1_000);
    planned.rows = 3;
    let lines: [(u64, u32, &[i64]); 4] = [
        (1, 0, &[i64::MAX]),
        (1, 0, &[i64::MAX]),
        (2, 0, &[i64::MIN]),
        (3, 0, &[4]),
    ];
    assert_eq!(totals(&subjects(&lines), &planned, 1), [[30 - 15 + 4]]);
}

#[test]
fn a_subject_counts_in_as_many_cells_as_it_may() {
    let mut planned = design(&[Amount::One], 1_000);
    planned.cells = 4;
    let everywhere: Vec<(u64, u32, &[i64])> = (0..500).map(|cell| (42, cell, &[1i64][..])).collect();
    let with = totals(&subjects(&everywhere), &planned, 500);
    assert_eq!(with.iter().flatten().sum::<i128>(), 4);
    // Which ones does not depend on anybody else.
    let mut crowd = everywhere.clone();
    crowd.extend((0..500).map(|cell| (43, cell, &[1i64][..])));
    let both = totals(&subjects(&crowd), &planned, 500);
    let others: Vec<(u64, u32, &[i64])> = (0..500).map(|cell| (43, cell, &[1i64][..])).collect();
    let without = totals(&subjects(&others), &planned, 500);
    for (cell, total) in both.iter().enumerate() {
        assert_eq!(total[0] - without[cell][0], with[cell][0]);
    }
}

#[test]
fn limits_of_a_measure_hold_zero_since_a_subject_may_be_missing() {
    // Somebody with a value between 900 and 1,000 changes a sum by up to 1,000, not by 100.
    let planned = design(&[Amount::total(900, 1_000, true)], 500_000);
    assert_eq!(planned.variance(planned.sums[0]).shown(), 1_000_000.0);
}

#[test]
fn fractions_are_counted_in_steps() {
    assert_eq!(
        Amount::total(0, 1, false),
        Amount::Total {
            low: 0,
            high: 1,
            steps: 1_000_000
        }
    );
    assert_eq!(
        Amount::total(-10_000_000, 5, false),
        Amount::Total {
            low: -10_000_000,
            high: 5,
            steps: 1
        }
    );
    assert_eq!(Amount::total(0, 1, true).steps(), 1.0);
}

#[test]
fn cells_that_few_hold_stay_away_whatever_the_noise() {
    let mut planned = design(&[Amount::One], 2_500);
    planned.keys = Some((10, 1_000_000));
    planned.cells = 4;
    let least = planned.threshold().unwrap();
    // σ = √(4 / 0.005) ≈ 28; δ of this query is 5·10⁻¹⁰, so ν ≈ 6.8 σ.
    assert!((190..230).contains(&least), "{least}");
    let random = Seeded::new(5);
    let cell = |subjects: u64| shuyu_privacy::dp::Cell {
        subjects,
        totals: vec![i128::from(subjects)],
    };
    for few in [1, 9, 10, 30] {
        assert!(
            (0..2_000).all(|_| planned.release(&cell(few), &random).is_none()),
            "{few}"
        );
    }
    let many = (0..200).filter(|_| planned.release(&cell(2 * least), &random).is_some());
    assert!(many.count() > 190);
}

#[test]
fn estimates_follow_from_the_design_alone() {
    let planned = design(&[Amount::One, Amount::total(0, 1_000, true)], 5_000);
    // Two sums share ρ: σ of the count is √(1 / 0.005) ≈ 14.1.
    let count = planned.error(&Counted::Sum(vec![(1.0, 0)]));
    assert!((count.half_width - 1.96 * 200.0f64.sqrt()).abs() < 1e-9 && count.among.is_none());
    let mean = planned.error(&Counted::Ratio(vec![(1.0, 1)], vec![(1.0, 0)], [0.0, 1_000.0]));
    assert_eq!(mean.among, Some(1_000));
    assert!(
        (mean.half_width - 1.96 * (2.0f64 * 200.0).sqrt()).abs() < 1e-9,
        "{mean:?}"
    );
    let terms = DpTerms::default();
    assert_eq!(
        [0, 2_500, 249_999, 250_000, u64::MAX].map(|spent| terms.queries_left(spent)),
        [100, 99, 0, 0, 0]
    );
}
