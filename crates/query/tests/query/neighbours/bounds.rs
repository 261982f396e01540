//! How far a released number may move when one person joins or leaves.
//!
//! Let `C` be the most that one person may contribute to a sum: the limit of the measure in the grant, times the most
//! rows of a subject (A2.2, A4.2). Let `k` be the threshold of the permit and `σ` the deviation of its kind in units of
//! `T` (`count_noise`, `sum_noise`).
//!
//! * *The sum itself.* A released sum has its two greatest contributions lowered to `T`, the mean of ranks 3 … k + 2
//!   (A4.6), so `T ≤ C`. One more contribution moves what is not lowered by one contribution, at most `C`, and `T` by
//!   `C / k` at most, which counts for each of the two: `C · (1 + 2/k)`.
//! * *The deviation* is drawn anew, because the set has another key: the difference of two normal draws of `σ · T ≤ σ·C`
//!   each. [`DRAWS`] such deviations are exceeded once in 70 million differences.
//! * *A count* is rounded: 1 more. *Different values* are not perturbed: each value of the person's own rows may pass its
//!   threshold, one way or the other.
//! * *A mean* is a sum over a count, both perturbed: `|S/N − S'/N'| ≤ (|S − S'| + |S'/N'| · |N − N'|) / N`, and `N`
//!   is at least what was counted less its own deviation, and never below `k`.
//! * *A spread* is the root of a sum of squares over a count, around the mean as it was answered, or that itself. A
//!   square is at most `D²`, with `D` the limit of the measure and how far means may move, `μ`. The two sums are taken
//!   around means that are `μ` apart at most, and each of them is as far from the true one: that moves a sum of `N`
//!   squares by `2 · N · μ²` at most. Of two roots the difference is at most the root of that of the squares.
//! * *A quantile* is the mean of a window of values, moved by as many ranks as a count is. Both windows lie in the same
//!   stretch of the two sorted columns, so they differ by its length, and by the deviations, each of which is a number of
//!   ranks times the distance at which values stand in the window.
//!
//! Where an answer was snapped, it is that of a set fewer than `k + j` subjects away: as many contributions more.

use super::{
    figure::{Figure, What},
    plan::Plan,
    truth::{Least, Told},
    words::Source,
};

/// Deviations that two draws may lie apart, in units of the deviation of one.
pub const DRAWS: f64 = 8.0;

/// What the permit states.
#[derive(Debug, Clone, Copy)]
pub struct Stated {
    pub least: Least,
    /// Deviations, in units of `T`.
    pub count: f64,
    pub sum: f64,
}

impl Stated {
    /// The same for what a plan reads.
    pub fn about(self, source: Source) -> Self {
        Self {
            least: self.least.about(source),
            ..self
        }
    }

    /// How far a sum with contributions up to `most` may move.
    fn sum(&self, most: f64, deviation: f64, apart: f64) -> f64 {
        most * (1.0 + 2.0 / self.least.k as f64 + apart) + DRAWS * deviation * most
    }

    /// How far a figure may move. `apart` subjects more may lie between the two where an answer was snapped.
    pub fn bound(
        &self,
        plan: &Plan,
        figure: &Figure,
        (one, other): (&Told, &Told),
        seen: f64,
        apart: f64,
    ) -> f64 {
        let rows = plan.source.rows();
        let count = |most: f64| self.sum(most, self.count, apart) + 1.0;
        let measured = |most: f64| self.sum(most * rows, self.sum, apart);
        let most = figure.measure.map_or(1.0, |measure| measure.most);
        match figure.what {
            What::Subjects => count(1.0),
            What::Rows => count(rows),
            What::Different => rows,
            What::Sum { factor, offset } if figure.measure.is_some() => {
                factor * measured(most) + offset * count(rows)
            }
            What::Sum { .. } => count(rows),
            What::Mean => {
                let lost = DRAWS * self.count * rows + 1.0 + apart * rows;
                let number = (one.rows.min(other.rows) - lost).max(self.least.k as f64);
                let sum = if figure.measure.is_some() {
                    measured(most)
                } else {
                    count(rows)
                };
                (sum + seen.abs() * count(rows)) / number
            }
            What::Spread { root, .. } => self.spread(plan, figure, (one, other), (seen, root), apart),
            What::Quantile(fraction) => {
                let grain = figure.measure.map_or(0.0, |measure| measure.grain);
                self.stretch(fraction, (one, other), rows) + 2.0 * grain
            }
        }
    }

    fn spread(
        &self,
        plan: &Plan,
        figure: &Figure,
        (one, other): (&Told, &Told),
        (seen, root): (f64, bool),
        apart: f64,
    ) -> f64 {
        let rows = plan.source.rows();
        let most = figure.measure.map_or(1.0, |measure| measure.most);
        let mean = Figure {
            what: What::Mean,
            ..figure.clone()
        };
        // A mean is at most the limit, and as much more as it was moved.
        let moved = self.bound(plan, &mean, (one, other), most, apart);
        let square = (most + moved).powi(2);
        let lost = DRAWS * self.count * rows + 1.0 + apart * rows;
        let number = (one.rows.min(other.rows) - lost).max(self.least.k as f64) - 1.0;
        let squares =
            self.sum(square * rows, self.sum, apart) + 2.0 * one.rows.max(other.rows) * moved.powi(2);
        let variance = if root { seen * seen } else { seen };
        let counts = self.sum(rows, self.count, apart) + 1.0;
        let bound = (squares + variance * counts) / number;
        if root { bound.sqrt() } else { bound }
    }

    /// Of the longer stretch of both, with the deviations of two windows.
    fn stretch(&self, fraction: f64, (one, other): (&Told, &Told), rows: f64) -> f64 {
        let of = |told: &Told| {
            let n = told.values.len();
            // The finest of the steps at which a window has `k` subjects is 10 % or finer. A window is wider by half
            // at most, and what lies between two windows is drawn between them: one and three quarters of a step.
            let step = [0.1, 0.05, 0.02, 0.01]
                .into_iter()
                .filter(|step| step * n as f64 <= 2.5 * rows * self.least.k as f64);
            let step = step.fold(0.0, f64::max);
            let at = |share: f64| {
                let rank = (share * n as f64).clamp(0.0, n as f64 - 1.0);
                told.values.get(rank as usize).copied().unwrap_or(0.0)
            };
            let away = 1.75 * step + 2.0 / n as f64;
            (at(fraction - away), at(fraction + away), step * n as f64)
        };
        let ((low, high, window), (other_low, other_high, _)) = (of(one), of(other));
        let length = high.max(other_high) - low.min(other_low);
        length * (1.0 + DRAWS * self.count * rows / window.max(1.0))
    }
}
