//! The end of a log: all that an append needs to know.

use shuyu_kernel::{Digest, Timestamp};

use crate::{
    checkpoint::Checkpoint,
    entry::{Entry, EntryError},
    origin::Origin,
    tree::Frontier,
};

/// The end of a log. A few dozen hashes however long the log is; the store keeps them beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    origin: Origin,
    frontier: Frontier,
    last_hash: Digest,
}

/// What the writer says; index and predecessor come from the head.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// See [`Entry::kind`].
    pub kind: &'a str,
    /// See [`Entry::stream`].
    pub stream: &'a str,
    /// See [`Entry::version`].
    pub version: u64,
    /// See [`Entry::recorded_at`].
    pub recorded_at: Timestamp,
    /// See [`Entry::payload`].
    pub payload: &'a [u8],
}

/// An entry with its place in the log, ready to be stored as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Place in the log.
    pub index: u64,
    /// The canonical line, without a newline: the bytes to store.
    pub line: String,
    /// The leaf hash of the line.
    pub leaf_hash: Digest,
    /// The leaf hash of the entry before.
    pub prev_hash: Digest,
}

impl Head {
    /// The head of a log without entries.
    pub fn new(origin: Origin) -> Self {
        let suite = origin.suite();
        let last_hash = suite.genesis_hash(&origin.to_string());
        Self {
            frontier: Frontier::new(suite),
            last_hash,
            origin,
        }
    }

    /// The head of a stored log: its frontier and the leaf hash of its last entry. `None` when the frontier
    /// is of another suite. An empty frontier gives the head of a new log, whatever `last_hash` says.
    pub fn resume(origin: Origin, frontier: Frontier, last_hash: Digest) -> Option<Self> {
        if frontier.suite() != origin.suite() {
            return None;
        }
        if frontier.size() == 0 {
            return Some(Self::new(origin));
        }
        Some(Self {
            origin,
            frontier,
            last_hash,
        })
    }

    /// Gives the draft the next index and appends it. On an error the head is unchanged.
    pub fn append(&mut self, draft: Draft<'_>) -> Result<Sealed, EntryError> {
        let entry = Entry {
            index: self.frontier.size(),
            recorded_at: draft.recorded_at,
            kind: draft.kind.to_owned(),
            stream: draft.stream.to_owned(),
            version: draft.version,
            prev_hash: self.last_hash,
            payload: draft.payload.to_vec(),
        };
        let line = entry.encode()?;
        let leaf_hash = self.origin.suite().leaf_hash(line.as_bytes());
        self.frontier.push(leaf_hash);
        self.last_hash = leaf_hash;
        Ok(Sealed {
            index: entry.index,
            line,
            leaf_hash,
            prev_hash: entry.prev_hash,
        })
    }

    /// The log this is the end of.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
    /// Number of entries, which is also the next index.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }
    /// The state of the tree.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
    /// The leaf hash of the last entry: what the next one names as its predecessor.
    pub fn last_hash(&self) -> Digest {
        self.last_hash
    }
    /// The statement to sign: this log has this size and this root.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin.clone(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }
}
