//! The search: every file below a folder, for values in every form they might have been written in.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use arrow::{
    array::{Array as _, AsArray as _},
    compute::cast,
    datatypes::DataType,
};
use base64::Engine as _;
use bytes::Bytes;
use flate2::read::GzDecoder;
use memchr::memmem::Finder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Most bytes of one unpacked stream that are looked at.
const UNPACKED: u64 = 256 << 20;

/// Values in all their forms.
#[derive(Default)]
pub struct Needles(Vec<(String, &'static str, Finder<'static>)>);

/// A value found.
#[derive(Debug)]
pub struct Find {
    /// The value.
    pub value: String,
    /// The form it was found in.
    pub form: &'static str,
    /// `bytes` of the file, or what was inside: `gzip`, `parquet`.
    pub within: String,
    /// The file.
    #[expect(dead_code, reason = "shown when a test fails")]
    pub file: PathBuf,
}

impl Needles {
    /// Adds a value as UTF-8, UTF-16 of both orders, GB18030, and each of these as hex and as base64 at each alignment.
    pub fn add(&mut self, value: &str) {
        let (gb18030, _, _) = encoding_rs::GB18030.encode(value);
        let texts = [
            ("utf-8", value.as_bytes().to_vec()),
            ("gb18030", gb18030.into_owned()),
            (
                "utf-16le",
                value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            ),
            (
                "utf-16be",
                value.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            ),
        ];
        for (form, bytes) in texts {
            // Digits are the same bytes in both.
            if form == "gb18030" && bytes == value.as_bytes() {
                continue;
            }
            self.push(value, "hex", hex::encode(&bytes).into_bytes());
            self.push(value, "hex", hex::encode_upper(&bytes).into_bytes());
            for alphabet in [
                &base64::prelude::BASE64_STANDARD_NO_PAD,
                &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            ] {
                for shift in 0..3usize {
                    let padded = [vec![0; shift], bytes.clone()].concat();
                    let whole = alphabet.encode(&padded);
                    // Only characters that are made of bits of the value alone.
                    let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
                    self.push(value, "base64", whole.as_bytes()[from..to].to_vec());
                }
            }
            self.push(value, form, bytes);
        }
    }

    fn push(&mut self, value: &str, form: &'static str, bytes: Vec<u8>) {
        self.0
            .push((value.to_owned(), form, Finder::new(&bytes).into_owned()));
    }

    fn look(&self, file: &Path, within: &str, bytes: &[u8], found: &mut Vec<Find>) {
        for (value, form, finder) in &self.0 {
            if finder.find(bytes).is_some() {
                found.push(Find {
                    value: value.clone(),
                    form,
                    within: within.to_owned(),
                    file: file.to_owned(),
                });
            }
        }
    }
}

/// Everything below a folder that holds one of the values.
pub fn search(folder: &Path, needles: &Needles) -> Vec<Find> {
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = match std::fs::read(&file) {
            // A server that runs takes its pending files away; what is gone is not at rest.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.expect("a file"),
        };
        needles.look(&file, "bytes", &bytes, &mut found);
        for start in Finder::new(b"\x1f\x8b\x08").find_iter(&bytes) {
            let mut unpacked = Vec::new();
            // A stream that ends early or was none is looked at as far as it went.
            let _ = GzDecoder::new(&bytes[start..])
                .take(UNPACKED)
                .read_to_end(&mut unpacked);
            needles.look(&file, "gzip", &unpacked, &mut found);
        }
        if let Some(text) = parquet_text(&bytes) {
            needles.look(&file, "parquet", &text, &mut found);
        }
    }
    found
}

/// All values of a Parquet file within these bytes, as text.
fn parquet_text(bytes: &[u8]) -> Option<Vec<u8>> {
    let mark = Finder::new(b"PAR1");
    let mut marks = mark.find_iter(bytes);
    let (first, last) = (marks.next()?, marks.last()?);
    let file = Bytes::copy_from_slice(&bytes[first..last + 4]);
    let rows = ParquetRecordBatchReaderBuilder::try_new(file)
        .ok()?
        .build()
        .ok()?;
    let mut text = Vec::new();
    for batch in rows.map_while(Result::ok) {
        for column in batch.columns() {
            let Ok(column) = cast(column, &DataType::Utf8) else {
                continue;
            };
            for value in column.as_string::<i32>().iter().flatten() {
                text.extend_from_slice(value.as_bytes());
                text.push(b'\n');
            }
        }
        assert!(batch.column(0).len() == batch.num_rows());
    }
    Some(text)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return found,
        read => read.expect("a folder"),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type().expect("its kind") {
            kind if kind.is_dir() => found.extend(files(&path)),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}
