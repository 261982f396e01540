//! Which encoding a text file has: UTF-8 strictly, else GB18030 (GB 18030-2022) strictly, else refused.
//!
//! A guess per line would let a file of both encodings through with broken names in it. So the whole file is
//! read once before its first record is believed. GB18030 accepts many UTF-8 bytes as other characters; a
//! file that is not UTF-8 as a whole but has lines that can hardly be anything else is refused as mixed. UTF-16
//! is recognised and refused by name. Big5 and Shift-JIS are valid GB18030 of other characters: nothing proves
//! them, but text in which every fourth character is a rare one is reported as doubtful.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, GB18030};
use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use crate::{
    error::{LakeError, from_io, limited},
    limits::MAX_RECORD_BYTES,
};

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// GB18030, which includes GBK and GB 2312.
    Gb18030,
}

/// What a first reading of a text file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Its encoding.
    pub encoding: Encoding,
    /// Length after unpacking, in bytes.
    pub bytes: u64,
    /// Number of line ends.
    pub line_ends: u64,
    /// Read as GB18030, so many of its characters are rare ones that it is probably in another encoding.
    pub doubtful: bool,
}

/// Chinese characters on one valid line that make it certainly UTF-8: four. A line of GB18030 that happens to
/// be valid UTF-8 with so many three-byte characters is rarer than one in a thousand million.
const CERTAIN_CHARACTERS: u32 = 4;
/// Below that, lines of UTF-8 shape count as mixed from one in a hundred of the lines with Chinese on them.
const MIXED_SHARE: u64 = 100;
/// A file is doubtful from one rare character in four. Registers of names and villages have about one in fifty;
/// Big5 read as GB18030 has two in five, since 63 of its 157 second bytes lie where GBK keeps rare ones.
const DOUBTFUL_SHARE: u64 = 4;
/// Fewer rare characters than eight say nothing.
const DOUBTFUL_LEAST: u64 = 8;
/// So many bytes at the beginning are looked at for UTF-16.
const UTF16_LOOK: usize = 4096;
/// Fewer zero bytes than four, or than one in sixteen, are not taken for halves of UTF-16.
const UTF16_LEAST: usize = 4;

/// Reads a text file to its end and tells its encoding. Holds one read buffer of 64 KiB.
///
/// # Errors
/// Refuses `encoding_utf16`, `nul_byte`, `record_too_long` (a line over 16 MiB, noticed without buffering it),
/// `encoding_mixed`; passes on refusals and faults of the reader.
pub fn inspect_text(mut reader: impl Read) -> Result<Inspection, LakeError> {
    let mut buffer = vec![0u8; 64 * 1024];
    let mut state = Lines::default();
    loop {
        let count =
            super::fill(&mut reader, &mut buffer).map_err(|error| from_io("reading a file", error))?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if state.offset == 0 && is_utf16(bytes) {
            return Err(Refusal::unmet("encoding_utf16").into());
        }
        if bytes.is_empty() {
            return Ok(state.finish()?);
        }
        state.take_all(bytes)?;
    }
}

/// Whether a file begins as UTF-16 does: with its byte order mark, or with zero bytes that are all first or all
/// second halves.
fn is_utf16(start: &[u8]) -> bool {
    let looked = start.get(..UTF16_LOOK).unwrap_or(start);
    if matches!(looked, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return true;
    }
    let halves = |half: usize| looked.iter().skip(half).step_by(2).filter(|b| **b == 0).count();
    let (first, second) = (halves(0), halves(1));
    let zeros = first + second;
    first.min(second) == 0 && zeros >= UTF16_LEAST.max(looked.len() / 16)
}

/// What has been seen, byte by byte.
#[derive(Default)]
struct Lines {
    offset: u64,
    line: u64,
    line_bytes: usize,
    sequence: Sequence,
    characters: Characters,
    line_invalid: bool,
    line_characters: u32,
    first_invalid: Option<(u64, u64)>,
    lines_invalid: u64,
    lines_likely: u64,
    lines_certain: u64,
}

/// Characters of two or four bytes as GB18030 reads them: the everyday ones of GB 2312 and its punctuation, and
/// the rest (kana, Greek, rare ideographs, private ones).
#[derive(Default)]
struct Characters {
    lead: Option<u8>,
    everyday: u64,
    rare: u64,
}

impl Characters {
    fn take(&mut self, byte: u8) {
        match self.lead.take() {
            None => self.lead = (byte >= 0x81).then_some(byte),
            Some(0xa1..=0xa3 | 0xb0..=0xf7) if byte >= 0xa1 => self.everyday += 1,
            Some(_) if byte >= 0x30 => self.rare += 1,
            Some(_) => {}
        }
    }

    fn doubtful(&self) -> bool {
        self.rare >= DOUBTFUL_LEAST && self.rare * DOUBTFUL_SHARE > self.rare + self.everyday
    }
}

/// A UTF-8 sequence being read: how many bytes are still to come, and the bounds of the next one.
#[derive(Default)]
struct Sequence {
    missing: u8,
    lead: u8,
    low: u8,
    high: u8,
}

impl Sequence {
    /// Takes one byte; `Err` when it cannot stand here, `Ok(true)` when it completes three bytes.
    fn take(&mut self, byte: u8) -> Result<bool, ()> {
        if self.missing > 0 {
            if !(self.low..=self.high).contains(&byte) {
                self.missing = 0;
                return Err(());
            }
            (self.low, self.high) = (0x80, 0xbf);
            self.missing -= 1;
            return Ok(self.missing == 0 && (0xe1..=0xef).contains(&self.lead));
        }
        // Table 3-7 of the Unicode Standard: well-formed UTF-8 byte sequences.
        (self.missing, self.low, self.high) = match byte {
            0x00..=0x7f => (0, 0x80, 0xbf),
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xe1..=0xef => (2, 0x80, 0xbf),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            _ => return Err(()),
        };
        self.lead = byte;
        Ok(false)
    }
}

