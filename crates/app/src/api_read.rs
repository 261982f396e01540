//! What the programming interface reads: cases of the caller's body, what could be done in them, the logs.
//!
//! A case is shown to the bodies that are its parties; for everybody else it does not exist. The logs are open to
//! every signed-in person in outline (index, kind, stream, hash), so that they can be checked; the line itself is
//! shown to those who may see what it is about.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Context, Event,
    decide::acts_now,
    event::{DatasetEvent, ReleaseEvent},
    port::{AccessNote, CaseFilter, CaseRow, DatasetRow, Duty, Loaded, Log, StoredCheckpoint, StoredEntry, Stream},
};
use shuyu_kernel::{CaseId, Digest, Fault, Refusal, Timestamp};
use shuyu_ledger::Entry;
use shuyu_profile::Profile;

use crate::{App, Session, Stop};

/// A case with what is needed to show it.
#[derive(Debug, Clone)]
pub struct SeenCase {
    /// The state.
    pub case: Case,
    /// Registry and linked cases, read at the same moment.
    pub loaded: Loaded,
    /// The rules it is pinned to.
    pub profile: Arc<Profile>,
}

/// An act of the caller's role, open now or with the reason why not.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAct {
    /// Act id.
    pub act: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Lane key, for acts in a lane.
    pub lane: Option<String>,
    /// Fields it may set.
    pub records: Vec<String>,
    /// Why it may not be taken now.
    pub refusal: Option<Refusal>,
}

/// An event of a case as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Index in the proceedings.
    pub index: u64,
    /// When.
    pub recorded_at: Timestamp,
    /// Type name with version.
    pub kind: String,
    /// The event.
    pub event: Event,
}

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
    /// The exact line; `None` where the caller is no party.
    pub line: Option<String>,
}

#[derive(Deserialize, Serialize)]
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

    /// A case the caller's body is a party of. The look is noted before it is shown.
    ///
    /// # Errors
    /// `case_unknown`, also for cases of others.
    pub async fn seen_case(&self, session: &Session, id: CaseId) -> Result<SeenCase, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded.linked.get(&id).filter(|case| case.has_party(session.actor.body));
        let case = case.cloned().ok_or_else(|| Refusal::unknown("case_unknown"))?;
        let profile = self.profiles.get(case.profile)?;
        self.note(session, "view", &id.to_string(), Ok(())).await?;
        Ok(SeenCase { case, loaded, profile })
    }

    /// Cases of the caller's body, newest first, and how many there are in all.
    pub async fn seen_cases(&self, session: &Session, filter: CaseFilter) -> Result<(Vec<CaseRow>, u64), Stop> {
        self.require_signed_in(session)?;
        let filter = CaseFilter { body: Some(session.actor.body), ..filter };
        Ok(self.record.cases(&filter).await?)
    }

    /// The acts of the caller's role in the present stage, each with the first thing that stands in its way.
    pub async fn open_acts(&self, session: &Session, id: CaseId) -> Result<Vec<OpenAct>, Stop> {
        let seen = self.seen_case(session, id).await?;
        let context = Context {
            profile: &seen.profile,
            actor: &session.actor,
            today: self.today(),
            registry: &seen.loaded.registry,
            linked: &seen.loaded.linked,
            new_case: id,
            next_number: seen.loaded.next_number,
        };
        let possible = acts_now(&seen.case, &context);
        Ok(possible
            .into_iter()
            .map(|possible| OpenAct {
                act: possible.act.id.clone(),
                title: possible.act.title.clone(),
                title_en: possible.act.title_en.clone(),
                lane: possible.lane,
                records: possible.act.records.clone(),
                refusal: possible.refusal,
            })
            .collect())
    }

    /// The events of a case in order, as recorded.
    pub async fn case_events(&self, session: &Session, id: CaseId) -> Result<Vec<Recorded>, Stop> {
        self.seen_case(session, id).await?;
        let entries = self.record.stream(Stream::Case(id)).await?;
        let recorded: Result<Vec<Recorded>, Fault> = entries.iter().map(recorded).collect();
        Ok(recorded?)
    }

    /// The open duties of the caller's body under the caller's role, earliest due first.
    pub async fn own_duties(&self, session: &Session) -> Result<Vec<Duty>, Stop> {
        self.require_signed_in(session)?;
        Ok(self.record.duties(session.actor.body, &session.actor.role).await?)
    }

    /// Latest versions of the datasets of catalogue entries of the caller's body; of one entry, if given.
    pub async fn seen_datasets(&self, session: &Session, resource: Option<CaseId>) -> Result<Vec<DatasetRow>, Stop> {
        self.require_signed_in(session)?;
        let rows = self.record.datasets(resource).await?;
        let loaded = self.record.load(&rows.iter().map(|row| row.resource).collect()).await?;
        Ok(rows.into_iter().filter(|row| party_of(&loaded, session, row.resource)).collect())
    }

    /// Size, checkpoint and key of a log.
    pub async fn log_state(&self, session: &Session, log: Log) -> Result<LogState, Stop> {
        self.require_signed_in(session)?;
        Ok(LogState {
            size: self.record.size(log).await?,
            checkpoint: self.keeper.checkpoint(log).await?,
            public_key: self.keeper.public_key(log),
        })
    }

    /// Entries of a log from an index, at most `limit`.
    pub async fn log_lines(&self, session: &Session, log: Log, from: u64, limit: u64) -> Result<Vec<LogLine>, Stop> {
        self.require_signed_in(session)?;
        let stored = self.record.entries(log, from, limit).await?;
        let entries: Result<Vec<Entry>, Fault> = stored.iter().map(entry).collect();
        let entries = entries?;
        let about: Vec<About> = entries.iter().map(|entry| about(log, entry)).collect();
        let cases: BTreeSet<CaseId> = about.iter().filter_map(About::case).collect();
        let loaded = self.record.load(&cases).await?;
        let lines = stored.into_iter().zip(entries).zip(about);
        Ok(lines.map(|((stored, entry), about)| line(session, &loaded, stored, entry, about)).collect())
    }

    /// The receipt of an entry that concerns the caller.
    ///
    /// # Errors
    /// `entry_unknown`, also for entries about others; `receipt_not_sealed` while no checkpoint covers it.
    pub async fn log_receipt(&self, session: &Session, log: Log, index: u64) -> Result<String, Stop> {
        let unknown = || Refusal::unknown("entry_unknown").fact("index", index);
        let lines = self.log_lines(session, log, index, 1).await?;
        let shown = lines.first().filter(|line| line.index == index && line.line.is_some());
        shown.ok_or_else(unknown)?;
        let receipt = self.keeper.receipt(log, index).await?;
        Ok(receipt.ok_or_else(|| Refusal::conflict("receipt_not_sealed").fact("index", index))?)
    }
}

