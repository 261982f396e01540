//! Events of releases: what was answered, what is held, what it was charged.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, DatasetId, Digest, PermitId, ReleaseId};

/// Events of releases (出域).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseEvent {
    /// A query was answered: gated cells left the domain.
    Answered(AnsweredQuery),
    /// A query of mode `review` was answered exactly, and nothing left: the answer is held for those who look at it, under
    /// the name of its request. Whoever asked is not shown it before it is let out.
    Held(AnsweredQuery),
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

/// A query with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnsweredQuery {
    /// The release.
    pub release: ReleaseId,
    /// Permit it rests on.
    pub permit: PermitId,
    /// Case of the permit.
    pub case: CaseId,
    /// Who asked.
    pub by: Actor,
    /// Keyed digest of the query text; the text itself is personal data and stays outside.
    pub query: Digest,
    /// Datasets and versions read.
    pub read: Vec<(DatasetId, u64)>,
    /// Rows of the answer.
    pub rows: u64,
    /// Digest of the answer as stored.
    pub result: Digest,
}
