//! `explain permit`: which grants would make a query legal. Nothing runs, and no row is read.

use shuyu_kernel::PermitId;
pub use shuyu_privacy::missing::{Missing, MissingGrant, heals};

use crate::{App, Session, Stop, budget::PermitMode};

impl App {
    /// Which grants a query lacks under a permit, in the mode it would be asked in. A query that lacks something is
    /// noted like a refused check: what it is refused for is told.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses; `mode_locked`, `dp_not_offered`.
    pub async fn explain_permit(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        mode: Option<PermitMode>,
    ) -> Result<Missing, Stop> {
        let found = self.missing_grants(session, permit, sql, mode).await;
        let first = found.as_ref().ok().and_then(|found| found.first.clone());
        let first = first.map(Stop::Refused);
        if let Some(stop) = first.as_ref().or(found.as_ref().err()) {
            let mut note = self.noting(Some(session), "query_check", &permit.to_string(), Some(stop));
            note.digest = Some(self.secrets.keyed_digest(sql.as_bytes()));
            self.record.note(&[note]).await?;
            session.noted.mark();
        }
        found
    }

    /// The same for a query whose refusal was noted a moment ago.
    ///
    /// # Errors
    /// As [`App::explain_permit`].
    pub async fn missing_grants(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        mode: Option<PermitMode>,
    ) -> Result<Missing, Stop> {
        let (standing, _) = self.standing_in(session, permit, mode).await?;
        Ok(self.engine.missing_grants(&standing.permit, sql).await?)
    }
}