impl Lines {
    /// Takes bytes; runs of ordinary ASCII within a line at once.
    fn take_all(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while let Some((first, rest)) = bytes.split_first() {
            let between = self.sequence.missing == 0 && self.characters.lead.is_none();
            let ordinary = |byte: &u8| (1..=0x7f).contains(byte) && *byte != b'\n';
            let run = match between {
                true => bytes
                    .iter()
                    .position(|byte| !ordinary(byte))
                    .unwrap_or(bytes.len()),
                false => 0,
            };
            if run == 0 {
                self.take(*first)?;
                bytes = rest;
                continue;
            }
            self.offset += run as u64;
            self.line_bytes += run;
            if self.line_bytes > MAX_RECORD_BYTES {
                return Err(too_long(self.line + 1));
            }
            bytes = bytes.get(run..).unwrap_or_default();
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), Refusal> {
        if byte == 0 {
            let refusal = Refusal::unmet("nul_byte")
                .fact("line", self.line + 1)
                .fact("offset", self.offset);
            return Err(refusal);
        }
        match self.sequence.take(byte) {
            Ok(completed) => self.line_characters += u32::from(completed),
            Err(()) => self.invalid(),
        }
        self.characters.take(byte);
        self.offset += 1;
        self.line_bytes += 1;
        if byte == b'\n' {
            self.end_line();
        } else if self.line_bytes > MAX_RECORD_BYTES {
            return Err(too_long(self.line + 1));
        }
        Ok(())
    }

    fn invalid(&mut self) {
        self.first_invalid.get_or_insert((self.offset, self.line + 1));
        self.line_invalid = true;
    }

    fn end_line(&mut self) {
        if self.line_invalid {
            self.lines_invalid += 1;
        } else if self.line_characters >= CERTAIN_CHARACTERS {
            self.lines_certain += 1;
        } else if self.line_characters > 0 {
            self.lines_likely += 1;
        }
        (self.line_bytes, self.line_invalid, self.line_characters) = (0, false, 0);
        self.line += 1;
    }

    fn finish(mut self) -> Result<Inspection, Refusal> {
        if self.sequence.missing > 0 {
            self.invalid();
        }
        let line_ends = self.line;
        if self.line_bytes > 0 {
            self.end_line();
        }
        let encoding = match self.first_invalid {
            None => Encoding::Utf8,
            Some((offset, line)) => {
                let shaped = self.lines_certain + self.lines_likely;
                let mixed = self.lines_certain > 0
                    || shaped.saturating_mul(MIXED_SHARE) > shaped + self.lines_invalid;
                if mixed {
                    let refusal = Refusal::unmet("encoding_mixed")
                        .fact("offset", offset)
                        .fact("line", line);
                    return Err(refusal);
                }
                Encoding::Gb18030
            }
        };
        Ok(Inspection {
            encoding,
            bytes: self.offset,
            line_ends,
            doubtful: encoding == Encoding::Gb18030 && self.characters.doubtful(),
        })
    }
}

pub(super) fn too_long(line: u64) -> Refusal {
    limited("record_too_long")
        .fact("line", line)
        .fact("limit_bytes", MAX_RECORD_BYTES)
}

/// The text as UTF-8, decoded strictly.
pub(super) fn as_utf8<'a>(text: impl Read + 'a, encoding: Encoding) -> Box<dyn Read + 'a> {
    match encoding {
        Encoding::Utf8 => Box::new(text),
        Encoding::Gb18030 => Box::new(Decoding::new(text)),
    }
}

/// Decodes GB18030 strictly while reading.
struct Decoding<R> {
    inner: R,
    decoder: Decoder,
    coded: Vec<u8>,
    used: usize,
    filled: usize,
    ended: bool,
    offset: u64,
    line: u64,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoding<R> {
    fn new(inner: R) -> Self {
        let decoder = GB18030.new_decoder_without_bom_handling();
        let (coded, ready) = (vec![0u8; 64 * 1024], Vec::with_capacity(128 * 1024));
        Self {
            inner,
            decoder,
            coded,
            used: 0,
            filled: 0,
            ended: false,
            offset: 0,
            line: 1,
            ready,
            given: 0,
        }
    }

    /// Decodes more until something is ready or the file has ended.
    fn more(&mut self) -> io::Result<()> {
        self.given = 0;
        self.ready.clear();
        while self.ready.is_empty() && !(self.ended && self.used == self.filled) {
            if self.used == self.filled {
                self.filled = self.inner.read(&mut self.coded)?;
                self.used = 0;
                self.ended = self.filled == 0;
            }
            let coded = self.coded.get(self.used..self.filled).unwrap_or_default();
            self.ready.resize(128 * 1024, 0);
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(coded, &mut self.ready, self.ended);
            self.ready.truncate(written);
            self.line += self.ready.iter().filter(|b| **b == b'\n').count() as u64;
            self.used += read;
            self.offset += read as u64;
            if let DecoderResult::Malformed(..) = result {
                let refusal = Refusal::unmet("encoding_unreadable");
                return Err(io::Error::other(
                    refusal.fact("offset", self.offset).fact("line", self.line),
                ));
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.more()?;
        }
        let ready = self.ready.get(self.given..).unwrap_or_default();
        let count = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}
