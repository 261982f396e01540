//! What a permit takes from its profile: limits of a question, and what refusals cite.

use shuyu_privacy::{
    Citations,
    permit::{Limit, QueryLimits},
};
use shuyu_profile::Profile;

/// What one question may take under this profile.
pub(super) fn query_limits(numbers: &shuyu_profile::Thresholds) -> QueryLimits {
    let limit = |value| Limit {
        value,
        basis: numbers.basis.clone(),
    };
    QueryLimits {
        seconds: limit(numbers.query_seconds),
        memory_mib: limit(numbers.query_memory_mib),
        at_once: limit(numbers.queries_at_once),
    }
}

/// What the engine cites under this profile.
pub(super) fn citations(profile: &Profile) -> Citations {
    let grounds = &profile.citations;
    let clauses = |basis: &shuyu_kernel::Basis| basis.clauses().to_vec();
    Citations {
        scope: clauses(&grounds.scope),
        least_necessary: clauses(&grounds.least_necessary),
        approvals: clauses(&grounds.approvals),
        raw_stays: clauses(&grounds.raw_stays),
        join_risk: clauses(&grounds.join_risk),
    }
}
