//! Events of jobs and of the airlock. No text of a person stands in them: it is in the person vault, and here is its
//! commitment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{
    Actor, AirlockId, CaseId, CivilDate, DatasetId, Digest, PermitId, ReleaseId, RunId, SourceId,
};

/// What an output file is. The kind decides how it is looked at, and by how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// A table: `.csv`.
    Table,
    /// A picture: `.png`.
    Plot,
    /// Words and figures: `.json`; the log of a run, which nobody declares, is `.txt`.
    Text,
    /// A fitted model: `.json`, never a pickle. Comes with a risk report.
    Model,
}

impl OutputKind {
    /// All kinds in the order people read them.
    pub const ALL: [OutputKind; 4] = [Self::Table, Self::Plot, Self::Text, Self::Model];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Plot => "plot",
            Self::Text => "text",
            Self::Model => "model",
        }
    }

    /// Endings that a source may declare for a file of this kind: what the sandbox takes over.
    pub fn declared_endings(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["json"],
            Self::Table | Self::Plot | Self::Model => self.endings(),
        }
    }

    /// Endings that a file of this kind may leave with: the allow-list of types.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["csv"],
            Self::Plot => &["png"],
            Self::Text => &["txt", "json"],
            Self::Model => &["json"],
        }
    }
}

/// An output file that was declared before the run. Anything else that a job writes is dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declared {
    /// Name without a folder: lower-case letters, digits, underscore, one dot, the ending of its kind.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
}

/// On what a source runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunData {
    /// Made-up tables.
    Dummy,
    /// Tables of the permit.
    Real,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// The source ran to its end and wrote every declared file.
    Done,
    /// It failed, or a limit ended it.
    Failed,
    /// Somebody cancelled it, or a link of its chain of authority ended.
    Stopped,
}

/// A file that a run left for the airlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Declared name.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// SM3 of its bytes, under which the lake keeps it sealed.
    pub digest: Digest,
    /// Length.
    pub size_bytes: u64,
    /// SM3 of the risk report of a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Digest>,
    /// A figure of that report is above its limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub high_risk: bool,
}

/// A file that a run did not leave, or a model that could not be checked, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefusedFile {
    /// Declared name; `None` for what was not declared, whose name could carry data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Stable code of the refusal.
    pub code: String,
}

/// Events of the source of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceEvent {
    /// A source was registered under a permit. It never changes.
    Registered {
        /// The source.
        source: SourceId,
        /// The permit.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// SM3 of the text, under which the lake keeps it sealed.
        digest: Digest,
        /// Length.
        size_bytes: u64,
        /// Output files.
        manifest: Vec<Declared>,
        /// Who.
        by: Actor,
    },
    /// A run began.
    RunStarted {
        /// The run.
        run: RunId,
        /// On what.
        data: RunData,
        /// Datasets and versions it reads; none for made-up tables.
        read: Vec<(DatasetId, u64)>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// A run ended, and what it left stands in the lake, for the airlock only.
    RunEnded {
        /// The run.
        run: RunId,
        /// How.
        outcome: RunOutcome,
        /// Files; the log among them.
        files: Vec<RunFile>,
        /// Line where a run on made-up tables failed; never that of a run on real ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Limit → mechanism that held it.
        held_by: BTreeMap<String, String>,
        /// Files that were refused. Of a run on real tables this is for reviewers: it can follow from a value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<RefusedFile>,
    },
}

/// Where the files of a request come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AirlockOrigin {
    /// A run on real data.
    Run(RunId),
    /// A gated answer.
    Release(ReleaseId),
    /// An exact answer that is held (mode `review`).
    Held(ReleaseId),
}

/// A file of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AirlockFile {
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// SM3 of its bytes.
    pub digest: Digest,
    /// Length.
    pub size_bytes: u64,
    /// Where it comes from.
    pub origin: AirlockOrigin,
    /// SM3 of the risk report of a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Digest>,
    /// A figure of that report is above its limit: whoever lets it out says why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub high_risk: bool,
    /// Datasets that the run read; none for an answer, whose cells stand in the release ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<DatasetId>,
}

impl AirlockFile {
    /// Whether its cells passed the disclosure gate before, perturbed.
    pub fn gated(&self) -> bool {
        matches!(self.origin, AirlockOrigin::Release(_))
    }

    /// Whether its cells stand in the release ledger, so that later answers are compared with them.
    pub fn in_ledger(&self) -> bool {
        matches!(self.origin, AirlockOrigin::Release(_) | AirlockOrigin::Held(_))
    }
}

/// A text in the person vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedText {
    /// Where the vault keeps it.
    pub reference: String,
    /// Hiding commitment.
    pub commitment: Digest,
}

/// Events of a request to let outputs out (出域审核).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AirlockEvent {
    /// A request was opened.
    Opened {
        /// The request.
        airlock: AirlockId,
        /// The permit.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// Files.
        files: Vec<AirlockFile>,
        /// The author.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// A file took the place of one of the same name, or was added: a new version without votes.
    FileChanged {
        /// The file.
        file: AirlockFile,
        /// The author.
        by: Actor,
    },
    /// A file was taken out.
    FileDropped {
        /// Its name.
        name: String,
        /// The author.
        by: Actor,
    },
    /// The author said what each file is and hands the request over to the reviewers.
    Submitted {
        /// File → what it shows and how it was protected.
        notes: BTreeMap<String, SealedText>,
        /// The author.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// A reviewer voted about a file.
    Voted {
        /// The file.
        name: String,
        /// It may leave as it is.
        approve: bool,
        /// Why not.
        note: Option<SealedText>,
        /// The reviewer.
        by: Actor,
    },
    /// A reviewer has finished.
    Finished {
        /// The reviewer.
        by: Actor,
    },
    /// Every file left the domain.
    Released {
        /// The reviewer who let it out.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// Datasets of which figures left that the release ledger does not hold: later answers are not compared
        /// with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outside_ledger: Vec<DatasetId>,
    },
    /// The request went back to its author.
    Returned {
        /// Why.
        note: SealedText,
        /// The reviewer.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// The author took the request back.
    Withdrawn {
        /// The author.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// Somebody looked again at what one reviewer let out.
    SpotChecked {
        /// It was right to let it out.
        sound: bool,
        /// What was found.
        note: SealedText,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
}

impl SourceEvent {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "source.registered.v1",
            Self::RunStarted { .. } => "source.run_started.v1",
            Self::RunEnded { .. } => "source.run_ended.v1",
        }
    }
}

impl AirlockEvent {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "airlock.opened.v1",
            Self::FileChanged { .. } => "airlock.file_changed.v1",
            Self::FileDropped { .. } => "airlock.file_dropped.v1",
            Self::Submitted { .. } => "airlock.submitted.v1",
            Self::Voted { .. } => "airlock.voted.v1",
            Self::Finished { .. } => "airlock.finished.v1",
            Self::Released { .. } => "airlock.released.v1",
            Self::Returned { .. } => "airlock.returned.v1",
            Self::Withdrawn { .. } => "airlock.withdrawn.v1",
            Self::SpotChecked { .. } => "airlock.spot_checked.v1",
        }
    }
}
