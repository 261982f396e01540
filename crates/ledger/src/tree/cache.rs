//! Roots and proofs for any size, from the hashes of complete subtrees.

use shuyu_kernel::Digest;

use super::{ConsistencyProof, Frontier, InclusionProof, TreeError, split_point};
use crate::suite::Suite;

/// All complete subtrees of a tree. Holds about 64 bytes for each leaf; a proof looks up O(log n) hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeCache {
    suite: Suite,
    /// `levels[k][i]` is the root of leaves `i * 2^k .. (i + 1) * 2^k`. `levels[0]` are the leaves.
    levels: Vec<Vec<Digest>>,
}

impl TreeCache {
    /// A tree without leaves.
    pub fn new(suite: Suite) -> Self {
        Self {
            suite,
            levels: vec![Vec::new()],
        }
    }

    /// The tree over these leaf hashes.
    pub fn from_leaves(suite: Suite, leaf_hashes: impl IntoIterator<Item = Digest>) -> Self {
        let mut tree = Self::new(suite);
        for leaf_hash in leaf_hashes {
            tree.push(leaf_hash);
        }
        tree
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf_hash: Digest) {
        let mut carried = leaf_hash;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(carried);
            match nodes.as_slice() {
                [.., left, right] if nodes.len().is_multiple_of(2) => {
                    carried = self.suite.node_hash(left, right);
                }
                _ => return,
            }
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.leaves().len() as u64
    }
    /// The leaf hashes in order.
    pub fn leaves(&self) -> &[Digest] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }
    /// The root of the whole tree.
    pub fn root(&self) -> Digest {
        self.range_root(0, self.size())
    }

    /// The root the tree had when it held `size` leaves.
    pub fn root_at(&self, size: u64) -> Result<Digest, TreeError> {
        self.check_size(size)?;
        Ok(self.range_root(0, size))
    }

    /// The frontier of the whole tree, to go on appending.
    pub fn frontier(&self) -> Frontier {
        let size = self.size();
        let mut start = 0;
        let mut hashes = Vec::new();
        for bit in (0..u64::BITS).rev().filter(|bit| size >> bit & 1 == 1) {
            hashes.push(self.range_root(start, start + (1 << bit)));
            start += 1 << bit;
        }
        Frontier::of_subtrees(self.suite, size, hashes)
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves (RFC 9162 §2.1.3.1).
    pub fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, TreeError> {
        self.check_size(size)?;
        if index >= size {
            return Err(TreeError::Leaf { index, size });
        }
        // From the root down, note the sibling left aside; the proof lists them from the leaf up.
        let mut path = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split_point(end - start);
            if index < middle {
                path.push(self.range_root(middle, end));
                end = middle;
            } else {
                path.push(self.range_root(start, middle));
                start = middle;
            }
        }
        path.reverse();
        Ok(InclusionProof { index, size, path })
    }

    /// The proof that the tree of `second` leaves only appended to the tree of `first` leaves
    /// (RFC 9162 §2.1.4.1). Empty when `first` is 0 or equals `second`.
    pub fn consistency(&self, first: u64, second: u64) -> Result<ConsistencyProof, TreeError> {
        self.check_size(second)?;
        if first > second {
            return Err(TreeError::Order { first, second });
        }
        let mut path = Vec::new();
        if first > 0 && first < second {
            let (mut start, mut end) = (0, second);
            // Go down to the subtree whose right edge is the right edge of the older tree.
            while end != first {
                let middle = start + split_point(end - start);
                if first <= middle {
                    path.push(self.range_root(middle, end));
                    end = middle;
                } else {
                    path.push(self.range_root(start, middle));
                    start = middle;
                }
            }
            // The verifier already has that subtree when it is the whole older tree.
            if start > 0 {
                path.push(self.range_root(start, end));
            }
            path.reverse();
        }
        Ok(ConsistencyProof { first, second, path })
    }

    fn check_size(&self, asked: u64) -> Result<(), TreeError> {
        let size = self.size();
        if asked <= size {
            Ok(())
        } else {
            Err(TreeError::Size { asked, size })
        }
    }

    /// The root over leaves `start..end`, where `start` is a multiple of the power of two that covers the
    /// range, as in every split above; `end` is within the tree.
    fn range_root(&self, start: u64, end: u64) -> Digest {
        let size = end - start;
        if size == 0 {
            return self.suite.empty_root();
        }
        if size.is_power_of_two() {
            let level = size.trailing_zeros();
            return self.levels[level as usize][(start >> level) as usize];
        }
        let middle = start + split_point(size);
        self.suite
            .node_hash(&self.range_root(start, middle), &self.range_root(middle, end))
    }
}
