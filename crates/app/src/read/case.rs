//! Everything the page of a case shows, read consistently.

use std::{collections::BTreeMap, sync::Arc};

use shuyu_domain::{
    Case, Context, Event, Paper, Registry, Value,
    decide::{WatchNow, acts_now, watch_now},
    event::CaseEvent,
    port::{DatasetRow, Stream},
};
use shuyu_kernel::{BodyId, CaseId, CivilDate, Digest, Refusal, Timestamp};
use shuyu_profile::{Procedure, Profile};

use super::ledger::LogEntry;
use crate::{
    App, Session, Stop,
    files::{Upload, UploadKind, readable},
    input::neutral_name,
    noting::echo,
    reminder::Reminder,
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
    /// Leaf hash of its entry: what the tree is built from.
    pub leaf: Digest,
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
    /// Reminders sent about its running clocks, earliest first.
    pub reminders: Vec<Reminder>,
    /// What the session may do about its clocks.
    pub watch: Vec<WatchNow>,
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
        let result = self.case_view_inner(session, id).await;
        self.looked(session, "view", id, result).await
    }

    pub(crate) async fn case_view_inner(&self, session: &Session, id: CaseId) -> Result<CaseView, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded
            .linked
            .get(&id)
            .cloned()
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        self.require_sight(session, &case)?;
        let profile = self.profiles.get(case.profile)?;
        let seeks = profile
            .procedure(&case.procedure)
            .map(Procedure::queries)
            .unwrap_or_default();
        let loaded = match seeks.is_empty() {
            true => loaded,
            false => self.record.load_seeking(&[id].into(), &seeks).await?,
        };
        let today = self.today();
        let ctx = Context::about(id, &profile, &session.actor, today, &loaded);
        let acts = acts_now(&case, &ctx)
            .into_iter()
            .map(|possible| ActNow {
                act: possible.act.id.clone(),
                lane: possible.lane,
                refusal: possible.refusal,
            })
            .collect();
        let watch = watch_now(&case, &ctx);
        let reminders = match profile.procedure(&case.procedure) {
            Some(procedure) => self.reminders_of(&case, procedure).await?,
            None => Vec::new(),
        };
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
            reminders,
            watch,
            today,
        })
    }

    async fn timeline(&self, id: CaseId) -> Result<Vec<TimelineItem>, Stop> {
        let entries = self.record.stream(Stream::Case(id)).await?;
        Ok(entries
            .iter()
            .filter_map(|stored| {
                let entry = LogEntry::read(stored)?;
                match entry.event {
                    Some(Event::Case(event)) => Some(TimelineItem {
                        index: entry.index,
                        recorded_at: entry.recorded_at,
                        leaf: entry.leaf,
                        event,
                    }),
                    _ => None,
                }
            })
            .collect())
    }

    /// The clear text of a personal field, for a party of the case; noted before it is read. `None` once erased.
    ///
    /// # Errors
    /// `case_unknown`, `field_unknown`, `not_a_party`, or a fault of the record.
    pub async fn reveal_field(
        &self,
        session: &Session,
        id: CaseId,
        field: &str,
    ) -> Result<Option<String>, Stop> {
        let result = self.sealed_field(session, id, field).await;
        let subject = match &result {
            Ok(_) => format!("{id}/{field}"),
            Err(_) => format!("{id}/?"),
        };
        // No record, no read.
        let reference = self.looked(session, "view", subject, result).await?;
        Ok(self.record.reveal(&reference).await?)
    }

    async fn sealed_field(&self, session: &Session, id: CaseId, field: &str) -> Result<String, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded
            .linked
            .get(&id)
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        self.require_sight(session, case)?;
        if !case.has_party(session.actor.body) {
            return Err(Refusal::forbidden("not_a_party").fact("act", &case.title).into());
        }
        match case.fields.get(field) {
            Some(Value::Sealed { vault, .. }) => Ok(vault.clone()),
            _ => Err(Refusal::unmet("field_unknown").fact("field", echo(field)).into()),
        }
    }

    /// A paper the case cites, for whoever may see the case; the download is noted before the bytes are read. Its
    /// own name is told to the body that brought it, a neutral one to everybody else.
    ///
    /// # Errors
    /// `case_unknown`; `paper_unknown` for papers the case does not cite; `paper_is_data`; `file_too_large`.
    pub async fn case_paper(
        &self,
        session: &Session,
        id: CaseId,
        digest: Digest,
    ) -> Result<(Upload, Vec<u8>), Stop> {
        let result = self.cited_paper(session, id, digest).await;
        let upload = self
            .looked(session, "download", format!("{id}/{digest}"), result)
            .await?;
        let bytes = self.lake.raw_bytes(digest).await?;
        Ok((upload, bytes))
    }

    async fn cited_paper(&self, session: &Session, id: CaseId, digest: Digest) -> Result<Upload, Stop> {
        let view = self.case_view_inner(session, id).await?;
        let unknown = || Refusal::unknown("paper_unknown").fact("digest", digest.short());
        if !view.cites(digest) {
            return Err(unknown().into());
        }
        let own = session.actor.body;
        let parties = view.case.parties.values().flatten().copied();
        let acting = view.case.acts.iter().map(|taken| taken.body);
        let waiting = view.case.pending.iter().map(|waiting| waiting.body);
        let mut bodies: Vec<BodyId> = parties.chain(acting).chain(waiting).collect();
        bodies.sort_unstable_by_key(|body| (*body != own, *body));
        bodies.dedup();
        let mut data = None;
        for body in bodies {
            let Some(mut upload) = self.upload_of(digest, &body.to_string()).await? else {
                continue;
            };
            if upload.kind == UploadKind::Data {
                data = Some(upload);
                continue;
            }
            readable(&upload)?;
            if body != own {
                upload.name = neutral_name(digest, &upload.name);
            }
            return Ok(upload);
        }
        if let Some(upload) = data {
            readable(&upload)?;
        }
        Err(unknown().into())
    }
}
