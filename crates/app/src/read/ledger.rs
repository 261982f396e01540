//! An entry of a log, read: what the line says besides its bytes.

use serde::Deserialize;
use shuyu_domain::{
    Event,
    port::{AccessNote, Log, StoredEntry},
};
use shuyu_kernel::{CaseId, Digest, Refusal, Timestamp};
use shuyu_ledger::Entry;

use crate::{App, Session, Stop};

/// An entry, read.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Index.
    pub index: u64,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Kind with version.
    pub kind: String,
    /// Stream.
    pub stream: String,
    /// Hash of the line before it.
    pub prev_hash: Digest,
    /// Leaf hash.
    pub leaf: Digest,
    /// The exact line.
    pub line: String,
    /// The act, in the log of proceedings.
    pub event: Option<Event>,
    /// The note, in the access log.
    pub note: Option<AccessNote>,
}

#[derive(Default, Deserialize)]
struct Payload {
    #[serde(default)]
    event: Option<Event>,
    #[serde(default)]
    note: Option<AccessNote>,
}

fn read_line(line: String, leaf: Digest) -> Option<LogEntry> {
    let entry = Entry::parse(line.as_bytes()).ok()?;
    let payload: Payload = serde_json::from_slice(&entry.payload).unwrap_or_default();
    Some(LogEntry {
        index: entry.index,
        recorded_at: entry.recorded_at,
        kind: entry.kind,
        stream: entry.stream,
        prev_hash: entry.prev_hash,
        leaf,
        line,
        event: payload.event,
        note: payload.note,
    })
}

impl LogEntry {
    /// Reads a stored entry; `None` if the line is not an entry (then `shuyu verify` says where).
    pub fn read(stored: &StoredEntry) -> Option<Self> {
        read_line(String::from_utf8_lossy(&stored.bytes).into_owned(), stored.leaf)
    }

    /// The case of the stream, if it is the stream of a case.
    pub fn case(&self) -> Option<CaseId> {
        self.stream.strip_prefix("case/").and_then(|id| id.parse().ok())
    }
}

impl App {
    /// One entry that concerns the caller, read.
    ///
    /// # Errors
    /// `entry_unknown` if there is none or it is about others.
    pub async fn ledger_entry(&self, session: &Session, log: Log, index: u64) -> Result<LogEntry, Stop> {
        let result = self.ledger_entry_inner(session, log, index).await;
        let word = match log {
            Log::Proceedings => "proceedings",
            Log::Access => "access",
        };
        self.looked(session, "view", format!("{word}/{index}"), result)
            .await
    }

    async fn ledger_entry_inner(&self, session: &Session, log: Log, index: u64) -> Result<LogEntry, Stop> {
        let unknown = || Refusal::unknown("entry_unknown").fact("index", index);
        let lines = self.log_lines_inner(session, log, index, 1).await?;
        let line = lines
            .into_iter()
            .find(|line| line.index == index)
            .ok_or_else(unknown)?;
        let text = line.line.ok_or_else(unknown)?;
        Ok(read_line(text, line.leaf).ok_or_else(unknown)?)
    }
}
