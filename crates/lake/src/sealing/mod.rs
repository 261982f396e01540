//! The sealed form of every byte on disk: chunked AES-256-GCM with one data key per file.
//!
//! ```text
//! magic 8 | nonce 12 | wrapped data key 32 + tag 16 | chunk, chunk, … last chunk
//! ```
//! Each chunk is 64 KiB of clear bytes and a tag of 16. Its nonce holds its index and whether it is the last,
//! so a chunk that was moved, repeated or cut off does not open. The data key is fresh for each file, which
//! makes these nonces unique (NIST SP 800-38D §8.2.1). The wrap binds the file's place in the store, so one
//! sealed file cannot stand in for another. An empty file is one empty last chunk.

mod reader;

use std::io;

use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use zeroize::Zeroizing;

use crate::keys::{KeySource, MasterKey};

pub(crate) use reader::SealedFile;

/// First bytes of a sealed file: name and format version.
const MAGIC: &[u8; 8] = b"SHYSEAL1";
/// First bytes of a file that is not sealed: the same form with nothing hidden. Only training folders that were opened
/// so from the beginning have any, to show that a search for what must not be found does find it.
const CLEAR: &[u8; 8] = b"SHYCLEAR";
/// Length of the header in bytes.
pub(crate) const HEADER: usize = 8 + 12 + 32 + TAG;
/// Clear bytes of a full chunk.
pub(crate) const CHUNK: usize = 64 * 1024;
/// Length of the authentication tag in bytes.
const TAG: usize = 16;
/// Clear bytes sealed between two writes: 16 chunks, which is 1 MiB.
const SEALED_AT_ONCE: usize = 16 * CHUNK;
/// Sealed bytes of a full chunk.
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;

/// A sealed file that does not open: damaged, cut off, moved, or of another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed file does not open: damaged, cut off, moved, or sealed under another key")]
pub(crate) struct SealBroken;

/// The key that wraps data keys for one purpose.
pub(crate) struct WrappingKey {
    cipher: Aes256Gcm,
    /// The key before, while data keys are being wrapped anew: it opens, it never wraps.
    previous: Option<Aes256Gcm>,
    /// Nothing is sealed, and nothing sealed opens.
    clear: bool,
}

/// The key of one file.
pub(crate) struct FileKey {
    cipher: Aes256Gcm,
    clear: bool,
    bytes: Zeroizing<[u8; 32]>,
}

impl WrappingKey {
    /// The wrapping key of one purpose under a master key.
    pub(crate) fn new(master: &MasterKey, purpose: &str) -> Self {
        let key = master.wrapping_key(purpose);
        Self {
            cipher: Aes256Gcm::new(&(*key).into()),
            previous: None,
            clear: false,
        }
    }

    /// A key that seals nothing.
    pub(crate) fn unsealed() -> Self {
        Self {
            clear: true,
            ..Self::new(&MasterKey([0; 32]), "")
        }
    }

    /// The same that also opens what was wrapped under the master key before.
    pub(crate) fn also(mut self, previous: &MasterKey, purpose: &str) -> Self {
        self.previous = Some(Self::new(previous, purpose).cipher);
        self
    }

