//! Exact samplers of the discrete Laplace and the discrete Gaussian distribution.
//!
//! After Canonne, Kamath and Steinke, “The Discrete Gaussian for Differential Privacy” (2020), algorithms 1 to 3. All
//! arithmetic is over whole numbers of any length and fractions of them: no floating-point number is ever drawn, so
//! that there are no gaps between values and no low bits that tell what was added (Mironov 2012).

use num_bigint::{BigInt, BigUint};

use super::random::Draw;

/// A fraction that is not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio {
    /// Numerator.
    pub over: BigUint,
    /// Denominator, at least 1.
    pub under: BigUint,
}

impl Ratio {
    /// A fraction; `under` is at least 1.
    pub fn new(over: impl Into<BigUint>, under: impl Into<BigUint>) -> Self {
        let (over, under) = (over.into(), under.into());
        debug_assert!(under > zero(), "a fraction of nothing");
        Self { over, under }
    }

    /// The nearest floating-point number, for showing only.
    pub fn shown(&self) -> f64 {
        // Both are cut to 64 leading bits, so that numbers beyond 10³⁰⁸ have a quotient too.
        let lead = |number: &BigUint| {
            let spare = number.bits().saturating_sub(64);
            let digits = (number >> spare).to_u64_digits();
            (digits.first().copied().unwrap_or(0) as f64, spare as f64)
        };
        let ((over, up), (under, down)) = (lead(&self.over), lead(&self.under));
        over / under * (up - down).exp2()
    }
}

fn zero() -> BigUint {
    BigUint::ZERO
}
fn one() -> BigUint {
    BigUint::from(1u8)
}

impl Draw<'_> {
    /// True with the probability `over / under`, which is at most 1.
    fn chance(&self, over: &BigUint, under: &BigUint) -> bool {
        self.below(under) < *over
    }

    /// True with the probability e^(−over/under) for a fraction of at most 1 (algorithm 1).
    fn exp_of_fraction(&self, over: &BigUint, under: &BigUint) -> bool {
        let mut step = one();
        while self.chance(over, &(under * &step)) {
            step += 1u8;
        }
        step.bit(0)
    }

    /// True with the probability e^(−over/under).
    fn exp(&self, over: &BigUint, under: &BigUint) -> bool {
        let mut whole = over / under;
        while whole > zero() {
            if !self.exp_of_fraction(&one(), &one()) {
                return false;
            }
            whole -= 1u8;
        }
        self.exp_of_fraction(&(over % under), under)
    }

    /// A number of the discrete Laplace distribution with a whole scale of at least 1 (algorithm 2): `x` is as likely
    /// as e^(−|x|/scale).
    pub fn laplace(&self, scale: &BigUint) -> BigInt {
        loop {
            let rest = self.below(scale);
            if !self.exp_of_fraction(&rest, scale) {
                continue;
            }
            let mut times = zero();
            while self.exp_of_fraction(&one(), &one()) {
                times += 1u8;
            }
            let size = rest + times * scale;
            let negative = self.coin();
            // Zero has one sign only.
            if negative && size == zero() {
                continue;
            }
            let size = BigInt::from(size);
            return if negative { -size } else { size };
        }
    }

    /// A number of the discrete Gaussian distribution with this variance (algorithm 3): `x` is as likely as
    /// e^(−x²/2σ²). A variance of 0 gives 0.
    pub fn gaussian(&self, variance: &Ratio) -> BigInt {
        let Ratio { over, under } = variance;
        if *over == zero() {
            return BigInt::ZERO;
        }
        // floor(√(a/b)) = floor(√floor(a/b)) for whole numbers.
        let scale = (over / under).sqrt() + 1u8;
        let twice: BigUint = over * under * &scale * &scale * 2u8;
        loop {
            let drawn = self.laplace(&scale);
            // (|y| − σ²/t)² / 2σ² over one denominator.
            let left = drawn.magnitude() * under * &scale;
            let apart = if left > *over { left - over } else { over - left };
            if self.exp(&(&apart * &apart), &twice) {
                return drawn;
            }
        }
    }
}
