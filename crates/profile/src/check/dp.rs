//! Mode `dp`: numbers that make sense, locks that name what exists.

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
