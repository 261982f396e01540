//! Bodies, people, posts and delegations. Names of people are commitments here; the vault keeps the names.

mod affiliation;
mod handover;
mod succession;
mod ties;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, BodyId, CivilDate, PersonId, Refusal};
use shuyu_profile::Profile;

use crate::{
    event::{RegistryEvent, RegistryMeta},
    value::{Paper, Value},
};

pub use affiliation::{Affiliation, Ground, Step, Weight, affiliates, affiliation, percent};
pub use handover::{Handover, Matter};
pub use succession::{FormerName, Merger, Succession};
pub use ties::{Finding, Holding, Owner, Representative, Ties, WHOLE_BP};

/// A body: public body, company, assessor. Its name is public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Id.
    pub id: BodyId,
    /// Name.
    pub name: String,
    /// 统一社会信用代码, checked at the edge; empty for bodies without one.
    pub credit_code: String,
    /// Roles held.
    pub roles: BTreeSet<String>,
}

/// A post somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// Body.
    pub body: BodyId,
    /// Role of the body under which the person acts.
    pub role: String,
    /// Post in the body.
    pub post: String,
}

/// A person, without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// Commitment to the name and where the vault keeps it.
    pub name: Value,
    /// Sign-in name.
    pub login: String,
    /// Posts held.
    pub memberships: Vec<Membership>,
}

/// A delegation paper (授权书) with a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Number of the paper.
    pub number: String,
    /// Who delegates.
    pub from: PersonId,
    /// To whom.
    pub to: PersonId,
    /// The post delegated.
    pub membership: Membership,
    /// First day.
    pub starts_on: CivilDate,
    /// Last day.
    pub ends_on: CivilDate,
    /// The paper itself; absent in entries older than the rule that it must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
    /// Day it was taken back; from that day on nobody acts under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_on: Option<CivilDate>,
}

/// The registry as state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Registry {
    /// Bodies.
    pub bodies: BTreeMap<BodyId, Body>,
    /// People.
    pub people: BTreeMap<PersonId, Person>,
    /// Delegations by number of the paper.
    pub delegations: BTreeMap<String, Delegation>,
    /// Holdings, legal representatives and findings.
    #[serde(default, skip_serializing_if = "Ties::is_empty")]
    pub ties: Ties,
    /// Former names and mergers.
    #[serde(default, skip_serializing_if = "Succession::is_empty")]
    pub succession: Succession,
    /// Posts handed over, in the order entered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handovers: Vec<Handover>,
    /// Number of events folded.
    pub version: u64,
}

impl Registry {
    /// Folds an event.
    #[must_use]
    pub fn evolve(mut self, event: &RegistryEvent) -> Self {
        self.version += 1;
        match event {
            RegistryEvent::BodyRegistered { body, .. } => {
                self.bodies.insert(body.id, body.clone());
            }
            RegistryEvent::PersonEnrolled {
                person,
                name,
                login,
                memberships,
                ..
            } => {
                let record = Person {
                    id: *person,
                    name: name.clone(),
                    login: login.clone(),
                    memberships: memberships.clone(),
                };
                self.people.insert(*person, record);
            }
            RegistryEvent::Delegated { delegation, .. } => {
                self.delegations
                    .insert(delegation.number.clone(), delegation.clone());
            }
            RegistryEvent::DelegationWithdrawn { number, by } => {
                if let Some(delegation) = self.delegations.get_mut(number) {
                    delegation.withdrawn_on = Some(by.happened_on);
                }
            }
            // The key in the vault is gone; what stands here are commitments, and they stay.
            RegistryEvent::SubjectErased { .. } => {}
            RegistryEvent::HoldingEntered { .. }
            | RegistryEvent::HoldingEnded { .. }
            | RegistryEvent::RepresentativeEntered { .. }
            | RegistryEvent::AffiliationFound { .. }
            | RegistryEvent::AffiliationLifted { .. } => self.ties.apply(event),
            RegistryEvent::BodyRenamed { .. }
            | RegistryEvent::BodyMerged { .. }
            | RegistryEvent::RoleSucceeded { .. } => self.succeed(event),
            RegistryEvent::PostHandedOver { handover, .. } => self.handovers.push(handover.clone()),
        }
        self
    }

