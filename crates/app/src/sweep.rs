//! The sweep of a day: clocks that ran out are recorded so, matters left late for long go to the superior body, and
//! holders are reminded of what is nearly due. Terms of keeping that are over end (see `retention`).
//!
//! Runs at start, when the official day changes and when a training clock is wound. Everything it does has a key,
//! so that it may stop anywhere and run again: nothing is lost and nothing happens twice.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

use shuyu_domain::{
    Case, Command, Context, Event,
    case::Clock,
    command::platform,
    decide::decide,
    event::{CaseEvent, WatchEvent},
    port::{Effect, Loaded, Proposal, RecordError, Request, Stream, WatchFilter, WatchedClock},
};
use shuyu_kernel::{CivilDate, Digest, Refusal, calendar::WorkCalendar};
use shuyu_profile::Profile;

use crate::{App, Stop, reminder};

/// Most clocks looked at in one go; the next sweep goes on.
const AT_ONCE: u64 = 100_000;
/// Cases loaded together for their reminders.
const CASES: usize = 200;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Clocks recorded as expired.
    pub expired: u64,
    /// Matters that went to a superior body.
    pub escalated: u64,
    /// Reminders queued.
    pub reminded: u64,
}

/// The day that was swept last, in days since 1970.
#[derive(Debug)]
pub(crate) struct SweptOn(AtomicI64);

impl Default for SweptOn {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl App {
    /// Sweeps if the official day has changed since the last sweep of this process.
    ///
    /// # Errors
    /// As [`App::sweep`].
    pub async fn sweep_new_day(&self) -> Result<Option<Swept>, Stop> {
        if self.swept.0.load(Ordering::Relaxed) == self.today().days() {
            return Ok(None);
        }
        self.sweep().await.map(Some)
    }

    /// Does everything that the official day asks for.
    ///
    /// # Errors
    /// A fault of the record; what was done before it stands, and the next sweep goes on.
    pub async fn sweep(&self) -> Result<Swept, Stop> {
        let today = self.today();
        // A permit, a post or a delegation may have had its last day yesterday.
        self.stop_ended_queries(None).await;
        let mut swept = Swept::default();
        for clock in self
            .record
            .watched(&WatchFilter::ToExpire(today), AT_ONCE)
            .await?
        {
            let done = self.expire(&clock, today).await?;
            swept.expired += u64::from(done > 0);
            swept.escalated += done.saturating_sub(1);
        }
        let profile = self.profile();
        let before = late_since(&profile.calendar, today, profile.watch.escalate_after);
        for clock in self
            .record
            .watched(&WatchFilter::ToEscalate(before), AT_ONCE)
            .await?
        {
            // Without a superior by the rules there is nobody it could go to.
            if profile.superior_of(&clock.role).is_some() {
                swept.escalated += self.escalate_late(&clock, today).await?;
            }
        }
        swept.reminded = self.remind(&profile, today).await?;
        match self.end_retention().await {
            Ok(_) => self.swept.0.store(today.days(), Ordering::Relaxed),
            // Clocks are swept and the platform starts all the same; the day stays open, so that it is tried again.
            Err(error) => tracing::error!(%error, "terms of keeping could not be ended"),
        }
        if swept != Swept::default() {
            let Swept {
                expired,
                escalated,
                reminded,
            } = swept;
            tracing::info!(%today, expired, escalated, reminded, "clocks were swept");
        }
        Ok(swept)
    }

    async fn expire(&self, clock: &WatchedClock, today: CivilDate) -> Result<u64, Stop> {
        let command = Command::Expire {
            clock: clock.clock.clone(),
            lane: clock.lane.clone(),
        };
        self.platform_does("expire", clock, command, today).await
    }

    async fn escalate_late(&self, clock: &WatchedClock, today: CivilDate) -> Result<u64, Stop> {
        let command = Command::EscalateLate {
            clock: clock.clock.clone(),
            lane: clock.lane.clone(),
        };
        self.platform_does("escalate", clock, command, today).await
    }

