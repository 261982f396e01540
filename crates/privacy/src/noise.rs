//! Perturbed sufficient statistics (A4.6).
//!
//! What leaves is made of sums over subjects: how many, how many rows, how much of a measure. Each is perturbed
//! once, and everything an analyst writes about it — ratios, means, HAVING, order — works on the perturbed value.
//!
//! * The two greatest contributions are first lowered to `T`, the mean of the ranks 3 to k + 2.
//! * The deviation is normal, with a standard deviation of `count_noise · T` for counts and `sum_noise · T` for sums.
//! * It is a function of the installation's key, the set of subjects and what each of them contributed. Text,
//!   aliases and the order of anything never enter: the same question has the same answer however it is put,
//!   and asking often teaches nothing.

use crate::{
    contributions::Contributions,
    permit::Thresholds,
    prf::GateKey,
    release::{SetKey, scramble},
    rules::{Rule, Rules},
};

/// What one subject contributes to one sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Its keyed unit.
    pub unit: u64,
    /// How much, in the unit of the sum. Finite.
    pub amount: f64,
}

/// Of what kind a sum over subjects is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Subjects, rows, values, or subjects for which something holds.
    Count,
    /// An amount of a measure.
    Sum,
    /// Different values that enough subjects hold, or the greatest of these. It is not a sum over subjects, and not
    /// perturbed.
    Distinct,
    /// A quantile: perturbed before it is asked for ([`crate::quantile`]), and no sum over subjects.
    Quantile,
}

/// A sum over subjects, before it is perturbed. Never leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Subjects.
    pub subjects: u64,
    /// Which.
    pub set: SetKey,
    /// Which, with what each contributes.
    pub contribution: u64,
    /// The sum.
    pub total: f64,
    /// The sum with the two greatest contributions lowered to `top`.
    pub flattened: f64,
    /// The sum without signs.
    pub size: f64,
    /// The two greatest contributions, without their signs.
    pub greatest: [f64; 2],
    /// Subjects who contribute something.
    pub nonzero: u64,
    /// `T`: what the greatest contributions are usually like.
    pub top: f64,
}

impl Tally {
    /// Of contributions, one for each subject. `k` as in the permit.
    pub fn of(contributions: &Contributions, k: u32) -> Self {
        let mut set = SetKey { xor: 0, sum: 0 };
        for unit in contributions.units().iter() {
            set.xor ^= unit;
            set.sum = set.sum.wrapping_add(*unit);
        }
        let (mut contribution, mut nonzero) = (0u64, 0);
        let (mut total, mut size) = (0.0, 0.0);
        for one in contributions.iter() {
            contribution = contribution.wrapping_add(contribution_of(one));
            total += one.amount;
            size += one.amount.abs();
            nonzero += u64::from(one.amount != 0.0);
        }
        let ranked = greatest(contributions, k as usize + 2);
        let usual = ranked.get(2..).unwrap_or_default();
        let top = match usual.len() {
            0 => ranked.iter().map(|amount| amount.abs()).fold(0.0, f64::max),
            many => usual.iter().map(|amount| amount.abs()).sum::<f64>() / many as f64,
        };
        let lowered = ranked.iter().take(2).map(|amount| {
            let kept = amount.abs().min(top).copysign(*amount);
            amount - kept
        });
        Self {
            subjects: contributions.len() as u64,
            set,
            contribution,
            total,
            size,
            greatest: [0, 1].map(|rank| ranked.get(rank).map_or(0.0, |amount| amount.abs())),
            nonzero,
            flattened: total - lowered.sum::<f64>(),
            top,
        }
    }

    /// What leaves in its place. Counts are whole and never below `k`, since it is known that there are as many.
    pub fn perturbed(&self, kind: Kind, thresholds: &Thresholds, key: &GateKey, rules: &Rules) -> f64 {
        if !rules.hold(Rule::Noise) || matches!(kind, Kind::Distinct | Kind::Quantile) {
            return self.total;
        }
        let parts: [&[u8]; 2] = [&self.set.bytes(), &self.contribution.to_be_bytes()];
        let deviation = normal(key, &parts) * self.top;
        let thousandths = |limit: u32| f64::from(limit) / 1000.0;
        match kind {
            Kind::Count => {
                let count = self.flattened + thousandths(thresholds.count_noise.value) * deviation;
                count.round().max(f64::from(thresholds.k.value))
            }
            Kind::Sum | Kind::Distinct | Kind::Quantile => {
                self.flattened + thousandths(thresholds.sum_noise.value) * deviation
            }
        }
    }
}

/// The key of one subject with its contribution; keys of sets are sums of these.
pub fn contribution_of(one: Contribution) -> u64 {
    scramble(one.unit ^ scramble(one.amount.to_bits()))
}

/// The amounts with the greatest absolute value, greatest first.
fn greatest(contributions: &Contributions, most: usize) -> Vec<f64> {
    if contributions.ones() {
        return vec![1.0; most.min(contributions.len())];
    }
    let mut kept: Vec<f64> = Vec::with_capacity(most + 1);
    for amount in contributions.amounts() {
        let below = |other: &f64| other.abs() < amount.abs();
        if kept.len() < most || kept.last().is_some_and(below) {
            let at = kept.partition_point(|other| other.abs() >= amount.abs());
            kept.insert(at, amount);
            kept.truncate(most);
        }
    }
    kept
}

/// A number of the standard normal distribution (Box and Muller), the same for the same parts.
pub(crate) fn normal(key: &GateKey, parts: &[&[u8]]) -> f64 {
    // 53 bits, and never 0.
    let uniform = |purpose: &str| {
        let bits = key.value(purpose, parts) >> 11;
        (bits as f64 + 0.5) / (1u64 << 53) as f64
    };
    let (radius, angle) = (uniform("noise radius"), uniform("noise angle"));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
