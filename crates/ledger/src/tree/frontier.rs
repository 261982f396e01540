//! Appending with little state.

use serde::{Deserialize, Serialize};
use shuyu_kernel::Digest;

use super::TreeError;
use crate::suite::Suite;

/// The right edge of a tree: one hash for each complete subtree, largest first. A tree of a million leaves
/// has at most twenty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Frontier {
    suite: Suite,
    size: u64,
    /// As many as `size` has one-bits, in the order of the bits from the highest.
    hashes: Vec<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    suite: Suite,
    size: u64,
    hashes: Vec<Digest>,
}

impl Frontier {
    /// A tree without leaves.
    pub fn new(suite: Suite) -> Self {
        Self {
            suite,
            size: 0,
            hashes: Vec::new(),
        }
    }

    /// A stored frontier. Errors when the number of hashes does not fit the size; whether they are the right
    /// ones shows only when the root is compared with a checkpoint.
    pub fn from_parts(suite: Suite, size: u64, hashes: Vec<Digest>) -> Result<Self, TreeError> {
        if hashes.len() == size.count_ones() as usize {
            Ok(Self::of_subtrees(suite, size, hashes))
        } else {
            Err(TreeError::Frontier {
                size,
                given: hashes.len(),
            })
        }
    }

    /// The frontier with these hashes, as many as `size` has one-bits.
    pub(super) fn of_subtrees(suite: Suite, size: u64, hashes: Vec<Digest>) -> Self {
        debug_assert_eq!(hashes.len(), size.count_ones() as usize);
        Self { suite, size, hashes }
    }

    /// Appends one leaf. Over many appends, one inner hash each.
    pub fn push(&mut self, leaf_hash: Digest) {
        let mut carried = leaf_hash;
        // Each trailing one-bit of the size is a complete subtree that the new leaf completes to a larger one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                carried = self.suite.node_hash(&left, &carried);
            }
        }
        self.hashes.push(carried);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        let joined = self
            .hashes
            .iter()
            .copied()
            .rev()
            .reduce(|right, left| self.suite.node_hash(&left, &right));
        joined.unwrap_or_else(|| self.suite.empty_root())
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// The hashes of the complete subtrees, largest first.
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }
    /// The suite of the tree.
    pub fn suite(&self) -> Suite {
        self.suite
    }
}

impl TryFrom<Parts> for Frontier {
    type Error = TreeError;
    fn try_from(parts: Parts) -> Result<Self, TreeError> {
        Self::from_parts(parts.suite, parts.size, parts.hashes)
    }
}
impl From<Frontier> for Parts {
    fn from(frontier: Frontier) -> Self {
        Self {
            suite: frontier.suite,
            size: frontier.size,
            hashes: frontier.hashes,
        }
    }
}
