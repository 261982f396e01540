//! The keyed pseudo-random function of the gate: HMAC-SM3 (GB/T 32905-2016).

use hmac::{Hmac, KeyInit, Mac};
use shuyu_kernel::Digest;
use sm3::Sm3;

/// The secret key of jitter and pseudonyms. One per installation; the same for ever, because a
/// changed key would change which cells are missing and so tell something about the others.
#[derive(Clone)]
pub struct GateKey([u8; 32]);

impl GateKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The first 64 bits of HMAC-SM3 over a purpose and some parts, each preceded by its length.
    pub fn value(&self, purpose: &str, parts: &[&[u8]]) -> u64 {
        // RFC 2104 fills short keys up with zeros to the block size of the hash.
        let mut block = hmac::digest::Key::<Hmac<Sm3>>::default();
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sm3> as KeyInit>::new(&block);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Digest(mac.finalize().into_bytes().into()).first_64()
    }
}

impl std::fmt::Debug for GateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GateKey(…)")
    }
}
