//! Reading the files that departments send: delimited text, JSON lines and workbooks, record by record.
//!
//! A source pushes records into a [`RecordSink`]; it never holds more than one record, a read buffer and, for
//! a workbook, its shared strings. What the file *means* (types, quality) is not decided here.

mod csv;
mod encoding;
mod guard;
mod jsonl;
mod workbook;

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;
use tokio_util::sync::CancellationToken;

use crate::{
    error::{LakeError, from_io},
    limits::Limits,
    table::{NoProgress, Phase},
};

pub use csv::{CsvOptions, read_csv};
pub use encoding::{Encoding, Inspection, inspect_text};
pub(crate) use guard::Watch;

/// What a file is said to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatHint {
    /// Decided by the first bytes: a workbook, JSON lines if the text begins with an object, else comma-separated text.
    #[default]
    Auto,
    /// Delimited text, gzip-compressed or not, UTF-8 or GB18030.
    Csv(CsvOptions),
    /// One flat JSON object per line, gzip-compressed or not, UTF-8 or GB18030.
    JsonLines,
    /// An Excel workbook (.xlsx).
    Workbook {
        /// Name of the sheet; the first one when `None`.
        sheet: Option<String>,
    },
}

/// One record: its cells as text and where it stands in the file.
#[derive(Debug, Default)]
pub struct Record {
    text: String,
    ends: Vec<usize>,
    /// Number of the record in the file, the header being 1.
    pub number: u64,
    /// Line in the text file, or row of the sheet, on which the record begins, from 1.
    pub line: u64,
}

impl Record {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether there is no cell at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
    /// The text of cell `index`, empty beyond the last one.
    pub fn cell(&self, index: usize) -> &str {
        let start = if index == 0 {
            0
        } else {
            self.ends.get(index - 1).copied().unwrap_or(usize::MAX)
        };
        let end = self.ends.get(index).copied().unwrap_or(usize::MAX);
        self.text.get(start..end).unwrap_or_default()
    }
    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }
    /// Bytes of text held.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }
    /// A record of these cells.
    pub(crate) fn copy_of(other: &Record) -> Self {
        Self {
            text: other.text.clone(),
            ends: other.ends.clone(),
            number: other.number,
            line: other.line,
        }
    }
}

/// Takes records one after the other.
pub trait RecordSink {
    /// Takes one record.
    ///
    /// # Errors
    /// A refusal or fault ends the reading.
    fn record(&mut self, record: &Record) -> Result<(), LakeError>;
}

impl<F: FnMut(&Record) -> Result<(), LakeError>> RecordSink for F {
    fn record(&mut self, record: &Record) -> Result<(), LakeError> {
        self(record)
    }
}

