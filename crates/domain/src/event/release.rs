//! Events of releases: what was answered, what is held, what it was charged.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, DatasetId, Digest, PermitId, ReleaseId};

/// Events of releases (出域).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseEvent {
    /// A query was answered: gated cells left the domain.
    Answered {
        /// The release.
        release: ReleaseId,
        /// Permit it rests on.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// Who asked.
        by: Actor,
        /// Keyed digest of the query text; the text itself is personal data and stays outside.
        query: Digest,
        /// Datasets and versions read.
        read: Vec<(DatasetId, u64)>,
        /// Rows that left.
        rows: u64,
        /// Digest of the result as stored.
        result: Digest,
    },
    /// A query of mode `review` was answered exactly, and nothing left: the answer is held for those who look at it.
    Held {
        /// The name it is held under; that of its request too.
        release: ReleaseId,
        /// Permit it rests on.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// Who asked. The answer is not shown before it is let out.
        by: Actor,
        /// Keyed digest of the query text.
        query: Digest,
        /// Datasets and versions read.
        read: Vec<(DatasetId, u64)>,
        /// Rows held.
        rows: u64,
        /// Digest of the result as stored.
        result: Digest,
    },
    /// Differential privacy was spent on datasets, for one party. Nothing sets it back: not the end of a permit, not
    /// another budget.
    Charged {
        /// The release; of an answer that left nothing, the id it would have had.
        release: ReleaseId,
        /// Permit it rests on.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// Who asked; the budget is that of the body.
        by: Actor,
        /// What each dataset was charged.
        charges: Vec<Charge>,
        /// An answer left. Without one noise was drawn and the query then failed.
        answered: bool,
    },
}

/// What a dataset was charged by one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The dataset.
    pub dataset: DatasetId,
    /// Millionths of ρ.
    pub rho: u64,
    /// Millionths of ρ that the body could spend on it in all, under the rules of that moment.
    pub budget: u64,
}
