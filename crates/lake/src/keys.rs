//! Keys and where their bytes come from. The lake never draws randomness itself.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sm3::Sm3;
use zeroize::Zeroizing;

/// Source of unpredictable bytes; the real one is built by `cli`, a seeded one by tests.
pub trait KeySource: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The key that wraps every data key of a lake. Never written anywhere by this crate.
#[derive(Clone)]
pub struct MasterKey(pub [u8; 32]);

/// The key of one identifier domain (person, enterprise, household).
///
/// All tables of one domain share it, so that their units compare; two domains never do.
#[derive(Clone)]
pub struct UnitKey(pub [u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for UnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnitKey(..)")
    }
}

impl MasterKey {
    /// The wrapping key of one purpose: HMAC-SM3 of the purpose's name under the master key.
    pub(crate) fn wrapping_key(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hmac_sm3(&self.0, &[purpose.as_bytes()]))
    }
}

/// HMAC with SM3 (GB/T 32905-2016 as hash, GB/T 15852.2 construction) over the parts in order.
pub(crate) fn hmac_sm3(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sm3> as KeyInit>::new(&block_of(key).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC pads a short key with zeros to the block of 64 bytes; doing it here makes construction infallible.
fn block_of(key: &[u8; 32]) -> [u8; 64] {
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    block
}
