//! 岗位移交: a post moves from one person to another of the same body on a day.
//!
//! What waits in a body waits for a post, so it goes on with whoever holds the post. What hangs on the person, a
//! draft or a waiting act that may be taken back, follows the post by [`Registry::stands_for`].

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CaseId, CivilDate, PersonId, Refusal};

use super::{Membership, Registry};
use crate::event::{RegistryEvent, RegistryMeta};

/// What was open when a post was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// The case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// `step`: an act waits for this post; `entered`: an act the old holder entered waits for others; `draft`: a
    /// form begun; `duty`: it is the body's turn.
    pub kind: String,
    /// Act, for the first three.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub act: String,
}

/// A post that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Who held it.
    pub from: PersonId,
    /// Who holds it from that day on.
    pub to: PersonId,
    /// The post.
    pub membership: Membership,
    /// First day of the new holder.
    pub on: CivilDate,
    /// What was open when it was entered.
    pub open_matters: Vec<Matter>,
}

impl Registry {
    /// Posts a person holds on a day: those enrolled with, less what was handed over, and what was handed to them.
    pub fn posts_of(&self, person: PersonId, on: CivilDate) -> Vec<Membership> {
        let enrolled = self.people.get(&person).map(|person| person.memberships.clone());
        let mut posts = enrolled.unwrap_or_default();
        for handover in self.handovers.iter().filter(|handover| handover.on <= on) {
            if handover.from == person {
                posts.retain(|post| *post != handover.membership);
            }
            if handover.to == person && !posts.contains(&handover.membership) {
                posts.push(handover.membership.clone());
            }
        }
        posts
    }

    /// Why a person does not hold a post: it was handed over, or never theirs.
    pub(super) fn not_held(&self, person: PersonId, post: &Membership, on: CivilDate) -> Refusal {
        let mut gone = self.handovers.iter().rev();
        let gone = gone
            .find(|handover| handover.from == person && handover.membership == *post && handover.on <= on);
        match gone {
            Some(handover) => Refusal::forbidden("post_handed_over").fact("on", handover.on),
            None => Refusal::forbidden("post_not_held"),
        }
    }

    /// Whether a person goes on with what an earlier holder of the post began.
    pub fn stands_for(&self, person: PersonId, earlier: PersonId, post: &Membership, on: CivilDate) -> bool {
        let mut now = earlier;
        for handover in &self.handovers {
            if handover.from == now && handover.membership == *post && handover.on <= on {
                now = handover.to;
            }
        }
        now == person
    }

    /// Earlier holders of a post in whose place a person stands.
    pub fn stood_before(&self, person: PersonId, post: &Membership, on: CivilDate) -> Vec<PersonId> {
        let earlier = self.handovers.iter().rev().map(|handover| handover.from);
        let mut known: Vec<PersonId> = Vec::new();
        for one in earlier.filter(|one| *one != person && self.stands_for(person, *one, post, on)) {
            if !known.contains(&one) {
                known.push(one);
            }
        }
        known
    }

    /// Hands a post over.
    ///
    /// # Errors
    /// `handover_to_oneself`, `handover_without_post`, `handover_to_another_body`, `handover_post_held`,
    /// `handover_pending` while an earlier one of the same post is still to come.
    pub fn hand_over(&self, handover: Handover, by: RegistryMeta) -> Result<RegistryEvent, Refusal> {
        let unmet = |code: &str| Err(Refusal::unmet(code));
        if handover.from == handover.to {
            return unmet("handover_to_oneself");
        }
        if !self
            .posts_of(handover.from, handover.on)
            .contains(&handover.membership)
        {
            return unmet("handover_without_post");
        }
        let to = self.posts_of(handover.to, handover.on);
        if !to.iter().any(|post| post.body == handover.membership.body) {
            return unmet("handover_to_another_body");
        }
        if to.contains(&handover.membership) {
            return unmet("handover_post_held");
        }
        let later = |other: &Handover| other.membership == handover.membership && other.on > handover.on;
        if self.handovers.iter().any(later) {
            return unmet("handover_pending");
        }
        Ok(RegistryEvent::PostHandedOver { handover, by })
    }
}
