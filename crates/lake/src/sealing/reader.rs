//! Reading a sealed local file as clear bytes, with seeking.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::{CHUNK, FileKey, HEADER, Layout, SEALED_CHUNK, WrappingKey};

/// A sealed file opened for reading. Holds one chunk in memory; every byte given out is authenticated.
pub(crate) struct SealedFile {
    file: File,
    key: FileKey,
    layout: Layout,
    position: u64,
    chunk: Vec<u8>,
    chunk_index: Option<u64>,
}

impl SealedFile {
    /// Opens the file at `path`, which was sealed for `place`.
    pub(crate) fn open(path: &Path, wrapping: &WrappingKey, place: &str) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let layout = Layout::of(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut header = [0u8; HEADER];
        file.read_exact(&mut header)?;
        let key = wrapping.open(&header, place).map_err(io::Error::other)?;
        let chunk = Vec::with_capacity(SEALED_CHUNK);
        Ok(Self {
            file,
            key,
            layout,
            position: 0,
            chunk,
            chunk_index: None,
        })
    }

    fn load(&mut self, index: u64) -> io::Result<()> {
        if self.chunk_index == Some(index) {
            return Ok(());
        }
        self.chunk_index = None;
        let range = self.layout.sealed_range(index);
        self.file.seek(SeekFrom::Start(range.start))?;
        self.chunk.resize((range.end - range.start) as usize, 0);
        self.file.read_exact(&mut self.chunk)?;
        let last = self.layout.is_last(index);
        self.key
            .open_chunk(index, last, &mut self.chunk)
            .map_err(io::Error::other)?;
        self.chunk_index = Some(index);
        Ok(())
    }
}

impl Read for SealedFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // The last chunk is opened even for an empty file, so that its seal is always checked.
        let at_end = self.position >= self.layout.clear_len;
        let index = if at_end {
            self.layout.chunks - 1
        } else {
            Layout::chunk_at(self.position)
        };
        self.load(index)?;
        if at_end {
            return Ok(0);
        }
        let within = (self.position - index * CHUNK as u64) as usize;
        let available = self.chunk.get(within..).unwrap_or_default();
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for SealedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.layout.clear_len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