    /// Bodies that hold a role; those that went into others hold none.
    pub fn bodies_with(&self, role: &str) -> Vec<BodyId> {
        self.bodies
            .values()
            .filter(|body| body.roles.contains(role) && self.merged(body.id).is_none())
            .map(|body| body.id)
            .collect()
    }

    /// The name of a body, or its id while it is unknown.
    pub fn body_name(&self, id: BodyId) -> String {
        self.bodies
            .get(&id)
            .map_or_else(|| id.to_string(), |body| body.name.clone())
    }

    /// Whether the person may act as this actor today: holds the post, or has a delegation in its term.
    pub fn admits(&self, actor: &Actor, today: CivilDate) -> Result<(), Refusal> {
        self.still_there(actor.body)?;
        let wanted = Membership {
            body: actor.body,
            role: actor.role.clone(),
            post: actor.post.clone(),
        };
        let Some(number) = &actor.delegation else {
            return if self.posts_of(actor.person, today).contains(&wanted) {
                Ok(())
            } else {
                Err(self.not_held(actor.person, &wanted, today))
            };
        };
        let Some(delegation) = self.delegations.get(number) else {
            return Err(Refusal::forbidden("delegation_unknown").fact("paper", number));
        };
        if delegation.to != actor.person || delegation.membership != wanted {
            return Err(Refusal::forbidden("delegation_unknown").fact("paper", number));
        }
        if let Some(day) = delegation.withdrawn_on {
            return Err(Refusal::forbidden("delegation_withdrawn")
                .fact("paper", number)
                .fact("from", day));
        }
        if today < delegation.starts_on || today > delegation.ends_on {
            return Err(Refusal::forbidden("delegation_expired")
                .fact("paper", number)
                .fact("from", delegation.starts_on)
                .fact("until", delegation.ends_on));
        }
        // Nobody delegates what they hold no more: the new holder gives a new paper.
        if self.handovers.iter().any(|handover| handover.on <= today)
            && !self.posts_of(delegation.from, today).contains(&wanted)
        {
            return Err(self.not_held(delegation.from, &wanted, today));
        }
        Ok(())
    }

    /// Registers a body; the same credit code twice is refused.
    pub fn register_body(&self, body: Body) -> Result<RegistryEvent, Refusal> {
        let taken = self
            .bodies
            .values()
            .any(|other| !body.credit_code.is_empty() && other.credit_code == body.credit_code);
        if taken || self.bodies.contains_key(&body.id) {
            return Err(Refusal::conflict("body_already_registered").fact("body", &body.name));
        }
        Ok(RegistryEvent::BodyRegistered { body, by: None })
    }

    /// Enrols a person; sign-in names are unique and every post must be at a known body that holds the role.
    pub fn enrol(&self, event: RegistryEvent) -> Result<RegistryEvent, Refusal> {
        if let RegistryEvent::PersonEnrolled {
            login, memberships, ..
        } = &event
        {
            if self.people.values().any(|other| other.login == *login) {
                return Err(Refusal::conflict("login_already_taken").fact("login", login));
            }
            for post in memberships {
                self.still_there(post.body)?;
                let fits = self
                    .bodies
                    .get(&post.body)
                    .is_some_and(|body| body.roles.contains(&post.role));
                if !fits {
                    return Err(Refusal::unmet("body_lacks_role").fact("role", &post.role));
                }
            }
        }
        Ok(event)
    }

