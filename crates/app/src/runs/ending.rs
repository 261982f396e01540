//! The end of a run: what it left is checked, sealed and recorded, all or nothing.

use std::collections::BTreeMap;

use shuyu_domain::{
    Event,
    event::{OutputKind, RunData, RunFile, RunOutcome, SourceEvent},
    port::{Loaded, Proposal},
    source::LOG_FILE,
};
use shuyu_privacy::evidence::CsvTable;

use super::{LIMITS, Work};
use crate::{
    App, Stop,
    permit::holds,
    port::jobs::{JobOutcome, JobOutput, JobRun},
};

impl App {
    /// Seals what a run left and records its end, both or neither: files without an entry are swept.
    pub(super) async fn record_end(&self, work: &Work, ended: Option<JobRun>) -> Result<(), Stop> {
        let ended = ended.map(|ended| checked(ended, work.data));
        let mut files = Vec::new();
        if let (Some(ended), RunData::Real) = (&ended, work.data) {
            for output in &ended.outputs {
                files.push(self.keep(work, output).await?);
            }
            files.extend(self.keep_log(ended).await?);
        }
        let stopped = SourceEvent::RunEnded {
            run: work.run,
            outcome: RunOutcome::Stopped,
            files: Vec::new(),
            line: None,
            held_by: BTreeMap::new(),
            refused: Vec::new(),
        };
        let event = match ended {
            None => stopped.clone(),
            Some(ended) => SourceEvent::RunEnded {
                run: work.run,
                outcome: match ended.outcome {
                    JobOutcome::Done => RunOutcome::Done,
                    JobOutcome::Failed => RunOutcome::Failed,
                },
                files,
                line: ended.line.filter(|_| work.data == RunData::Dummy),
                held_by: ended.held_by,
                refused: ended.refused,
            },
        };
        let at = self.now();
        let request = self.source_request("end-run", work.source.id, &work.standing, &work.run);
        let (profiles, session, case) = (self.profiles.clone(), work.session.clone(), work.standing.case);
        let decide = Box::new(move |loaded: &Loaded| {
            let holds_still = loaded.linked.get(&case).is_some_and(|found| {
                let profile = profiles.get(found.profile).ok();
                profile.is_some_and(|profile| {
                    holds(&profile, loaded, case, &session, profile.zone.date(at)).is_ok()
                })
            });
            // What a run found after its permit ended is nobody's.
            let event = if holds_still { event } else { stopped };
            Ok(Proposal {
                events: vec![Event::Source(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    async fn keep(&self, work: &Work, output: &JobOutput) -> Result<RunFile, Stop> {
        let declared = work.source.manifest.iter().find(|each| each.name == output.name);
        let kind = declared.map_or(OutputKind::Text, |declared| declared.kind);
        let risk = match &output.risk {
            Some(found) if kind == OutputKind::Model => Some(
                self.seal_bytes("risk.json", found.report.to_string().as_bytes())
                    .await?,
            ),
            _ => None,
        };
        let high = output.risk.as_ref().is_some_and(|found| found.high);
        Ok(RunFile {
            name: output.name.clone(),
            kind,
            digest: self.seal_bytes(&output.name, &output.bytes).await?,
            size_bytes: output.bytes.len() as u64,
            high_risk: high && risk.is_some(),
            risk,
        })
    }

    /// The log, with the line and the codes of refused files that its author does not get to see before it was
    /// reviewed; none if nothing was said.
    async fn keep_log(&self, ended: &JobRun) -> Result<Option<RunFile>, Stop> {
        let mut text = ended
            .line
            .map(|line| format!("line {line}\n"))
            .unwrap_or_default();
        for file in &ended.refused {
            let name = file.name.as_deref().unwrap_or("-");
            text.push_str(&format!("{name} {}\n", file.code));
        }
        text.push_str(&String::from_utf8_lossy(&ended.log));
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(RunFile {
            name: LOG_FILE.to_owned(),
            kind: OutputKind::Text,
            digest: self.seal_bytes(LOG_FILE, text.as_bytes()).await?,
            size_bytes: text.len() as u64,
            risk: None,
            high_risk: false,
        }))
    }
}

/// What the sandbox returns is checked once more: tables are brought into the form that is looked at, and nothing of
/// a run on made-up tables or of a failed one is kept.
fn checked(mut ended: JobRun, data: RunData) -> JobRun {
    if data == RunData::Dummy || ended.outcome == JobOutcome::Failed {
        ended.outputs.clear();
    }
    for output in &mut ended.outputs {
        if output.name.ends_with(".csv") {
            let table = CsvTable::read(&output.bytes);
            match table.and_then(|table| table.canonical().write()) {
                Ok(bytes) => output.bytes = bytes,
                Err(_) => ended.outcome = JobOutcome::Failed,
            }
        }
        // The lake keeps no empty files.
        if output.bytes.is_empty() || output.bytes.len() as u64 > LIMITS.output_bytes {
            ended.outcome = JobOutcome::Failed;
        }
    }
    if ended.outcome == JobOutcome::Failed {
        ended.outputs.clear();
    }
    ended
}

/// A run whose inputs are gone.
pub(super) fn failed() -> JobRun {
    JobRun {
        outcome: JobOutcome::Failed,
        line: None,
        outputs: Vec::new(),
        refused: Vec::new(),
        log: Vec::new(),
        held_by: BTreeMap::new(),
    }
}
