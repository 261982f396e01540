//! Everything the page of a case shows, read consistently.

use std::{collections::BTreeMap, sync::Arc};

use shuyu_domain::{
    Case, Context, Event, Paper, Registry, Value,
    decide::acts_now,
    event::CaseEvent,
    port::{DatasetRow, Stream},
};
use shuyu_kernel::{CaseId, CivilDate, Digest, Refusal, Timestamp};
use shuyu_profile::{Procedure, Profile};

use super::ledger::read_entry;
use crate::{
    App, Session, Stop,
    account::parse,
    files::{PAPER_LIMIT_BYTES, Upload},
};

/// An act of the session's role, open now or with the reason why not.
#[derive(Debug, Clone, PartialEq)]
pub struct ActNow {
    /// Act id.
    pub act: String,
    /// Lane key.
    pub lane: Option<String>,
    /// `None` = may be taken now.
    pub refusal: Option<Refusal>,
}

/// An event of the case with its place in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineItem {
    /// Index in the log of proceedings.
    pub index: u64,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// What happened.
    pub event: CaseEvent,
}

/// A case with everything its page needs.
#[derive(Debug, Clone)]
pub struct CaseView {
    /// State.
    pub case: Case,
    /// Rules the case is pinned to.
    pub profile: Arc<Profile>,
    /// Bodies and people.
    pub registry: Registry,
    /// Cases it points at.
    pub linked: BTreeMap<CaseId, Case>,
    /// Acts of the session's role.
    pub acts: Vec<ActNow>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineItem>,
    /// Datasets, for catalogue entries.
    pub datasets: Vec<DatasetRow>,
    /// Today.
    pub today: CivilDate,
}

impl CaseView {
    /// The rules of the procedure.
    ///
    /// # Errors
    /// `procedure_unknown` if the pinned profile lost it, which the profile check prevents.
    pub fn procedure(&self) -> Result<&Procedure, Refusal> {
        self.profile
            .procedure(&self.case.procedure)
            .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", &self.case.procedure))
    }
}

impl CaseView {
    /// Whether a field or an act of the case, taken or waiting, rests on this paper.
    pub fn cites(&self, digest: Digest) -> bool {
        let is = |value: &Value| matches!(value, Value::File(paper) if paper.digest == digest);
        let from = |paper: &Option<Paper>| paper.as_ref().is_some_and(|paper| paper.digest == digest);
        self.case.fields.values().any(is)
            || self
                .case
                .pending
                .iter()
                .any(|waiting| from(&waiting.paper) || waiting.set.values().any(is))
            || self.timeline.iter().any(|item| match &item.event {
                CaseEvent::Taken { meta, set, .. } => from(&meta.paper) || set.values().any(is),
                CaseEvent::Opened { set, .. } => set.values().any(is),
                _ => false,
            })
    }
}

impl App {
    /// A case with everything its page needs. The look is noted before it is shown.
    ///
    /// # Errors
    /// `case_unknown` for cases that do not exist or that the session may not see.
    pub async fn case_view(&self, session: &Session, id: CaseId) -> Result<CaseView, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded
            .linked
            .get(&id)
            .cloned()
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        self.require_sight(session, &case)?;
        self.note(session, "view", &id.to_string(), Ok(())).await?;
        let profile = self.profiles.get(case.profile)?;
        let today = self.today();
        let ctx = Context {
            profile: &profile,
            actor: &session.actor,
            today,
            registry: &loaded.registry,
            linked: &loaded.linked,
            new_case: id,
            next_number: 0,
        };
        let acts = acts_now(&case, &ctx)
            .into_iter()
            .map(|possible| ActNow {
                act: possible.act.id.clone(),
                lane: possible.lane,
                refusal: possible.refusal,
            })
            .collect();
        let timeline = self.timeline(id).await?;
        let datasets = self.record.datasets(Some(id)).await?;
        Ok(CaseView {
            case,
            profile,
            registry: loaded.registry,
            linked: loaded.linked,
            acts,
            timeline,
            datasets,
            today,
        })
    }

    async fn timeline(&self, id: CaseId) -> Result<Vec<TimelineItem>, Stop> {
        let entries = self.record.stream(Stream::Case(id)).await?;
        Ok(entries
            .iter()
            .filter_map(|stored| {
                let entry = read_entry(stored)?;
                match entry.event {
                    Some(Event::Case(event)) => Some(TimelineItem {
                        index: entry.index,
                        recorded_at: entry.recorded_at,
                        event,
                    }),
                    _ => None,
                }
            })
            .collect())
    }

    /// The clear text of a personal field, for a party of the case; noted before it is shown.
    ///
    /// # Errors
    /// `case_unknown`, `field_unknown`, `not_a_party`, or a fault of the record.
    pub async fn reveal_field(
        &self,
        session: &Session,
        id: CaseId,
        field: &str,
    ) -> Result<Option<String>, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded
            .linked
            .get(&id)
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        self.require_sight(session, case)?;
        let subject = format!("{id}/{field}");
        if !case.has_party(session.actor.body) {
            let refusal = Refusal::forbidden("not_a_party").fact("act", &case.title);
            self.note(session, "view", &subject, Err(&refusal)).await?;
            return Err(refusal.into());
        }
        let Some(Value::Sealed { vault, .. }) = case.fields.get(field) else {
            return Err(Refusal::unmet("field_unknown")
                .fact("field", field.chars().take(60).collect::<String>())
                .into());
        };
        // No record, no read.
        self.note(session, "view", &subject, Ok(())).await?;
        Ok(self.record.reveal(vault).await?)
    }

    /// A paper the case cites, for whoever may see the case; the download is noted before the bytes are read.
    ///
    /// # Errors
    /// `case_unknown`; `paper_unknown` for papers the case does not cite; `file_too_large`.
    pub async fn case_paper(
        &self,
        session: &Session,
        id: CaseId,
        digest: Digest,
    ) -> Result<(Upload, Vec<u8>), Stop> {
        let view = self.case_view(session, id).await?;
        let unknown = || Refusal::unknown("paper_unknown").fact("digest", digest.short());
        if !view.cites(digest) {
            return Err(unknown().into());
        }
        let stored = self
            .record
            .document("upload", &digest.to_string())
            .await?
            .ok_or_else(unknown)?;
        let upload: Upload = parse(&stored)?;
        if upload.size_bytes > PAPER_LIMIT_BYTES {
            return Err(Refusal::unmet("file_too_large")
                .fact("limit_bytes", PAPER_LIMIT_BYTES)
                .into());
        }
        self.note(session, "download", &format!("{id}/{digest}"), Ok(()))
            .await?;
        let bytes = self.lake.raw_bytes(digest).await?;
        Ok((upload, bytes))
    }
}
