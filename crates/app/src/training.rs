//! The official clock. In a training installation it can be wound forward; that is itself an event.

use std::sync::{Arc, PoisonError, RwLock};

use shuyu_domain::{
    Event,
    event::{InstallationEvent, RegistryMeta},
    port::{Proposal, Request, Stream},
};
use shuyu_kernel::{CivilDate, Clock, Digest, Refusal, Timestamp};

use crate::{App, Session, Stop};

/// Official time: the wall clock, or in training the wound instant plus the real time since.
pub struct TrainingClock {
    wall: Arc<dyn Clock>,
    wound: RwLock<Option<(Timestamp, Timestamp)>>,
}

impl TrainingClock {
    /// Official time over a wall clock, starting at `wound_to` if the ledger says so.
    pub fn new(wall: Arc<dyn Clock>, wound_to: Option<Timestamp>) -> Self {
        let wound = wound_to.map(|to| (to, wall.now()));
        Self {
            wall,
            wound: RwLock::new(wound),
        }
    }

    /// The official instant.
    pub fn now(&self) -> Timestamp {
        let wall = self.wall.now();
        match *self.wound.read().unwrap_or_else(PoisonError::into_inner) {
            Some((to, since)) => {
                Timestamp::from_micros(to.micros() + (wall.micros() - since.micros()).max(0))
            }
            None => wall,
        }
    }

    fn wind(&self, to: Timestamp) {
        *self.wound.write().unwrap_or_else(PoisonError::into_inner) = Some((to, self.wall.now()));
    }
}

impl App {
    /// Winds the training clock forward to nine o'clock of a day. Backwards is refused.
    ///
    /// # Errors
    /// `clock_not_training`, `clock_not_backwards`, or a fault of the record.
    pub async fn wind_clock(&self, session: &Session, to: CivilDate) -> Result<Timestamp, Stop> {
        let result = self.wind_clock_inner(session, to).await;
        self.noted(session, "clock", result).await
    }

    async fn wind_clock_inner(&self, session: &Session, to: CivilDate) -> Result<Timestamp, Stop> {
        if !self.training {
            return Err(Refusal::conflict("clock_not_training").into());
        }
        self.require_signed_in(session)?;
        let target = self.profile().zone.at_hour(to, 9);
        if to < self.today() {
            return Err(Refusal::conflict("clock_not_backwards")
                .fact("today", self.today())
                .into());
        }
        if to == self.today() {
            self.look(session, "clock").await?;
            return Ok(self.now());
        }
        let by = self.meta(session, None, None)?;
        self.record_wind(target, Some(by)).await?;
        self.clock.wind(target);
        self.stop_ended_queries(None).await;
        // The clock is wound, whatever comes of this; what is left undone is taken up by the next sweep.
        if let Err(error) = self.sweep_and_tell().await {
            tracing::error!(%error, "sweeping after the clock was wound failed");
        }
        Ok(target)
    }

    /// Whoever wound the clock finds the reminders of the day on the desk at once.
    async fn sweep_and_tell(&self) -> Result<(), Stop> {
        self.sweep().await?;
        while self.deliver_notices().await? > 0 {}
        Ok(())
    }

    pub(crate) async fn record_wind(&self, to: Timestamp, by: Option<RegistryMeta>) -> Result<(), Stop> {
        let request = Request {
            name: "wind-clock",
            stream: Stream::Installation,
            key: None,
            fingerprint: Digest::of(&to.micros().to_be_bytes()),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: to,
        };
        let event = Event::Installation(InstallationEvent::ClockWound { to, by });
        let decide = Box::new(move |_: &_| {
            Ok(Proposal {
                events: vec![event],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    pub(crate) fn set_clock(&self, to: Timestamp) {
        self.clock.wind(to);
    }
}
