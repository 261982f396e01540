//! One entry of a log, and the only place that turns it into bytes.
//!
//! An entry is stored as one JSON line with its keys in a fixed order, without spaces:
//!
//! ```text
//! {"index":0,"recorded_at":"2026-01-05T01:02:03.000004Z","kind":"application_approved.v1",
//!  "stream":"case_…","version":1,"prev_hash":"<64 hex digits>","payload":{…}}
//! ```
//!
//! (broken here for the page). The payload stands last, in the first form that fits:
//! `payload` when it is one JSON object on one line, kept byte for byte; `text` when it is other UTF-8;
//! `base64` otherwise. An auditor reads the line with a text editor and hashes it with `openssl dgst`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;
use shuyu_kernel::{CivilDate, Digest, Timestamp, Zone};

/// One act in a log. The payload means nothing here; the domain wrote it and reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the log, from 0, without gaps.
    pub index: u64,
    /// When the entry was made, UTC, to the microsecond. Years 0000 to 9999.
    pub recorded_at: Timestamp,
    /// What kind of payload, with its version, for example `application_approved.v1`.
    pub kind: String,
    /// Which history inside the log the entry continues, for example a case id.
    pub stream: String,
    /// Place in the stream, as the writer counts.
    pub version: u64,
    /// The leaf hash of the entry before; for index 0 [`crate::Suite::genesis_hash`] of the origin.
    pub prev_hash: Digest,
    /// Opaque bytes.
    pub payload: Vec<u8>,
}

/// Why something is not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Kind or stream is empty, longer than 128 bytes, or holds other than `A-Z a-z 0-9 . _ : / -`.
    #[error("the {field} is not 1 to 128 of A-Z a-z 0-9 . _ : / -")]
    Name {
        /// `kind` or `stream`.
        field: &'static str,
    },
    /// The instant lies outside the years 0000 to 9999.
    #[error("the instant lies outside the years 0000 to 9999")]
    Instant,
    /// The bytes are not a JSON line with the keys of an entry.
    #[error("not an entry line")]
    Form,
    /// The line can be read, but is not written the one way an entry is written.
    #[error("not the canonical form of an entry line")]
    NotCanonical,
}

/// Longest kind or stream, in bytes. Platform choice.
const MAX_NAME_BYTES: usize = 128;

impl Entry {
    /// The canonical line, without the newline. Call it once, when the entry is made; afterwards only the
    /// stored bytes count.
    pub fn encode(&self) -> Result<String, EntryError> {
        check_name("kind", &self.kind)?;
        check_name("stream", &self.stream)?;
        let instant = instant_text(self.recorded_at)?;
        let (key, payload) = payload_text(&self.payload);
        Ok(format!(
            r#"{{"index":{},"recorded_at":"{instant}","kind":"{}","stream":"{}","version":{},"prev_hash":"{}","{key}":{payload}}}"#,
            self.index, self.kind, self.stream, self.version, self.prev_hash,
        ))
    }

    /// Reads a stored line (without the newline). Accepts exactly what [`Entry::encode`] writes.
    pub fn parse(line: &[u8]) -> Result<Self, EntryError> {
        let raw: RawEntry<'_> = serde_json::from_slice(line).map_err(|_| EntryError::Form)?;
        let payload = match (raw.payload, raw.text, raw.base64) {
            (Some(object), None, None) => object.get().as_bytes().to_vec(),
            (None, Some(text), None) => text.into_bytes(),
            (None, None, Some(coded)) => STANDARD.decode(coded).map_err(|_| EntryError::Form)?,
            _ => return Err(EntryError::Form),
        };
        let entry = Self {
            index: raw.index,
            recorded_at: parse_instant(&raw.recorded_at).ok_or(EntryError::Form)?,
            kind: raw.kind,
            stream: raw.stream,
            version: raw.version,
            prev_hash: raw.prev_hash.parse().map_err(|_| EntryError::Form)?,
            payload,
        };
        // One entry has one line. Without this, two different lines could claim to be the same act.
        if entry.encode()?.as_bytes() == line {
            Ok(entry)
        } else {
            Err(EntryError::NotCanonical)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry<'a> {
    index: u64,
    recorded_at: String,
    kind: String,
    stream: String,
    version: u64,
    prev_hash: String,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    text: Option<String>,
    base64: Option<String>,
}

fn check_name(field: &'static str, text: &str) -> Result<(), EntryError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
    let well_formed = !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.bytes().all(plain);
    if well_formed {
        Ok(())
    } else {
        Err(EntryError::Name { field })
    }
}

/// The key and the JSON value under which a payload is written.
fn payload_text(payload: &[u8]) -> (&'static str, String) {
    let Ok(text) = std::str::from_utf8(payload) else {
        return ("base64", format!("\"{}\"", STANDARD.encode(payload)));
    };
    if is_json_object_line(text) {
        return ("payload", text.to_owned());
    }
    ("text", serde_json::Value::from(text).to_string())
}

fn is_json_object_line(text: &str) -> bool {
    // The first and last byte also exclude spaces around the object, which reading would drop.
    text.starts_with('{')
        && text.ends_with('}')
        && !text.bytes().any(|b| b < 0x20)
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// `YYYY-MM-DDThh:mm:ss.uuuuuuZ`, always 27 bytes.
fn instant_text(at: Timestamp) -> Result<String, EntryError> {
    let utc = Zone { offset_minutes: 0 };
    let date = utc.date(at);
    let in_day = at.micros().rem_euclid(MICROS_PER_DAY);
    // A date past the calendar saturates; comparing the days shows it.
    if !(0..=9999).contains(&date.year()) || date.days() != at.micros().div_euclid(MICROS_PER_DAY) {
        return Err(EntryError::Instant);
    }
    let (seconds, micros) = (in_day / 1_000_000, in_day % 1_000_000);
    Ok(format!(
        "{date}T{:02}:{:02}:{:02}.{micros:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    ))
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Reads what [`instant_text`] writes; the caller's comparison with the canonical line rejects other spellings.
fn parse_instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let date: CivilDate = date.parse().ok()?;
    let (clock, micros) = time.split_once('.')?;
    let parts: Vec<i64> = clock.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] = *parts.as_slice() else {
        return None;
    };
    let micros: i64 = micros
        .parse()
        .ok()
        .filter(|micros| (0..1_000_000).contains(micros))?;
    let in_day = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + micros;
    date.days()
        .checked_mul(MICROS_PER_DAY)?
        .checked_add(in_day)
        .map(Timestamp::from_micros)
}
