//! Which clauses the refusals of the engine rest on. A profile may give its own.

use serde::{Deserialize, Serialize};
use shuyu_kernel::ClauseId;

/// Clauses by ground of refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citations {
    /// Use only within the authorised scope.
    pub scope: Vec<ClauseId>,
    /// Least necessary.
    pub least_necessary: Vec<ClauseId>,
    /// Approval by data authority and provider; what they struck stays struck.
    pub approvals: Vec<ClauseId>,
    /// Raw data never leaves.
    pub raw_stays: Vec<ClauseId>,
    /// Risk of joining and aggregating.
    pub join_risk: Vec<ClauseId>,
}

impl Default for Citations {
    /// The clauses of the Yunnan measures: scope YN-OP-128, least necessary YN-OP-082, double
    /// approval YN-OP-083, raw data stays YN-OP-002, risk of joining YN-OP-129.
    fn default() -> Self {
        let one = |id: &str| id.parse().ok().into_iter().collect();
        Self {
            scope: one("YN-OP-128"),
            least_necessary: one("YN-OP-082"),
            approvals: one("YN-OP-083"),
            raw_stays: one("YN-OP-002"),
            join_risk: one("YN-OP-129"),
        }
    }
}
