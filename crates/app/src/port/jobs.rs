//! Port to the sandbox: one Python job, run on made-up or on real data, in isolation.
//!
//! `sandbox` does the work; `cli` wires it and brings the tables of real inputs from the lake. Where nothing is
//! wired, or the isolation is missing, real and dummy runs alike are refused (`sandbox_missing`); nothing is ever run
//! unprotected.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
pub use shuyu_domain::event::{Declared, OutputKind, RefusedFile};
use shuyu_kernel::{DatasetId, PermitId, Refusal, RowScope, RunId};
use shuyu_privacy::dummy::DummyTable;

use super::{Cancel, DataError};

/// Columns of a dataset version that a job reads: those granted the use `python`, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealTable {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version the permit reads.
    pub version: u64,
    /// Columns, in this order.
    pub columns: Vec<String>,
    /// Those of them that name subjects, with their identifier domain. The job sees keyed pseudonyms in their place,
    /// the same in every table of one domain, others for every [`JobOrder::project`].
    pub pseudonyms: BTreeMap<String, String>,
    /// Anybody may have it: no rows of it are held out for the check of models.
    pub open: bool,
    /// Which rows; `None` means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowScope>,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum JobInput {
    /// Made up.
    Dummy(DummyTable),
    /// From the lake.
    Real(RealTable),
}

/// What one run may take. The sandbox says which mechanism holds each ([`JobRun::held_by`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Processor time over all threads, in seconds.
    pub cpu_seconds: u64,
    /// Time from start to end, in seconds.
    pub wall_seconds: u64,
    /// What may stand in the output folder and the scratch folder together, in bytes.
    pub disk_bytes: u64,
    /// Processes and threads.
    pub processes: u64,
    /// One output file, in bytes. A longer one fails the run.
    pub output_bytes: u64,
    /// What is kept of the log, in bytes; the rest is dropped.
    pub log_bytes: u64,
}

/// One run to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOrder {
    /// The run.
    pub run: RunId,
    /// What pseudonyms are keyed to.
    pub project: PermitId,
    /// Python source, UTF-8.
    pub source: Vec<u8>,
    /// Tables by name, as the job finds them: one Parquet file `<name>.parquet` each.
    pub inputs: BTreeMap<String, JobInput>,
    /// Output files. For a dummy run they are dropped after the check that each is there. With a model among them, a
    /// run on real data gets four fifths of the subjects of every table that is not open; against the others the
    /// model is checked, and the job never sees them.
    pub manifest: Vec<Declared>,
    /// Limits.
    pub limits: JobLimits,
}

/// How a run ended, as far as its author may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// The source ran to its end and wrote every declared file.
    Done,
    /// It raised, or a limit ended it, or a declared file is missing, too long or not what its kind says.
    Failed,
}

/// A file that a run wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOutput {
    /// Declared name.
    pub name: String,
    /// Content. Pictures are decoded and written again without metadata; tables as the job wrote them.
    pub bytes: Vec<u8>,
    /// For a model of a run on real data: what it tells of those it was fitted on.
    pub risk: Option<ModelRisk>,
}

/// What was found about a model before anybody reviews it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRisk {
    /// A figure is above its limit.
    pub high: bool,
    /// The report, a flat JSON object of figures and verdicts.
    pub report: serde_json::Value,
}

/// A run that ended by itself or by a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRun {
    /// How.
    pub outcome: JobOutcome,
    /// Line of the source where it failed, from 1, if it is known. Kept from the author of a real run.
    pub line: Option<u32>,
    /// Declared files, by name; empty for a dummy run and a failed one.
    pub outputs: Vec<JobOutput>,
    /// Files that were refused, and models that could not be checked: codes, never a word of the program's. Of a run
    /// on real data for reviewers only.
    pub refused: Vec<RefusedFile>,
    /// Standard output and error, for reviewers only.
    pub log: Vec<u8>,
    /// Limit → mechanism that held it, for example `memory` → `cgroup2`.
    pub held_by: BTreeMap<String, String>,
}

/// What isolates jobs here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Isolation {
    /// Limit or wall → mechanism, for example `network` → `namespace`.
    pub held_by: BTreeMap<String, String>,
    /// Name and version of what jobs may import.
    pub runtime: Vec<String>,
}

/// What a running job is doing. There is nothing else to be seen of it: progress of its own would be a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobBeat {
    /// It waits for others.
    #[default]
    Queued,
    /// Its inputs are written.
    Preparing,
    /// It runs.
    Running,
    /// What it wrote is read back.
    Collecting,
}

/// Called at each step, and at least every ten seconds while a job runs.
pub type OnBeat = Arc<dyn Fn(JobBeat) + Send + Sync>;

/// The sandbox, as the use cases need it.
#[async_trait]
pub trait RunJobs: Send + Sync {
    /// Whether jobs can be isolated here, and by what.
    ///
    /// # Errors
    /// `sandbox_missing` with the fact `missing`: what is not there.
    async fn able(&self) -> Result<Isolation, Refusal>;

    /// Runs one job. Returns soon after `cancel` is set, with every process of the job gone; what it returns then is
    /// not looked at. Dropping the future ends the job as well.
    ///
    /// # Errors
    /// `sandbox_missing`; a refusal of the lake for an input that is gone; [`DataError::Fault`] if the sandbox itself
    /// failed. A job that fails is no error.
    async fn run(&self, order: JobOrder, on_beat: OnBeat, cancel: Cancel) -> Result<JobRun, DataError>;
}
