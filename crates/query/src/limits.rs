//! How much a query may take.

use std::{num::NonZeroUsize, time::Duration};

use shuyu_privacy::permit::QueryLimits;

/// Limits of queries. They do not depend on data. The law names no number; all defaults are the
/// platform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineLimits {
    /// Memory of one query, in bytes. Nothing is ever written to disk. Texts that an expression puts
    /// together are outside of it; the check bounds them by the statement alone.
    pub memory_bytes: usize,
    /// Parallel parts of the lower plan. With more than one, sums of fractions may differ in their
    /// last digits from run to run.
    pub partitions: NonZeroUsize,
    /// Threads that work on the cells of one query, between its plans. Answers do not depend on it.
    pub threads: NonZeroUsize,
    /// How long one query may take, from [`Engine::run`] on, waiting for its turn included.
    pub deadline: Duration,
    /// Queries that run at the same time. Others wait for their turn.
    pub concurrent: NonZeroUsize,
}

impl EngineLimits {
    /// The less of what the installation has and what a permit gives.
    #[must_use]
    pub(crate) fn within(mut self, given: &QueryLimits) -> Self {
        let mib = usize::try_from(given.memory_mib.value).unwrap_or(usize::MAX);
        self.memory_bytes = self.memory_bytes.min(mib.saturating_mul(1 << 20));
        self.deadline = self
            .deadline
            .min(Duration::from_secs(u64::from(given.seconds.value)));
        self
    }
}

impl Default for EngineLimits {
    /// 1 GiB, one part, two threads, 60 seconds, four at a time.
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            partitions: NonZeroUsize::MIN,
            threads: NonZeroUsize::MIN.saturating_add(1),
            deadline: Duration::from_secs(60),
            concurrent: NonZeroUsize::MIN.saturating_add(3),
        }
    }
}
