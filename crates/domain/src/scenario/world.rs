//! The made-up world of a scenario: bodies, people, papers and cases by the names a file uses.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{Actor, BodyId, CaseId, Digest, PersonId, Refusal};
use shuyu_profile::{Procedure, Profile, scenario::Step};

use crate::{
    case::Case,
    event::{CaseEvent, RegistryEvent},
    registry::{Body, Delegation, Membership, Registry, separations_hold},
    value::{Paper, Value},
};

/// Bodies, people and cases of one run, with every event that made them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// Bodies and people.
    pub registry: Registry,
    /// Cases by id.
    pub cases: BTreeMap<CaseId, Case>,
    /// Events of each case in order.
    pub events: BTreeMap<CaseId, Vec<CaseEvent>>,
    /// Names of cases in the scenario files.
    pub names: BTreeMap<String, CaseId>,
    bodies: BTreeMap<String, BodyId>,
    people: BTreeMap<(BodyId, String), PersonId>,
    opened: u64,
}

impl World {
    /// An empty world with one body for each role that exactly one body holds.
    pub fn new(profile: &Profile) -> Self {
        let mut world = Self::default();
        for role in profile.roles.iter().filter(|role| role.single) {
            world.body(&role.id, &role.id);
        }
        world
    }

    /// The body of that name; made up without a role if need be.
    pub fn named(&mut self, name: &str) -> BodyId {
        let next = BodyId::from_bits(self.bodies.len() as u128 + 1);
        let id = *self.bodies.entry(name.to_owned()).or_insert(next);
        if !self.registry.bodies.contains_key(&id) {
            let body = Body {
                id,
                name: name.to_owned(),
                credit_code: String::new(),
                roles: BTreeSet::new(),
            };
            self.register(&RegistryEvent::BodyRegistered { body, by: None });
        }
        id
    }

    /// The body of that name, holding the role; made up or given the role if need be.
    pub fn body(&mut self, name: &str, role: &str) -> BodyId {
        let id = self.named(name);
        let lacking = |body: &&Body| !body.roles.contains(role);
        if let Some(mut body) = self.registry.bodies.get(&id).filter(lacking).cloned() {
            body.roles.insert(role.to_owned());
            self.register(&RegistryEvent::BodyRegistered { body, by: None });
        }
        id
    }

    /// The body of that name, if it was made up before.
    pub fn known_body(&self, name: &str) -> Option<BodyId> {
        self.bodies.get(name).copied()
    }

    /// The person of that name in a body, holding the post under the role; made up if need be.
    pub fn person(&mut self, body: BodyId, role: &str, post: &str, name: &str) -> PersonId {
        let next = PersonId::from_bits(self.people.len() as u128 + 1);
        let id = *self.people.entry((body, name.to_owned())).or_insert(next);
        let membership = Membership {
            body,
            role: role.to_owned(),
            post: post.to_owned(),
        };
        let known = self.registry.people.get(&id);
        if known.is_none_or(|person| !person.memberships.contains(&membership)) {
            let mut memberships = known.map(|person| person.memberships.clone()).unwrap_or_default();
            memberships.push(membership);
            let login = format!("{name}@{}", self.registry.body_name(body));
            self.register(&RegistryEvent::PersonEnrolled {
                person: id,
                name: sealed("name", name),
                login,
                memberships,
                by: None,
            });
        }
        id
    }

    /// An actor: `role`, `role:body` or `role:body:person`. The body is called like the role and the person like
    /// the post unless the text says otherwise.
    pub fn actor(&mut self, text: &str, post: &str) -> Actor {
        let mut parts = text.splitn(3, ':');
        let role = parts.next().unwrap_or_default();
        let body = self.body(parts.next().unwrap_or(role), role);
        let person = self.person(body, role, post, parts.next().unwrap_or(post));
        Actor {
            person,
            body,
            role: role.to_owned(),
            post: post.to_owned(),
            delegation: None,
        }
    }

