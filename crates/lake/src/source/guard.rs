//! Guards around a reader: gzip by its magic bytes, expansion limits, progress and cancelling.

use std::{
    cell::Cell,
    io::{self, Chain, Cursor, Read},
    rc::Rc,
};

use flate2::read::MultiGzDecoder;
use shuyu_kernel::Refusal;
use tokio_util::sync::CancellationToken;

use crate::{
    error::{LakeError, cancelled, from_io, limited},
    limits::{Limits, MAX_EXPANSION_RATIO, RATIO_GRACE_BYTES},
    table::{Phase, Progress},
};

/// Who looks on while a file is read: told of progress, asked whether to stop.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    progress: &'a dyn Progress,
    cancel: &'a CancellationToken,
}

impl<'a> Watch<'a> {
    /// Tells `progress` and obeys `cancel`.
    pub(crate) fn new(progress: &'a dyn Progress, cancel: &'a CancellationToken) -> Self {
        Self { progress, cancel }
    }
    /// Tells that a phase begins.
    pub(crate) fn phase(&self, phase: Phase) {
        self.progress.phase(phase);
    }
    /// Tells of so many more bytes.
    pub(crate) fn bytes(&self, count: u64) {
        self.progress.bytes(count);
    }
    /// Tells of so many more rows.
    pub(crate) fn rows(&self, count: u64) {
        self.progress.rows(count);
    }
    /// Refuses when the caller has cancelled.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.cancel.is_cancelled() {
            Err(cancelled())
        } else {
            Ok(())
        }
    }
}

/// Counts what is read of the packed file, tells of it, and stops when cancelled.
struct Packed<'a, R> {
    inner: R,
    count: Rc<Cell<u64>>,
    watch: Watch<'a>,
}

impl<R: Read> Read for Packed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.watch.check().map_err(io::Error::other)?;
        let count = self.inner.read(out)?;
        self.count.set(self.count.get() + count as u64);
        self.watch.bytes(count as u64);
        Ok(count)
    }
}

/// Stops a file that grows beyond measure when unpacked, and says what is wrong with a broken gzip file.
struct Unpacked<R> {
    inner: R,
    packed: Option<Rc<Cell<u64>>>,
    count: u64,
    limit: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out).map_err(|error| self.named(error))?;
        self.count += count as u64;
        if self.count > self.limit {
            return Err(io::Error::other(
                limited("file_too_large").fact("limit_bytes", self.limit),
            ));
        }
        if let Some(packed) = &self.packed {
            let fair = packed
                .get()
                .saturating_mul(MAX_EXPANSION_RATIO)
                .max(RATIO_GRACE_BYTES);
            if self.count > fair {
                let refusal = limited("compression_bomb").fact("limit_ratio", MAX_EXPANSION_RATIO);
                return Err(io::Error::other(refusal));
            }
        }
        Ok(count)
    }
}

impl<R> Unpacked<R> {
    fn named(&self, error: io::Error) -> io::Error {
        if self.packed.is_none() {
            return error;
        }
        let code = match error.kind() {
            io::ErrorKind::UnexpectedEof => "gzip_truncated",
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => "gzip_damaged",
            _ => return error,
        };
        io::Error::other(Refusal::unmet(code).fact("unpacked_bytes", self.count))
    }
}

/// The bytes of a text file, unpacked when it is gzip, under the limits.
pub(super) fn unpacked<'a, R: Read + 'a>(
    file: R,
    limits: &Limits,
    watch: &Watch<'a>,
) -> Result<Box<dyn Read + 'a>, LakeError> {
    let count = Rc::new(Cell::new(0));
    let mut packed = Packed {
        inner: file,
        count: count.clone(),
        watch: *watch,
    };
    let mut magic = [0u8; 2];
    let read = super::fill(&mut packed, &mut magic).map_err(|error| from_io("reading a file", error))?;
    let start = magic.get(..read).unwrap_or_default().to_vec();
    let is_gzip = start == [0x1f, 0x8b];
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(start).chain(packed);
    let limit = limits.max_uncompressed_bytes;
    Ok(if is_gzip {
        let buffered = io::BufReader::with_capacity(64 * 1024, whole);
        let inner = MultiGzDecoder::new(buffered);
        Box::new(Unpacked {
            inner,
            packed: Some(count),
            count: 0,
            limit,
        })
    } else {
        Box::new(Unpacked {
            inner: whole,
            packed: None,
            count: 0,
            limit,
        })
    })
}
