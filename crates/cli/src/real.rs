//! The real clock, the real randomness, the real kill switch: built here and nowhere else.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use shuyu_app::port::Secrets;
use shuyu_kernel::{Clock, Digest, IdSource, Timestamp, kill::KillSwitch};

/// The system's clock, held from going backwards.
#[derive(Debug, Default)]
pub struct SystemClock {
    last: Mutex<i64>,
    ahead_micros: i64,
}

impl SystemClock {
    /// A clock that runs this many seconds ahead of the system's. Training only; zero is the system's own.
    pub fn ahead(seconds: u32) -> Self {
        Self {
            last: Mutex::default(),
            ahead_micros: i64::from(seconds) * 1_000_000,
        }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one real clock of the program")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let micros = i64::try_from(since.as_micros())
            .unwrap_or(i64::MAX)
            .saturating_add(self.ahead_micros);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = micros.max(*last);
        Timestamp::from_micros(*last)
    }
}

/// The operating system's randomness. A program that cannot get any must not go on.
#[derive(Clone)]
pub struct SystemRandom {
    digest_key: [u8; 32],
}

impl SystemRandom {
    /// With the installation's key for keyed digests.
    pub fn new(digest_key: [u8; 32]) -> Self {
        Self { digest_key }
    }
}

/// Fills a buffer from the operating system.
#[expect(
    clippy::disallowed_methods,
    reason = "the one real source of randomness of the program"
)]
pub fn fill(buffer: &mut [u8]) {
    if let Err(error) = getrandom::fill(buffer) {
        tracing::error!(%error, "no randomness from the operating system");
        std::process::abort();
    }
}

impl IdSource for SystemRandom {
    fn random_bits(&self) -> u128 {
        let mut bytes = [0u8; 16];
        fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }
}

impl Secrets for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        fill(buffer);
    }
    fn keyed_digest(&self, bytes: &[u8]) -> Digest {
        Digest::keyed(&self.digest_key, bytes)
    }
}

impl shuyu_privacy::dp::Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        fill(buffer);
    }
}

impl shuyu_lake::KeySource for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        fill(buffer);
    }
}

impl shuyu_store::KeySource for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        fill(buffer);
    }
}

/// Kills this process with SIGKILL when a named point is reached for the n-th time. Training only.
#[derive(Debug)]
pub struct KillAt {
    point: String,
    nth: u64,
    seen: AtomicU64,
}

impl KillAt {
    /// From `point` or `point:n`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (point, nth) = match text.split_once(':') {
            Some((point, nth)) => (point, nth.parse()?),
            None => (text, 1),
        };
        Ok(Self {
            point: point.to_owned(),
            nth,
            seen: AtomicU64::new(0),
        })
    }
}

impl KillSwitch for KillAt {
    fn reached(&self, point: &'static str) {
        if point == self.point && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            let pid = std::process::id().to_string();
            // SIGKILL, not abort: nothing is flushed, no handler runs.
            let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
            std::process::abort();
        }
    }
}
