//! The Merkle tree of a log, in the shape of RFC 6962 and RFC 9162 §2.1.
//!
//! [`Frontier`] appends and knows the root with O(log n) hashes of state. [`TreeCache`] keeps the hashes of
//! all complete subtrees and makes proofs in O(log n). Proofs verify without either.

mod cache;
mod frontier;
mod proof;

pub use cache::TreeCache;
pub use frontier::Frontier;
pub use proof::{ConsistencyProof, InclusionProof};

/// A question that the tree cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The tree is not that large.
    #[error("size {asked} is beyond the tree of {size}")]
    Size {
        /// The size asked for.
        asked: u64,
        /// The size there is.
        size: u64,
    },
    /// No such leaf in a tree of that size.
    #[error("leaf {index} is not in a tree of {size}")]
    Leaf {
        /// The leaf asked for.
        index: u64,
        /// The size of the tree asked for.
        size: u64,
    },
    /// The older tree of a consistency proof is the larger one.
    #[error("the older size {first} exceeds the newer size {second}")]
    Order {
        /// The older size.
        first: u64,
        /// The newer size.
        second: u64,
    },
    /// A frontier of that size has another number of hashes.
    #[error("a frontier of size {size} has {} hashes, not {given}", size.count_ones())]
    Frontier {
        /// The size claimed.
        size: u64,
        /// The number of hashes given.
        given: usize,
    },
}

/// The largest power of two below `n`; `n` is at least 2.
fn split_point(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}