    /// A fresh data key and the header that carries it, bound to `place`.
    pub(crate) fn fresh(
        &self,
        place: &str,
        random: &dyn KeySource,
    ) -> Result<(FileKey, [u8; HEADER]), SealBroken> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random.fill(bytes.as_mut());
        let key = FileKey::new(bytes, self.clear);
        let header = self.wrap(&key, place, random)?;
        Ok((key, header))
    }

    /// The header that carries `key`, bound to `place`.
    pub(crate) fn wrap(
        &self,
        key: &FileKey,
        place: &str,
        random: &dyn KeySource,
    ) -> Result<[u8; HEADER], SealBroken> {
        let mut header = [0u8; HEADER];
        if self.clear {
            header[..8].copy_from_slice(CLEAR);
            return Ok(header);
        }
        header[..8].copy_from_slice(MAGIC);
        let mut nonce = [0u8; 12];
        random.fill(&mut nonce);
        header[8..20].copy_from_slice(&nonce);
        let mut wrapped = key.bytes.to_vec();
        self.cipher
            .encrypt_in_place(&nonce.into(), &bound_to(place), &mut wrapped)
            .map_err(|_| SealBroken)?;
        header[20..].copy_from_slice(&wrapped);
        Ok(header)
    }

    /// The data key in a header that was bound to `place`.
    pub(crate) fn open(&self, header: &[u8], place: &str) -> Result<FileKey, SealBroken> {
        let parts = header.split_first_chunk::<8>().and_then(|(magic, rest)| {
            let (nonce, wrapped) = rest.split_first_chunk::<12>()?;
            Some((magic, *nonce, wrapped))
        });
        let (magic, nonce, wrapped) = parts.ok_or(SealBroken)?;
        if self.clear && magic == CLEAR {
            return Ok(FileKey::new(Zeroizing::new([0; 32]), true));
        }
        if self.clear || magic != MAGIC || wrapped.len() != 32 + TAG {
            return Err(SealBroken);
        }
        let opened = |cipher: &Aes256Gcm| {
            let mut key = Zeroizing::new(wrapped.to_vec());
            let opened = cipher.decrypt_in_place(&nonce.into(), &bound_to(place), &mut *key);
            opened.is_ok().then_some(key)
        };
        let key = opened(&self.cipher).or_else(|| opened(self.previous.as_ref()?));
        let key = key.ok_or(SealBroken)?;
        let bytes: [u8; 32] = key.as_slice().try_into().map_err(|_| SealBroken)?;
        Ok(FileKey::new(Zeroizing::new(bytes), false))
    }

    /// Writes the sealed form of some bytes, of which no more than [`SEALED_AT_ONCE`] are held.
    pub(crate) fn seal_into(
        &self,
        place: &str,
        random: &dyn KeySource,
        clear: &[u8],
        out: &mut impl io::Write,
    ) -> io::Result<()> {
        let (key, header) = self.fresh(place, random).map_err(io::Error::other)?;
        out.write_all(&header)?;
        let mut sealer = Sealer::new(key);
        let mut sealed = Vec::with_capacity(SEALED_AT_ONCE + CHUNK);
        for part in clear.chunks(SEALED_AT_ONCE) {
            sealer.push(part, &mut sealed).map_err(io::Error::other)?;
            out.write_all(&sealed)?;
            sealed.clear();
        }
        sealer.finish(&mut sealed).map_err(io::Error::other)?;
        out.write_all(&sealed)
    }
}

impl FileKey {
    fn new(bytes: Zeroizing<[u8; 32]>, clear: bool) -> Self {
        Self {
            cipher: Aes256Gcm::new(&(*bytes).into()),
            clear,
            bytes,
        }
    }

    fn seal_chunk(&self, index: u64, last: bool, chunk: &mut Vec<u8>) -> Result<(), SealBroken> {
        if self.clear {
            chunk.extend_from_slice(&[0; TAG]);
            return Ok(());
        }
        self.cipher
            .encrypt_in_place(&nonce_of(index, last).into(), b"", chunk)
            .map_err(|_| SealBroken)
    }

    /// Opens one chunk in place.
    pub(crate) fn open_chunk(&self, index: u64, last: bool, chunk: &mut Vec<u8>) -> Result<(), SealBroken> {
        if self.clear {
            let length = chunk.len().checked_sub(TAG).ok_or(SealBroken)?;
            chunk.truncate(length);
            return Ok(());
        }
        self.cipher
            .decrypt_in_place(&nonce_of(index, last).into(), b"", chunk)
            .map_err(|_| SealBroken)
    }
}

fn nonce_of(index: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0u8; 12];
    nonce[0] = u8::from(last);
    nonce[4..].copy_from_slice(&index.to_be_bytes());
    nonce
}

fn bound_to(place: &str) -> Vec<u8> {
    [MAGIC.as_slice(), place.as_bytes()].concat()
}

/// Seals a stream chunk by chunk. A full chunk waits until more comes, since only then it is not the last.
pub(crate) struct Sealer {
    key: FileKey,
    waiting: Vec<u8>,
    index: u64,
}

impl Sealer {
    /// A sealer that starts at the first chunk.
    pub(crate) fn new(key: FileKey) -> Self {
        Self {
            key,
            waiting: Vec::with_capacity(SEALED_CHUNK),
            index: 0,
        }
    }

    /// Takes clear bytes; appends what is complete to `out`.
    pub(crate) fn push(&mut self, mut clear: &[u8], out: &mut Vec<u8>) -> Result<(), SealBroken> {
        while !clear.is_empty() {
            if self.waiting.len() == CHUNK {
                self.emit(false, out)?;
            }
            let (now, later) = clear.split_at(clear.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            clear = later;
        }
        Ok(())
    }

    /// Appends the last chunk to `out`.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), SealBroken> {
        self.emit(true, out)
    }

