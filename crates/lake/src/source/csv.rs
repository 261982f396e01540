//! A strict reader of delimited text (RFC 4180) with bounded memory.
//!
//! Own code and not the `csv` crate, which is lenient by design: it reads an unclosed quote to the end of the
//! file as one cell, accepts text after a closing quote, and grows its record without bound. A register that
//! is read leniently is a register with silently wrong rows.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use super::{Record, RecordSink, encoding::too_long};
use crate::{
    error::{LakeError, from_io, limited},
    limits::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES},
};

/// How the text is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvOptions {
    /// The byte between cells; a comma by default. Must be ASCII and none of quote, CR, LF.
    pub delimiter: u8,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',' }
    }
}

/// Where the reader stands within a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a cell.
    Start,
    /// Within a cell without quotes.
    Plain,
    /// Within quotes.
    Quoted,
    /// After a quote within quotes: the end of the cell or the first half of `""`.
    Closing,
    /// After a carriage return.
    Return,
}

struct CsvReader<'a> {
    delimiter: u8,
    sink: &'a mut dyn RecordSink,
    state: State,
    bytes: Vec<u8>,
    record: Record,
    width: Option<usize>,
    line: u64,
    column: u64,
    quote_line: u64,
    quote_column: u64,
}

/// Reads UTF-8 text record by record into `sink`. The first record (the header) sets the number of cells.
///
/// A byte order mark is skipped, and so are empty lines. Lines end with LF or CRLF. Holds one record
/// (at most 16 MiB) and one read buffer of 64 KiB.
///
/// # Errors
/// Refuses `csv_unclosed_quote`, `csv_stray_quote`, `csv_bare_return`, `row_width_differs`,
/// `record_too_long`, `cell_too_long`, `too_many_columns`, `encoding_unreadable`, each with the line and,
/// where it helps, the column (in bytes from 1); passes on refusals and faults of the reader and the sink.
pub fn read_csv(
    mut reader: impl Read,
    options: CsvOptions,
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    if !options.delimiter.is_ascii() || b"\"\r\n\0".contains(&options.delimiter) {
        return Err(Refusal::unmet("delimiter_not_usable").into());
    }
    let mut csv = CsvReader {
        delimiter: options.delimiter,
        sink,
        state: State::Start,
        bytes: Vec::new(),
        record: Record {
            line: 1,
            ..Record::default()
        },
        width: None,
        line: 1,
        column: 1,
        quote_line: 0,
        quote_column: 0,
    };
    let mut mark = [0u8; 3];
    let read = super::fill(&mut reader, &mut mark).map_err(|error| from_io("reading a file", error))?;
    let start = mark.get(..read).unwrap_or_default();
    csv.take(if start == b"\xef\xbb\xbf" { b"" } else { start })?;
    let mut buffer = vec![0u8; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return csv.finish(),
            Ok(count) => csv.take(buffer.get(..count).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io("reading a file", error)),
        }
    }
}

