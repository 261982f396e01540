//! The sandbox with the runs of this process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shuyu_kernel::RunId;
use tokio::{sync::Semaphore, time::Instant};

use super::AT_ONCE;
use crate::{
    port::jobs::{JobBeat, RunJobs},
    running::Stopper,
};

/// A run of this process.
pub(super) struct Live {
    pub(super) beat: JobBeat,
    pub(super) stopper: Stopper,
}

/// The sandbox with its runs.
#[derive(Clone)]
pub(crate) struct Sandbox {
    pub(super) jobs: Option<Arc<dyn RunJobs>>,
    slot: Duration,
    pub(super) live: Arc<Mutex<BTreeMap<RunId, Live>>>,
    pub(super) places: Arc<Semaphore>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            jobs: None,
            slot: Duration::ZERO,
            live: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Sandbox {
    pub(crate) fn of(jobs: Arc<dyn RunJobs>, slot: Duration) -> Self {
        Self {
            jobs: Some(jobs),
            slot,
            ..Self::default()
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rest of the slot that an instant lies in.
    pub(super) fn rest_of_slot(&self, since: Instant) -> Duration {
        let (slot, elapsed) = (self.slot.as_nanos(), since.elapsed().as_nanos());
        let rest = elapsed.checked_rem(slot).map_or(0, |into| slot - into);
        Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX))
    }
}

/// A place among the live runs, given back however the run ends.
pub(super) struct Place(pub(super) Sandbox, pub(super) RunId);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}
