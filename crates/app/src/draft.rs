//! Drafts of forms: nothing typed is ever lost. Plain documents, no record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_domain::registry::Membership;
use shuyu_kernel::{CaseId, PersonId, Refusal};

use crate::{
    App, Session, Stop,
    account::{TRIES, parse},
};

/// What somebody typed so far for an act in a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Field → text.
    pub set: BTreeMap<String, String>,
    /// Groups the person has opened and saved.
    pub seen: Vec<String>,
    /// Stored version, 0 = none yet.
    #[serde(default)]
    pub version: u64,
}

impl App {
    /// The draft of this person for an act in a case, else what an earlier holder of the post began; empty if there
    /// is none.
    pub async fn draft(&self, session: &Session, case: CaseId, act: &str) -> Result<Draft, Stop> {
        let key = draft_key(session.actor.person, case, act);
        let Some(stored) = self.record.document("draft", &key).await? else {
            return self.draft_begun(session, case, act).await;
        };
        let mut draft: Draft = parse(&stored)?;
        draft.version = stored.version;
        Ok(draft)
    }

    /// What whoever held the post before began. It is not theirs to change any more: saving makes a draft of the
    /// new holder's own.
    async fn draft_begun(&self, session: &Session, case: CaseId, act: &str) -> Result<Draft, Stop> {
        let (registry, actor) = (self.registry().await?, &session.actor);
        let post = Membership {
            body: actor.body,
            role: actor.role.clone(),
            post: actor.post.clone(),
        };
        for earlier in registry.stood_before(actor.person, &post, self.today()) {
            let key = draft_key(earlier, case, act);
            if let Some(stored) = self.record.document("draft", &key).await? {
                let draft: Draft = parse(&stored)?;
                return Ok(Draft { version: 0, ..draft });
            }
        }
        Ok(Draft::default())
    }

    /// Saves answers of one group into the draft. What another window saved meanwhile stays.
    ///
    /// # Errors
    /// `write_lost` if others were faster again and again; a fault of the record.
    pub async fn save_draft(
        &self,
        session: &Session,
        case: CaseId,
        act: &str,
        group: &str,
        answers: BTreeMap<String, String>,
    ) -> Result<Draft, Stop> {
        self.require_signed_in(session)?;
        let (key, owner) = (
            draft_key(session.actor.person, case, act),
            session.actor.person.to_string(),
        );
        for _ in 0..TRIES {
            let mut draft = self.draft(session, case, act).await?;
            draft.set.extend(answers.clone());
            if !draft.seen.iter().any(|seen| seen == group) {
                draft.seen.push(group.to_owned());
            }
            draft.version += 1;
            if self.put("draft", &key, &owner, &draft, draft.version).await? {
                return Ok(draft);
            }
        }
        Err(Refusal::conflict("write_lost").into())
    }

    /// Throws a draft away once its act took effect.
    pub async fn drop_draft(&self, session: &Session, case: CaseId, act: &str) -> Result<(), Stop> {
        self.record
            .remove_document("draft", &draft_key(session.actor.person, case, act))
            .await?;
        Ok(())
    }
}

fn draft_key(person: PersonId, case: CaseId, act: &str) -> String {
    format!("{person}/{case}/{act}")
}
