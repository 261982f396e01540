//! Seeded pseudo-randomness (SplitMix64). Never for keys, nonces or anything an attacker may guess.

use std::sync::atomic::{AtomicU64, Ordering};

use shuyu_kernel::IdSource;

/// The odd constant by which the state of SplitMix64 moves on: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// One stream of pseudo-random numbers, decided by its seed alone.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

/// Mixes the state into an output (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }
    /// The stream of one thing (a row, a station, an enterprise) of a register: independent of all others,
    /// so that a row can be made again without the rows before it.
    pub fn of(seed: u64, register: &str, index: u64) -> Self {
        let named = register.bytes().fold(mix(seed), |state, byte| {
            mix(state ^ u64::from(byte)).wrapping_add(STEP)
        });
        Self {
            state: mix(named ^ mix(index.wrapping_add(STEP))),
        }
    }

    /// Sixty-four bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }
    /// A number below `n`; 0 when `n` is 0. The bias of at most n / 2^64 does not matter here.
    pub fn below(&mut self, n: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(n);
        u64::try_from(product >> 64).unwrap_or(0)
    }
    /// A number from `low` to `high`, both included; `low` when the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).saturating_add(1).max(0);
        low.saturating_add_unsigned(self.below(width.unsigned_abs()))
    }
    /// True with this probability in thousandths.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
    /// One of some things, all alike. The list must not be empty.
    pub fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        const { assert!(N > 0, "there must be something to pick") };
        let index = usize::try_from(self.below(N as u64)).unwrap_or(0);
        from[index]
    }
    /// One of some things by weight. The list must not be empty.
    pub fn weighted<T: Copy, const N: usize>(&mut self, from: &[(u64, T); N]) -> T {
        const { assert!(N > 0, "there must be something to pick") };
        let mut rest = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, thing) in from {
            if rest < *weight {
                return *thing;
            }
            rest -= weight;
        }
        from[0].1
    }
    /// An amount around `middle` with a long tail upwards, as incomes have: the product of four even
    /// draws from 0.5 to 1.7, so from a sixteenth to eight times the middle.
    pub fn skewed(&mut self, middle: i64) -> i64 {
        (0..4).fold(middle, |amount, _| {
            amount.saturating_mul(self.between(500, 1700)) / 1000
        })
    }
}

/// Identifier bits from a seed, for tests and for a demonstration that comes out the same every time.
#[derive(Debug)]
pub struct SeededSource {
    state: AtomicU64,
}

impl SeededSource {
    /// A source that gives the same sequence for the same seed.
    pub fn new(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }
    fn bits(&self) -> u64 {
        mix(self.state.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP))
    }
}

impl IdSource for SeededSource {
    fn random_bits(&self) -> u128 {
        u128::from(self.bits()) << 64 | u128::from(self.bits())
    }
}
