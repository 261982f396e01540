//! What a question may take, and mode `dp`: numbers that make sense, locks that name what exists.

use shuyu_kernel::Basis;

use super::references::error;
use crate::{
    load::{Profile, ProfileError},
    place::Place,
};

/// Every rule of mode `dp` with what it rests on.
pub(super) fn bases(profile: &Profile) -> impl Iterator<Item = (&Basis, &Place)> {
    let numbers = profile.thresholds.dp.iter();
    let locks = profile.thresholds.dp_locks.iter();
    let numbers = numbers.map(|rule| (&rule.basis, &rule.at));
    numbers.chain(locks.map(|rule| (&rule.basis, &rule.at)))
}

pub(super) fn check(profile: &Profile, errors: &mut Vec<ProfileError>) {
    let numbers = &profile.thresholds;
    if [
        numbers.query_seconds,
        numbers.query_memory_mib,
        numbers.queries_at_once,
    ]
    .contains(&0)
    {
        // Every question would be refused or end without an answer, and nobody would be told why.
        let message =
            "thresholds: query_seconds, query_memory_mib and queries_at_once are above 0".to_owned();
        errors.push(error(&numbers.at, message));
    }
    for lock in &profile.thresholds.dp_locks {
        let procedure = profile.procedure(&lock.procedure);
        let known = procedure.is_some_and(|procedure| procedure.field(&lock.field).is_some());
        if profile.thresholds.dp.is_none() || !known {
            let message = "dp_lock: unknown procedure or field, or no numbers of mode dp".to_owned();
            errors.push(error(&lock.at, message));
        }
    }
    if let Some(dp) = &profile.thresholds.dp
        && ([dp.budget, dp.query, dp.rows, dp.cells].contains(&0) || dp.query > dp.budget || dp.delta < 2)
    {
        let message = "dp: numbers are above 0, a query is within the budget, delta is at least 2".to_owned();
        errors.push(error(&dp.at, message));
    }
}
