//! The last time each clause was at work in a data folder: an act that rests on it, a clock that runs by it, a
//! refusal that cites it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;
use shuyu_app::founding::entry_event;
use shuyu_domain::{
    Event,
    event::CaseEvent,
    port::{AccessNote, Log, Record, StoredEntry},
};
use shuyu_kernel::{CivilDate, ClauseId, Zone};
use shuyu_ledger::Entry;

use crate::{serve, verify::existing};

/// Entries read in one go.
const PAGE: u64 = 500;

/// A data folder to look for real cases in.
#[derive(Args)]
pub struct Against {
    /// Data folder; without it no real cases are named.
    #[arg(long)]
    against: Option<PathBuf>,
    /// It is a production folder.
    #[arg(long, requires = "against")]
    production: bool,
}

/// The last real case of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCase {
    /// 案号, or what was asked where no case stands behind it.
    pub number: String,
    /// Day.
    pub on: CivilDate,
    /// `act`, `clock` or `refusal`.
    pub what: &'static str,
}

/// Clause → its last real case.
pub type LastCases = BTreeMap<ClauseId, LastCase>;

impl Against {
    /// Reads both logs of the folder.
    pub async fn last_cases(&self) -> anyhow::Result<LastCases> {
        match &self.against {
            Some(data) => read(data, self.production).await,
            None => Ok(LastCases::new()),
        }
    }
}

async fn read(data: &Path, production: bool) -> anyhow::Result<LastCases> {
    let opened = serve::open(&existing(data, None, production)?).await?;
    let (record, zone) = (opened.app.record(), opened.app.profile().zone);
    let mut numbers: BTreeMap<String, String> = BTreeMap::new();
    let mut last = LastCases::new();
    for stored in entries(record, Log::Proceedings).await? {
        let entry = Entry::parse(&stored.bytes)?;
        let Event::Case(event) = entry_event(&stored.bytes)? else {
            continue;
        };
        let id = entry.stream.trim_start_matches("case/").to_owned();
        let (clauses, what) = match &event {
            CaseEvent::Opened { number, meta, .. } => {
                numbers.insert(id.clone(), number.clone());
                (&meta.clauses, "act")
            }
            CaseEvent::Taken { meta, .. } => (&meta.clauses, "act"),
            CaseEvent::ClockStarted(run) => (&run.clauses, "clock"),
            _ => continue,
        };
        let number = numbers.get(&id).cloned().unwrap_or(id);
        seen(&mut last, clauses, &number, zone.date(entry.recorded_at), what);
    }
    for stored in entries(record, Log::Access).await? {
        if let Some((note, on)) = note_of(&stored, zone) {
            let case = note.subject.split('/').next().unwrap_or_default();
            let number = numbers.get(case).cloned().unwrap_or(note.subject);
            seen(&mut last, &note.clauses, &number, on, "refusal");
        }
    }
    Ok(last)
}

async fn entries(record: &dyn Record, log: Log) -> anyhow::Result<Vec<StoredEntry>> {
    let (size, mut all) = (record.size(log).await?, Vec::new());
    while (all.len() as u64) < size {
        let page = record.entries(log, all.len() as u64, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    Ok(all)
}

/// An access entry as written: a note, alone or inside an envelope.
#[derive(Deserialize)]
#[serde(untagged)]
enum Noted {
    Inside { note: AccessNote },
    Alone(AccessNote),
}

fn note_of(stored: &StoredEntry, zone: Zone) -> Option<(AccessNote, CivilDate)> {
    let entry = Entry::parse(&stored.bytes).ok()?;
    let (Noted::Inside { note } | Noted::Alone(note)) = serde_json::from_slice(&entry.payload).ok()?;
    let on = zone.date(note.at);
    (!note.clauses.is_empty()).then_some((note, on))
}

fn seen(last: &mut LastCases, clauses: &[ClauseId], number: &str, on: CivilDate, what: &'static str) {
    for clause in clauses {
        let newer = last.get(clause).is_none_or(|known| known.on <= on);
        if newer {
            let case = LastCase {
                number: number.to_owned(),
                on,
                what,
            };
            last.insert(clause.clone(), case);
        }
    }
}
