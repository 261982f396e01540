//! Which clauses the refusals of the data plane rest on. A profile states them; a permit carries them,
//! so that two jurisdictions served by one process each cite their own.

use serde::{Deserialize, Serialize};
use shuyu_kernel::ClauseId;

/// Clauses by ground of refusal. Empty where the jurisdiction states a ground without a clause.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citations {
    /// Use only within the authorised scope.
    pub scope: Vec<ClauseId>,
    /// Least necessary.
    pub least_necessary: Vec<ClauseId>,
    /// Approval by data authority and provider; what they struck stays struck.
    pub approvals: Vec<ClauseId>,
    /// Raw data never leaves. Also the ground of every refusal that is about the text alone: what
    /// cannot be proved harmless is not run.
    pub raw_stays: Vec<ClauseId>,
    /// Risk of joining and aggregating.
    pub join_risk: Vec<ClauseId>,
}
