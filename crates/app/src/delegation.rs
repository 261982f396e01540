//! Delegations (授权书): a post handed to another person of the same body for a term, from a paper, and taken back.

use shuyu_domain::{
    Registry,
    port::{Committed, Loaded},
    registry::{Delegation, Membership, Person, separations_hold},
};
use shuyu_kernel::Refusal;

use crate::{
    App, Session, Stop,
    noting::echo,
    registry::{ADMINISTRATOR, NewDelegation, NewWithdrawal, proposal},
};

impl App {
    /// Enters a delegation paper: a post of `from` may be exercised by `to` within the term. Whoever delegates enters
    /// it, or an administrator from the paper; nobody enters one in their own favour.
    ///
    /// # Errors
    /// `person_unknown`, `delegation_not_entered_by_holder`, `delegation_post_missing`, `paper_unknown`,
    /// `roles_must_be_separate`, and what [`Registry::delegate`] refuses.
    pub async fn delegate(
        &self,
        session: &Session,
        new: NewDelegation,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.delegate_inner(session, new, key).await;
        self.noted(session, "registry/delegation", result).await
    }

    async fn delegate_inner(
        &self,
        session: &Session,
        new: NewDelegation,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let registry = self.registry().await?;
        let (from, to) = (find(&registry, &new.from)?, find(&registry, &new.to)?);
        let me = session.actor.person;
        let in_own_favour = to.id == me && from.id != me;
        if in_own_favour || (from.id != me && session.actor.role != ADMINISTRATOR) {
            return Err(Refusal::forbidden("delegation_not_entered_by_holder")
                .fact("paper", &new.number)
                .into());
        }
        if new.number.trim().is_empty() || new.number.chars().count() > LONGEST_NUMBER {
            return Err(Refusal::unmet("delegation_number_invalid").into());
        }
        let held = registry.posts_of(from.id, new.starts_on);
        let membership = post_of(&held, new.post.as_ref(), &new.number)?;
        let paper = self.own_paper(session, new.paper.trim()).await?;
        let by = self.meta(session, Some(paper.clone()), Some(from.id))?;
        let delegation = Delegation {
            number: new.number,
            from: from.id,
            to: to.id,
            membership,
            starts_on: new.starts_on,
            ends_on: new.ends_on,
            paper: Some(paper),
            withdrawn_on: None,
        };
        let request = self.registry_request("delegate", Some(key), &delegation);
        let profile = self.profile();
        let decide = Box::new(move |loaded: &Loaded| {
            let number = delegation.number.clone();
            let roles = loaded
                .registry
                .roles_with(delegation.to, &delegation.membership.role);
            separations_hold(&profile, "person", &roles)?;
            let event = loaded.registry.delegate(delegation)?.entered_by(by);
            Ok(proposal(event, serde_json::json!({ "delegation": number })))
        });
        self.enter_in_registry(request, decide).await
    }

    /// Takes a delegation back, at once: by whoever delegated, or by an administrator from a paper.
    ///
    /// # Errors
    /// `delegation_unknown`, `delegation_withdrawn`, `delegation_not_entered_by_holder`, `paper_unknown`.
    pub async fn withdraw_delegation(
        &self,
        session: &Session,
        new: NewWithdrawal,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.withdraw_inner(session, new, key).await;
        self.noted(session, "registry/withdrawal", result).await
    }

    async fn withdraw_inner(
        &self,
        session: &Session,
        new: NewWithdrawal,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let registry = self.registry().await?;
        let known = registry.delegations.get(&new.number);
        let known =
            known.ok_or_else(|| Refusal::unmet("delegation_unknown").fact("paper", echo(&new.number)))?;
        let own = known.from == session.actor.person;
        if !own && session.actor.role != ADMINISTRATOR {
            return Err(Refusal::forbidden("delegation_not_entered_by_holder")
                .fact("paper", &new.number)
                .into());
        }
        let paper = match new.paper.trim() {
            "" if own => None,
            digest => Some(self.own_paper(session, digest).await?),
        };
        let by = self.meta(session, paper, Some(known.from))?;
        let request = self.registry_request("withdraw-delegation", Some(key), &new);
        let decide = Box::new(move |loaded: &Loaded| {
            let event = loaded.registry.withdraw(&new.number, by)?;
            Ok(proposal(event, serde_json::json!({ "delegation": new.number })))
        });
        self.enter_in_registry(request, decide).await
    }
}

/// Longest number of a paper, in characters (platform default).
const LONGEST_NUMBER: usize = 60;

pub(crate) fn find(registry: &Registry, login: &str) -> Result<Person, Refusal> {
    let found = registry.people.values().find(|person| person.login == login);
    found
        .cloned()
        .ok_or_else(|| Refusal::unmet("person_unknown").fact("login", echo(login)))
}

/// The post delegated: the one named, or the only one held.
pub(crate) fn post_of(
    held: &[Membership],
    named: Option<&(String, String)>,
    paper: &str,
) -> Result<Membership, Refusal> {
    match (named, held) {
        (Some((role, post)), held) => held
            .iter()
            .find(|membership| membership.role == *role && membership.post == *post)
            .cloned()
            .ok_or_else(|| Refusal::unmet("delegation_without_post").fact("paper", paper)),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Refusal::unmet("delegation_without_post").fact("paper", paper)),
        (None, _) => Err(Refusal::unmet("delegation_post_missing").fact("paper", paper)),
    }
}
