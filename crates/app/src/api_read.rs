//! What the programming interface reads besides the read models of the pages: lists, duties, datasets, the logs.
//!
//! Who sees what is decided in [`read::sight`](crate::read::sight). The logs are open to every signed-in person in
//! outline (index, kind, stream, hash), so that they can be checked; the line itself is shown to those who may see
//! what it is about.

use std::collections::BTreeSet;

use serde::Deserialize;
use shuyu_domain::{
    Event,
    event::{AirlockEvent, AnsweredQuery, ReleaseEvent, SourceEvent},
    port::{AccessNote, CaseFilter, CaseRow, DatasetRow, Duty, Loaded, Log, StoredCheckpoint, StoredEntry},
};
use shuyu_kernel::{BodyId, CaseId, Digest, Fault, PersonId, Refusal, Timestamp};
use shuyu_ledger::Entry;

use crate::{App, Session, Stop};

/// Where a log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Entries.
    pub size: u64,
    /// The latest checkpoint, if one was signed.
    pub checkpoint: Option<StoredCheckpoint>,
    /// Public key of the log, PEM.
    pub public_key: String,
}

/// An entry of a log: always in outline, with its line for those it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Index.
    pub index: u64,
    /// When.
    pub recorded_at: Timestamp,
    /// Type name with version.
    pub kind: String,
    /// Stream.
    pub stream: String,
    /// Leaf hash: what the tree is built from.
    pub leaf: Digest,
    /// The exact line; `None` where the caller may not see what it is about.
    pub line: Option<String>,
}

#[derive(Deserialize)]
struct ActPayload {
    event: Event,
}

#[derive(Deserialize)]
struct NotePayload {
    note: AccessNote,
}

impl App {
    /// A fresh number for a request or a fault, twelve hexadecimal digits.
    pub fn reference(&self) -> String {
        hex::encode(self.random::<6>())
    }

    /// Cases the caller may see, newest first, and how many there are in all. Overseers see all, everybody those
    /// of one public procedure; else cases of the caller's body.
    pub async fn seen_cases(
        &self,
        session: &Session,
        filter: CaseFilter,
    ) -> Result<(Vec<CaseRow>, u64), Stop> {
        let result = self.seen_cases_inner(session, filter).await;
        self.looked(session, "view", "cases", result).await
    }

    async fn seen_cases_inner(
        &self,
        session: &Session,
        filter: CaseFilter,
    ) -> Result<(Vec<CaseRow>, u64), Stop> {
        self.require_signed_in(session)?;
        let profile = self.profile();
        let public = |id: &String| {
            profile
                .procedure(id)
                .is_some_and(|procedure| self.is_public(procedure))
        };
        let all_public = !filter.procedures.is_empty() && filter.procedures.iter().all(public);
        let own = !all_public && !self.oversees(session);
        let filter = CaseFilter {
            body: own.then_some(session.actor.body),
            ..filter
        };
        Ok(self.record.cases(&filter).await?)
    }

    /// The open duties of the caller's body under the caller's role, earliest due first.
    pub async fn own_duties(&self, session: &Session) -> Result<Vec<Duty>, Stop> {
        self.require_signed_in(session)?;
        let duties = self.record.duties(session.actor.body, &session.actor.role).await;
        self.looked(session, "view", "duties", duties.map_err(Stop::from))
            .await
    }

    /// Latest versions of the datasets of catalogue entries the caller may see; of one entry, if given.
    pub async fn seen_datasets(
        &self,
        session: &Session,
        resource: Option<CaseId>,
    ) -> Result<Vec<DatasetRow>, Stop> {
        let result = self.seen_datasets_inner(session, resource).await;
        self.looked(session, "view", "datasets", result).await
    }

    async fn seen_datasets_inner(
        &self,
        session: &Session,
        resource: Option<CaseId>,
    ) -> Result<Vec<DatasetRow>, Stop> {
        self.require_signed_in(session)?;
        let rows = self.record.datasets(resource).await?;
        let loaded = self
            .record
            .load(&rows.iter().map(|row| row.resource).collect())
            .await?;
        Ok(rows
            .into_iter()
            .filter(|row| self.case_in_sight(&loaded, session, row.resource))
            .collect())
    }

    /// Size, checkpoint and key of a log.
    pub async fn log_state(&self, session: &Session, log: Log) -> Result<LogState, Stop> {
        let result = self.log_state_inner(session, log).await;
        self.looked(session, "view", log_word(log), result).await
    }

    async fn log_state_inner(&self, session: &Session, log: Log) -> Result<LogState, Stop> {
        self.require_signed_in(session)?;
        Ok(LogState {
            size: self.record.size(log).await?,
            checkpoint: self.keeper.checkpoint(log).await?,
            public_key: self.keeper.public_key(log),
        })
    }

    /// Entries of a log from an index, at most `limit`.
    pub async fn log_lines(
        &self,
        session: &Session,
        log: Log,
        from: u64,
        limit: u64,
    ) -> Result<Vec<LogLine>, Stop> {
        let result = self.log_lines_inner(session, log, from, limit).await;
        self.looked(session, "view", format!("{}/{from}", log_word(log)), result)
            .await
    }

    pub(crate) async fn log_lines_inner(
        &self,
        session: &Session,
        log: Log,
        from: u64,
        limit: u64,
    ) -> Result<Vec<LogLine>, Stop> {
        self.require_signed_in(session)?;
        let stored = self.record.entries(log, from, limit).await?;
        let entries: Result<Vec<Entry>, Fault> = stored.iter().map(entry).collect();
        let entries = entries?;
        let about: Vec<About> = entries.iter().map(|entry| about(log, entry)).collect();
        let cases: BTreeSet<CaseId> = about.iter().filter_map(About::case).collect();
        let loaded = self.record.load(&cases).await?;
        let lines = stored.into_iter().zip(entries).zip(about);
        Ok(lines
            .map(|((stored, entry), about)| self.line(session, &loaded, stored, entry, &about))
            .collect())
    }

