//! Asking under a permit: check, run, gate, then release in one transaction, and only then answer.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::ReleaseEvent,
    port::{AccessNote, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{CaseId, Digest, Id, PermitId, Refusal, ReleaseId};

use crate::{
    App, Session, Stop,
    account::parse,
    dispatch::fingerprint,
    noting::outcome,
    permit::{Standing, holds},
    port::{Answer, AskError, Cancel},
};

/// An answer with the name it left under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// The release.
    pub release: ReleaseId,
    /// Case of the permit.
    pub case: CaseId,
    /// Permit.
    pub permit: PermitId,
    /// The gated cells.
    pub answer: Answer,
}

impl App {
    /// Answers a query under a permit.
    ///
    /// # Errors
    /// Everything [`App::standing`] and the engine refuse; `query_no_answer` for whatever happens after sealing.
    pub async fn ask(&self, session: &Session, permit: PermitId, sql: &str) -> Result<Released, Stop> {
        let digest = self.query_digest(sql);
        let result = self.ask_inner(session, permit, sql, digest).await;
        let refusal = result.as_ref().err().and_then(Stop::refusal);
        let note = AccessNote {
            at: self.now(),
            person: Some(session.actor.person),
            body: Some(session.actor.body),
            what: "query".to_owned(),
            subject: permit.to_string(),
            outcome: outcome(&result).to_owned(),
            code: refusal.map(|refusal| refusal.code.clone()),
            clauses: refusal.map(|refusal| refusal.clauses.clone()).unwrap_or_default(),
            digest: Some(digest),
        };
        // No record, no read: the answer is shown only after its entry is durable.
        self.record.note(&[note]).await?;
        if result.is_err() {
            session.noted.mark();
        }
        result
    }

    /// Checks a query without touching data: what the workbench shows while somebody types.
    pub async fn check_query(&self, session: &Session, permit: PermitId, sql: &str) -> Result<(), Stop> {
        let result = self.check_query_inner(session, permit, sql).await;
        self.looked(session, "check", permit, result).await
    }

    async fn check_query_inner(&self, session: &Session, permit: PermitId, sql: &str) -> Result<(), Stop> {
        let standing = self.standing(session, permit).await?;
        Ok(self.engine.check(&standing.permit, sql).await?)
    }

    async fn ask_inner(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        digest: Digest,
    ) -> Result<Released, Stop> {
        let standing = self.standing(session, permit).await?;
        let answer = match self.engine.ask(&standing.permit, sql, Cancel::default()).await {
            Ok(answer) => answer,
            Err(AskError::Refused(refusal)) => return Err(refusal.into()),
            Err(AskError::Opaque) => return Err(Refusal::unmet("query_no_answer").into()),
        };
        self.release(session, &standing, answer, digest).await
    }

    /// Asks the chain once more under the lock, so that a revocation is exact, then records the release.
    async fn release(
        &self,
        session: &Session,
        standing: &Standing,
        answer: Answer,
        query: Digest,
    ) -> Result<Released, Stop> {
        let release: ReleaseId = Id::new(self.now(), self.ids.as_ref());
        let released = Released {
            release,
            case: standing.case,
            permit: standing.permit.id,
            answer,
        };
        let result = fingerprint(&released.answer);
        self.put(
            "release",
            &release.to_string(),
            &standing.case.to_string(),
            &released,
            1,
        )
        .await?;
        let event = Event::Release(ReleaseEvent::Answered {
            release,
            permit: standing.permit.id,
            case: standing.case,
            by: session.actor.clone(),
            query,
            read: released.answer.read.clone(),
            rows: released.answer.rows.len() as u64,
            result,
        });
        let at = self.now();
        let request = Request {
            name: "release",
            stream: Stream::Release(release),
            key: None,
            fingerprint: result,
            expected_version: None,
            needs: standing.needs.clone(),
            numbering: None,
            at,
        };
        let (profiles, session, case) = (self.profiles.clone(), session.clone(), standing.case);
        let decide = Box::new(move |loaded: &Loaded| {
            let pinned = loaded
                .linked
                .get(&case)
                .ok_or_else(|| Refusal::unknown("permit_unknown"))?
                .profile;
            let profile = profiles.get(pinned)?;
            holds(&profile, loaded, case, &session, profile.zone.date(at))?;
            Ok(Proposal {
                events: vec![event],
                ..Proposal::default()
            })
        });
        if let Err(error) = self.record.transact(request, decide).await {
            self.record
                .remove_document("release", &release.to_string())
                .await?;
            return Err(error.into());
        }
        Ok(released)
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

    pub(crate) async fn released_by_system(&self, release: ReleaseId) -> Result<Released, Stop> {
        let stored = self.record.document("release", &release.to_string()).await?;
        let stored = stored.ok_or_else(|| Refusal::unknown("release_unknown"))?;
        Ok(parse(&stored)?)
    }

    /// Query text can hold personal data: only a keyed digest is noted.
    fn query_digest(&self, sql: &str) -> Digest {
        self.secrets.keyed_digest(sql.as_bytes())
    }
}