/// What decides who may see a line.
enum About {
    /// A case and its parties.
    Case(CaseId),
    /// Something a body did.
    Body(Option<shuyu_kernel::BodyId>),
    /// The registry and the installation: everybody.
    All,
}

impl About {
    fn case(&self) -> Option<CaseId> {
        match self {
            About::Case(id) => Some(*id),
            About::Body(_) | About::All => None,
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
        Ok(Event::Dataset(DatasetEvent::VersionRecorded { resource, .. })) => About::Case(resource),
        Ok(Event::Release(ReleaseEvent::Answered { case, .. })) => About::Case(case),
        Ok(Event::Registry(_) | Event::Installation(_)) => About::All,
        Err(_) => About::Body(None),
    }
}

fn case_of(stream: &str) -> About {
    let id = stream.strip_prefix("case/").and_then(|id| id.parse().ok());
    id.map_or(About::Body(None), About::Case)
}

fn line(session: &Session, loaded: &Loaded, stored: StoredEntry, entry: Entry, about: About) -> LogLine {
    let shown = match about {
        About::Case(id) => party_of(loaded, session, id),
        About::Body(body) => body == Some(session.actor.body),
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

fn party_of(loaded: &Loaded, session: &Session, id: CaseId) -> bool {
    loaded.linked.get(&id).is_some_and(|case| case.has_party(session.actor.body))
}

fn entry(stored: &StoredEntry) -> Result<Entry, Fault> {
    Entry::parse(&stored.bytes).map_err(|error| Fault::new(format!("reading entry {}", stored.index), error))
}

fn recorded(stored: &StoredEntry) -> Result<Recorded, Fault> {
    let entry = entry(stored)?;
    let payload: ActPayload = serde_json::from_slice(&entry.payload)
        .map_err(|error| Fault::new(format!("reading entry {}", stored.index), error))?;
    Ok(Recorded { index: stored.index, recorded_at: entry.recorded_at, kind: entry.kind, event: payload.event })
}
