//! How an own list ends: its holder takes it back, its permit is over, or it names a subject who is to be erased. Then
//! it is destroyed in the lake, and recorded when nothing of it is left.

use std::sync::atomic::{AtomicBool, Ordering};

use shuyu_domain::{
    Case, Event,
    case::{OwnList, Permit as IssuedPermit},
    event::{CaseEvent, OwnEnd, OwnEvent},
    port::{Loaded, Proposal, Request},
};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, PermitId, Refusal};
use shuyu_profile::{Eligibility, Profile, RightTo, UseOf};

use super::unknown;
use crate::{App, Session, Stop, dispatch::fingerprint, port::OpenErasure, right::right_of};

/// Whether lists may have ended and are not destroyed: looked at once after a start, after each act and each new day.
#[derive(Debug)]
pub(crate) struct Ending(AtomicBool);

impl Default for Ending {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Ending {
    /// Something happened that lists may end by.
    pub(crate) fn look(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl App {
    /// Takes a list back: from now on no query reads it, and it is destroyed. Again it changes nothing. Whether the permit
    /// holds is not asked: what somebody brought they may always take back.
    ///
    /// # Errors
    /// `permit_unknown`, `own_list_unknown` for lists that the session's body did not bring, and what the registry or the
    /// right to use the permit refuses.
    pub async fn take_back_own_list(
        &self,
        session: &Session,
        permit: PermitId,
        dataset: DatasetId,
    ) -> Result<OwnList, Stop> {
        let result = self.take_back_inner(session, permit, dataset).await;
        self.looked(session, "take_back", format!("{permit}/own-lists"), result)
            .await
    }

    async fn take_back_inner(
        &self,
        session: &Session,
        permit: PermitId,
        dataset: DatasetId,
    ) -> Result<OwnList, Stop> {
        self.require_signed_in(session)?;
        let id = CaseId::from_bits(permit.bits());
        let (profiles, session, today) = (self.profiles.clone(), session.clone(), self.today());
        let asked = fingerprint(&("take-back-own-list", permit, dataset));
        let decide = Box::new(move |loaded: &Loaded| {
            let case = loaded.linked.get(&id);
            let case = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?;
            loaded.registry.admits(&session.actor, today)?;
            let profile = profiles.get(case.profile)?;
            right_of(&profile, RightTo::UsePermit, case, &session.actor)?;
            let mine = |list: &&OwnList| list.body == session.actor.body;
            let list = case.own_list(dataset).filter(mine).ok_or_else(unknown)?;
            let event = OwnEvent::Ended {
                dataset,
                why: OwnEnd::TakenBack,
                by: Some(session.actor.clone()),
                on: today,
            };
            Ok(Proposal {
                events: Vec::from_iter(list.stands().then_some(Event::Case(CaseEvent::Own(event)))),
                ..Proposal::default()
            })
        });
        let request = self.own_request("take-back-own-list", id, asked);
        self.record.transact(request, decide).await?;
        self.ending.look();
        let case = self.own_case(id).await?;
        Ok(case.own_list(dataset).cloned().ok_or_else(unknown)?)
    }

    /// Ends the lists whose permit is over, destroys what ended, and records each when nothing of it is left. Run
    /// regularly; one that fails leaves the others to go on, and is tried again. Answers how many were destroyed.
    ///
    /// # Errors
    /// When the lists cannot be told.
    pub async fn finish_own_lists(&self) -> Result<u64, Stop> {
        let finished = self.finish_ended().await;
        self.forget_received().await?;
        finished
    }

    async fn finish_ended(&self) -> Result<u64, Stop> {
        if !self.ending.0.swap(false, Ordering::SeqCst) {
            return Ok(0);
        }
        let held = self.record.own_lists().await;
        let held = held.inspect_err(|_| self.ending.look())?;
        let mut finished = 0;
        for (case, dataset) in held {
            match self.finish_own_list(case, dataset, None).await {
                Ok(done) => finished += u64::from(done),
                Err(error) => {
                    self.ending.look();
                    tracing::error!(%dataset, %error, "an own list could not be destroyed");
                }
            }
        }
        Ok(finished)
    }

    /// Ends and destroys the lists that name the subject of an order to erase. The holder of a list is told that a
    /// subject on it was erased, and not which.
    ///
    /// # Errors
    /// A fault of the record or the lake; lists that ended are destroyed later.
    pub(crate) async fn end_lists_naming(&self, open: &OpenErasure) -> Result<(), Stop> {
        for (case, dataset) in self.record.own_lists().await? {
            if self.lake.names_subject(dataset, open).await? {
                self.ending.look();
                let why = Some(OwnEnd::SubjectErased);
                self.finish_own_list(case, dataset, why).await?;
            }
        }
        Ok(())
    }

    /// Whether the list is destroyed now. One that stands is left alone unless there is a reason, its own or this.
    async fn finish_own_list(
        &self,
        id: CaseId,
        dataset: DatasetId,
        reason: Option<OwnEnd>,
    ) -> Result<bool, Stop> {
        let loaded = self.record.load(&[id].into()).await?;
        let case = loaded.linked.get(&id);
        let case = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?;
        let list = case.own_list(dataset).ok_or_else(unknown)?;
        if list.ended.is_none() {
            let profile = self.profiles.get(case.profile)?;
            let over = over(&profile, case, &loaded, self.today());
            let Some(why) = over.or(reason) else {
                return Ok(false);
            };
            let event = OwnEvent::Ended {
                dataset,
                why,
                by: None,
                on: self.today(),
            };
            self.platform_ends(id, "end-own-list", event).await?;
        }
        // With the table goes the name of its file; one that is there still is remembered before.
        self.received.leave(self.lake.own_raw().await?);
        let objects = self.lake.destroy_own(dataset).await?;
        let event = OwnEvent::Erased {
            dataset,
            files: list.files.clone(),
            objects,
            on: self.today(),
        };
        self.platform_ends(id, "erase-own-list", event).await?;
        Ok(true)
    }

    /// Records what the platform did with a list, once.
    async fn platform_ends(&self, case: CaseId, name: &'static str, event: OwnEvent) -> Result<(), Stop> {
        let dataset = event.dataset();
        let request = Request {
            key: Some(("system".to_owned(), format!("{name}/{dataset}"))),
            ..self.own_request(name, case, fingerprint(&(name, dataset)))
        };
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Case(CaseEvent::Own(event))],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }
}

/// Why a permit is over and will not hold again. One whose chain is broken for a time is not: its lists wait.
fn over(profile: &Profile, case: &Case, loaded: &Loaded, today: CivilDate) -> Option<OwnEnd> {
    let Some(issued) = &case.permit else {
        return Some(OwnEnd::PermitEnded);
    };
    if issued.ended {
        return Some(OwnEnd::PermitEnded);
    }
    if today > issued.expires_on {
        return Some(OwnEnd::PermitExpired);
    }
    let mut rules = profile.eligibility_for(UseOf::Permit);
    let broken = rules.any(|rule| gone(rule, issued, loaded));
    broken.then_some(OwnEnd::ChainEnded)
}

/// Whether a link that a rule asks for rests for good where the rule does not let it. Of the catalogue entries only those
/// count whose tables the permit grants, as for [`crate::permit::holds`].
fn gone(rule: &Eligibility, issued: &IssuedPermit, loaded: &Loaded) -> bool {
    let granted = |id: &CaseId| issued.tables.iter().any(|table| table.resource == *id);
    let of_rule = |id: &&CaseId| {
        let case = loaded.linked.get(*id);
        case.is_some_and(|case| case.procedure == rule.procedure)
    };
    let links: Vec<&CaseId> = issued.chain.iter().filter(of_rule).collect();
    let about_tables = links.iter().any(|id| granted(id));
    links
        .into_iter()
        .filter(|id| !about_tables || granted(id))
        .filter_map(|id| loaded.linked.get(id))
        .any(|case| case.closed && !rule.stages.contains(&case.stage))
}
