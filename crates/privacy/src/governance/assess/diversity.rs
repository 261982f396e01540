//! l-diversity and t-closeness of one sensitive column.

use std::collections::BTreeMap;

use super::{Classes, Coded, figures::Diversity};

pub(super) fn diversity(column: &Coded, classes: &Classes) -> Diversity {
    let ranks = column.ranks();
    let rank = |row: &u32| {
        let code = column.rows.get(*row as usize).map_or(0, |code| *code as usize);
        ranks.get(code).map_or(0, |rank| *rank as usize)
    };
    let values = ranks.len();
    let mut whole = vec![0u64; values];
    for row in &classes.rows {
        if let Some(count) = whole.get_mut(rank(row)) {
            *count += 1;
        }
    }
    let mut worst = Diversity {
        column: column.name.clone(),
        distinct: u64::MAX,
        entropy: f64::INFINITY,
        recursive_c: Some(0.0),
        closeness: 0.0,
        ordered: column.ordered,
    };
    // Sums over the whole set up to each value, so that a class costs only what it holds.
    let all = classes.rows.len() as f64;
    let cumulative = Cumulative::of(&whole, all);
    for rows in classes.iter() {
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        for row in rows {
            *counts.entry(rank(row)).or_default() += 1;
        }
        let size = rows.len() as f64;
        worst.distinct = worst.distinct.min(counts.len() as u64);
        worst.entropy = worst.entropy.min(entropy(&counts, size));
        worst.recursive_c = worst
            .recursive_c
            .zip(recursive(&counts))
            .map(|(a, b)| f64::max(a, b));
        let distance = if column.ordered {
            cumulative.ordered(&counts, size)
        } else {
            equal(&counts, size, &whole, all)
        };
        worst.closeness = worst.closeness.max(distance);
    }
    worst
}

/// The exponential of the entropy: of a class with l values in equal parts, l.
fn entropy(counts: &BTreeMap<usize, u64>, size: f64) -> f64 {
    let part = |count: &u64| {
        let share = *count as f64 / size;
        -share * share.ln()
    };
    counts.values().map(part).sum::<f64>().exp()
}

/// The most frequent value against all others; `None` for a single one.
fn recursive(counts: &BTreeMap<usize, u64>) -> Option<f64> {
    let most = *counts.values().max()?;
    let others = counts.values().sum::<u64>() - most;
    (others > 0).then(|| most as f64 / others as f64)
}

/// Half the sum of differences of shares: what must move when all values are equally far apart.
fn equal(counts: &BTreeMap<usize, u64>, size: f64, whole: &[u64], all: f64) -> f64 {
    // Only where the class has more than the whole set something moves away.
    let surplus = |(rank, count): (&usize, &u64)| {
        let outside = whole.get(*rank).map_or(0.0, |count| *count as f64 / all);
        (*count as f64 / size - outside).max(0.0)
    };
    counts.iter().map(surplus).sum()
}

/// Shares of the whole set up to each value, and the sums of these shares and of their products with places.
struct Cumulative {
    /// P(value ≤ rank).
    upto: Vec<f64>,
    /// Sum of `upto` before each rank.
    sums: Vec<f64>,
}

impl Cumulative {
    fn of(whole: &[u64], all: f64) -> Self {
        let (mut counted, mut sum) = (0u64, 0.0);
        let (mut upto, mut sums) = (Vec::with_capacity(whole.len()), vec![0.0]);
        for count in whole {
            counted += count;
            let share = counted as f64 / all;
            sum += share;
            upto.push(share);
            sums.push(sum);
        }
        Self { upto, sums }
    }

    /// The distance by ranks (Li 2007, ordered distance): the mean of the differences of cumulated shares over
    /// the m − 1 steps between values. Between two values of the class its own cumulated share stands still, so a
    /// stretch is two sums, cut where the whole set's share passes it.
    fn ordered(&self, counts: &BTreeMap<usize, u64>, size: f64) -> f64 {
        let values = self.upto.len();
        if values < 2 {
            return 0.0;
        }
        let (mut at, mut own, mut moved) = (0, 0u64, 0.0);
        let ends = counts
            .iter()
            .map(|(rank, count)| (*rank, *count))
            .chain([(values, 0)]);
        for (rank, count) in ends {
            moved += self.stretch(at, rank, own as f64 / size);
            own += count;
            at = rank;
        }
        moved / (values - 1) as f64
    }

    /// The sum of |upto − share| from one rank to before another.
    fn stretch(&self, from: usize, to: usize, share: f64) -> f64 {
        let Some(inside) = self.upto.get(from..to) else {
            return 0.0;
        };
        let cut = from + inside.partition_point(|upto| *upto < share);
        let sum = |a: usize, b: usize| {
            let at = |i: usize| self.sums.get(i).copied().unwrap_or(0.0);
            at(b) - at(a)
        };
        let below = share * (cut - from) as f64 - sum(from, cut);
        let above = sum(cut, to) - share * (to - cut) as f64;
        below + above
    }
}
