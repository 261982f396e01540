//! What can be asked of a case.

use std::collections::BTreeSet;

use shuyu_kernel::{Actor, BodyId, CaseId, CivilDate, calendar::Bound};

use super::{Case, Clock, Taken};
use crate::value::Value;

impl Case {
    /// The running clock with this id.
    pub fn running_clock(&self, clock: &str, lane: Option<&str>) -> Option<&Clock> {
        self.clocks
            .iter()
            .rev()
            .find(|c| c.stopped_on.is_none() && c.run.clock == clock && c.run.lane.as_deref() == lane)
    }

    /// The latest clock with this id, running or stopped.
    pub fn latest_clock(&self, clock: &str) -> Option<&Clock> {
        self.clocks.iter().rev().find(|c| c.run.clock == clock)
    }

    /// The day whose rules bind the case.
    pub fn bound_on(&self) -> CivilDate {
        self.moved_on.unwrap_or(self.opened_on)
    }

    /// Clocks somebody is bound to keep.
    pub fn open_duties(&self) -> impl Iterator<Item = &Clock> {
        self.clocks
            .iter()
            .filter(|c| c.stopped_on.is_none() && c.run.bound == Bound::AtMost)
    }

    /// The latest time an act was taken.
    pub fn last(&self, act: &str) -> Option<&Taken> {
        self.acts.iter().rev().find(|taken| taken.act == act)
    }

    /// All cases the fields point at.
    pub fn links(&self) -> BTreeSet<CaseId> {
        self.fields.values().flat_map(Value::cases).collect()
    }

    /// Cases this one points at, and those that its waiting acts would make it point at: whoever takes the last
    /// step of such an act decides about them.
    pub fn reaches(&self) -> BTreeSet<CaseId> {
        let waiting = self.pending.iter().flat_map(|act| act.set.values());
        let mut cases = self.links();
        cases.extend(waiting.flat_map(Value::cases));
        cases
    }

    /// Every body that is a party.
    pub fn bodies(&self) -> BTreeSet<BodyId> {
        self.parties.values().flatten().copied().collect()
    }

    /// Whether a body is a party, by any role.
    pub fn has_party(&self, body: BodyId) -> bool {
        self.parties.values().any(|bodies| bodies.contains(&body))
    }

    /// Whether the actor's body is a party under the actor's role.
    pub fn is_party(&self, actor: &Actor) -> bool {
        self.parties
            .get(&actor.role)
            .is_some_and(|bodies| bodies.contains(&actor.body))
    }
}
