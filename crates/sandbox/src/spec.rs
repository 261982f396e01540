//! What a run is made of: source, inputs, the outputs it declares, its limits.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

/// Where the bytes of an input come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Handed in.
    Bytes(Bytes),
    /// A file to be copied.
    Path(PathBuf),
}

/// What an output file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `.csv`: a heading and rows.
    Table,
    /// `.png`.
    Picture,
    /// `.json`: any value that is no model.
    Text,
    /// `.json`: a fitted model of declared structure ([`crate::Model`]).
    Model,
}

impl Kind {
    /// The one ending a file of this kind may have.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Table => "csv",
            Self::Picture => "png",
            Self::Text | Self::Model => "json",
        }
    }
}

/// An output file, declared before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// What it is.
    pub kind: Kind,
    /// Columns of a table that hold labels, not figures: they are not rounded.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// What one run may take. [`crate::Outcome::held_by`] says which mechanism holds each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Processor time of a process, in seconds.
    pub cpu_seconds: u64,
    /// From start to end.
    pub wall: Duration,
    /// What stands in the output and the scratch folder together, in bytes. Each gets half.
    pub disk_bytes: u64,
    /// Processes and threads.
    pub processes: u64,
    /// One output file, in bytes.
    pub output_bytes: u64,
    /// Rows of one output table.
    pub output_rows: u64,
    /// What is kept of the log, in bytes; the rest is dropped.
    pub log_bytes: u64,
    /// The end of a run is told at a multiple of this, and its length in these.
    pub slot: Duration,
}

impl Default for Limits {
    /// Platform defaults: no law names these numbers. Rows as the gate's largest result.
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            cpu_seconds: 600,
            wall: Duration::from_secs(900),
            disk_bytes: 256 << 20,
            processes: 64,
            output_bytes: 16 << 20,
            output_rows: 5_000,
            log_bytes: 64 << 10,
            slot: Duration::from_secs(10),
        }
    }
}

/// One run to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Name of the run, unique: letters, digits, `-`, `_`, at most 64.
    pub run: String,
    /// Python source, UTF-8.
    pub source: Vec<u8>,
    /// Inputs by file name: `<name>.parquet`, `<name>.csv` or `<name>.json`.
    pub inputs: BTreeMap<String, Content>,
    /// Outputs by file name.
    pub declared: BTreeMap<String, Declared>,
    /// Limits.
    pub limits: Limits,
}

/// Most files a run may declare. Platform default: a reviewer looks at each.
const DECLARED_AT_MOST: usize = 32;

impl Job {
    /// Whether names and limits can stand.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.run.is_empty() || self.run.len() > 64 || !self.run.chars().all(letters) {
            return Err(Refusal::unmet("job_name_unfit"));
        }
        if std::str::from_utf8(&self.source).is_err() {
            return Err(Refusal::unmet("job_source_not_text"));
        }
        if let Some(name) = self
            .inputs
            .keys()
            .find(|name| !fits(name, &["parquet", "csv", "json"]))
        {
            return Err(Refusal::unmet("job_input_unfit").fact("name", name));
        }
        let unfit = |(name, declared): &(&String, &Declared)| !fits(name, &[declared.kind.ending()]);
        if let Some((name, _)) = self.declared.iter().find(unfit) {
            return Err(Refusal::unmet("job_output_unfit").fact("name", name));
        }
        if self.declared.len() > DECLARED_AT_MOST {
            return Err(Refusal::unmet("job_outputs_too_many").fact("limit", DECLARED_AT_MOST));
        }
        Ok(())
    }
}

/// Whether a file name is a short plain stem with one of these endings.
fn fits(name: &str, endings: &[&str]) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    name.split_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && stem.len() <= 64 && stem.chars().all(letters) && endings.contains(&ending)
    })
}