impl CsvReader<'_> {
    fn take(&mut self, mut text: &[u8]) -> Result<(), LakeError> {
        while !text.is_empty() {
            // Runs of ordinary bytes are copied at once; single bytes go through the state machine.
            let run = match self.state {
                State::Plain => text
                    .iter()
                    .position(|b| self.ends_plain(*b))
                    .unwrap_or(text.len()),
                State::Quoted => text
                    .iter()
                    .position(|b| matches!(b, b'"' | b'\n'))
                    .unwrap_or(text.len()),
                State::Start | State::Closing | State::Return => 0,
            };
            let (ordinary, rest) = text.split_at(run);
            self.append(ordinary)?;
            text = rest;
            if let Some((byte, rest)) = text.split_first() {
                self.step(*byte)?;
                text = rest;
            }
        }
        Ok(())
    }

    fn ends_plain(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'"' | b'\r' | b'\n')
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LakeError> {
        if self.bytes.len() + bytes.len() > MAX_RECORD_BYTES {
            return Err(too_long(self.record.line).into());
        }
        self.bytes.extend_from_slice(bytes);
        self.column += bytes.len() as u64;
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), LakeError> {
        match (self.state, byte) {
            (State::Return, b'\n') => return self.end_line(),
            (State::Return, _) => return Err(self.malformed("csv_bare_return").into()),
            (State::Start, b'"') => {
                (self.quote_line, self.quote_column) = (self.line, self.column);
                self.state = State::Quoted;
            }
            (State::Quoted, b'"') => self.state = State::Closing,
            (State::Closing, b'"') => {
                self.append(b"\"")?;
                self.column -= 1;
                self.state = State::Quoted;
            }
            (State::Quoted, b'\n') => {
                self.append(b"\n")?;
                self.line += 1;
                self.column = 0;
            }
            (State::Quoted, other) => {
                self.append(&[other])?;
                self.column -= 1;
            }
            (State::Start | State::Plain | State::Closing, b'\n') => return self.end_line(),
            (State::Start | State::Plain | State::Closing, b'\r') => self.state = State::Return,
            (_, byte) if byte == self.delimiter => {
                self.end_cell()?;
                self.state = State::Start;
            }
            (State::Plain, b'"') | (State::Closing, _) => {
                return Err(self.malformed("csv_stray_quote").into());
            }
            (State::Start | State::Plain, other) => {
                self.append(&[other])?;
                self.column -= 1;
                self.state = State::Plain;
            }
        }
        self.column += 1;
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), LakeError> {
        let start = self.record.ends.last().copied().unwrap_or(0);
        if self.bytes.len() - start > MAX_CELL_BYTES {
            let refusal = limited("cell_too_long").fact("line", self.record.line);
            return Err(refusal.fact("limit_bytes", MAX_CELL_BYTES).into());
        }
        if self.record.ends.len() >= MAX_COLUMNS {
            let refusal = limited("too_many_columns").fact("line", self.record.line);
            return Err(refusal.fact("limit", MAX_COLUMNS).into());
        }
        self.record.ends.push(self.bytes.len());
        Ok(())
    }

    /// Ends the record at the end of a line.
    fn end_line(&mut self) -> Result<(), LakeError> {
        self.end_record()?;
        self.line += 1;
        self.column = 1;
        self.record.line = self.line;
        Ok(())
    }

    fn end_record(&mut self) -> Result<(), LakeError> {
        let quoted = matches!(self.state, State::Closing) || self.quote_line == self.record.line;
        let empty = self.record.ends.is_empty() && self.bytes.is_empty() && !quoted;
        self.state = State::Start;
        if empty {
            return Ok(());
        }
        self.end_cell()?;
        let width = *self.width.get_or_insert(self.record.ends.len());
        if width != self.record.ends.len() {
            let refusal = Refusal::unmet("row_width_differs").fact("line", self.record.line);
            return Err(refusal
                .fact("expected", width)
                .fact("found", self.record.ends.len())
                .into());
        }
        let text = String::from_utf8(std::mem::take(&mut self.bytes))
            .map_err(|_| Refusal::unmet("encoding_unreadable").fact("line", self.record.line))?;
        self.record.text = text;
        self.record.number += 1;
        self.sink.record(&self.record)?;
        // The buffer goes back to be filled again.
        self.bytes = std::mem::take(&mut self.record.text).into_bytes();
        self.bytes.clear();
        self.record.ends.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<(), LakeError> {
        match self.state {
            State::Quoted => {
                let refusal = Refusal::unmet("csv_unclosed_quote").fact("line", self.quote_line);
                Err(refusal.fact("column", self.quote_column).into())
            }
            State::Return => Err(self.malformed("csv_bare_return").into()),
            State::Start | State::Plain | State::Closing => self.end_record(),
        }
    }

    fn malformed(&self, code: &str) -> Refusal {
        Refusal::unmet(code)
            .fact("line", self.line)
            .fact("column", self.column)
    }
}
