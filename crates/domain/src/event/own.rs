//! What happens to an own list (自带名单): whoever works under a permit brought it, it ended, and it was erased from the
//! lake. None of it moves the case of the permit.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CivilDate, DatasetId, Digest};

/// Why an own list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnEnd {
    /// Whoever holds it took it back.
    TakenBack,
    /// Its permit was ended: revoked or given up.
    PermitEnded,
    /// The last day of its permit passed.
    PermitExpired,
    /// A link of the chain that its permit rests on ended for good.
    ChainEnded,
    /// An order to erase a subject was carried out, and the list names it.
    SubjectErased,
}

impl OwnEnd {
    /// The word in the ledger, in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::TakenBack => "taken_back",
            Self::PermitEnded => "permit_ended",
            Self::PermitExpired => "permit_expired",
            Self::ChainEnded => "chain_ended",
            Self::SubjectErased => "subject_erased",
        }
    }
}

/// Events about own lists. No value of a list stands in them: neither whom it names nor how it labels them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnEvent {
    /// 带入名单: the list stands in the lake at its only version; queries under the permit may use it.
    Brought {
        /// Dataset.
        dataset: DatasetId,
        /// Name of the table for queries.
        table: String,
        /// Its version.
        version: u64,
        /// Rows.
        rows: u64,
        /// Different subjects.
        subjects: u64,
        /// Column that names the subject.
        subject: String,
        /// Identifier domain of the subject.
        domain: String,
        /// Columns that label the subject.
        labels: Vec<String>,
        /// Digest of the file as it came. The file itself is not kept.
        raw: Digest,
        /// Digest of each stored file.
        files: Vec<Digest>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// 名单终止: no query reads it any more, and its files are to go.
    Ended {
        /// Dataset.
        dataset: DatasetId,
        /// Why.
        why: OwnEnd,
        /// Who took it back; nobody where the platform ended it.
        by: Option<Actor>,
        /// Day.
        on: CivilDate,
    },
    /// 名单抹除: nothing of it is left in the lake; its folder was looked through in the end.
    Erased {
        /// Dataset.
        dataset: DatasetId,
        /// Digests of the stored files that were destroyed, the wrapped keys in their headers included.
        files: Vec<Digest>,
        /// Objects that were destroyed in all: files, entries of the log, reports.
        objects: u64,
        /// Day.
        on: CivilDate,
    },
}

impl OwnEvent {
    /// Who did it; nobody where the platform did.
    pub fn by(&self) -> Option<&Actor> {
        match self {
            Self::Brought { by, .. } => Some(by),
            Self::Ended { by, .. } => by.as_ref(),
            Self::Erased { .. } => None,
        }
    }

    /// The dataset it is about.
    pub fn dataset(&self) -> DatasetId {
        match self {
            Self::Brought { dataset, .. } | Self::Ended { dataset, .. } | Self::Erased { dataset, .. } => {
                *dataset
            }
        }
    }

    /// Stable name with a version.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Brought { .. } => "case.own_list_brought.v1",
            Self::Ended { .. } => "case.own_list_ended.v1",
            Self::Erased { .. } => "case.own_list_erased.v1",
        }
    }
}
