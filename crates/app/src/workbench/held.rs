//! Mode `review`: an exact answer goes to the airlock, and whoever asked sees it once two people let it out.

use shuyu_domain::event::{AirlockFile, AirlockOrigin, ReleaseEvent};
use shuyu_kernel::{AirlockId, Id, PermitId, Refusal, ReleaseId};
use shuyu_privacy::permit::PermitMode;

use super::{
    Asked, Released,
    kept::{HELD, as_recorded},
};
use crate::{App, Session, Stop};

impl App {
    /// Answers a query exactly and hands the answer to the airlock, where its author says what it shows and hands it
    /// over. Cells pass the gate and the release ledger as in mode `stat`; what leaves is not perturbed. The same `key`
    /// gives the request that was opened under it.
    ///
    /// # Errors
    /// As [`App::ask`]; `mode_locked` where the permit does not allow it.
    pub async fn ask_for_review(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        key: Option<String>,
    ) -> Result<AirlockId, Stop> {
        let asked = Asked {
            permit,
            mode: Some(PermitMode::Review),
            query: self.secrets.keyed_digest(sql.as_bytes()),
            key: key.map(|key| (session.actor.person.to_string(), key)),
            held: true,
        };
        let result = self.reviewed(session, sql, &asked).await;
        self.asked(session, &asked, result).await
    }

    async fn reviewed(&self, session: &Session, sql: &str, asked: &Asked) -> Result<AirlockId, Stop> {
        let held = self.ask_inner(session, sql, asked).await?;
        // The request has the name of the answer: a process that ended here opens it when it is asked again.
        let id: AirlockId = Id::from_bits(held.release.bits());
        if self.record.airlock(id).await?.is_some() {
            return Ok(id);
        }
        let reads = held.answer.read.iter().map(|(dataset, _)| *dataset).collect();
        let file = AirlockFile {
            reads,
            ..self.answer_file(&held, AirlockOrigin::Held(held.release)).await?
        };
        self.open_request(session, id, held.case, vec![file]).await
    }

    /// A held answer, for whoever asked: to open its request, never to be shown.
    pub(super) async fn held_answer(&self, session: &Session, release: ReleaseId) -> Result<Released, Stop> {
        let unknown = || Refusal::unknown("release_unknown");
        let stored = self.record.document(HELD, &release.to_string()).await?;
        let stored = stored.ok_or_else(unknown)?;
        let mut recorded = self.release_events(release).await?.into_iter();
        let recorded = recorded.find_map(|event| match event {
            ReleaseEvent::Held(held) => (held.by.person == session.actor.person).then_some(held.result),
            ReleaseEvent::Answered(_) | ReleaseEvent::Charged { .. } => None,
        });
        Ok(as_recorded(&stored, recorded.ok_or_else(unknown)?)?)
    }
}
