//! The keyed index: sorted tags, built once, looked up by halving.

use super::Tag;

/// What every index begins with.
const MAGIC: &[u8; 8] = b"SHUYUID1";
/// Bytes of a tag.
const TAG: usize = 16;

/// Tags being collected.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    tags: Vec<u128>,
}

/// Bytes that are no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no index of identities")]
pub struct IndexError;

/// A compiled index: tags in order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    tags: Vec<u128>,
}

impl IndexBuilder {
    /// Adds the tag of a row. 16 bytes are held for each.
    pub fn add(&mut self, tag: Tag) {
        self.tags.push(tag.0);
    }

    /// The index of everything added. Its order is that of the tags, so it tells nothing of the order of the rows.
    pub fn finish(mut self) -> Index {
        self.tags.sort_unstable();
        self.tags.dedup();
        Index { tags: self.tags }
    }
}

impl Index {
    /// Number of different pairs.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Whether the pair with this tag is in the register. As many steps whether it is or not: about log₂ of
    /// [`Index::len`].
    pub fn holds(&self, tag: Tag) -> bool {
        // Up to the first tag that is not smaller, always through all halves.
        let place = self.tags.partition_point(|held| *held < tag.0);
        self.tags.get(place) == Some(&tag.0)
    }

    /// The index as a file: a magic word, the number of tags, the tags in order, all big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAGIC.len() + 8 + self.tags.len() * TAG);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(self.tags.len() as u64).to_be_bytes());
        for tag in &self.tags {
            bytes.extend_from_slice(&tag.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`Index::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are anything else: another beginning, a wrong length, tags out of order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(IndexError)?;
        let (count, rest) = rest.split_first_chunk::<8>().ok_or(IndexError)?;
        let (chunks, left) = rest.as_chunks::<TAG>();
        let tags: Vec<u128> = chunks.iter().map(|chunk| u128::from_be_bytes(*chunk)).collect();
        let whole = left.is_empty() && u64::from_be_bytes(*count) == tags.len() as u64;
        if whole && tags.is_sorted_by(|a, b| a < b) {
            Ok(Self { tags })
        } else {
            Err(IndexError)
        }
    }
}
