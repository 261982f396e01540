//! Erasing the personal fields of one person: decided by the data authority, recorded as an event, carried out by
//! deleting the key they lie under. Entries keep their commitments, so every proof stays as it was.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::{ErasureReason, RegistryEvent},
    port::{Committed, Effect, Loaded, Proposal},
};
use shuyu_kernel::{BodyId, CaseId, Fault, PersonId, Refusal};

use crate::{App, Session, Stop, ties::representative_subject};

/// Kind of the outbox effect that deletes a key: it is carried out even if the process dies after the commit.
pub(crate) const EFFECT: &str = "erase";
/// Role that decides about erasing.
pub const ERASER: &str = "data_authority";

/// Whose fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The name of somebody enrolled here.
    Person(PersonId),
    /// The legal representative of a body.
    Representative(BodyId),
    /// The person a personal field of a case is about.
    Field {
        /// The case.
        case: CaseId,
        /// The field.
        field: String,
    },
}

/// An order to erase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewErasure {
    /// Whose fields.
    pub subject: Subject,
    /// Why.
    pub reason: ErasureReason,
    /// Digest of the decision, uploaded by the session's body; may be empty.
    #[serde(default)]
    pub paper: String,
}

impl App {
    /// Erases the personal fields of a subject, for ever.
    ///
    /// # Errors
    /// `erasure_not_for_role`, `subject_unknown`, what the paper is refused for, or a fault of the record.
    pub async fn erase(&self, session: &Session, new: NewErasure, key: &str) -> Result<Committed, Stop> {
        let result = self.erase_inner(session, new, key).await;
        self.noted(session, "registry/erasure", result).await
    }

    async fn erase_inner(&self, session: &Session, new: NewErasure, key: &str) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        if session.actor.role != ERASER {
            return Err(Refusal::forbidden("erasure_not_for_role").into());
        }
        let subject = match &new.subject {
            Subject::Person(person) => person.to_string(),
            Subject::Representative(body) => representative_subject(*body),
            Subject::Field { case, field } => format!("{case}/{field}"),
        };
        if !self.record.keeps(&subject).await? && self.replayed(key).await?.is_none() {
            return Err(Refusal::unknown("subject_unknown").into());
        }
        let by = self
            .meta_with_paper(session, Some(new.paper.trim()).filter(|paper| !paper.is_empty()))
            .await?;
        let request = self.registry_request("erase", Some(key), &new);
        let event = RegistryEvent::SubjectErased {
            subject: subject.clone(),
            reason: new.reason,
            by,
        };
        let decide = Box::new(move |loaded: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Registry(event)],
                outbox: vec![Effect {
                    key: format!("erase/{}", loaded.version + 1),
                    kind: EFFECT.to_owned(),
                    payload: serde_json::json!({ "subject": subject }),
                }],
                ..Proposal::default()
            })
        });
        let committed = self.enter_in_registry(request, decide).await?;
        self.deliver_notices().await?;
        Ok(committed)
    }

    pub(crate) async fn carry_out_erasure(&self, effect: &Effect) -> Result<(), Stop> {
        let subject = effect.payload.get("subject").and_then(|subject| subject.as_str());
        let subject = subject.ok_or_else(|| Fault::new("erasing a subject", "the order names nobody"))?;
        Ok(self.record.erase(subject).await?)
    }
}
