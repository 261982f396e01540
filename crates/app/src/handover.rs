//! 岗位移交: a post moves to another person of the same body, with a list of what is open.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Registry,
    port::{CaseFilter, Committed},
    registry::{Handover, Matter, Membership, separations_hold},
};
use shuyu_kernel::{CaseId, CivilDate, PersonId, Refusal};

use crate::{
    App, Session, Stop,
    delegation::{find, post_of},
    registry::ADMINISTRATOR,
};

/// A handover to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewHandover {
    /// Sign-in name of the holder.
    pub from: String,
    /// Sign-in name of the other.
    pub to: String,
    /// Role and post. May be left out by whom holds only one.
    pub post: Option<(String, String)>,
    /// First day of the new holder.
    pub on: CivilDate,
    /// Digest of the paper with both signatures.
    pub paper: String,
}

/// So many cases of a body are looked through for open matters (platform default).
const CASES_LOOKED_AT: u64 = 1000;

impl App {
    /// Hands a post over: entered by its holder, or by an administrator from the paper both signed; nobody enters one
    /// in their own favour.
    ///
    /// # Errors
    /// `person_unknown`, `handover_not_entered_by_holder`, `delegation_post_missing`, `paper_unknown`,
    /// `roles_must_be_separate`, and what [`Registry::hand_over`] refuses.
    pub async fn hand_over(&self, session: &Session, new: NewHandover, key: &str) -> Result<Committed, Stop> {
        let result = self.hand_over_inner(session, new, key).await;
        self.noted(session, "registry/handover", result).await
    }

    async fn hand_over_inner(
        &self,
        session: &Session,
        new: NewHandover,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let registry = self.registry().await?;
        let (from, to) = (find(&registry, &new.from)?, find(&registry, &new.to)?);
        let me = session.actor.person;
        let in_own_favour = to.id == me && from.id != me;
        if in_own_favour || (from.id != me && session.actor.role != ADMINISTRATOR) {
            return Err(Refusal::forbidden("handover_not_entered_by_holder").into());
        }
        let held = registry.posts_of(from.id, new.on);
        let membership = post_of(&held, new.post.as_ref(), &new.from)?;
        let paper = self.own_paper(session, new.paper.trim()).await?;
        let by = self.meta(session, Some(paper), Some(from.id))?;
        let handover = Handover {
            from: from.id,
            to: to.id,
            open_matters: self.open_matters(from.id, &membership).await?,
            membership,
            on: new.on,
        };
        let request = self.registry_request("hand-over-post", Some(key), &new);
        let (profile, today) = (self.profile(), self.today());
        self.tie(request, move |registry: &Registry| {
            if handover.on < today {
                return Err(Refusal::unmet("registry_day_wrong").fact("on", handover.on));
            }
            let roles = registry.roles_with(handover.to, &handover.membership.role);
            separations_hold(&profile, "person", &roles)?;
            registry.hand_over(handover, by)
        })
        .await
    }

    /// What is open for a post: acts that wait for it, acts its holder entered, forms begun, the body's turns.
    async fn open_matters(&self, person: PersonId, post: &Membership) -> Result<Vec<Matter>, Stop> {
        let filter = CaseFilter {
            body: Some(post.body),
            open_only: true,
            limit: CASES_LOOKED_AT,
            ..CaseFilter::default()
        };
        let (rows, _) = self.record.cases(&filter).await?;
        let drafts = self.record.documents("draft", Some(&person.to_string())).await?;
        let drafts: Vec<(CaseId, String)> = drafts
            .iter()
            .filter_map(|draft| {
                let mut parts = draft.key.splitn(3, '/').skip(1);
                Some((parts.next()?.parse().ok()?, parts.next()?.to_owned()))
            })
            .collect();
        let mut ids: BTreeSet<CaseId> = rows.iter().map(|row| row.id).collect();
        ids.extend(drafts.iter().map(|(case, _)| *case));
        let loaded = self.record.load(&ids).await?;
        let mut matters = Vec::new();
        for case in ids.iter().filter_map(|id| loaded.linked.get(id)) {
            matters.extend(of_case(case, person, post));
            let begun = drafts.iter().filter(|(of, _)| *of == case.id);
            matters.extend(begun.map(|(_, act)| matter(case, "draft", act)));
        }
        Ok(matters)
    }
}

fn matter(case: &Case, kind: &str, act: &str) -> Matter {
    Matter {
        case: case.id,
        number: case.number.clone(),
        kind: kind.to_owned(),
        act: act.to_owned(),
    }
}

fn of_case(case: &Case, person: PersonId, post: &Membership) -> Vec<Matter> {
    let mut matters = Vec::new();
    for waiting in case.pending.iter().filter(|waiting| waiting.body == post.body) {
        if waiting
            .next
            .first()
            .is_some_and(|next| *next == post.post || next == "checker")
        {
            matters.push(matter(case, "step", &waiting.act));
        } else if waiting.steps.iter().any(|step| step.person == person) {
            matters.push(matter(case, "entered", &waiting.act));
        }
    }
    let turn = case
        .holder
        .as_ref()
        .is_some_and(|holder| holder.role == post.role && holder.bodies.contains(&post.body));
    if turn && !case.closed {
        matters.push(matter(case, "duty", ""));
    }
    matters
}
