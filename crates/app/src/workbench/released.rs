//! What was released, for whoever may see it again.

use shuyu_domain::{
    Event,
    event::ReleaseEvent,
    port::{Committed, Stream},
};
use shuyu_kernel::{Refusal, ReleaseId};

use super::{
    Released,
    kept::{RELEASE, as_recorded},
};
use crate::{App, Session, Stop};

impl App {
    /// What was released under the same key before.
    pub(super) async fn released_again(
        &self,
        session: &Session,
        earlier: &Committed,
        held: bool,
    ) -> Result<Released, Stop> {
        let release = earlier.reply.get("release").and_then(|id| id.as_str());
        let release = release.and_then(|id| id.parse().ok());
        let release = release.ok_or_else(|| Refusal::conflict("idempotency_key_reused"))?;
        if held {
            return self.held_answer(session, release).await;
        }
        self.released(session, release).await
    }

    /// A released result, for a party of its case.
    pub async fn released(&self, session: &Session, release: ReleaseId) -> Result<Released, Stop> {
        let result = self.released_inner(session, release).await;
        self.looked(session, "view", release, result).await
    }

    async fn released_inner(&self, session: &Session, release: ReleaseId) -> Result<Released, Stop> {
        self.require_signed_in(session)?;
        let released = self.released_by_system(release).await?;
        let loaded = self.record.load(&[released.case].into()).await?;
        let visible = loaded
            .linked
            .get(&released.case)
            .is_some_and(|case| case.has_party(session.actor.body));
        if visible {
            Ok(released)
        } else {
            Err(Refusal::unknown("release_unknown").into())
        }
    }

    /// A released result, if the proceedings say that it left, and if it is the one that left.
    pub(crate) async fn released_by_system(&self, release: ReleaseId) -> Result<Released, Stop> {
        let unknown = || Refusal::unknown("release_unknown");
        let stored = self.record.document(RELEASE, &release.to_string()).await?;
        let stored = stored.ok_or_else(unknown)?;
        let mut recorded = self.release_events(release).await?.into_iter();
        let recorded = recorded.find_map(|event| match event {
            ReleaseEvent::Answered(answered) => Some(answered.result),
            ReleaseEvent::Held(_) | ReleaseEvent::Charged { .. } => None,
        });
        Ok(as_recorded(&stored, recorded.ok_or_else(unknown)?)?)
    }

    pub(super) async fn release_events(&self, release: ReleaseId) -> Result<Vec<ReleaseEvent>, Stop> {
        let entries = self.record.stream(Stream::Release(release)).await?;
        let read = entries.iter().filter_map(crate::read::LogEntry::read);
        let events = read.filter_map(|entry| match entry.event {
            Some(Event::Release(event)) => Some(event),
            _ => None,
        });
        Ok(events.collect())
    }
}
