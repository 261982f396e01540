//! SM3 digests (GB/T 32905-2016): names of files, papers and profiles.

use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sm3::{Digest as _, Sm3};

/// A 32-byte digest; text form is lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest of 64 hexadecimal digits")]
pub struct DigestError;

impl Digest {
    /// The SM3 digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sm3::digest(bytes).into())
    }
    /// HMAC-SM3 (RFC 2104 over GB/T 32905-2016) of some bytes under a key of 32 bytes.
    pub fn keyed(key: &[u8; 32], bytes: &[u8]) -> Self {
        // HMAC fills a short key with zeros to a block of 64 bytes; done here, construction cannot fail.
        let mut block = [0u8; 64];
        let (start, _) = block.split_at_mut(32);
        start.copy_from_slice(key);
        let mut mac = <Hmac<Sm3>>::new(&block.into());
        mac.update(bytes);
        Self(mac.finalize().into_bytes().into())
    }
    /// The first 64 bits as a number, high byte first.
    pub fn first_64(&self) -> u64 {
        let bits = |bits: u64, byte: &u8| (bits << 8) | u64::from(*byte);
        self.0.iter().take(8).fold(0, bits)
    }
    /// The first eight hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
