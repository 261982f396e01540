//! The cryptographic suite of a log. One log has one suite for ever.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use shuyu_kernel::Digest;
use sm3::{Digest as HashFunction, Sm3};

/// Which hash builds the tree and which signature seals it.
///
/// A log never changes its suite: when an algorithm ages, the log is closed with a last checkpoint and the
/// next log opens with the hash of that checkpoint in its first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// SM3 tree (GB/T 32905) and SM2 signatures (GB/T 32918, GM/T 0009). The default.
    Sm,
    /// SHA-256 tree, for verifiers outside China that follow C2SP. Its signatures (Ed25519) are not offered
    /// yet: signing under this suite is refused.
    C2sp,
}

/// Before the bytes of a leaf (RFC 9162 §2.1.1).
const LEAF: u8 = 0x00;
/// Before the two halves of an inner node (RFC 9162 §2.1.1).
const NODE: u8 = 0x01;
/// Before the origin text that stands where the first entry names its predecessor. Ours, not of the RFC.
const GENESIS: u8 = 0x02;

impl Suite {
    /// The short name in the origin of a log: `sm` or `c2sp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sm => "sm",
            Self::C2sp => "c2sp",
        }
    }

    /// The hash of a leaf: H(0x00 ‖ bytes). `bytes` are the stored bytes of an entry, never a new encoding.
    pub fn leaf_hash(self, bytes: &[u8]) -> Digest {
        self.hash(&[&[LEAF], bytes])
    }

    /// The hash of an inner node: H(0x01 ‖ left ‖ right).
    pub fn node_hash(self, left: &Digest, right: &Digest) -> Digest {
        self.hash(&[&[NODE], &left.0, &right.0])
    }

    /// The root of a tree without leaves: the hash of nothing.
    pub fn empty_root(self) -> Digest {
        self.hash(&[])
    }

    /// What the first entry of a log names as its predecessor: H(0x02 ‖ origin text). It ties the chain to
    /// its log, so that entries cannot be moved into another one.
    pub fn genesis_hash(self, origin: &str) -> Digest {
        self.hash(&[&[GENESIS], origin.as_bytes()])
    }

    /// The plain hash of the parts in a row, without a prefix.
    pub(crate) fn hash(self, parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sm => hash_with::<Sm3>(parts),
            Self::C2sp => hash_with::<Sha256>(parts),
        }
    }
}

fn hash_with<H>(parts: &[&[u8]]) -> Digest
where
    H: HashFunction,
    [u8; 32]: From<sm3::digest::Output<H>>,
{
    let mut hasher = H::new();
    for part in parts {
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

/// A text that is not the name of a suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a suite (sm, c2sp)")]
pub struct SuiteError;

impl FromStr for Suite {
    type Err = SuiteError;
    fn from_str(text: &str) -> Result<Self, SuiteError> {
        match text {
            "sm" => Ok(Self::Sm),
            "c2sp" => Ok(Self::C2sp),
            _ => Err(SuiteError),
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
