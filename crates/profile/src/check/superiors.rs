//! What is said of roles: superior bodies exist, watch over the others, and no chain leads back; whoever is
//! responsible exists.

use std::collections::BTreeSet;

use super::references::error;
use crate::load::{Profile, ProfileError};

/// What is wrong with the superiors of a profile.
pub(super) fn superiors(profile: &Profile, errors: &mut Vec<ProfileError>) {
    let mut seen = BTreeSet::new();
    for rule in &profile.superiors {
        let mut wrong = |message: String| errors.push(error(&rule.at, message));
        if profile.role(&rule.of).is_none() {
            wrong(format!("superior of unknown role `{}`", rule.of));
        }
        // Whoever handles a matter has to see its case and the list of what was escalated.
        if profile.role(&rule.is).is_none_or(|role| !role.oversees) {
            wrong(format!("superior `{}` is no role that oversees", rule.is));
        }
        if !seen.insert(&rule.of) {
            wrong(format!("role `{}` has two superiors", rule.of));
        }
        if leads_back(profile, &rule.of) {
            wrong(format!("role `{}` is above itself", rule.of));
        }
    }
}

/// Responsibilities of roles that do not exist.
pub(super) fn responsibilities(profile: &Profile, errors: &mut Vec<ProfileError>) {
    for rule in &profile.responsibilities {
        if profile.role(&rule.role).is_none() {
            let message = format!("responsibility of unknown role `{}`", rule.role);
            errors.push(error(&rule.at, message));
        }
    }
}

fn leads_back(profile: &Profile, from: &str) -> bool {
    let mut above = profile.superior_of(from);
    for _ in 0..=profile.superiors.len() {
        match above {
            Some(rule) if rule.is == from => return true,
            Some(rule) => above = profile.superior_of(&rule.is),
            None => return false,
        }
    }
    true
}
