//! The only place where events become bytes and bytes become events.
//!
//! Events are encoded once, when they are appended; afterwards only the stored bytes count. The payload of an
//! entry is one JSON object: `{"event":…}` for an act, `{"note":…}` for an access. Additions only: a field that
//! is new has a default, a changed meaning is a new event. What cannot be read stops the process; skipping it
//! would be forgetting an act.

use serde::{Deserialize, Serialize};
use shuyu_domain::{Event, port::AccessNote};
use shuyu_kernel::Fault;
use shuyu_ledger::Entry;

use crate::error::Broken;

/// Kind of the entries of the access log.
pub(crate) const NOTE_KIND: &str = "access.noted.v1";
/// Stream of the entries of the access log; it has only one.
pub(crate) const NOTE_STREAM: &str = "access";

/// An act as it stands in the proceedings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    /// What happened.
    pub event: Event,
    /// The series the running number of an opened case was drawn from. Stands in the entry, so that the
    /// counters follow from the ledger alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbering: Option<Series>,
}

/// A series of running numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    /// Procedure id.
    pub procedure: String,
    /// Year printed in the number.
    pub year: i16,
}

#[derive(Serialize)]
struct Noted<'a> {
    note: &'a AccessNote,
}

/// The payload of an act.
pub(crate) fn encode(recorded: &Recorded) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(recorded).map_err(|error| Fault::new("encoding an event", error))
}

/// The payload of an access note.
pub(crate) fn encode_note(note: &AccessNote) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&Noted { note }).map_err(|error| Fault::new("encoding an access note", error))
}

/// Reads a stored line of the proceedings. The kind in the line must be the one of the event.
pub(crate) fn decode(log: &str, index: u64, line: &[u8]) -> Result<(Entry, Recorded), Broken> {
    let unreadable = || Broken::Entry {
        log: log.to_owned(),
        index,
    };
    let entry = Entry::parse(line).map_err(|_| unreadable())?;
    let recorded: Recorded = serde_json::from_slice(&entry.payload).map_err(|_| unreadable())?;
    if entry.index != index || recorded.event.kind() != entry.kind {
        return Err(unreadable());
    }
    Ok((entry, recorded))
}
