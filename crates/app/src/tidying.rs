//! What is of no use any more goes: sessions long over, counters of days gone by, and in the lake what refused, failed
//! and killed work left. None of it is part of the record.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

use shuyu_kernel::{Digest, Timestamp};

use crate::{
    App, Session, Stop,
    account::{COUNTERS, parse},
    identity::DAY_COUNTERS,
    port::Sweep,
    product::{NONCES, QUOTAS},
};

/// So often it is looked for (an hour; platform default).
const EVERY_MICROS: i64 = 3_600_000_000;

/// So long a session that is over is kept, so that whoever comes back is told why (a day; platform default).
const KEPT_MICROS: i64 = 86_400_000_000;

/// Work that ended this long ago left nothing that is still needed: one day, in seconds; platform default.
const LEFTOVERS_KEPT: i64 = 24 * 3600;

/// A received file that no record names is kept so long: 30 days, in seconds; platform default. Longer than
/// leftovers, so that a record restored too old can be mended before papers are gone.
const PAPERS_KEPT: i64 = 30 * 24 * 3600;

/// When it was last done, in process time.
#[derive(Debug)]
pub(crate) struct Tidied(AtomicI64);

impl Default for Tidied {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl App {
    /// Removes sessions that are over for a day and counters of days gone by, at most once an hour.
    pub(crate) async fn tidy(&self) -> Result<(), Stop> {
        let now = self.wall.now();
        let last = self.tidied.0.load(Ordering::Relaxed);
        if last != i64::MIN && now.micros() - last < EVERY_MICROS {
            return Ok(());
        }
        self.tidied.0.store(now.micros(), Ordering::Relaxed);
        let long_ago = Timestamp::from_micros(now.micros() - KEPT_MICROS);
        for document in self.record.documents("session", None).await? {
            let session: Session = parse(&document)?;
            if session.is_over(long_ago) {
                self.record.remove_document("session", &document.key).await?;
            }
        }
        // Tries at signing in are counted by the wall, nonces and quotas by the clock of the installation; a nonce
        // signed yesterday can still be in time. Days are written so that their order is that of the text.
        let (tried, used) = (self.profile().zone.date(now), self.today());
        for (family, day) in [
            (COUNTERS, tried.plus_days(-1)),
            (NONCES, used.plus_days(-2)),
            (QUOTAS, used.plus_days(-1)),
            (DAY_COUNTERS, used.plus_days(-1)),
        ] {
            self.record
                .forget_counters(family, &format!("{family}{day}"))
                .await?;
        }
        Ok(())
    }

    /// Removes from the lake what refused, failed and killed work left behind. Run at start and every hour.
    pub async fn sweep_lake(&self) -> Result<u64, Stop> {
        let papers = self.papers().await?;
        let own = self.record.own_lists().await?.into_iter();
        // Ages of files are process time, never the training clock's.
        let now = self.wall.now();
        let sweep = Sweep {
            leftovers_before: now.plus_seconds(-LEFTOVERS_KEPT),
            papers_before: now.plus_seconds(-PAPERS_KEPT),
            papers,
            own: own.map(|(_, dataset)| dataset).collect(),
        };
        // Files of lists whose bringer was stopped; the sweep may destroy the tables that name them.
        self.received.leave(self.lake.own_raw().await?);
        let swept = self.lake.sweep(&sweep).await?;
        self.forget_received().await?;
        Ok(swept)
    }

    /// Raw files that the record knows.
    pub(crate) async fn papers(&self) -> Result<BTreeSet<Digest>, Stop> {
        let uploads = self.all_uploads().await?;
        let mut papers: BTreeSet<Digest> = uploads.iter().map(|upload| upload.digest).collect();
        papers.extend(self.indexes_in_use().await?);
        papers.extend(self.files_of_work().await?);
        Ok(papers)
    }
}
