//! The logs as pages show them.

use serde::Deserialize;
use shuyu_domain::{
    Event,
    port::{AccessNote, Log, StoredCheckpoint, StoredEntry},
};
use shuyu_kernel::{CaseId, Digest, Refusal, Timestamp};
use shuyu_ledger::Entry;

use crate::{App, Session, Stop};

/// Size, latest checkpoint and key of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerOverview {
    /// Entries.
    pub size: u64,
    /// Latest signed checkpoint.
    pub checkpoint: Option<StoredCheckpoint>,
    /// Public key, PEM.
    pub public_key: String,
}

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

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    event: Option<Event>,
    #[serde(default)]
    note: Option<AccessNote>,
}

/// Reads a stored entry; `None` if the line is not an entry (then `shuyu verify` says where).
pub(crate) fn read_entry(stored: &StoredEntry) -> Option<LogEntry> {
    let entry = Entry::parse(&stored.bytes).ok()?;
    let payload: Payload = serde_json::from_slice(&entry.payload).unwrap_or(Payload { event: None, note: None });
    Some(LogEntry {
        index: entry.index,
        recorded_at: entry.recorded_at,
        kind: entry.kind,
        stream: entry.stream,
        prev_hash: entry.prev_hash,
        leaf: stored.leaf,
        line: String::from_utf8_lossy(&stored.bytes).into_owned(),
        event: payload.event,
        note: payload.note,
    })
}

impl LogEntry {
    /// The case of the stream, if it is the stream of a case.
    pub fn case(&self) -> Option<CaseId> {
        self.stream.strip_prefix("case/").and_then(|id| id.parse().ok())
    }
}

impl App {
    /// Size, latest checkpoint and key of a log.
    pub async fn ledger_overview(&self, session: &Session, log: Log) -> Result<LedgerOverview, Stop> {
        self.require_signed_in(session)?;
        Ok(LedgerOverview {
            size: self.record.size(log).await?,
            checkpoint: self.keeper.checkpoint(log).await?,
            public_key: self.keeper.public_key(log),
        })
    }

    /// Entries of a log from an index. The access log is for overseers.
    ///
    /// # Errors
    /// `role_may_not_act` for the access log under another role.
    pub async fn ledger_entries(&self, session: &Session, log: Log, from: u64, limit: u64) -> Result<Vec<LogEntry>, Stop> {
        self.require_log(session, log)?;
        let entries = self.record.entries(log, from, limit.clamp(1, 200)).await?;
        Ok(entries.iter().filter_map(read_entry).collect())
    }

    /// One entry. Acts of a case are shown to those who may see the case.
    ///
    /// # Errors
    /// `entry_unknown` if there is none or the session may not see it.
    pub async fn ledger_entry(&self, session: &Session, log: Log, index: u64) -> Result<LogEntry, Stop> {
        self.require_log(session, log)?;
        let unknown = || Refusal::unknown("entry_unknown").fact("index", index);
        let entries = self.record.entries(log, index, 1).await?;
        let entry = entries.iter().filter_map(read_entry).find(|entry| entry.index == index).ok_or_else(unknown)?;
        if let Some(id) = entry.case() {
            let loaded = self.record.load(&[id].into()).await?;
            let visible = loaded.linked.get(&id).is_some_and(|case| self.sees(session, case));
            if !visible {
                return Err(unknown().into());
            }
        }
        Ok(entry)
    }

    /// The receipt (履职凭证) of an entry the session may see.
    ///
    /// # Errors
    /// `entry_unknown`; `receipt_not_sealed_yet` until the next checkpoint covers the entry.
    pub async fn receipt_of(&self, session: &Session, log: Log, index: u64) -> Result<String, Stop> {
        self.ledger_entry(session, log, index).await?;
        let receipt = self.keeper.receipt(log, index).await?;
        Ok(receipt.ok_or_else(|| Refusal::conflict("receipt_not_sealed_yet").fact("index", index))?)
    }

    fn require_log(&self, session: &Session, log: Log) -> Result<(), Refusal> {
        self.require_signed_in(session)?;
        if log == Log::Access && !self.oversees(session) {
            return Err(Refusal::forbidden("log_not_for_role"));
        }
        Ok(())
    }
}
