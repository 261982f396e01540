//! Versions of the rules: a case stays under the one it was opened with; what another one would move in it, and
//! moving it there by an event.

use std::sync::Arc;

use shuyu_domain::{
    Case, Context, Event,
    decide::{MoveOrder, moved},
    event::CaseEvent,
    port::{CaseFilter, Committed, Loaded, Proposal, Record, Request, Stream},
    rehearsal::{self, Rehearsal},
};
use shuyu_kernel::{CaseId, CivilDate, Fault, Refusal};
use shuyu_profile::{CaseQuery, Profile};

use crate::{
    App, Profiles, Session, Stop,
    dispatch::{Guarded, fingerprint},
    founding::entry_event,
    read::CaseView,
};

/// Cases read in one go.
const PAGE: u64 = 500;

/// What somebody asks when moving a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMove {
    /// Why.
    pub reason: String,
    /// Digest of the order it rests on; empty if there is none.
    pub paper: String,
}

/// What a changed profile would move in the open cases of a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RehearsedAll {
    /// Open cases looked at.
    pub open: u64,
    /// Those in which something would move, in order of number.
    pub moved: Vec<Rehearsal>,
}

impl App {
    /// A case, and what the present version would move in it if it is under an older one; `None` if nothing moves.
    /// One look, noted once.
    ///
    /// # Errors
    /// `case_unknown` for cases that do not exist or that the session may not see.
    pub async fn rehearse_case(
        &self,
        session: &Session,
        id: CaseId,
    ) -> Result<(CaseView, Option<Rehearsal>), Stop> {
        let result = self.rehearse_inner(session, id).await;
        self.looked(session, "view", id, result).await
    }

    async fn rehearse_inner(
        &self,
        session: &Session,
        id: CaseId,
    ) -> Result<(CaseView, Option<Rehearsal>), Stop> {
        let view = self.case_view_inner(session, id).await?;
        let new = self.profile();
        let rehearsal = if view.profile.digest == new.digest {
            None
        } else {
            rehearsed(self.record.as_ref(), id, &view.profile, &new, self.today()).await?
        };
        Ok((view, rehearsal))
    }

    /// Moves a case to the present version of the rules.
    ///
    /// # Errors
    /// What [`moved`] refuses; `paper_unknown`; `stale_version`.
    pub async fn move_case(
        &self,
        session: &Session,
        id: CaseId,
        new: NewMove,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        let result = self.move_inner(session, id, new, guarded).await;
        self.noted(session, &format!("{id}/move"), result).await
    }

    async fn move_inner(
        &self,
        session: &Session,
        id: CaseId,
        new: NewMove,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let paper = match new.paper.trim() {
            "" => None,
            digest => Some(self.own_paper(session, digest).await?),
        };
        let at = self.now();
        let (current, profiles) = (self.profile(), self.profiles.clone());
        let request = Request {
            name: "move-case",
            stream: Stream::Case(id),
            key: guarded.key.map(|key| (session.actor.person.to_string(), key)),
            fingerprint: fingerprint(&("move", id, current.digest, &new.reason, &new.paper)),
            expected_version: guarded.expected_version,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let order = MoveOrder {
            reason: new.reason,
            paper,
        };
        let actor = session.actor.clone();
        let decide = Box::new(move |loaded: &Loaded| {
            let case = loaded
                .case
                .as_ref()
                .ok_or_else(|| Refusal::unknown("case_unknown"))?;
            let ctx = Context::about(id, &current, &actor, current.zone.date(at), loaded);
            let events = moved(case, &*profiles.get(case.profile)?, &order, &ctx)?;
            let version = loaded.version + events.len() as u64;
            Ok(Proposal {
                events: events.into_iter().map(Event::Case).collect(),
                reply: serde_json::json!({ "case": id, "version": version }),
                ..Proposal::default()
            })
        });
        let committed = self.record.transact(request, decide).await?;
        // Under other rules the permit may no longer hold: what runs is asked again.
        self.stop_ended_queries(Some(id)).await;
        Ok(committed)
    }
}

/// Rehearses a profile on every open case of a record, each against the version it is under.
///
/// # Errors
/// A fault of the record; a refusal if a version is not at hand.
pub async fn rehearse_all(
    record: &dyn Record,
    profiles: &Profiles,
    new: &Profile,
    today: CivilDate,
) -> Result<RehearsedAll, Stop> {
    let mut all = RehearsedAll {
        open: 0,
        moved: Vec::new(),
    };
    let mut offset = 0;
    loop {
        let filter = CaseFilter {
            offset,
            limit: PAGE,
            ..CaseFilter::default()
        };
        let (rows, total) = record.cases(&filter).await?;
        for row in rows.iter().filter(|row| !row.closed) {
            all.open += 1;
            let loaded = record.load(&[row.id].into()).await?;
            let Some(case) = loaded.linked.get(&row.id) else {
                continue;
            };
            let old = profiles.get(case.profile)?;
            all.moved
                .extend(rehearsed(record, row.id, &old, new, today).await?);
        }
        offset += PAGE;
        if offset >= total {
            break;
        }
    }
    all.moved.sort_by(|a, b| a.number.cmp(&b.number));
    Ok(all)
}

async fn rehearsed(
    record: &dyn Record,
    id: CaseId,
    old: &Arc<Profile>,
    new: &Profile,
    today: CivilDate,
) -> Result<Option<Rehearsal>, Fault> {
    let events = events_of(record, id).await?;
    let procedure = Case::replay(&events)
        .map(|case| case.procedure)
        .unwrap_or_default();
    let seeks = |profile: &Profile| -> Vec<CaseQuery> {
        profile
            .procedure(&procedure)
            .map(shuyu_profile::Procedure::queries)
            .unwrap_or_default()
    };
    let mut both = seeks(old);
    both.extend(seeks(new));
    let loaded = record.load_seeking(&[id].into(), &both).await?;
    Ok(rehearsal::rehearse(
        &events,
        rehearsal::Stage {
            old,
            new,
            registry: &loaded.registry,
            linked: &loaded.linked,
            today,
        },
    ))
}

async fn events_of(record: &dyn Record, id: CaseId) -> Result<Vec<CaseEvent>, Fault> {
    let mut events = Vec::new();
    for entry in record.stream(Stream::Case(id)).await? {
        if let Event::Case(event) = entry_event(&entry.bytes)? {
            events.push(event);
        }
    }
    Ok(events)
}
