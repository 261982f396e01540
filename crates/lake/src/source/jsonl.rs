//! A strict reader of JSON lines (RFC 8259, one flat object per line), record by record with bounded memory.
//!
//! The columns are the names of all objects in the order in which they first appear, so the text is read once for
//! them before its first record is believed. What an object does not have is missing. Numbers stay the text they
//! are: no value is rounded on its way. A value is never looked into: arrays and objects within one are refused, and
//! so no text is too deep.

use std::{
    collections::BTreeSet,
    fmt,
    io::{BufRead, Read},
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use shuyu_kernel::Refusal;

use super::{Record, RecordSink, encoding::too_long};
use crate::{
    error::{LakeError, from_io, limited},
    limits::{MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES},
};

/// Longest name of a column that is kept, in bytes; longer ones no table can have.
const MAX_NAME_BYTES: usize = 255;

/// What a text begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// An object: JSON lines.
    Object,
    /// An array of objects: one value, which would have to be held as a whole.
    Array,
    /// Something else.
    Other,
}

/// What the first bytes of a text say.
pub(super) fn begins(start: &[u8]) -> Begins {
    let start = start
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(start)
        .trim_ascii_start();
    match start.split_first() {
        Some((b'{', rest)) if matches!(rest.trim_ascii_start().first(), None | Some(b'"' | b'}')) => {
            Begins::Object
        }
        Some((b'[', rest)) if rest.trim_ascii_start().first() == Some(&b'{') => Begins::Array,
        _ => Begins::Other,
    }
}

/// The columns of a text, in the order in which they first appear.
///
/// # Errors
/// As [`read_records`]; `too_many_columns`, `header_not_usable` for a name that no table can have, `no_rows`.
pub(super) fn columns(text: impl BufRead) -> Result<Vec<String>, LakeError> {
    let (mut columns, mut known) = (Vec::new(), BTreeSet::new());
    let mut lines = Lines::new(text);
    while lines.advance()? {
        for (name, _) in members(lines.text()?, lines.number)? {
            if known.contains(&name) {
                continue;
            }
            if name.is_empty() || name.len() > MAX_NAME_BYTES {
                return Err(Refusal::unmet("header_not_usable")
                    .fact("position", columns.len() + 1)
                    .into());
            }
            if columns.len() >= MAX_COLUMNS {
                return Err(too_many(lines.number).into());
            }
            known.insert(name.clone());
            columns.push(name);
        }
    }
    if columns.is_empty() {
        return Err(Refusal::unmet("no_rows").into());
    }
    Ok(columns)
}

/// Reads a text under these columns into `sink`; the first record is the header.
///
/// # Errors
/// Refuses `json_line_malformed`, `json_nested`, `json_name_twice`, `record_too_long`, `cell_too_long`, `nul_byte`, each
/// with its line; passes on refusals and faults of the reader and the sink. Names stand in none: they may be data.
pub(super) fn read_records(
    text: impl BufRead,
    columns: &[String],
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    let mut record = Record {
        number: 1,
        line: 1,
        ..Record::default()
    };
    for name in columns {
        record.text.push_str(name);
        record.ends.push(record.text.len());
    }
    sink.record(&record)?;
    let place: std::collections::BTreeMap<&str, usize> = columns
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), at))
        .collect();
    let mut cells = vec![String::new(); columns.len()];
    let mut lines = Lines::new(text);
    while lines.advance()? {
        cells.iter_mut().for_each(String::clear);
        for (at, (name, value)) in members(lines.text()?, lines.number)?.into_iter().enumerate() {
            let cell = place.get(name.as_str()).and_then(|place| cells.get_mut(*place));
            let value = text_of(value, lines.number, at + 1)?;
            if let Some(cell) = cell {
                *cell = value;
            }
        }
        record.text.clear();
        record.ends.clear();
        for cell in &cells {
            record.text.push_str(cell);
            record.ends.push(record.text.len());
        }
        record.number += 1;
        record.line = lines.number;
        sink.record(&record)?;
    }
    Ok(())
}

