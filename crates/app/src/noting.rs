//! How the end of a use case stands in the access log.

use shuyu_domain::port::AccessNote;

use crate::{App, Session, Stop};

impl App {
    /// The note of a use case that ended so: `ok`, `refused` with code and clauses, or `fault`.
    pub(crate) fn noting(
        &self,
        session: Option<&Session>,
        what: &str,
        subject: &str,
        stop: Option<&Stop>,
    ) -> AccessNote {
        let refusal = stop.and_then(Stop::refusal);
        let outcome = match stop {
            None => "ok",
            Some(Stop::Refused(_)) => "refused",
            Some(Stop::Fault(_)) => "fault",
        };
        AccessNote {
            at: self.now(),
            person: session.map(|session| session.actor.person),
            body: session.map(|session| session.actor.body),
            what: what.to_owned(),
            subject: subject.to_owned(),
            outcome: outcome.to_owned(),
            code: refusal.map(|refusal| refusal.code.clone()),
            clauses: refusal.map(|refusal| refusal.clauses.clone()).unwrap_or_default(),
            digest: None,
        }
    }
}
