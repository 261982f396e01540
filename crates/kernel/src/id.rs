//! Typed identifiers: UUIDv7 bits from an injected clock and random source, in text `prefix_` + 26 letters.

use std::{cmp::Ordering, fmt, hash::Hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::time::Timestamp;

/// What an identifier names; the prefix stands in every text form, so that ids cannot be mixed up.
pub trait Kind {
    /// Short lower-case prefix without the underscore, for example `case`.
    const PREFIX: &'static str;
}

/// An identifier of one kind. Ordered by time of creation.
pub struct Id<K> {
    bits: u128,
    kind: PhantomData<fn() -> K>,
}

/// Where random bits come from; the real source is built by `cli`, a seeded one by tests.
pub trait IdSource: Send + Sync {
    /// Sixty-four or more unpredictable bits (the low 74 bits of the result are used).
    fn random_bits(&self) -> u128;
}

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an identifier of kind `{expected}`")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// The prefix that was expected.
    pub expected: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<K: Kind> Id<K> {
    /// A new identifier (UUID version 7 layout, RFC 9562) for the instant `now`.
    pub fn new(now: Timestamp, source: &dyn IdSource) -> Self {
        let millis = (now.millis().max(0) as u128) & ((1 << 48) - 1);
        let random = source.random_bits();
        let high = (millis << 80) | (0x7 << 76) | (((random >> 62) & 0xfff) << 64);
        Self::from_bits(high | (0b10 << 62) | (random & ((1 << 62) - 1)))
    }

    /// The identifier with exactly these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self {
            bits,
            kind: PhantomData,
        }
    }

    /// The 128 bits.
    pub fn bits(&self) -> u128 {
        self.bits
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 26];
        for (i, slot) in text.iter_mut().enumerate() {
            let shift = 125 - 5 * i as u32;
            *slot = ALPHABET[((self.bits >> shift) & 31) as usize];
        }
        write!(f, "{}_{}", K::PREFIX, String::from_utf8_lossy(&text))
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError {
            text: text.to_owned(),
            expected: K::PREFIX,
        };
        let body = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|body| body.len() == 26)
            .ok_or_else(wrong)?;
        let mut bits: u128 = 0;
        for (i, letter) in body.bytes().enumerate() {
            let value = ALPHABET.iter().position(|a| *a == letter).ok_or_else(wrong)? as u128;
            if i == 0 && value > 7 {
                return Err(wrong());
            }
            bits = (bits << 5) | value;
        }
        Ok(Self::from_bits(bits))
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits.cmp(&other.bits)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $alias:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// A case: one run of one procedure (案件).
    Case, CaseId, "case";
    /// A public body or company (单位).
    Body, BodyId, "body";
    /// A natural person with an account or a role (人员); personal fields live in the person vault.
    Person, PersonId, "person";
    /// A dataset in the lake (数据集).
    Dataset, DatasetId, "data";
    /// A data-use permit (用数许可).
    Permit, PermitId, "permit";
    /// A product (数据产品).
    Product, ProductId, "prod";
    /// An answer that left the domain (出域).
    Release, ReleaseId, "rel";
    /// An uploaded file, content-addressed (上传件).
    Upload, UploadId, "file";
    /// The source of a job under a permit, named by its content (程序).
    Source, SourceId, "src";
    /// One run of a source (运行).
    Run, RunId, "run";
    /// A request to let outputs out through the airlock (出域审核).
    Airlock, AirlockId, "air";
}