    fn emit(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), SealBroken> {
        self.key.seal_chunk(self.index, last, &mut self.waiting)?;
        out.extend_from_slice(&self.waiting);
        self.waiting.clear();
        self.index += 1;
        Ok(())
    }
}

/// Where the chunks of a sealed file lie, from its length alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Clear length of the file in bytes.
    pub(crate) clear_len: u64,
    /// Number of chunks, at least one.
    pub(crate) chunks: u64,
    sealed_len: u64,
}

impl Layout {
    /// The layout of a sealed file of this length.
    pub(crate) fn of(sealed_len: u64) -> Result<Self, SealBroken> {
        let body = sealed_len.checked_sub(HEADER as u64).ok_or(SealBroken)?;
        let chunks = body.div_ceil(SEALED_CHUNK as u64);
        let clear_len = body.checked_sub(chunks * TAG as u64).ok_or(SealBroken)?;
        // Only the last chunk may be short, and it holds its tag whole and something before it unless alone.
        let rest = body - (chunks.max(1) - 1) * SEALED_CHUNK as u64;
        if chunks == 0 || rest < TAG as u64 || (chunks > 1 && rest == TAG as u64) {
            return Err(SealBroken);
        }
        Ok(Self {
            clear_len,
            chunks,
            sealed_len,
        })
    }

    /// The chunk that holds the clear byte at `position`.
    pub(crate) fn chunk_at(position: u64) -> u64 {
        position / CHUNK as u64
    }

    /// Where the sealed bytes of chunk `index` begin and end in the file.
    pub(crate) fn sealed_range(&self, index: u64) -> std::ops::Range<u64> {
        let start = HEADER as u64 + index * SEALED_CHUNK as u64;
        start..(start + SEALED_CHUNK as u64).min(self.sealed_len)
    }

    /// Whether chunk `index` is the last one.
    pub(crate) fn is_last(&self, index: u64) -> bool {
        index + 1 == self.chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl KeySource for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer
                .iter_mut()
                .enumerate()
                .for_each(|(i, byte)| *byte = i as u8);
        }
    }

    fn open_all(key: &WrappingKey, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let layout = Layout::of(sealed.len() as u64)?;
        let file_key = key.open(&sealed[..HEADER], place)?;
        let mut clear = Vec::new();
        for index in 0..layout.chunks {
            let range = layout.sealed_range(index);
            let mut chunk = sealed[range.start as usize..range.end as usize].to_vec();
            file_key.open_chunk(index, layout.is_last(index), &mut chunk)?;
            clear.extend(chunk);
        }
        assert_eq!(clear.len() as u64, layout.clear_len);
        Ok(clear)
    }

    fn seal(key: &WrappingKey, clear: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        key.seal_into("a", &Counting, clear, &mut sealed).expect("seal");
        sealed
    }

    #[test]
    fn every_length_around_the_chunk_border_comes_back() {
        let key = WrappingKey::new(&MasterKey([7; 32]), "test");
        let most = SEALED_AT_ONCE;
        let around = [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5];
        for len in [0, 1, most - 1, most, most + 1, 2 * most]
            .into_iter()
            .chain(around)
        {
            let clear: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let sealed = seal(&key, &clear);
            assert_eq!(sealed.len(), HEADER + len + TAG * len.div_ceil(CHUNK).max(1));
            assert_eq!(open_all(&key, "a", &sealed), Ok(clear), "length {len}");
        }
    }

    #[test]
    fn cutting_moving_and_swapping_chunks_is_noticed() {
        let key = WrappingKey::new(&MasterKey([7; 32]), "test");
        let clear = vec![1u8; 3 * CHUNK];
        let sealed = seal(&key, &clear);
        let cut_at_border = &sealed[..HEADER + 2 * SEALED_CHUNK];
        assert_eq!(open_all(&key, "a", cut_at_border), Err(SealBroken));
        let mut swapped = sealed.clone();
        let (first, second) = swapped[HEADER..].split_at_mut(SEALED_CHUNK);
        first.swap_with_slice(&mut second[..SEALED_CHUNK]);
        assert_eq!(open_all(&key, "a", &swapped), Err(SealBroken));
        assert_eq!(open_all(&key, "b", &sealed), Err(SealBroken), "another place");
        let other = WrappingKey::new(&MasterKey([8; 32]), "test");
        assert_eq!(open_all(&other, "a", &sealed), Err(SealBroken), "another key");
    }
}
