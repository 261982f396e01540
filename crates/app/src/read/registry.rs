//! The registry as its page shows it: those who keep it or watch over others see all, others what is theirs.

use shuyu_domain::{Registry, registry::Owner};

use crate::{App, Session, Stop, registry::ADMINISTRATOR};

impl App {
    /// Bodies with their names and roles are for everybody signed in; people, papers and ties only for those they
    /// concern, for whoever keeps the registry, and for those who watch over others.
    ///
    /// # Errors
    /// `session_missing`, a fault of the record.
    pub async fn registry_seen(&self, session: &Session) -> Result<Registry, Stop> {
        let result = self.registry_seen_inner(session).await;
        self.looked(session, "view", "registry", result).await
    }

    async fn registry_seen_inner(&self, session: &Session) -> Result<Registry, Stop> {
        self.require_signed_in(session)?;
        let mut registry = self.registry().await?;
        if self.keeps_registry(session) || self.oversees(session) {
            return Ok(registry);
        }
        let own = session.actor.body;
        registry
            .people
            .retain(|_, person| person.memberships.iter().any(|post| post.body == own));
        registry
            .delegations
            .retain(|_, delegation| delegation.membership.body == own);
        registry
            .handovers
            .retain(|handover| handover.membership.body == own);
        let of_own = |owner: &Owner| *owner == Owner::Body(own);
        registry
            .ties
            .holdings
            .retain(|holding| of_own(&holding.owner) || of_own(&holding.of));
        registry.ties.representatives.retain(|one| one.body == own);
        registry
            .ties
            .findings
            .retain(|finding| finding.a == own || finding.b == own);
        Ok(registry)
    }

    /// Whether the session's role keeps the registry.
    pub fn keeps_registry(&self, session: &Session) -> bool {
        session.actor.role == ADMINISTRATOR
    }
}