    /// Delegates a post to another person of the same body; the delegating person must hold it.
    ///
    /// # Errors
    /// `delegation_to_oneself`, `delegation_without_post`, `delegation_to_another_body`,
    /// `delegation_ends_before_start`, `delegation_number_taken`.
    pub fn delegate(&self, delegation: Delegation) -> Result<RegistryEvent, Refusal> {
        let unmet = |code: &str| Err(Refusal::unmet(code).fact("paper", &delegation.number));
        let holds = self
            .posts_of(delegation.from, delegation.starts_on)
            .contains(&delegation.membership);
        let Some(to) = self.people.get(&delegation.to).filter(|_| holds) else {
            return unmet("delegation_without_post");
        };
        if delegation.from == delegation.to {
            return unmet("delegation_to_oneself");
        }
        if !self
            .posts_of(to.id, delegation.starts_on)
            .iter()
            .any(|post| post.body == delegation.membership.body)
        {
            return unmet("delegation_to_another_body");
        }
        if delegation.ends_on < delegation.starts_on {
            return unmet("delegation_ends_before_start");
        }
        if self.delegations.contains_key(&delegation.number) {
            return Err(Refusal::conflict("delegation_number_taken").fact("paper", &delegation.number));
        }
        Ok(RegistryEvent::Delegated { delegation, by: None })
    }

    /// Roles the person has in hand together with another one: held posts and delegations not taken back.
    pub fn roles_with(&self, person: PersonId, another: &str) -> BTreeSet<String> {
        let enrolled = self.people.get(&person).into_iter().flat_map(|p| &p.memberships);
        let received = self.handovers.iter().filter(|handover| handover.to == person);
        let received = received.map(|handover| &handover.membership);
        let held = enrolled.chain(received).filter(|post| !self.gone(person, post));
        let delegated = self
            .delegations
            .values()
            .filter(|d| d.to == person && d.withdrawn_on.is_none())
            .map(|d| &d.membership);
        held.chain(delegated)
            .map(|post| post.role.clone())
            .chain([another.to_owned()])
            .collect()
    }

    /// Whether a post has left a person's hand for good.
    fn gone(&self, person: PersonId, post: &Membership) -> bool {
        let mut moves = self.handovers.iter().rev();
        let last = moves.find(|one| one.membership == *post && (one.from == person || one.to == person));
        last.is_some_and(|one| one.from == person)
    }

    /// Takes a delegation back.
    ///
    /// # Errors
    /// `delegation_unknown`, `delegation_withdrawn` if it was taken back before.
    pub fn withdraw(&self, number: &str, by: RegistryMeta) -> Result<RegistryEvent, Refusal> {
        match self.delegations.get(number) {
            None => Err(Refusal::unmet("delegation_unknown").fact("paper", number)),
            Some(Delegation {
                withdrawn_on: Some(day),
                ..
            }) => Err(Refusal::conflict("delegation_withdrawn")
                .fact("paper", number)
                .fact("from", day)),
            Some(_) => Ok(RegistryEvent::DelegationWithdrawn {
                number: number.to_owned(),
                by,
            }),
        }
    }
}

/// Asks whether these roles may be held together by one body or person, as the profile separates them.
///
/// `scope` is `body` or `person`. Whoever registers a body or enrols a person asks this first.
///
/// # Errors
/// `roles_must_be_separate` with both roles and the clauses of the separation.
pub fn separations_hold(profile: &Profile, scope: &str, roles: &BTreeSet<String>) -> Result<(), Refusal> {
    let mut separations = profile
        .separations
        .iter()
        .filter(|separation| separation.scope == scope);
    match separations.find(|separation| separation.roles.iter().all(|role| roles.contains(role))) {
        None => Ok(()),
        Some(separation) => {
            let title = |id: &String| {
                profile
                    .role(id)
                    .map_or_else(|| id.clone(), |role| role.title.clone())
            };
            let titles: Vec<String> = separation.roles.iter().map(title).collect();
            Err(Refusal::unmet("roles_must_be_separate")
                .citing(separation.basis.clauses())
                .fact("roles", titles.join("; ")))
        }
    }
}
