//! Randomness from outside: this crate has none of its own.

use num_bigint::BigUint;

/// A cryptographic source of random bytes. `cli` hands in that of the operating system; tests hand in a seeded one.
pub trait Random: Send + Sync {
    /// Fills the buffer with bytes that nobody can predict.
    fn fill(&self, buffer: &mut [u8]);
}

/// Draws exact numbers from a source of bytes.
pub(super) struct Draw<'a>(pub &'a dyn Random);

impl Draw<'_> {
    /// Yes or no, one as likely as the other.
    pub fn coin(&self) -> bool {
        let mut byte = [0; 1];
        self.0.fill(&mut byte);
        byte[0] & 1 == 1
    }

    /// A whole number from 0 to `below` − 1, all equally likely: what is too great is drawn again, so that there is
    /// no remainder to favour small ones. `below` is at least 1.
    pub fn below(&self, below: &BigUint) -> BigUint {
        let bits = below.bits();
        let length = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX);
        let spare = (length as u64 * 8).saturating_sub(bits);
        let mut bytes = vec![0u8; length];
        loop {
            self.0.fill(&mut bytes);
            if let Some(last) = bytes.last_mut() {
                *last &= 0xff >> spare;
            }
            let number = BigUint::from_bytes_le(&bytes);
            if number < *below {
                return number;
            }
        }
    }
}