/// Reads a whole file of whichever format into `sink`. Returns what a first reading found for text, `None` for a
/// workbook.
pub(crate) fn read_file<R: Read + Seek>(
    mut file: R,
    hint: &FormatHint,
    limits: &Limits,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<Option<Inspection>, LakeError> {
    let mut magic = [0u8; 4];
    let read = fill(&mut file, &mut magic).map_err(|error| from_io("reading a file", error))?;
    rewind(&mut file)?;
    let is_workbook = magic == *b"PK\x03\x04";
    let known_other = [b"PAR1", b"%PDF", b"\xd0\xcf\x11\xe0"].contains(&&magic);
    if read == 0 {
        return Err(Refusal::unmet("file_empty").into());
    }
    match hint {
        _ if known_other => Err(Refusal::unmet("format_not_supported").into()),
        FormatHint::Workbook { .. } if !is_workbook => Err(differs("workbook").into()),
        FormatHint::Csv(_) if is_workbook => Err(differs("csv").into()),
        FormatHint::JsonLines if is_workbook => Err(differs("json_lines").into()),
        FormatHint::Workbook { sheet } => {
            workbook::read_workbook(file, sheet.as_deref(), limits, watch, sink).map(|()| None)
        }
        FormatHint::Auto if is_workbook => {
            workbook::read_workbook(file, None, limits, watch, sink).map(|()| None)
        }
        FormatHint::Auto | FormatHint::JsonLines | FormatHint::Csv(_) => {
            read_text(file, hint, limits, watch, sink).map(Some)
        }
    }
}

/// Reads everything in a file that has rows, whatever a table would be made of: text as usual, and every sheet of a
/// workbook from the one at `first` on; a text has the first sheet only.
pub(crate) fn search_file<R: Read + Seek>(
    mut file: R,
    first: usize,
    limits: &Limits,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    let mut magic = [0u8; 4];
    fill(&mut file, &mut magic).map_err(|error| from_io("reading a file", error))?;
    rewind(&mut file)?;
    if magic == *b"PK\x03\x04" {
        return workbook::search_workbook(file, first, limits, watch, sink);
    }
    if first > 0 {
        return Ok(());
    }
    read_file(file, &FormatHint::Auto, limits, watch, sink).map(|_| ())
}

/// Reads a small file that is held in memory, of either format, record by record; the first is the header.
///
/// # Errors
/// What the file is refused for, and what the sink refuses.
pub fn read_rows(bytes: &[u8], sink: &mut dyn RecordSink) -> Result<(), LakeError> {
    let (never, quiet) = (CancellationToken::new(), NoProgress);
    let watch = Watch::new(&quiet, &never);
    let file = io::Cursor::new(bytes);
    read_file(file, &FormatHint::Auto, &Limits::default(), &watch, sink).map(|_| ())
}

/// Two passes: the first decides the encoding and finds what no table may hold, the second reads records. JSON lines
/// take one more between them, for their columns.
fn read_text<R: Read + Seek>(
    mut file: R,
    hint: &FormatHint,
    limits: &Limits,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<Inspection, LakeError> {
    watch.phase(Phase::Inspecting);
    let inspection = inspect_text(guard::unpacked(&mut file, limits, watch)?)?;
    if is_json(&mut file, hint, (limits, watch))? {
        rewind(&mut file)?;
        let text = guard::unpacked(&mut file, limits, watch)?;
        let columns = jsonl::columns(buffered(text, inspection.encoding))?;
        rewind(&mut file)?;
        watch.phase(Phase::Reading);
        let text = guard::unpacked(&mut file, limits, watch)?;
        jsonl::read_records(buffered(text, inspection.encoding), &columns, sink)?;
        return Ok(inspection);
    }
    let options = match hint {
        FormatHint::Csv(options) => *options,
        FormatHint::Auto | FormatHint::JsonLines | FormatHint::Workbook { .. } => CsvOptions::default(),
    };
    rewind(&mut file)?;
    watch.phase(Phase::Reading);
    let text = guard::unpacked(&mut file, limits, watch)?;
    read_csv(buffered(text, inspection.encoding), options, sink)?;
    Ok(inspection)
}

/// The text as UTF-8, through buffers of 64 KiB.
fn buffered<'a>(text: impl Read + 'a, encoding: Encoding) -> BufReader<Box<dyn Read + 'a>> {
    let text = BufReader::with_capacity(64 * 1024, text);
    BufReader::with_capacity(64 * 1024, encoding::as_utf8(text, encoding))
}

/// Whether a text is to be read as JSON lines.
fn is_json<R: Read + Seek>(
    file: &mut R,
    hint: &FormatHint,
    (limits, watch): (&Limits, &Watch<'_>),
) -> Result<bool, LakeError> {
    if matches!(hint, FormatHint::Csv(_)) {
        return Ok(false);
    }
    rewind(file)?;
    let mut start = [0u8; 256];
    let mut text = guard::unpacked(file, limits, watch)?;
    let read = fill(&mut text, &mut start).map_err(|error| from_io("reading a file", error))?;
    match (jsonl::begins(start.get(..read).unwrap_or_default()), hint) {
        (jsonl::Begins::Object, _) => Ok(true),
        (jsonl::Begins::Array, _) => Err(Refusal::unmet("json_array").into()),
        (jsonl::Begins::Other, FormatHint::JsonLines) => Err(differs("json_lines").into()),
        (jsonl::Begins::Other, _) => Ok(false),
    }
}

fn differs(expected: &str) -> Refusal {
    Refusal::unmet("format_differs").fact("expected", expected)
}

fn rewind(file: &mut impl Seek) -> Result<(), LakeError> {
    file.seek(SeekFrom::Start(0))
        .map_err(|error| from_io("reading a file", error))?;
    Ok(())
}

/// Reads until the buffer is full or the file ends; returns how many bytes were read.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
