//! What an answer costs, how it is perturbed and how exact it will be: functions of the query, the terms and public
//! sizes only, so that all of it may be told before anything runs.

use super::{
    bounded::Cell,
    random::{Draw, Random},
    rho::{self, MILLIONTHS},
    sampler::Ratio,
    terms::DpTerms,
};

/// What one subject adds to a sum in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Itself.
    One,
    /// Its rows, or its rows with a value.
    Rows,
    /// The total of a measure, in whole steps.
    Total {
        /// Lowest value of one row, in the measure's unit.
        low: i64,
        /// Highest value of one row, in the measure's unit.
        high: i64,
        /// Steps in one unit of the measure: 1 for whole numbers.
        steps: u32,
    },
}

/// Fewest steps that the greatest value of a measure with fractions has: rounding to a step is then less than a
/// millionth of what noise has to hide.
const FEWEST_STEPS: u64 = 1_000_000;

impl Amount {
    /// The total of a measure with these limits; `whole` if it has no fractions.
    pub fn total(low: i64, high: i64, whole: bool) -> Self {
        let greatest = low.unsigned_abs().max(high.unsigned_abs()).max(1);
        let mut steps = 1u32;
        while !whole && greatest.saturating_mul(u64::from(steps)) < FEWEST_STEPS {
            steps *= 10;
        }
        Amount::Total { low, high, steps }
    }

    /// Between what one subject lies in a cell, in steps, if it has at most so many rows that count. A subject that
    /// is not there adds 0.
    fn limits(self, rows: u64) -> (i64, i64) {
        let most = i64::try_from(rows).unwrap_or(i64::MAX);
        match self {
            Amount::One => (0, 1),
            Amount::Rows => (0, most),
            Amount::Total { low, high, steps } => {
                let times = most.saturating_mul(i64::from(steps));
                (
                    low.min(0).saturating_mul(times),
                    high.max(0).saturating_mul(times),
                )
            }
        }
    }

    /// Moves what a subject has into the limits.
    pub(super) fn clamped(self, amount: i64, rows: u64) -> i64 {
        let (low, high) = self.limits(rows);
        amount.clamp(low, high)
    }

    /// Steps in one unit of what is shown.
    pub fn steps(self) -> f64 {
        match self {
            Amount::One | Amount::Rows => 1.0,
            Amount::Total { steps, .. } => f64::from(steps),
        }
    }
}

/// A figure, as far as its error is concerned.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// Sums by number, with their factors.
    Sum(Vec<(f64, usize)>),
    /// The first divided by the second, which is moved between these limits.
    Ratio(Vec<(f64, usize)>, Vec<(f64, usize)>, [f64; 2]),
}

impl Counted {
    /// The figure from the values of sums; a denominator is at least 1. What is impossible is moved to what is possible,
    /// which costs nothing.
    pub fn of(&self, sum: impl Fn(usize) -> f64) -> f64 {
        let linear = |terms: &[(f64, usize)]| -> f64 {
            terms.iter().map(|(factor, number)| factor * sum(*number)).sum()
        };
        match self {
            Counted::Sum(terms) => linear(terms),
            Counted::Ratio(over, under, [low, high]) => {
                (linear(over) / linear(under).max(1.0)).clamp(*low, *high)
            }
        }
    }
}

/// How far a figure is from the truth, at most, in 95 of 100 cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Error {
    /// Half of the width of the interval, in the unit of the figure.
    pub half_width: f64,
    /// For a cell of so many subjects; `None` if it is the same for every cell.
    pub among: Option<u64>,
}

/// Subjects of the cell for which the error of a ratio is told (platform choice).
const USUAL_CELL: u64 = 1_000;
/// Standard deviations on both sides that hold 95 of 100 cases.
const TWO_SIDED_95: f64 = 1.96;

/// An answer as it is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    /// The sums, each perturbed once in every cell. Where cells come from the data the first one counts subjects.
    pub sums: Vec<Amount>,
    /// Rows of one subject that count in a cell, at least 1.
    pub rows: u64,
    /// Cells in which one subject counts, at least 1.
    pub cells: u64,
    /// Millionths of ρ for the whole answer.
    pub rho: u64,
    /// Fewest subjects, and rows of the largest table, where cells come from the data.
    pub keys: Option<(u32, u64)>,
    /// The terms it was planned under.
    pub terms: DpTerms,
}

/// The sums of a cell that leaves, in steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noisy {
    /// By sum.
    pub sums: Vec<i128>,
}

/// Noise that is out of range is as much as there can be: never none.
fn in_range(noise: &num_bigint::BigInt) -> i128 {
    let extreme = if noise.sign() == num_bigint::Sign::Minus {
        i128::MIN
    } else {
        i128::MAX
    };
    i128::try_from(noise).unwrap_or(extreme)
}

