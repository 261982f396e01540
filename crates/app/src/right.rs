//! Rights of parties outside acts: who uses a permit, who brings data. The profile says who; here it is asked.

use shuyu_domain::{Case, port::Loaded};
use shuyu_kernel::{Actor, BodyId, CaseId, ClauseId, Refusal};
use shuyu_profile::{Profile, Right, RightTo};

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

/// The body whose data stands under a catalogue entry.
pub(crate) fn provider_of(profile: &Profile, loaded: &Loaded, resource: CaseId) -> Option<BodyId> {
    let entry = loaded.linked.get(&resource)?;
    profile
        .rights(RightTo::BringData, &entry.procedure)
        .find_map(|right| entry.parties.get(&right.party)?.first().copied())
}
