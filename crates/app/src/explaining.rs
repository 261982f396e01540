//! `explain permit`: which grants would make a query legal. Nothing runs, and no row is read.

use shuyu_kernel::PermitId;
use shuyu_privacy::missing::Search;
pub use shuyu_privacy::missing::{Missing, MissingGrant};

use crate::{App, Session, Stop, permit::Standing};

impl App {
    /// Which grants a query lacks under a permit. A query that lacks something is noted like a refused check: it was
    /// asked about what the permit does not give.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses.
    pub async fn missing_grants(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
    ) -> Result<Missing, Stop> {
        let standing = self.standing(session, permit).await;
        let found = match &standing {
            Ok(standing) => Some(self.missing_of(standing, sql).await),
            Err(_) => None,
        };
        let stopped = standing.as_ref().err();
        if found.as_ref().is_none_or(|found| !found.is_nothing()) {
            let mut note = self.noting(Some(session), "query_check", &permit.to_string(), stopped);
            note.digest = Some(self.secrets.keyed_digest(sql.as_bytes()));
            self.record.note(&[note]).await?;
            session.noted.mark();
        }
        standing?;
        Ok(found.unwrap_or_default())
    }

    async fn missing_of(&self, standing: &Standing, sql: &str) -> Missing {
        let mut search = Search::new(standing.permit.clone());
        while let Err(refusal) = self.engine.check(search.permit(), sql).await {
            if !search.learn(refusal) {
                break;
            }
        }
        search.end()
    }
}