impl Design {
    /// The squared distance by which one subject moves a sum over all cells together.
    fn sensitivity_squared(&self, sum: Amount) -> u128 {
        let (low, high) = sum.limits(self.rows);
        let most = u128::from(low.unsigned_abs().max(high.unsigned_abs()));
        most.saturating_mul(most).saturating_mul(u128::from(self.cells))
    }

    /// Whether a subject could move a sum by more than can be counted exactly.
    pub fn too_wide(&self) -> bool {
        let wide = |sum: &Amount| {
            let (low, high) = sum.limits(self.rows);
            low == i64::MIN || high == i64::MAX || self.sensitivity_squared(*sum) == u128::MAX
        };
        self.sums.iter().any(wide)
    }

    /// The variance of a sum, in squared steps. The cost is shared out evenly among the sums.
    pub fn variance(&self, sum: Amount) -> Ratio {
        let parts = self.sums.len().max(1) as u64;
        rho::variance(self.sensitivity_squared(sum), self.rho.max(1), parts)
    }

    fn deviation(&self, sum: Amount) -> f64 {
        self.variance(sum).shown().sqrt()
    }

    /// The share of δ that thresholds of this answer may cost: half of δ belongs to them, in proportion to ρ, so that
    /// answers within the budget of ρ are within it too. The other half belongs to the conversion of ρ.
    fn delta_of_keys(&self, rows: u64) -> f64 {
        let share = self.rho as f64 / f64::from(self.terms.budget.value.max(1));
        self.terms.delta_of(rows) / 2.0 * share.min(1.0)
    }

    /// Fewest subjects, counted with noise, of a cell that leaves; `None` if all leave.
    ///
    /// A cell that holds k subjects in one database and k − 1 in its neighbour is absent there. It leaves here if its
    /// noise is at least ν, which has a probability of at most e^(−ν²/2σ²) since the tails of the discrete
    /// Gaussian are no heavier than those of the continuous one (Canonne, Kamath, Steinke 2020); and a subject makes at
    /// most as many such cells as it counts in.
    pub fn threshold(&self) -> Option<u64> {
        let (k, rows) = self.keys?;
        let far = (2.0 * (self.cells as f64 / self.delta_of_keys(rows)).ln()).sqrt();
        let above = (self.deviation(Amount::One) * far).ceil() + 1.0;
        Some(u64::from(k) + above as u64)
    }

    /// What leaves of a cell. It is dropped before any noise is drawn if it holds fewer than k subjects, and after it
    /// if it is below the threshold.
    pub fn release(&self, cell: &Cell, random: &dyn Random) -> Option<Noisy> {
        let draw = Draw(random);
        if self.keys.is_some_and(|(k, _)| cell.subjects < u64::from(k)) {
            return None;
        }
        let noisy = self
            .sums
            .iter()
            .zip(&cell.totals)
            .map(|(sum, total)| total.saturating_add(in_range(&draw.gaussian(&self.variance(*sum)))));
        let sums: Vec<i128> = noisy.collect();
        let counted = sums.first().copied().unwrap_or(0);
        match self.threshold() {
            Some(least) if counted < i128::from(least) => None,
            Some(_) | None => Some(Noisy { sums }),
        }
    }

    /// The standard deviation of sums with factors, each of which has noise of its own.
    fn spread(&self, terms: impl Iterator<Item = (f64, usize)>) -> f64 {
        let mut factors = vec![0.0; self.sums.len()];
        for (factor, number) in terms {
            if let Some(all) = factors.get_mut(number) {
                *all += factor;
            }
        }
        let each = factors.iter().zip(&self.sums);
        let squares = each.map(|(factor, sum)| (factor * self.deviation(*sum) / sum.steps()).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// How exact a figure will be.
    pub fn error(&self, figure: &Counted) -> Error {
        match figure {
            Counted::Sum(terms) => Error {
                half_width: TWO_SIDED_95 * self.spread(terms.iter().copied()),
                among: None,
            },
            Counted::Ratio(over, under, limits) => {
                // To first order a ratio r moves as `over − r · under` does, most at one of its limits.
                let at = |r: f64| {
                    let under = under.iter().map(|(factor, number)| (-r * factor, *number));
                    self.spread(over.iter().copied().chain(under))
                };
                let [low, high] = limits.map(at);
                Error {
                    half_width: TWO_SIDED_95 * low.max(high) / USUAL_CELL as f64,
                    among: Some(USUAL_CELL),
                }
            }
        }
    }

    /// ρ as a number.
    pub fn cost(&self) -> f64 {
        self.rho as f64 / MILLIONTHS as f64
    }
}