    fn line(
        &self,
        session: &Session,
        loaded: &Loaded,
        stored: StoredEntry,
        entry: Entry,
        about: &About,
    ) -> LogLine {
        let shown = match about {
            About::Case(id) => self.case_in_sight(loaded, session, *id),
            About::Data(id) => {
                self.oversees(session)
                    || loaded
                        .linked
                        .get(id)
                        .is_some_and(|case| case.has_party(session.actor.body))
            }
            About::Body(body) => self.oversees(session) || *body == Some(session.actor.body),
            About::Person(person) => *person == session.actor.person,
            About::All => true,
        };
        LogLine {
            index: stored.index,
            recorded_at: entry.recorded_at,
            kind: entry.kind,
            stream: entry.stream,
            leaf: stored.leaf,
            line: shown.then(|| String::from_utf8_lossy(&stored.bytes).into_owned()),
        }
    }

    fn case_in_sight(&self, loaded: &Loaded, session: &Session, id: CaseId) -> bool {
        loaded
            .linked
            .get(&id)
            .is_some_and(|case| self.sees(session, case))
    }

    /// The receipt of an entry that concerns the caller.
    ///
    /// # Errors
    /// `entry_unknown`, also for entries about others; `receipt_not_sealed` while no checkpoint covers it.
    pub async fn log_receipt(&self, session: &Session, log: Log, index: u64) -> Result<String, Stop> {
        let result = self.log_receipt_inner(session, log, index).await;
        let subject = format!("{}/{index}/receipt", log_word(log));
        self.looked(session, "download", subject, result).await
    }

    async fn log_receipt_inner(&self, session: &Session, log: Log, index: u64) -> Result<String, Stop> {
        let unknown = || Refusal::unknown("entry_unknown").fact("index", index);
        let lines = self.log_lines_inner(session, log, index, 1).await?;
        let shown = lines
            .first()
            .filter(|line| line.index == index && line.line.is_some());
        shown.ok_or_else(unknown)?;
        let receipt = self.keeper.receipt(log, index).await?;
        Ok(receipt.ok_or_else(|| Refusal::conflict("receipt_not_sealed").fact("index", index))?)
    }
}

/// What decides who may see a line.
enum About {
    /// A case and its parties.
    Case(CaseId),
    /// A version of a dataset: names raw files by their digests, for the parties of its catalogue entry.
    Data(CaseId),
    /// Something only this person may see.
    Person(PersonId),
    /// Something a body did.
    Body(Option<BodyId>),
    /// The registry and the installation: everybody.
    All,
}

impl About {
    fn case(&self) -> Option<CaseId> {
        match self {
            About::Case(id) | About::Data(id) => Some(*id),
            About::Person(_) | About::Body(_) | About::All => None,
        }
    }
}

fn about(log: Log, entry: &Entry) -> About {
    if log == Log::Access {
        let note: Option<NotePayload> = serde_json::from_slice(&entry.payload).ok();
        return About::Body(note.and_then(|payload| payload.note.body));
    }
    match serde_json::from_slice::<ActPayload>(&entry.payload).map(|payload| payload.event) {
        Ok(Event::Case(_)) => case_of(&entry.stream),
        Ok(Event::Dataset(event)) => About::Data(event.resource()),
        Ok(Event::Release(
            ReleaseEvent::Answered(AnsweredQuery { case, .. }) | ReleaseEvent::Charged { case, .. },
        )) => About::Case(case),
        // It names an answer that nobody has by its digest, which could be compared with guesses.
        Ok(Event::Release(ReleaseEvent::Held(_))) => About::Body(None),
        Ok(Event::Source(event)) => about_source(&event),
        Ok(Event::Airlock(event)) => about_airlock(&event),
        Ok(Event::Registry(_) | Event::Installation(_)) => About::All,
        Err(_) => About::Body(None),
    }
}

fn about_source(event: &SourceEvent) -> About {
    match event {
        SourceEvent::Registered { case, .. } => About::Case(*case),
        SourceEvent::RunStarted { by, .. } => About::Body(Some(by.body)),
        SourceEvent::RunEnded { .. } => About::Body(None),
    }
}

/// Votes are for the eyes of whoever cast them: the other reviewer must not find them in the log.
fn about_airlock(event: &AirlockEvent) -> About {
    match event {
        // They name files by their digests, which an author could compare with guesses.
        AirlockEvent::Opened { .. } | AirlockEvent::FileChanged { .. } => About::Body(None),
        AirlockEvent::Voted { by, .. } => About::Person(by.person),
        AirlockEvent::FileDropped { by, .. }
        | AirlockEvent::Submitted { by, .. }
        | AirlockEvent::Finished { by }
        | AirlockEvent::Released { by, .. }
        | AirlockEvent::Returned { by, .. }
        | AirlockEvent::Withdrawn { by, .. }
        | AirlockEvent::SpotChecked { by, .. } => About::Body(Some(by.body)),
    }
}

fn log_word(log: Log) -> &'static str {
    match log {
        Log::Proceedings => "proceedings",
        Log::Access => "access",
    }
}

fn case_of(stream: &str) -> About {
    let id = stream.strip_prefix("case/").and_then(|id| id.parse().ok());
    id.map_or(About::Body(None), About::Case)
}

fn entry(stored: &StoredEntry) -> Result<Entry, Fault> {
    Entry::parse(&stored.bytes).map_err(|error| Fault::new(format!("reading entry {}", stored.index), error))
}
