//! What happens to a product that answers identity checks (核验): its index is compiled, subjects consent to be asked
//! about, and let themselves be asked about again. None of it moves the case.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, BodyId, CivilDate, DatasetId, Digest};

use crate::value::Paper;

/// Events about identity checks. A subject stands in none of them, not even as a keyed digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityEvent {
    /// 编制索引: the register was compiled into keyed tags; from now on this index answers.
    IndexCompiled {
        /// Digest of the index.
        index: Digest,
        /// Dataset it was compiled from.
        dataset: DatasetId,
        /// Its version.
        version: u64,
        /// The column of the identifier, then those of the attributes, in order.
        columns: Vec<String>,
        /// Identifier domain.
        domain: String,
        /// Different pairs in it.
        pairs: u64,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// 登记同意: a subject agrees, on a paper, to be asked about once.
    ConsentRecorded {
        /// Digest of the token, by which the consent is known.
        consent: Digest,
        /// Who may ask.
        customer: BodyId,
        /// For what.
        purpose: String,
        /// Last day.
        until: CivilDate,
        /// The paper of the subject.
        paper: Option<Paper>,
        /// Who recorded it.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// 解除锁定: a subject lets itself be asked about again.
    SubjectUnlocked {
        /// The paper of the subject.
        paper: Option<Paper>,
        /// Who recorded it.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
}

impl IdentityEvent {
    /// Who did it.
    pub fn by(&self) -> &Actor {
        match self {
            Self::IndexCompiled { by, .. }
            | Self::ConsentRecorded { by, .. }
            | Self::SubjectUnlocked { by, .. } => by,
        }
    }

    /// Stable name with a version.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::IndexCompiled { .. } => "case.index_compiled.v1",
            Self::ConsentRecorded { .. } => "case.consent_recorded.v1",
            Self::SubjectUnlocked { .. } => "case.subject_unlocked.v1",
        }
    }
}