    /// The actor of a step; with a paper the person acts for its owner.
    ///
    /// # Errors
    /// What the platform refuses: a body with roles that must be separate, a paper that cannot be.
    pub fn acting(&mut self, profile: &Profile, step: &Step) -> Result<Actor, Refusal> {
        let mut parts = step.actor.splitn(3, ':');
        let role = parts.next().unwrap_or_default();
        let name = parts.next().unwrap_or(role);
        if let Some(body) = self.known_body(name).and_then(|id| self.registry.bodies.get(&id)) {
            let mut roles = body.roles.clone();
            roles.insert(role.to_owned());
            separations_hold(profile, "body", &roles)?;
        }
        let Some(paper) = &step.delegation else {
            return Ok(self.actor(&step.actor, &step.post));
        };
        // Whoever acts by the paper holds another post: the paper is what lets them act.
        let mut actor = self.actor(&step.actor, "colleague");
        actor.post.clone_from(&step.post);
        let from = self.person(actor.body, role, &step.post, &paper.of);
        if !self.registry.delegations.contains_key(&paper.number) {
            let delegation = Delegation {
                number: paper.number.clone(),
                from,
                to: actor.person,
                membership: Membership {
                    body: actor.body,
                    role: role.to_owned(),
                    post: step.post.clone(),
                },
                starts_on: paper.from,
                ends_on: paper.until,
                paper: Some(self::paper(&paper.number)),
                withdrawn_on: None,
            };
            let event = self.registry.delegate(delegation)?;
            self.register(&event);
        }
        actor.delegation = Some(paper.number.clone());
        Ok(actor)
    }

    /// Another person of the actor's body for the next step of a route.
    pub fn colleague(&mut self, actor: &Actor, post: &str, taken: &[PersonId]) -> Actor {
        let held = if post == "checker" { "clerk" } else { post };
        let mut name = post.to_owned();
        loop {
            let person = self.person(actor.body, &actor.role, held, &name);
            if !taken.contains(&person) {
                return Actor {
                    person,
                    post: held.to_owned(),
                    ..actor.clone()
                };
            }
            name.push('+');
        }
    }

    /// Makes sure that roles which are parties by office are held by somebody.
    pub fn fill_offices(&mut self, procedure: &Procedure) {
        let lanes = procedure.lanes.iter().map(|lane| &lane.role);
        for role in procedure.parties.iter().chain(lanes) {
            if self.registry.bodies_with(role).is_empty() {
                self.body(role, role);
            }
        }
    }

    /// The id of the next case.
    pub fn next_case(&self) -> (CaseId, u64) {
        (CaseId::from_bits(u128::from(self.opened) + 1), self.opened + 1)
    }

    /// Applies the events of a decision.
    pub fn apply(&mut self, name: &str, id: CaseId, events: Vec<CaseEvent>) {
        if !self.cases.contains_key(&id) {
            self.opened += 1;
            self.names.insert(name.to_owned(), id);
        }
        for event in events {
            if let Some(case) = Case::evolve(self.cases.remove(&id), &event) {
                self.cases.insert(id, case);
            }
            self.events.entry(id).or_default().push(event);
        }
    }

    pub(super) fn register(&mut self, event: &RegistryEvent) {
        self.registry = std::mem::take(&mut self.registry).evolve(event);
    }
}

/// A paper of that name.
pub(super) fn paper(name: &str) -> Paper {
    Paper {
        digest: Digest::of(name.as_bytes()),
        name: name.to_owned(),
        size_bytes: name.len() as u64,
    }
}

/// Personal data as the record would hold it. No secret here: the commitment has no nonce.
pub(super) fn sealed(field: &str, clear: &str) -> Value {
    let commitment = Digest::of(format!("{field}={clear}").as_bytes());
    Value::Sealed {
        commitment,
        vault: format!("scenario/{field}/{}", commitment.short()),
    }
}
