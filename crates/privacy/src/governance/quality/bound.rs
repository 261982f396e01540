//! What a sample says of all rows: the upper bound of Clopper and Pearson (1934).
//!
//! Only addition, multiplication and division of IEEE 754 doubles are used, so that every machine gives the same number.

use super::rule::WHOLE;

/// A mantissa from 1 to 2 and an exponent of two; the mantissa of nothing is 0.
#[derive(Clone, Copy)]
struct Scaled(f64, i64);

impl Scaled {
    fn new(value: f64) -> Self {
        let exponent = i64::try_from((value.to_bits() >> 52) & 0x7ff).unwrap_or(0) - 1023;
        match value {
            value if value < f64::MIN_POSITIVE => Self(0.0, 0),
            value => Self(value / power_of_two(exponent), exponent),
        }
    }
    fn times(self, other: Self) -> Self {
        let Self(mantissa, exponent) = Self::new(self.0 * other.0);
        Self(mantissa, exponent + self.1 + other.1)
    }
    /// The value; nothing where a double cannot hold it.
    fn value(self) -> f64 {
        match self.1 {
            -1022..=1023 => self.0 * power_of_two(self.1),
            _ => 0.0,
        }
    }
}

/// Two to the power of an exponent from -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(u64::try_from(exponent + 1023).unwrap_or(0) << 52)
}

/// The chance that is left for more bad rows than the bound says; what doubles lose in their last digits is given.
const RARE: f64 = 0.05 + 1e-12;

/// One rescaling of a long sum: 2 to the power of 500.
const STEP: i64 = 500;

/// The chance of at most `bad` bad ones among `drawn` when each is bad with chance `share`, below 1.
fn at_most(bad: u64, drawn: u64, share: f64) -> f64 {
    let (mut left, mut power, mut all_good) = (drawn, Scaled::new(1.0 - share), Scaled(1.0, 0));
    while left > 0 {
        if left % 2 == 1 {
            all_good = all_good.times(power);
        }
        power = power.times(power);
        left /= 2;
    }
    let odds = share / (1.0 - share);
    let (mut term, mut sum, mut shift) = (1.0f64, 1.0f64, 0);
    for taken in 0..bad {
        // Samples have at most 100,000 rows: exact as doubles.
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let ratio = (drawn - taken) as f64 / (taken + 1) as f64;
        term *= ratio * odds;
        sum += term;
        if sum > power_of_two(STEP) {
            (term, sum, shift) = (term / power_of_two(STEP), sum / power_of_two(STEP), shift + STEP);
        }
    }
    let Scaled(mantissa, exponent) = Scaled::new(sum);
    all_good.times(Scaled(mantissa, exponent + shift)).value()
}

/// With a confidence of 95 % at most this share of all rows is bad, in hundredths of a percent, rounded up: the smallest
/// share at which so few bad rows in the sample have a chance of at most 5 %. Rows are drawn without replacement, for
/// which this bound is on the safe side. Of a sample of all rows the share itself, rounded up; nothing of no rows.
pub fn bad_at_most(bad: u64, drawn: u64, rows: u64) -> Option<u32> {
    if drawn == 0 {
        return None;
    }
    let whole = u64::from(WHOLE);
    let seen = (bad.min(drawn) * whole).div_ceil(drawn);
    if drawn >= rows || bad >= drawn {
        return u32::try_from(seen).ok();
    }
    let (mut low, mut high) = (u32::try_from(bad * whole / drawn).unwrap_or(0), WHOLE);
    while low < high {
        let middle = u32::midpoint(low, high);
        if at_most(bad, drawn, f64::from(middle) / f64::from(WHOLE)) <= RARE {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(high)
}
