//! In which post somebody acts: what they may switch to, and what is left when a post or a body is gone.

use shuyu_domain::{Registry, registry::Membership};
use shuyu_kernel::{Actor, CivilDate, PersonId, Refusal, RefusalKind};

use super::{Session, TRIES, parse};
use crate::{App, Stop};

impl App {
    /// Whoever handed their post over, or whose body went into another, goes on in a post they still hold, or not
    /// at all. Delegations are asked at every act.
    pub(super) async fn still_in_post(&self, mut session: Session) -> Result<Session, Stop> {
        if session.actor.delegation.is_some() {
            return Ok(session);
        }
        let (registry, today) = (self.registry().await?, self.today());
        if let Err(refusal) = registry.admits(&session.actor, today) {
            session.actor = first_post(&registry, session.actor.person, today).map_err(|_| refusal)?;
        }
        Ok(session)
    }

    /// Posts the person may switch to: held ones and, with the paper's number, delegated ones in their term.
    pub async fn posts(&self, session: &Session) -> Result<Vec<(Membership, Option<String>)>, Stop> {
        let registry = self.registry().await?;
        let today = self.today();
        let mut held = registry.posts_of(session.actor.person, today);
        held.retain(|post| registry.still_there(post.body).is_ok());
        let delegated = registry
            .delegations
            .values()
            .filter(|d| d.to == session.actor.person && d.withdrawn_on.is_none())
            .filter(|d| d.starts_on <= today && today <= d.ends_on)
            .map(|d| (d.membership.clone(), Some(d.number.clone())));
        Ok(held
            .into_iter()
            .map(|post| (post, None))
            .chain(delegated)
            .collect())
    }

    /// Acts from now on in another post. An expired delegation is refused here and again at every act.
    pub async fn switch_post(
        &self,
        session: &Session,
        post: &Membership,
        delegation: Option<String>,
    ) -> Result<Session, Stop> {
        let result = self.switch_post_inner(session, post, delegation).await;
        self.looked(session, "switch_post", "session", result).await
    }

    async fn switch_post_inner(
        &self,
        session: &Session,
        post: &Membership,
        delegation: Option<String>,
    ) -> Result<Session, Stop> {
        let actor = Actor {
            person: session.actor.person,
            body: post.body,
            role: post.role.clone(),
            post: post.post.clone(),
            delegation,
        };
        self.registry().await?.admits(&actor, self.today())?;
        for _ in 0..TRIES {
            let stored = self.record.document("session", &session.key).await?;
            let missing = || Refusal::new(RefusalKind::Unauthenticated, "session_missing");
            let stored = stored.ok_or_else(missing)?;
            let known: Session = parse(&stored)?;
            let switched = Session {
                actor: actor.clone(),
                ..known
            };
            if self.put_session(&switched, stored.version + 1).await? {
                return Ok(switched);
            }
        }
        Err(Refusal::conflict("write_lost").into())
    }
}

/// The first post somebody holds in a body that is still there.
pub(super) fn first_post(registry: &Registry, person: PersonId, today: CivilDate) -> Result<Actor, Refusal> {
    let held = registry.posts_of(person, today);
    let there = held.iter().find(|post| registry.still_there(post.body).is_ok());
    let Some(post) = there.or(held.first()) else {
        // Everything was handed over, or there never was a post.
        let mut gone = registry.handovers.iter().rev();
        return Err(match gone.find(|handover| handover.from == person) {
            Some(handover) => Refusal::forbidden("post_handed_over").fact("on", handover.on),
            None => Refusal::forbidden("post_not_held"),
        });
    };
    registry.still_there(post.body)?;
    Ok(Actor {
        person,
        body: post.body,
        role: post.role.clone(),
        post: post.post.clone(),
        delegation: None,
    })
}
