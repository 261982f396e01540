//! Drafts of forms: nothing typed is ever lost. Plain documents, no record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CaseId, Refusal};

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
    /// The draft of this person for an act in a case; empty if there is none.
    pub async fn draft(&self, session: &Session, case: CaseId, act: &str) -> Result<Draft, Stop> {
        let Some(stored) = self
            .record
            .document("draft", &draft_key(session, case, act))
            .await?
        else {
            return Ok(Draft::default());
        };
        let mut draft: Draft = parse(&stored)?;
        draft.version = stored.version;
        Ok(draft)
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
        let (key, owner) = (draft_key(session, case, act), session.actor.person.to_string());
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
            .remove_document("draft", &draft_key(session, case, act))
            .await?;
        Ok(())
    }
}

fn draft_key(session: &Session, case: CaseId, act: &str) -> String {
    format!("{}/{case}/{act}", session.actor.person)
}
