//! The access log: who looked at, asked or took what, and every refusal. An entry is durable before anything is
//! shown, and it holds ids, codes and digests only: text of a client never gets in.

use std::fmt::Display;

use shuyu_domain::port::AccessNote;
use shuyu_kernel::{Actor, Refusal, Timestamp};

use crate::{App, Session, Stop};

/// Longest word of a client that is repeated to it in a refusal, in characters.
const LONGEST_ECHO: usize = 60;

/// How a use case ended, in the words of the access log.
pub(crate) fn outcome<T>(result: &Result<T, Stop>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Stop::Refused(_)) => "refused",
        Err(Stop::Fault(_)) => "fault",
    }
}

/// A client's word as a refusal may repeat it: an identifier of reasonable length, or a question mark.
pub(crate) fn echo(word: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if !word.is_empty() && word.len() <= LONGEST_ECHO && word.chars().all(plain) {
        word
    } else {
        "?"
    }
}

impl App {
    /// The note of a use case that ended so: `ok`, `refused` with code and clauses, or `fault`.
    pub(crate) fn noting(
        &self,
        session: Option<&Session>,
        what: &str,
        subject: &str,
        stop: Option<&Stop>,
    ) -> AccessNote {
        let ended = match stop {
            None => "ok",
            Some(Stop::Refused(_)) => "refused",
            Some(Stop::Fault(_)) => "fault",
        };
        note_of(
            self.now(),
            session,
            what,
            subject,
            ended,
            stop.and_then(Stop::refusal),
        )
    }

    /// Notes how a look ended, whichever way, before it is shown. `subject` is an id the platform made or knows.
    pub(crate) async fn looked<T>(
        &self,
        session: &Session,
        what: &str,
        subject: impl Display,
        result: Result<T, Stop>,
    ) -> Result<T, Stop> {
        let refusal = result.as_ref().err().and_then(Stop::refusal);
        let note = note_of(
            self.now(),
            Some(session),
            what,
            &subject.to_string(),
            outcome(&result),
            refusal,
        );
        let written = self.record.note(&[note]).await;
        if refusal.is_some() && written.is_ok() {
            session.noted.mark();
        }
        match (written, result) {
            (Ok(()), result) => result,
            // What stopped first is the better reason.
            (Err(_), Err(Stop::Fault(fault))) => Err(fault.into()),
            (Err(fault), _) => Err(fault.into()),
        }
    }

    /// Notes how something ended for somebody who may not be known.
    pub(crate) async fn looked_by(
        &self,
        actor: Option<&Actor>,
        what: &str,
        subject: &str,
        result: Result<(), &Stop>,
    ) -> Result<(), Stop> {
        let refusal = result.err().and_then(Stop::refusal);
        let ended = match (result, refusal) {
            (Ok(()), _) => "ok",
            (Err(_), Some(_)) => "refused",
            (Err(_), None) => "fault",
        };
        let note = AccessNote {
            person: actor.map(|actor| actor.person),
            body: actor.map(|actor| actor.body),
            ..note_of(self.now(), None, what, subject, ended, refusal)
        };
        Ok(self.record.note(&[note]).await?)
    }

    /// Notes what stopped an act before it is shown. An act that took effect stands in the proceedings.
    pub(crate) async fn noted<T>(
        &self,
        session: &Session,
        what: &str,
        result: Result<T, Stop>,
    ) -> Result<T, Stop> {
        if result.is_ok() {
            return result;
        }
        self.looked(session, "act", what, result).await
    }

    /// Notes that something without a use case of its own was looked at: rules, the own identity.
    ///
    /// # Errors
    /// A fault of the record; then nothing may be shown.
    pub async fn look(&self, session: &Session, subject: &'static str) -> Result<(), Stop> {
        self.looked(session, "view", subject, Ok(())).await
    }

    /// Notes what an edge refused before any use case was asked, or between two: `subject` is the edge, never what
    /// was sent. What a use case noted already is not noted again.
    ///
    /// # Errors
    /// A fault of the record.
    pub async fn edge_refused(
        &self,
        session: &Session,
        subject: &'static str,
        refusal: &Refusal,
    ) -> Result<(), Stop> {
        if session.noted.is_marked() {
            return Ok(());
        }
        let note = note_of(
            self.now(),
            Some(session),
            "edge",
            subject,
            "refused",
            Some(refusal),
        );
        self.record.note(&[note]).await?;
        session.noted.mark();
        Ok(())
    }

    /// Whether some rules at hand know the act: only then may its id stand in the log.
    pub(crate) fn known_act<'a>(&self, act: &'a str) -> &'a str {
        if self.profiles.know(|profile| {
            profile
                .procedures
                .iter()
                .any(|procedure| procedure.act(act).is_some())
        }) {
            act
        } else {
            "?"
        }
    }

    /// Whether some rules at hand know the procedure.
    pub(crate) fn known_procedure<'a>(&self, id: &'a str) -> &'a str {
        if self.profiles.know(|profile| profile.procedure(id).is_some()) {
            id
        } else {
            "?"
        }
    }
}

fn note_of(
    at: Timestamp,
    session: Option<&Session>,
    what: &str,
    subject: &str,
    outcome: &str,
    refusal: Option<&Refusal>,
) -> AccessNote {
    AccessNote {
        at,
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

#[cfg(test)]
mod tests {
    use super::echo;

    #[test]
    fn only_identifiers_are_repeated() {
        let long = "a".repeat(61);
        for (word, said) in [
            ("submit", "submit"),
            ("f06_opening.x:y-z", "f06_opening.x:y-z"),
            ("", "?"),
            ("张三 13800000000", "?"),
            ("a b", "?"),
            (&long, "?"),
        ] {
            assert_eq!(echo(word), said, "{word}");
        }
    }
}
