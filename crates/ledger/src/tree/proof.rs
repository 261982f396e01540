//! Proofs, and their verification without the tree.

use serde::{Deserialize, Serialize};
use shuyu_kernel::Digest;

use crate::suite::Suite;

/// The siblings on the way from a leaf to the root, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Which leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// At most 64 hashes.
    pub path: Vec<Digest>,
}

/// The hashes from which both the older and the newer root follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// Size of the older tree.
    pub first: u64,
    /// Size of the newer tree.
    pub second: u64,
    /// At most 65 hashes.
    pub path: Vec<Digest>,
}

impl InclusionProof {
    /// Whether the leaf is in the tree with this root (RFC 9162 §2.1.3.2).
    pub fn verify(&self, suite: Suite, leaf_hash: &Digest, root: &Digest) -> bool {
        if self.index >= self.size {
            return false;
        }
        let (mut node, mut last) = (self.index, self.size - 1);
        let mut computed = *leaf_hash;
        for sibling in &self.path {
            if last == 0 {
                return false; // longer than the tree is high
            }
            if node & 1 == 1 || node == last {
                computed = suite.node_hash(sibling, &computed);
                // The last node of a level without a right sibling moves up until it has a left one.
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                computed = suite.node_hash(&computed, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && computed == *root
    }
}

impl ConsistencyProof {
    /// Whether the newer tree continues the older one (RFC 9162 §2.1.4.2). A tree without leaves is continued
    /// by every tree; equal sizes need equal roots; both with an empty path.
    pub fn verify(&self, suite: Suite, first_root: &Digest, second_root: &Digest) -> bool {
        if self.first == 0 || self.first >= self.second {
            let same = self.first == self.second && first_root == second_root;
            let from_nothing = self.first == 0 && self.second > 0 && *first_root == suite.empty_root();
            return self.path.is_empty() && (same || from_nothing);
        }
        // An older tree of 2^k leaves is itself the node that the proof starts from, and is left out.
        let (start, rest) = if self.first.is_power_of_two() {
            (first_root, self.path.as_slice())
        } else {
            match self.path.split_first() {
                Some((start, rest)) => (start, rest),
                None => return false,
            }
        };
        let steps = (self.first - 1).trailing_ones();
        // A shift by 64 cannot happen: it would need `first` = 2^64.
        let (mut node, mut last) = ((self.first - 1) >> steps, (self.second - 1) >> steps);
        let (mut older, mut newer) = (*start, *start);
        for sibling in rest {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                older = suite.node_hash(sibling, &older);
                newer = suite.node_hash(sibling, &newer);
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                newer = suite.node_hash(&newer, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && older == *first_root && newer == *second_root
    }
}
