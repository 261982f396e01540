//! Rights of parties outside acts: who uses a permit, who brings data. The profile says who; here it is asked.

use shuyu_domain::{Case, port::Loaded};
use shuyu_kernel::{Actor, BodyId, CaseId, ClauseId, Refusal, RefusalKind};
use shuyu_profile::{Profile, Right, RightTo};

use crate::{App, Stop};

/// The right of the actor in a case, as one of the parties that have it.
///
/// # Errors
/// `not_a_party`; `role_may_not_act` for a party that has not this right. Both cite what the right rests on.
pub(crate) fn right_of<'a>(
    profile: &'a Profile,
    to: RightTo,
    case: &Case,
    actor: &Actor,
) -> Result<&'a Right, Refusal> {
    let rights = || profile.rights(to, &case.procedure);
    let clauses: Vec<ClauseId> = rights()
        .flat_map(|right| right.basis.clauses().to_vec())
        .collect();
    if !case.is_party(actor) {
        return Err(Refusal::forbidden("not_a_party")
            .citing(&clauses)
            .fact("act", &case.title));
    }
    rights().find(|right| right.party == actor.role).ok_or_else(|| {
        let title = |role: &str| {
            let known = profile.role(role);
            known.map_or_else(|| role.to_owned(), |role| role.title.clone())
        };
        let roles: Vec<String> = rights().map(|right| title(&right.party)).collect();
        Refusal::forbidden("role_may_not_act")
            .citing(&clauses)
            .fact("act", &case.title)
            .fact("roles", roles.join("; "))
    })
}

/// A refusal that names no clause of its own, with these.
pub(crate) fn grounded(stop: Stop, clauses: Vec<ClauseId>) -> Stop {
    match stop {
        Stop::Refused(refusal) if refusal.clauses.is_empty() => refusal.citing(&clauses).into(),
        other => other,
    }
}

impl App {
    /// A refusal in a case that names no clause of its own, with what the right rests on: that work on data ends where
    /// it is not safe is the law's, where exactly it ends is the platform's. Something unknown tells nothing more.
    pub(crate) async fn grounded_in(&self, case: CaseId, to: RightTo, stop: Stop) -> Stop {
        if !matches!(&stop, Stop::Refused(refusal) if refusal.kind != RefusalKind::Unknown) {
            return stop;
        }
        grounded(stop, self.clauses_of(case, to).await)
    }

    /// What a right in a case rests on; nothing if that cannot be read now: it is no reason to tell less.
    pub(crate) async fn clauses_of(&self, case: CaseId, to: RightTo) -> Vec<ClauseId> {
        let Ok(loaded) = self.record.load(&[case].into()).await else {
            return Vec::new();
        };
        let rules = loaded.linked.get(&case).and_then(|case| {
            let profile = self.profiles.get(case.profile).ok()?;
            Some((profile, &case.procedure))
        });
        let clauses = rules.map(|(profile, procedure)| {
            let rights = profile.rights(to, procedure);
            rights.flat_map(|right| right.basis.clauses().to_vec()).collect()
        });
        clauses.unwrap_or_default()
    }
}

/// The body whose data stands under a catalogue entry.
pub(crate) fn provider_of(profile: &Profile, loaded: &Loaded, resource: CaseId) -> Option<BodyId> {
    let entry = loaded.linked.get(&resource)?;
    profile
        .rights(RightTo::BringData, &entry.procedure)
        .find_map(|right| entry.parties.get(&right.party)?.first().copied())
}
