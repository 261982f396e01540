//! A request as authors and reviewers see it: who sees what of it, and when.

use std::collections::BTreeSet;

use shuyu_domain::{
    Airlock, Case, Event,
    airlock::{AirlockOwner, AirlockState, SpotCheck},
    event::{AirlockEvent, AirlockFile, OutputKind, SealedText},
    port::{AirlockFilter, Log, Stream},
};
use shuyu_kernel::{AirlockId, CaseId, PersonId, Refusal};
use shuyu_profile::RightTo;

use super::{Evidence, beside::Beside, may_review, rules};
use crate::{App, Session, Stop, right::right_of};

/// A request in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct AirlockLine {
    /// The request.
    pub airlock: Airlock,
    /// Number of the case of its permit.
    pub number: String,
    /// Title of the case of its permit.
    pub title: String,
    /// It waits for the session's person, to be reviewed or looked at again.
    pub to_review: bool,
    /// It left by one reviewer and waits for somebody else to look again.
    pub to_check: bool,
}

/// A file of a request as shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FileView {
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// From 1; one more with every change.
    pub version: u32,
    /// Its cells passed the disclosure gate before.
    pub gated: bool,
    /// They passed it, and are not perturbed.
    pub exact: bool,
    /// What its author says of it.
    pub note: String,
    /// What there is to know of it; for reviewers, and for the author once it is out.
    pub evidence: Option<Evidence>,
    /// Votes that the session's person may see.
    pub votes: Vec<VoteView>,
}

/// A vote as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteView {
    /// Whose; nobody's name is shown to the author.
    pub reviewer: Option<PersonId>,
    /// It is the session's own.
    pub own: bool,
    /// It may leave as it is.
    pub approve: bool,
    /// Why not.
    pub note: String,
}

/// A request as shown.
#[derive(Debug, Clone, PartialEq)]
pub struct AirlockView {
    /// The request as recorded.
    pub airlock: Airlock,
    /// Number of the case of its permit.
    pub number: String,
    /// Files by name.
    pub files: Vec<FileView>,
    /// The session's person is its author.
    pub author: bool,
    /// The session's person may review it.
    pub reviewer: bool,
    /// Reviewers that have finished, of those it needs.
    pub finished: usize,
    /// Why it went back last.
    pub returned: String,
    /// What the spot check found.
    pub spot_check: Option<(SpotCheck, String)>,
}
impl App {
    /// A request for its author's body and for those who may review it; for everybody else it is unknown. Reviewers
    /// do not see what was not handed over yet.
    pub(super) async fn airlock_in_sight(
        &self,
        session: &Session,
        id: AirlockId,
    ) -> Result<(Airlock, Case, bool), Stop> {
        self.require_signed_in(session)?;
        let unknown = || Refusal::unknown("airlock_unknown");
        let airlock = self.record.airlock(id).await?.ok_or_else(unknown)?;
        let loaded = self.record.load(&[airlock.case].into()).await?;
        let (profile, case) = rules(&self.profiles, &loaded, airlock.case)?;
        let reviews = right_of(&profile, RightTo::ReviewOutput, case, &session.actor).is_ok();
        let handed_over = airlock.state != AirlockState::Pending;
        let own = airlock.author.body == session.actor.body;
        if own || (reviews && handed_over) {
            let case = case.clone();
            return Ok((airlock, case, reviews));
        }
        Err(unknown().into())
    }

    /// Requests that the session's body made or may review, those that wait for it first, then the newest.
    pub async fn airlocks(&self, session: &Session) -> Result<Vec<AirlockLine>, Stop> {
        let result = self.airlocks_inner(session, AirlockFilter::All).await;
        self.looked(session, "view", "airlock", result).await
    }

    /// Requests that wait for the session's person, for the desk. Nothing is read for those who may review nothing
    /// under the present rules, and a look is noted where there is something to be seen.
    ///
    /// # Errors
    /// A fault of the record.
    pub async fn airlocks_waiting(&self, session: &Session) -> Result<Vec<AirlockLine>, Stop> {
        let role = &session.actor.role;
        if !self.profiles.current().has_right(RightTo::ReviewOutput, role) {
            return Ok(Vec::new());
        }
        let mut lines = self.airlocks_inner(session, AirlockFilter::Open).await?;
        lines.retain(|line| line.to_review);
        if lines.is_empty() {
            return Ok(lines);
        }
        self.looked(session, "view", "airlock", Ok(lines)).await
    }

    async fn airlocks_inner(
        &self,
        session: &Session,
        which: AirlockFilter,
    ) -> Result<Vec<AirlockLine>, Stop> {
        self.require_signed_in(session)?;
        let all = self.record.airlocks(which).await?;
        let cases: BTreeSet<CaseId> = all.iter().map(|airlock| airlock.case).collect();
        let loaded = self.record.load(&cases).await?;
        let mut lines = Vec::new();
        for airlock in all.into_iter().rev() {
            let Ok((profile, case)) = rules(&self.profiles, &loaded, airlock.case) else {
                continue;
            };
            let own = airlock.author.body == session.actor.body;
            let may = may_review(&profile, case, &airlock, &session.actor).is_ok();
            if !own && (!may || airlock.state == AirlockState::Pending) {
                continue;
            }
            let seated = airlock.seats.get(&session.actor.person);
            let free = airlock.seats.len() < airlock.reviewers();
            let waits = match airlock.state {
                AirlockState::Submitted | AirlockState::PartiallyReviewed => {
                    seated.map_or(free, |seat| !seat.finished)
                }
                AirlockState::Consolidating | AirlockState::Reviewed => seated.is_some(),
                AirlockState::Released => airlock.awaits_spot_check() && seated.is_none(),
                _ => false,
            };
            lines.push(AirlockLine {
                number: case.number.clone(),
                title: case.title.clone(),
                to_check: airlock.awaits_spot_check(),
                to_review: may && waits,
                airlock,
            });
        }
        lines.sort_by_key(|line| !line.to_review);
        Ok(lines)
    }

