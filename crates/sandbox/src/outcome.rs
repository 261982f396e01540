//! How a run ended: everything for the reviewer, two words for its author.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The source ran to its end.
    Done,
    /// It raised, or left with another status than zero.
    Raised,
    /// A signal ended it: a limit on memory or processor time, or itself.
    Killed,
    /// Its time was over.
    OutOfTime,
    /// It did not hand over what it wrote in the form agreed on.
    Broken,
}

/// What a run is doing. Nothing of its own making is among it: progress would be a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The sandbox is built.
    Starting,
    /// The source runs.
    Running,
    /// What it wrote is read.
    Collecting,
}

/// A sign of life: told at every change of phase and at the end of every slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// What it is doing.
    pub phase: Phase,
    /// Whole slots since the start.
    pub slots: u64,
}

/// A file that was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefusedOutput {
    /// Declared name; `None` for things that were not declared, whose names could carry data.
    pub name: Option<String>,
    /// Why: `output_absent`, `output_not_a_file`, `output_too_large`, `output_undeclared` …
    pub code: String,
}

/// A run that ended, for the reviewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How.
    pub end: End,
    /// Line of the source where it failed, from 1. The source can choose it freely, so it is a way out: see
    /// [`Outcome::for_author`].
    pub line: Option<u32>,
    /// How long it took, in slots, rounded up.
    pub slots: u64,
    /// Limit → mechanism that held it.
    pub held_by: BTreeMap<String, String>,
    /// Declared files that came over, with their length in bytes. Unchecked: [`crate::Sandbox::finalise`] looks at them.
    pub files: BTreeMap<String, u64>,
    /// What did not come over.
    pub refused: Vec<RefusedOutput>,
    /// Whether the log was longer than what is kept.
    pub log_cut: bool,
}

/// What the author of a run on real data may see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorView {
    /// Done, or not; nothing says why not.
    pub done: bool,
    /// Slots it took, rounded up.
    pub slots: u64,
    /// The line, if the run on dummy data failed at the same one and so told it already.
    pub line: Option<u32>,
}

impl Outcome {
    /// What the author may see. `dummy_line` is the line at which the same source failed on dummy data, if it did
    /// (data-plane amendments, P1: any other line would carry as many bits as the source has lines).
    pub fn for_author(&self, dummy_line: Option<u32>) -> AuthorView {
        AuthorView {
            done: self.end == End::Done && self.refused.is_empty(),
            slots: self.slots,
            line: self.line.filter(|line| dummy_line == Some(*line)),
        }
    }
}
