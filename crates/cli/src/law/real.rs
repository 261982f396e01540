//! The last time each clause was at work in a data folder: an act that rests on it, a clock that runs by it, a
//! refusal that cites it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use shuyu_app::read::LogEntry;
use shuyu_domain::{
    Event,
    event::CaseEvent,
    port::{Log, Record},
};
use shuyu_kernel::{CivilDate, ClauseId};

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
    let mut numbers: BTreeMap<String, String> = BTreeMap::new(); // of cases and of permits
    let mut last = LastCases::new();
    for entry in entries(record, Log::Proceedings).await? {
        let (Some(case), Some(Event::Case(event))) = (entry.case(), &entry.event) else {
            continue;
        };
        let id = case.to_string();
        let (clauses, what) = match event {
            CaseEvent::Opened { number, meta, .. } => {
                numbers.insert(id.clone(), number.clone());
                (&meta.clauses, "act")
            }
            CaseEvent::Taken { meta, .. } => (&meta.clauses, "act"),
            CaseEvent::ClockStarted(run) => (&run.clauses, "clock"),
            CaseEvent::PermitIssued { permit, .. } => {
                // A refused query names its permit; it is of the permit's case.
                let number = numbers.get(&id).cloned().unwrap_or(id);
                numbers.insert(permit.to_string(), number);
                continue;
            }
            _ => continue,
        };
        let number = numbers.get(&id).cloned().unwrap_or(id);
        seen(&mut last, clauses, &number, zone.date(entry.recorded_at), what);
    }
    for note in entries(record, Log::Access)
        .await?
        .into_iter()
        .filter_map(|entry| entry.note)
    {
        let case = note.subject.split('/').next().unwrap_or_default();
        let number = numbers.get(case).cloned().unwrap_or(note.subject);
        seen(&mut last, &note.clauses, &number, zone.date(note.at), "refusal");
    }
    Ok(last)
}

async fn entries(record: &dyn Record, log: Log) -> anyhow::Result<Vec<LogEntry>> {
    let (size, mut from, mut all) = (record.size(log).await?, 0, Vec::new());
    while from < size {
        let page = record.entries(log, from, PAGE).await?;
        anyhow::ensure!(!page.is_empty(), "the log ends at {from}, not at {size}");
        from += page.len() as u64;
        all.extend(page.iter().filter_map(LogEntry::read));
    }
    Ok(all)
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
