//! A clock that stands still until it is told otherwise.

use std::sync::atomic::{AtomicI64, Ordering};

use shuyu_kernel::{CivilDate, Clock, Timestamp, Zone};

/// The clock of tests and of the training town. Shared freely; all holders see the same instant.
#[derive(Debug)]
pub struct MockClock {
    micros: AtomicI64,
}

impl MockClock {
    /// A clock that stands at this instant.
    pub fn at(instant: Timestamp) -> Self {
        Self {
            micros: AtomicI64::new(instant.micros()),
        }
    }
    /// A clock that stands at nine in the morning of a day in China.
    pub fn on(day: CivilDate) -> Self {
        Self::at(Zone::CHINA.at_hour(day, 9))
    }

    /// Sets the instant. It may go backwards, so that guards against that can be tested.
    pub fn set(&self, instant: Timestamp) {
        self.micros.store(instant.micros(), Ordering::SeqCst);
    }
    /// Sets the clock to an hour of a day in China.
    pub fn set_day(&self, day: CivilDate, hour: i64) {
        self.set(Zone::CHINA.at_hour(day, hour));
    }
    /// Moves the clock by some seconds and gives the new instant.
    pub fn advance_seconds(&self, seconds: i64) -> Timestamp {
        let moved = |micros| Some(Timestamp::from_micros(micros).plus_seconds(seconds).micros());
        let _ = self
            .micros
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
        self.now()
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}
