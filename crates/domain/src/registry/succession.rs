//! Renames and mergers: under which name a body stood when, and who stands in the place of whom.
//!
//! Whose place somebody takes is asked at the moment of use. Entries keep the body that acted; what is read for a
//! decision or a page has the successor in its place ([`Case::succeeded`](crate::Case)).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CivilDate, Refusal};
use shuyu_profile::Profile;

use super::{Registry, separations_hold};
use crate::{
    case::Case,
    event::{Holder, RegistryEvent, RegistryMeta},
};

/// 历史名称: a name a body had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    /// Name.
    pub name: String,
    /// Last day it was called so.
    pub until: CivilDate,
}

/// A body went into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merger {
    /// The body it went into.
    pub into: BodyId,
    /// From this day on.
    pub on: CivilDate,
    /// Roles that passed: at the merger by the rules, later by an agreement that names the successor.
    pub roles: BTreeSet<String>,
}

/// Names and mergers of all bodies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Succession {
    /// Former names, oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<BodyId, Vec<FormerName>>,
    /// Bodies that went into others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mergers: BTreeMap<BodyId, Merger>,
}

impl Succession {
    /// Nothing is entered.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.mergers.is_empty()
    }
}

impl Registry {
    /// Folds a rename, a merger or a role that passed later.
    pub(super) fn succeed(&mut self, event: &RegistryEvent) {
        match event {
            RegistryEvent::BodyRenamed { body, name, on, .. } => {
                let Some(known) = self.bodies.get_mut(body) else {
                    return;
                };
                let former = FormerName {
                    name: std::mem::replace(&mut known.name, name.clone()),
                    until: on.plus_days(-1),
                };
                self.succession.names.entry(*body).or_default().push(former);
            }
            RegistryEvent::BodyMerged {
                from,
                into,
                on,
                roles,
                ..
            } => {
                let merger = Merger {
                    into: *into,
                    on: *on,
                    roles: roles.clone(),
                };
                self.succession.mergers.insert(*from, merger);
                self.hand_roles(*into, roles);
            }
            RegistryEvent::RoleSucceeded { from, role, .. } => {
                let Some(merger) = self.succession.mergers.get_mut(from) else {
                    return;
                };
                merger.roles.insert(role.clone());
                let into = merger.into;
                self.hand_roles(into, &BTreeSet::from([role.clone()]));
            }
            _ => {}
        }
    }

    fn hand_roles(&mut self, into: BodyId, roles: &BTreeSet<String>) {
        if let Some(body) = self.bodies.get_mut(&into) {
            body.roles.extend(roles.iter().cloned());
        }
    }

    /// The merger by which a body ended, if it did.
    pub fn merged(&self, body: BodyId) -> Option<&Merger> {
        self.succession.mergers.get(&body)
    }

    /// Who stands in the place of a body under a role: itself, unless the role passed on. A merged body cannot be
    /// merged into, so this ends.
    pub fn successor(&self, body: BodyId, role: &str) -> BodyId {
        let mut now = body;
        while let Some(merger) = self.merged(now).filter(|merger| merger.roles.contains(role)) {
            now = merger.into;
        }
        now
    }

    /// Who stands in the place of a body in everything: itself, until each of its roles passed on. Products were
    /// delivered under one role, keys do not say which; so they go over with the last one.
    pub fn successor_in_all(&self, body: BodyId) -> BodyId {
        let mut now = body;
        while let Some(merger) = self
            .merged(now)
            .filter(|merger| self.roles_of(now).is_subset(&merger.roles))
        {
            now = merger.into;
        }
        now
    }