/// Lines of at most 16 MiB; empty ones are skipped.
struct Lines<R> {
    text: R,
    bytes: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn new(text: R) -> Self {
        Self {
            text,
            bytes: Vec::new(),
            number: 0,
        }
    }

    /// Goes on to the next line that holds anything; `false` at the end.
    fn advance(&mut self) -> Result<bool, LakeError> {
        loop {
            self.bytes.clear();
            let most = MAX_RECORD_BYTES as u64 + 1;
            let mut part = self.text.by_ref().take(most);
            let read = part.read_until(b'\n', &mut self.bytes);
            if read.map_err(|error| from_io("reading a file", error))? == 0 {
                return Ok(false);
            }
            self.number += 1;
            if self.bytes.len() > MAX_RECORD_BYTES {
                return Err(too_long(self.number).into());
            }
            if self.number == 1 && self.bytes.starts_with(b"\xef\xbb\xbf") {
                self.bytes.drain(..3);
            }
            if !self.bytes.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn text(&self) -> Result<&str, Refusal> {
        let unreadable = |_| Refusal::unmet("encoding_unreadable").fact("line", self.number);
        std::str::from_utf8(self.bytes.trim_ascii()).map_err(unreadable)
    }
}

/// The names and values of an object, in order.
fn members(text: &str, line: u64) -> Result<Vec<(String, &RawValue)>, Refusal> {
    let mut refused = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let found = Members(&mut refused).deserialize(&mut json);
    let found = found.and_then(|found| json.end().map(|()| found));
    found.map_err(|error| match refused {
        Some(Refused::TooMany) => too_many(line),
        Some(Refused::Twice(position)) => Refusal::unmet("json_name_twice")
            .fact("line", line)
            .fact("position", position),
        None => Refusal::unmet("json_line_malformed")
            .fact("line", line)
            .fact("column", error.column()),
    })
}

/// Why an object that is well written is refused.
enum Refused {
    TooMany,
    Twice(usize),
}

/// Takes an object apart and looks at none of its values.
struct Members<'s>(&'s mut Option<Refused>);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<(String, &'de RawValue)>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<(String, &'de RawValue)>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut names) = (Vec::new(), BTreeSet::new());
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if found.len() >= MAX_COLUMNS {
                *self.0 = Some(Refused::TooMany);
                return Err(A::Error::custom("too many"));
            }
            if !names.insert(name.clone()) {
                *self.0 = Some(Refused::Twice(found.len() + 1));
                return Err(A::Error::custom("twice"));
            }
            found.push((name, value));
        }
        Ok(found)
    }
}

/// The text of a value that is none of array and object; missing and `null` are empty.
fn text_of(value: &RawValue, line: u64, position: usize) -> Result<String, Refusal> {
    let raw = value.get();
    let text = match raw.as_bytes().first() {
        Some(b'{' | b'[') => {
            return Err(Refusal::unmet("json_nested")
                .fact("line", line)
                .fact("position", position));
        }
        Some(b'"') => serde_json::from_str(raw).map_err(|_| {
            Refusal::unmet("json_line_malformed")
                .fact("line", line)
                .fact("column", position)
        })?,
        Some(b'n') => String::new(),
        _ => raw.to_owned(),
    };
    if text.len() > MAX_CELL_BYTES {
        let refusal = limited("cell_too_long").fact("line", line);
        return Err(refusal.fact("limit_bytes", MAX_CELL_BYTES));
    }
    if text.contains('\0') {
        return Err(Refusal::unmet("nul_byte").fact("line", line));
    }
    Ok(text)
}

fn too_many(line: u64) -> Refusal {
    limited("too_many_columns")
        .fact("line", line)
        .fact("limit", MAX_COLUMNS)
}
