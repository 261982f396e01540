//! An audit: two databases that differ in one subject, the same question many times, and how well the answers tell
//! the two apart. What is proved is an upper bound of that; the audit is a lower one and must stay below it. The same
//! audit with half of the noise must not, or it would find nothing at all.

use shuyu_privacy::dp::{Amount, Design, epsilon};

use super::{Seeded, design, subjects, totals};

/// Answers per database.
const TRIALS: u64 = 60_000;
/// δ at which both bounds are compared.
const DELTA: f64 = 1e-3;

/// Upper end of an interval that holds the probability with 99.9 %: Clopper and Pearson by bisection, or Wilson where
/// there are many of both.
fn upper(hits: u64, of: u64) -> f64 {
    if hits.min(of - hits) > 1_000 {
        let (n, share, z) = (of as f64, hits as f64 / of as f64, 3.09f64);
        let spread = (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        return (share + z * z / (2.0 * n) + z * spread) / (1.0 + z * z / n);
    }
    let (mut low, mut high) = (hits as f64 / of as f64, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(hits, of, middle) > 1e-3 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
fn lower(hits: u64, of: u64) -> f64 {
    1.0 - upper(of - hits, of)
}

/// The probability of at most so many hits.
fn at_most(hits: u64, of: u64, chance: f64) -> f64 {
    if chance >= 1.0 {
        return f64::from(hits >= of);
    }
    if hits > of / 2 {
        return 1.0
            - (of - hits)
                .checked_sub(1)
                .map_or(0.0, |rest| at_most(rest, of, 1.0 - chance));
    }
    let mut log = of as f64 * (1.0 - chance).ln();
    let mut sum = log.exp();
    for n in 1..=hits {
        log += ((of - n + 1) as f64 / n as f64).ln() + (chance / (1.0 - chance)).ln();
        sum += log.exp();
    }
    sum
}

/// The greatest ε that the answers show: over all thresholds, ln((P₁ − δ) / P₀) from the cautious ends.
fn shown(with: &[i128], without: &[i128], signs: i128) -> f64 {
    let mut cuts: Vec<i128> = with.iter().map(|x| x * signs).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let of = with.len() as u64;
    let hits = |all: &[i128], cut: i128| all.iter().filter(|x| **x * signs >= cut).count() as u64;
    let step = (cuts.len() / 60).max(1);
    let ends = cuts.iter().step_by(step).map(|cut| {
        let (one, other) = (hits(with, *cut), hits(without, *cut));
        ((lower(one, of) - DELTA) / upper(other, of)).ln()
    });
    ends.filter(|x| x.is_finite()).fold(0.0, f64::max)
}

/// Answers to one question over a database with and without its last subject.
fn answers(planned: &Design, lines: &[(u64, u32, &[i64])], seed: u64) -> Vec<i128> {
    let random = Seeded::new(seed);
    let exact = shuyu_privacy::dp::Cell {
        subjects: lines.len() as u64,
        totals: totals(&subjects(lines), planned, 1).remove(0),
    };
    let last = planned.sums.len() - 1;
    (0..TRIALS)
        .map(|_| planned.release(&exact, &random).unwrap().sums[last])
        .collect()
}

/// The audit of a sum to which the last subject contributes as much as it can.
fn audited(planned: &Design, crowd: &[(u64, u32, &[i64])], victim: &[i64]) -> f64 {
    let mut with = crowd.to_vec();
    with.push((u64::MAX, 0, victim));
    let (with, without) = (answers(planned, &with, 1), answers(planned, crowd, 2));
    // Removing and adding somebody are both neighbours.
    shown(&with, &without, 1).max(shown(&without, &with, -1))
}

fn crowd(amounts: &[i64]) -> Vec<(u64, u32, &[i64])> {
    (0..40).map(|unit| (unit, 0, amounts)).collect()
}

#[test]
fn counts_tell_no_more_than_is_claimed_and_half_of_the_noise_would() {
    // ρ = 1/2: σ = 1, where the audit is sharpest.
    let honest = design(&[Amount::One], 500_000);
    let claimed = epsilon(honest.cost(), DELTA);
    let found = audited(&honest, &crowd(&[1]), &[1]);
    assert!(found < claimed, "{found} {claimed}");
    assert!(
        found > claimed / 3.0,
        "the audit sees next to nothing: {found} of {claimed}"
    );
    // Four times ρ is half of the noise; the claim stays.
    let faulty = design(&[Amount::One], 2_000_000);
    let found = audited(&faulty, &crowd(&[1]), &[1]);
    assert!(
        found > claimed,
        "half of the noise was not noticed: {found} {claimed}"
    );
}

#[test]
fn sums_of_somebody_with_ten_thousand_rows_tell_no_more_than_is_claimed() {
    let mut honest = design(&[Amount::total(0, 9, true)], 500_000);
    honest.rows = 2;
    let claimed = epsilon(honest.cost(), DELTA);
    let found = audited(&honest, &crowd(&[5]), &[90_000]);
    assert!(found < claimed, "{found} {claimed}");
    assert!(found > claimed / 3.0, "{found} {claimed}");
    // Without the bound the same subject stands out at once: limits that were twice as wide as the noise knows of.
    let mut wide = honest.clone();
    wide.rows = 4;
    let unbounded: Vec<(u64, u32, &[i64])> = crowd(&[5]);
    let mut with = unbounded.clone();
    with.push((u64::MAX, 0, &[90_000]));
    let noise = |lines: &[(u64, u32, &[i64])], seed| {
        let random = Seeded::new(seed);
        let exact = shuyu_privacy::dp::Cell {
            subjects: 1,
            totals: totals(&subjects(lines), &wide, 1).remove(0),
        };
        (0..TRIALS)
            .map(|_| honest.release(&exact, &random).unwrap().sums[0])
            .collect::<Vec<_>>()
    };
    let found = shown(&noise(&with, 3), &noise(&unbounded, 4), 1);
    assert!(
        found > claimed,
        "a bound that does not hold was not noticed: {found} {claimed}"
    );
}

#[test]
fn cells_from_the_data_seldom_tell_that_somebody_is_there() {
    // δ of the thresholds is made great, so that what it allows can be seen to happen and be counted.
    let mut planned = design(&[Amount::One], 250_000);
    planned.terms.delta.value = 2;
    planned.keys = Some((10, 20));
    let allowed = planned.terms.delta_of(20) / 2.0;
    let there = shuyu_privacy::dp::Cell {
        subjects: 10,
        totals: vec![10],
    };
    let random = Seeded::new(6);
    let seen = (0..TRIALS).filter(|_| planned.release(&there, &random).is_some());
    let seen = upper(seen.count() as u64, TRIALS);
    assert!(seen < allowed, "{seen} {allowed}");
    // And the neighbour without that subject has no such cell at all.
    let gone = shuyu_privacy::dp::Cell {
        subjects: 9,
        totals: vec![9],
    };
    assert!((0..TRIALS).all(|_| planned.release(&gone, &random).is_none()));
}