    /// Bodies in whose place a body stands under a role, itself among them unless its role passed on.
    pub fn predecessors(&self, body: BodyId, role: &str) -> Vec<BodyId> {
        let merged = self.succession.mergers.keys().copied();
        merged
            .chain([body])
            .filter(|one| self.successor(*one, role) == body)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// The name a body bore on a day: what was printed then bears it.
    pub fn body_name_on(&self, body: BodyId, on: CivilDate) -> String {
        let former = self.succession.names.get(&body);
        let then = former.and_then(|names| names.iter().find(|name| on <= name.until));
        then.map_or_else(|| self.body_name(body), |name| name.name.clone())
    }

    /// That a body has not ended by a merger.
    ///
    /// # Errors
    /// `body_merged` with the body it went into.
    pub fn still_there(&self, body: BodyId) -> Result<(), Refusal> {
        match self.merged(body) {
            None => Ok(()),
            Some(merger) => Err(Refusal::forbidden("body_merged")
                .fact("body", self.body_name(body))
                .fact("into", self.body_name(merger.into))
                .fact("on", merger.on)),
        }
    }

    /// The body whose role would have come to the acting one by a merger, had it passed.
    ///
    /// # Errors
    /// `authorisation_not_passed`, when one of the parties went into this body and the role did not pass.
    pub fn passed(
        &self,
        parties: Option<&BTreeSet<BodyId>>,
        body: BodyId,
        role: &str,
    ) -> Result<(), Refusal> {
        let waiting = parties.into_iter().flatten().find(|party| {
            self.merged(**party)
                .is_some_and(|merger| merger.into == body && !merger.roles.contains(role))
        });
        match waiting {
            None => Ok(()),
            Some(from) => Err(Refusal::forbidden("authorisation_not_passed")
                .fact("from", self.body_name(*from))
                .fact("body", self.body_name(body))),
        }
    }

    /// Gives a body another name from a day on.
    ///
    /// # Errors
    /// `body_unknown`, `body_merged`, `body_name_same`, `registry_day_wrong` for a day to come or before the last
    /// rename.
    pub fn rename(
        &self,
        body: BodyId,
        name: &str,
        on: CivilDate,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        self.known_body(body)?;
        self.still_there(body)?;
        if name.trim().is_empty() || self.body_name(body) == name.trim() {
            return Err(Refusal::conflict("body_name_same").fact("body", self.body_name(body)));
        }
        let last = self.succession.names.get(&body).and_then(|names| names.last());
        if on > by.recorded_on || last.is_some_and(|last| on <= last.until) {
            return Err(Refusal::unmet("registry_day_wrong").fact("on", on));
        }
        Ok(RegistryEvent::BodyRenamed {
            body,
            name: name.trim().to_owned(),
            on,
            by,
        })
    }

    /// Merges a body into another. Roles that succeed by the rules pass at once; the others need an agreement.
    ///
    /// # Errors
    /// `body_unknown`, `body_merged`, `merger_with_itself`, `registry_day_wrong`, `roles_must_be_separate`.
    pub fn merge(
        &self,
        profile: &Profile,
        (from, into): (BodyId, BodyId),
        on: CivilDate,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        for body in [from, into] {
            self.known_body(body)?;
            self.still_there(body)?;
        }
        if from == into {
            return Err(Refusal::unmet("merger_with_itself"));
        }
        if on > by.recorded_on {
            return Err(Refusal::unmet("registry_day_wrong").fact("on", on));
        }
        let roles: BTreeSet<String> = self
            .roles_of(from)
            .into_iter()
            .filter(|role| profile.succeeds(role).is_some())
            .collect();
        self.would_be_separate(profile, into, &roles)?;
        Ok(RegistryEvent::BodyMerged {
            from,
            into,
            on,
            roles,
            by,
        })
    }

    /// A role that did not pass by the merger passes now, by an agreement that names the successor.
    ///
    /// # Errors
    /// `succession_unknown` unless the body is merged, held the role, and the role has not passed;
    /// `roles_must_be_separate`.
    pub fn role_succeeds(
        &self,
        profile: &Profile,
        from: BodyId,
        role: &str,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        let open = self
            .merged(from)
            .filter(|merger| !merger.roles.contains(role) && self.roles_of(from).contains(role));
        let Some(merger) = open else {
            return Err(Refusal::unmet("succession_unknown"));
        };
        self.would_be_separate(profile, merger.into, &BTreeSet::from([role.to_owned()]))?;
        Ok(RegistryEvent::RoleSucceeded {
            from,
            role: role.to_owned(),
            on: by.happened_on,
            by,
        })
    }

    fn roles_of(&self, body: BodyId) -> BTreeSet<String> {
        self.bodies
            .get(&body)
            .map(|body| body.roles.clone())
            .unwrap_or_default()
    }

    fn would_be_separate(
        &self,
        profile: &Profile,
        into: BodyId,
        roles: &BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let mut all = self.roles_of(into);
        all.extend(roles.iter().cloned());
        separations_hold(profile, "body", &all)
    }
}

impl Case {
    /// The case as it stands for those who act now: every body in a role that passed on is replaced by its
    /// successor. Never folded into: events are applied to the case as it was recorded.
    #[must_use]
    pub fn succeeded(mut self, registry: &Registry) -> Self {
        if registry.succession.mergers.is_empty() {
            return self;
        }
        for waiting in &mut self.pending {
            let lane = waiting.lane.as_ref().and_then(|key| self.lanes.get(key));
            let roles: Vec<String> = match lane {
                Some(lane) => vec![lane.role.clone()],
                None => self
                    .parties
                    .iter()
                    .filter(|(_, bodies)| bodies.contains(&waiting.body))
                    .map(|(role, _)| role.clone())
                    .collect(),
            };
            let passed = roles.iter().map(|role| registry.successor(waiting.body, role));
            waiting.body = passed
                .into_iter()
                .find(|now| *now != waiting.body)
                .unwrap_or(waiting.body);
        }
        for (role, bodies) in &mut self.parties {
            *bodies = bodies
                .iter()
                .map(|body| registry.successor(*body, role))
                .collect();
        }
        let holder = |holder: &mut Holder| {
            let now: BTreeSet<BodyId> = holder
                .bodies
                .iter()
                .map(|body| registry.successor(*body, &holder.role))
                .collect();
            holder.bodies = now.into_iter().collect();
        };
        self.holder.as_mut().into_iter().for_each(holder);
        self.clocks
            .iter_mut()
            .map(|clock| &mut clock.run.holder)
            .for_each(holder);
        for lane in self.lanes.values_mut() {
            lane.body = registry.successor(lane.body, &lane.role);
        }
        for delivery in &mut self.deliveries {
            delivery.customer = registry.successor_in_all(delivery.customer);
        }
        for key in &mut self.keys {
            key.customer = registry.successor_in_all(key.customer);
        }
        self
    }
}
