//! Quantiles (G5, ADR 0100).
//!
//! A quantile is answered from *windows*: the values around every 1, 2, 5 or 10 % of a cell, the finest step at which
//! a window has `k` subjects. What is answered about a window is the mean of its values, moved by as many ranks as a
//! count is (twice `T` rows, at the distance at which values stand in the window), and rounded to the grain. So
//!
//! * no answer is a value of somebody, or of fewer than `k + j` subjects;
//! * a cell has 99 answers at most, however finely a statement asks: what lies between two windows is drawn between
//!   their answers;
//! * it is a function of the installation's key, the subjects and what they contribute, like every other answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    contributions::Contributions,
    gate::least_subjects,
    noise::{Contribution, Tally, normal},
    permit::Thresholds,
    prf::GateKey,
    rules::{Rule, Rules},
};

/// Steps of windows, in hundredths of a cell.
const STEPS: [u32; 4] = [1, 2, 5, 10];

/// The values of a cell in their order, with their subjects. Never leaves.
pub struct Ranked {
    values: Vec<(f64, u64)>,
    /// What each subject contributes: the total of its values.
    pub contributions: Contributions,
    /// Of these contributions.
    pub tally: Tally,
    /// `T` of rows per subject.
    rows: f64,
}

/// What is answered about a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Where its middle is, in hundredths of the cell.
    pub hundredths: u32,
    /// How much of the answer is made of it.
    pub share: f64,
    /// The mean of its values.
    pub exact: f64,
    /// What leaves in its place.
    pub answer: f64,
}

impl Ranked {
    /// Of values with their subjects. `k` as in the permit.
    pub fn of(mut values: Vec<(f64, u64)>, k: u32) -> Self {
        values.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut each: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for (value, unit) in &values {
            let (total, rows) = each.entry(*unit).or_default();
            *total += value;
            *rows += 1.0;
        }
        let of = |amount: fn(&(f64, f64)) -> f64| -> Contributions {
            each.iter()
                .map(|(unit, both)| Contribution {
                    unit: *unit,
                    amount: amount(both),
                })
                .collect()
        };
        let contributions = of(|both| both.0);
        let tally = Tally::of(&contributions, k);
        let rows = Tally::of(&of(|both| both.1), k).top;
        Self {
            values,
            contributions,
            tally,
            rows,
        }
    }

    /// The windows of a quantile; `None` where it is not answered: fewer than `quantile_min` subjects, a fraction in
    /// the first or last `k` of them, or a class (G3): nearly all have one value. `grain` is in the unit of the values.
    pub fn windows(
        &self,
        fraction: f64,
        grain: Option<u64>,
        thresholds: &Thresholds,
        key: &GateKey,
        rules: &Rules,
    ) -> Option<Vec<Window>> {
        let subjects = self.tally.subjects;
        let k = u64::from(thresholds.k.value);
        let step = STEPS
            .into_iter()
            .find(|step| u64::from(*step) * subjects >= 100 * k);
        let step = match step {
            Some(step) if subjects >= u64::from(thresholds.quantile_min.value) => step,
            _ if !rules.hold(Rule::Subjects) => 1,
            _ => return None,
        };
        if rules.hold(Rule::ClassShare) && self.is_class(grain, thresholds) {
            return None;
        }
        let place = fraction * 100.0 / f64::from(step);
        // A fraction such as 0.29 is not exact.
        let place = if (place - place.round()).abs() < 1e-9 {
            place.round()
        } else {
            place
        };
        let last = f64::from(100 / step - 1);
        if !(1.0..=last).contains(&place) {
            return None;
        }
        let below = place.floor();
        let mut windows = Vec::new();
        for (place, share) in [(below, 1.0 - (place - below)), (below + 1.0, place - below)] {
            if share > 0.0 {
                // Between 1 and 99.
                let hundredths = place as u32 * step;
                windows.push(self.window(hundredths, step, share, grain, (thresholds, key, rules))?);
            }
        }
        Some(windows)
    }

    fn window(
        &self,
        hundredths: u32,
        step: u32,
        share: f64,
        grain: Option<u64>,
        (thresholds, key, rules): (&Thresholds, &GateKey, &Rules),
    ) -> Option<Window> {
        let all = self.values.len();
        let middle = all as f64 * f64::from(hundredths) / 100.0;
        let half = all as f64 * f64::from(step) / 200.0;
        let least = least_subjects(thresholds, key, self.tally.set, Some(self.tally.contribution));
        let least = usize::try_from(least).unwrap_or(usize::MAX);
        // Wider by half where subjects have many rows, and no wider: windows would become one.
        for wider in [1.0, 1.25, 1.5] {
            let first = (middle - half * wider).round().max(0.0) as usize;
            let end = ((middle + half * wider).round() as usize).min(all);
            let values = self.values.get(first..end)?;
            let different: BTreeSet<u64> = values.iter().map(|(_, unit)| *unit).collect();
            if different.len() < least && rules.hold(Rule::Subjects) {
                continue;
            }
            let (low, high) = (values.first()?.0, values.last()?.0);
            let exact = values.iter().map(|(value, _)| value).sum::<f64>() / values.len() as f64;
            let apart = (high - low) / values.len() as f64;
            let ranks = f64::from(thresholds.count_noise.value) / 1000.0 * self.rows;
            let answer = if rules.hold(Rule::Noise) {
                let parts: [&[u8]; 3] = [
                    &self.tally.set.bytes(),
                    &self.tally.contribution.to_be_bytes(),
                    &hundredths.to_be_bytes(),
                ];
                rounded(exact + normal(key, &parts) * ranks * apart, grain)
            } else {
                rounded(exact, grain)
            };
            return answer.is_finite().then_some(Window {
                hundredths,
                share,
                exact,
                answer,
            });
        }
        None
    }

    /// Whether nearly all rows have one value, as it would be answered.
    fn is_class(&self, grain: Option<u64>, thresholds: &Thresholds) -> bool {
        let most = f64::from(thresholds.class_share_max.value) / 1000.0 * self.values.len() as f64;
        let (mut longest, mut run, mut last) = (0u64, 0u64, None);
        for (value, _) in &self.values {
            let value = rounded(*value, grain);
            run = if last == Some(value) { run + 1 } else { 1 };
            longest = longest.max(run);
            last = Some(value);
        }
        longest as f64 > most
    }
}

/// Rounded to the grain; without one to four significant digits.
pub fn rounded(value: f64, grain: Option<u64>) -> f64 {
    match grain {
        Some(grain) if grain > 0 => (value / grain as f64).round() * grain as f64,
        _ if value == 0.0 || !value.is_finite() => value,
        _ => {
            let digits = 3 - value.abs().log10().floor() as i32;
            let unit = 10f64.powi(digits.abs());
            if digits >= 0 {
                (value * unit).round() / unit
            } else {
                (value / unit).round() * unit
            }
        }
    }
}