    /// A request with the evidence beside each file.
    ///
    /// # Errors
    /// `airlock_unknown`.
    pub async fn airlock_view(&self, session: &Session, id: AirlockId) -> Result<AirlockView, Stop> {
        let result = self.airlock_view_inner(session, id).await;
        self.looked(session, "view", id, result).await
    }

    async fn airlock_view_inner(&self, session: &Session, id: AirlockId) -> Result<AirlockView, Stop> {
        let (airlock, case, reviews) = self.airlock_in_sight(session, id).await?;
        let reviewer = reviews && airlock.author.person != session.actor.person;
        let seats = airlock.seats_seen_by(session.actor.person);
        let told = reviewer || airlock.state.owner() != AirlockOwner::Reviewers;
        let open = reviewer || airlock.state == AirlockState::Released;
        let beside = if open {
            self.beside(&airlock).await?
        } else {
            Beside::default()
        };
        let mut files = Vec::new();
        for (name, each) in &airlock.files {
            let mut votes = Vec::new();
            for (person, seat) in seats.iter().filter(|_| told) {
                if let Some(vote) = seat.votes.get(name) {
                    votes.push(VoteView {
                        reviewer: reviewer.then_some(*person),
                        own: *person == session.actor.person,
                        approve: vote.approve,
                        note: self.note_text(vote.note.as_ref()).await?,
                    });
                }
            }
            let evidence = match open {
                true => Some(self.evidence(&airlock, &case, &each.file, &beside).await?),
                false => None,
            };
            files.push(FileView {
                name: name.clone(),
                kind: each.file.kind,
                version: each.version,
                gated: each.file.gated(),
                exact: each.file.in_ledger() && !each.file.gated(),
                note: self.note_text(each.note.as_ref()).await?,
                evidence,
                votes,
            });
        }
        let spot_check = match &airlock.spot_check {
            Some(check) => Some((check.clone(), self.note_text(Some(&check.note)).await?)),
            None => None,
        };
        Ok(AirlockView {
            number: case.number,
            files,
            author: airlock.author.person == session.actor.person,
            reviewer,
            finished: airlock.seats.values().filter(|seat| seat.finished).count(),
            returned: self.note_text(airlock.returned.as_ref()).await?,
            spot_check,
            airlock,
        })
    }

    async fn note_text(&self, note: Option<&SealedText>) -> Result<String, Stop> {
        let Some(note) = note else {
            return Ok(String::new());
        };
        Ok(self.record.reveal(&note.reference).await?.unwrap_or_default())
    }

    /// The bytes of a file: for those who review it, and for its author once it is out.
    ///
    /// # Errors
    /// `airlock_unknown`, `airlock_file_unknown`, `airlock_not_released`.
    pub async fn airlock_file(
        &self,
        session: &Session,
        id: AirlockId,
        name: &str,
    ) -> Result<(AirlockFile, Vec<u8>), Stop> {
        let result = match self.airlock_file_inner(session, id, name).await {
            Ok(file) => Ok(file),
            Err(stop) => Err(self.grounded_review(id, stop).await),
        };
        let file = self.looked(session, "download", id, result).await?;
        let bytes = self.lake.raw_bytes(file.digest).await?;
        Ok((file, bytes))
    }

    async fn airlock_file_inner(
        &self,
        session: &Session,
        id: AirlockId,
        name: &str,
    ) -> Result<AirlockFile, Stop> {
        let (airlock, _, reviews) = self.airlock_in_sight(session, id).await?;
        let file = airlock.files.get(name).map(|each| each.file.clone());
        let file = file.ok_or_else(|| Refusal::unknown("airlock_file_unknown"))?;
        let reviewer = reviews && airlock.author.person != session.actor.person;
        if !reviewer && airlock.state != AirlockState::Released {
            return Err(Refusal::forbidden("airlock_not_released")
                .fact("standing", airlock.state.name())
                .into());
        }
        Ok(file)
    }

    /// The receipt (履职凭证) of the entry by which a request left.
    ///
    /// # Errors
    /// `airlock_unknown`, `airlock_not_released`, `receipt_not_sealed`.
    pub async fn airlock_receipt(&self, session: &Session, id: AirlockId) -> Result<String, Stop> {
        let result = self.airlock_receipt_inner(session, id).await;
        self.looked(session, "download", format!("{id}/receipt"), result)
            .await
    }

    async fn airlock_receipt_inner(&self, session: &Session, id: AirlockId) -> Result<String, Stop> {
        let (airlock, ..) = self.airlock_in_sight(session, id).await?;
        let entries = self.record.stream(Stream::Airlock(id)).await?;
        let let_out = entries
            .iter()
            .filter_map(crate::read::LogEntry::read)
            .find(|entry| matches!(entry.event, Some(Event::Airlock(AirlockEvent::Released { .. }))));
        let index = let_out
            .ok_or_else(|| Refusal::conflict("airlock_not_released").fact("standing", airlock.state.name()))?
            .index;
        let receipt = self.keeper.receipt(Log::Proceedings, index).await?;
        Ok(receipt.ok_or_else(|| Refusal::conflict("receipt_not_sealed").fact("index", index))?)
    }
}