    /// A command of the platform itself; answers how many events it made. Refused: somebody acted in between, or
    /// there is nobody to go to; nothing is written then, and the key stays free.
    async fn platform_does(
        &self,
        name: &'static str,
        clock: &WatchedClock,
        command: Command,
        today: CivilDate,
    ) -> Result<u64, Stop> {
        let lane = clock.lane.as_deref().unwrap_or("-");
        // A clock of one id may be started anew and be due on the same day: its place tells them apart.
        let key = format!(
            "{name}/{}/{}/{lane}/{}/{}",
            clock.case, clock.clock, clock.due, clock.ordinal
        );
        let request = Request {
            name,
            stream: Stream::Case(clock.case),
            fingerprint: Digest::of(key.as_bytes()),
            key: Some(("system".to_owned(), key)),
            expected_version: None,
            needs: BTreeSet::new(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        };
        let profiles = self.profiles.clone();
        let decide = Box::new(move |loaded: &Loaded| {
            let case = loaded
                .case
                .as_ref()
                .ok_or_else(|| Refusal::unknown("case_unknown"))?;
            let profile = profiles.get(case.profile)?;
            let actor = platform();
            let ctx = Context::about(case.id, &profile, &actor, today, loaded);
            let events = decide(Some(case), &command, &ctx)?;
            let told = events.iter().flat_map(|event| notices(case, event, today));
            Ok(Proposal {
                outbox: told.collect(),
                events: events.into_iter().map(Event::Case).collect(),
                ..Proposal::default()
            })
        });
        match self.record.transact(request, decide).await {
            Ok(committed) if committed.replayed => Ok(0),
            Ok(committed) => Ok(committed.next - committed.first),
            Err(RecordError::Refused(refusal)) => {
                tracing::debug!(code = refusal.code, case = %clock.case, "left to the next sweep");
                Ok(0)
            }
            Err(RecordError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Queues the reminders of the day, all in one transaction without events.
    async fn remind(&self, profile: &Profile, today: CivilDate) -> Result<u64, Stop> {
        let until = profile.calendar.earliest_after(today, profile.longest_lead() + 1);
        let near = self
            .record
            .watched(&WatchFilter::DueWithin(today, until), AT_ONCE)
            .await?;
        let cases: BTreeSet<_> = near.iter().map(|clock| clock.case).collect();
        let cases: Vec<_> = cases.into_iter().collect();
        let mut effects = Vec::new();
        for some in cases.chunks(CASES) {
            let loaded = self.record.load(&some.iter().copied().collect()).await?;
            for case in some.iter().filter_map(|id| loaded.linked.get(id)) {
                let Ok(rules) = self.profiles.get(case.profile) else {
                    continue;
                };
                for clock in case.clocks.iter().filter(|clock| clock.binds()) {
                    if let Some(lead) = lead_today(&rules, &profile.calendar, case, clock, today) {
                        for effect in reminder::effects(case, clock, Some(lead), today) {
                            if self
                                .record
                                .document(reminder::EFFECT, &effect.key)
                                .await?
                                .is_none()
                            {
                                effects.push(effect);
                            }
                        }
                    }
                }
            }
        }
        let queued = effects.len() as u64;
        if queued == 0 {
            return Ok(0);
        }
        let request = Request {
            name: "remind",
            stream: Stream::Installation,
            key: None,
            fingerprint: Digest::of(today.to_string().as_bytes()),
            expected_version: None,
            needs: BTreeSet::new(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        };
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                outbox: effects,
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(queued)
    }
}

/// The holder hears that its clock ran out.
fn notices(case: &Case, event: &CaseEvent, today: CivilDate) -> Vec<Effect> {
    let CaseEvent::Watched(WatchEvent::ClockExpired { clock, lane, .. }) = event else {
        return Vec::new();
    };
    case.running_clock(clock, lane.as_deref())
        .map(|clock| reminder::effects(case, clock, None, today))
        .unwrap_or_default()
}

/// The lead for which a reminder stands today: the nearest one whose day has come, if that day lies after the start
/// and the clock is not over. Days that a sweep missed are not made up for one by one.
fn lead_today(
    rules: &Profile,
    calendar: &WorkCalendar,
    case: &Case,
    clock: &Clock,
    today: CivilDate,
) -> Option<u32> {
    let run = &clock.run;
    if today > run.due {
        return None;
    }
    let rule = rules
        .procedure(&case.procedure)
        .and_then(|procedure| procedure.clock(&run.clock));
    let leads = rule
        .and_then(|rule| rule.remind.as_ref())
        .unwrap_or(&rules.watch.remind);
    let remaining = calendar.working_days_between(today, run.due);
    let whole = calendar.working_days_between(run.started_on, run.due);
    leads
        .iter()
        .copied()
        .filter(|lead| remaining <= i64::from(*lead) && i64::from(*lead) < whole)
        .min()
}

/// The first day that is not late for so long: a last day before it passed more than `days` working days ago.
fn late_since(calendar: &WorkCalendar, today: CivilDate, days: u32) -> CivilDate {
    let mut day = today;
    while calendar.working_days_between(day, today) <= i64::from(days) {
        day = day.plus_days(-1);
    }
    day.plus_days(1)
}
