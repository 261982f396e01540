//! The source of a job under a permit: registered once, never changed, tried on made-up tables before it runs on real
//! ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, CivilDate, DatasetId, Digest, PermitId, Refusal, RunId, SourceId};

use crate::event::{Declared, RefusedFile, RunData, RunFile, RunOutcome, SourceEvent};

/// Most output files of one source. Platform choice: every one of them is looked at by two people.
pub const MOST_FILES: usize = 20;
/// Longest name of an output file, in characters. Platform choice: a name is no place for a message.
const LONGEST_NAME: usize = 40;
/// Name of the log among the files of a run; no declared file may have it.
pub const LOG_FILE: &str = "log.txt";

/// A source with its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The source.
    pub id: SourceId,
    /// The permit.
    pub permit: PermitId,
    /// Case of the permit.
    pub case: CaseId,
    /// SM3 of the text.
    pub digest: Digest,
    /// Length.
    pub size_bytes: u64,
    /// Output files.
    pub manifest: Vec<Declared>,
    /// Who registered it.
    pub by: Actor,
    /// Runs, oldest first: ids grow with time.
    pub runs: BTreeMap<RunId, Run>,
    /// Events folded.
    pub version: u64,
}

/// A run of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// On what.
    pub data: RunData,
    /// Datasets and versions it reads.
    pub read: Vec<(DatasetId, u64)>,
    /// Who started it.
    pub by: Actor,
    /// Day.
    pub on: CivilDate,
    /// How it ended; `None` while it runs, and for ever if the process died meanwhile.
    pub ended: Option<RunEnd>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// How.
    pub outcome: RunOutcome,
    /// What it left for the airlock.
    pub files: Vec<RunFile>,
    /// Line where a run on made-up tables failed.
    pub line: Option<u32>,
    /// Limit → mechanism that held it.
    pub held_by: BTreeMap<String, String>,
    /// Files that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedFile>,
}

impl Source {
    /// Folds an event. What makes no sense changes nothing but the version.
    pub fn evolve(state: Option<Self>, event: &SourceEvent) -> Option<Self> {
        let mut source = match (state, event) {
            (
                None,
                SourceEvent::Registered {
                    source,
                    permit,
                    case,
                    digest,
                    size_bytes,
                    manifest,
                    by,
                },
            ) => Self {
                id: *source,
                permit: *permit,
                case: *case,
                digest: *digest,
                size_bytes: *size_bytes,
                manifest: manifest.clone(),
                by: by.clone(),
                runs: BTreeMap::new(),
                version: 0,
            },
            (Some(source), _) => source,
            (None, _) => return None,
        };
        source.version += 1;
        match event {
            SourceEvent::Registered { .. } => {}
            SourceEvent::RunStarted {
                run,
                data,
                read,
                by,
                on,
            } => {
                let started = Run {
                    data: *data,
                    read: read.clone(),
                    by: by.clone(),
                    on: *on,
                    ended: None,
                };
                source.runs.entry(*run).or_insert(started);
            }
            SourceEvent::RunEnded {
                run,
                outcome,
                files,
                line,
                held_by,
                refused,
            } => {
                if let Some(run) = source.runs.get_mut(run).filter(|run| run.ended.is_none()) {
                    run.ended = Some(RunEnd {
                        outcome: *outcome,
                        files: files.clone(),
                        line: *line,
                        held_by: held_by.clone(),
                        refused: refused.clone(),
                    });
                }
            }
        }
        Some(source)
    }

    /// Whether it ran to its end on made-up tables.
    pub fn tried(&self) -> bool {
        self.runs.values().any(|run| {
            let done = run.ended.as_ref().map(|end| end.outcome);
            run.data == RunData::Dummy && done == Some(RunOutcome::Done)
        })
    }

    /// Whether it may run on this data now.
    ///
    /// # Errors
    /// `source_not_tried`: on real tables only after a run on made-up ones succeeded.
    pub fn may_run(&self, data: RunData) -> Result<(), Refusal> {
        if data == RunData::Real && !self.tried() {
            return Err(Refusal::conflict("source_not_tried"));
        }
        Ok(())
    }
}

/// Whether output files are declared as they must be.
///
/// # Errors
/// `output_none`, `outputs_too_many`, `output_name_invalid`, `output_type_not_allowed`, `output_twice`.
pub fn check_manifest(manifest: &[Declared]) -> Result<(), Refusal> {
    if manifest.is_empty() {
        return Err(Refusal::unmet("output_none"));
    }
    if manifest.len() > MOST_FILES {
        return Err(Refusal::unmet("outputs_too_many").fact("limit", MOST_FILES));
    }
    for (at, declared) in manifest.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let (stem, ending) = declared.name.rsplit_once('.').unwrap_or_default();
        let well_named = !stem.is_empty() && stem.chars().all(plain) && declared.name.len() <= LONGEST_NAME;
        if !well_named || declared.name == LOG_FILE {
            return Err(Refusal::unmet("output_name_invalid")
                .fact("number", at + 1)
                .fact("limit", LONGEST_NAME));
        }
        let allowed = declared.kind.declared_endings();
        if !allowed.contains(&ending) {
            return Err(Refusal::unmet("output_type_not_allowed")
                .fact("file", &declared.name)
                .fact("allowed", allowed.join(", ")));
        }
        if manifest.iter().take(at).any(|other| other.name == declared.name) {
            return Err(Refusal::unmet("output_twice").fact("file", &declared.name));
        }
    }
    Ok(())
}
