//! Destroying what the record ordered: in the background, since a dataset that is being written lets nothing be
//! destroyed, and neither seals nor notices may wait for it.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use shuyu_domain::{
    Event,
    event::DatasetEvent,
    port::{Loaded, Proposal},
};
use shuyu_kernel::{DatasetId, Digest, Fault};

use super::{
    EFFECT,
    keeping::{Known, Order, orders},
};
use crate::{
    App, Stop,
    dispatch::fingerprint,
    port::{DataError, PurgeOrder, PurgeState},
};

/// Whether the record may have orders that can be carried out: looked at once after a start, after each order and each
/// sweep, and again while one waits.
#[derive(Debug)]
pub(crate) struct Purging(AtomicBool);

impl Default for Purging {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Purging {
    /// There may be something to destroy.
    pub(crate) fn wake(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Carried out and recorded.
    Done,
    /// Something pinned it after its term was recorded as over: it stays until nothing does.
    Pinned,
    /// The dataset is being written, or a subject is being erased from it.
    Later,
}

impl App {
    /// Destroys what was ordered and is pinned by nothing now, and records what went. Run regularly; an order that
    /// fails leaves the others to go on, and is tried again. What is pinned is asked for again with the next sweep.
    ///
    /// # Errors
    /// When the open orders, or what pins them, cannot be listed.
    pub async fn finish_purges(&self) -> Result<u64, Stop> {
        if !self.purging.take() {
            return Ok(0);
        }
        let finished = self.finish_open_purges().await;
        finished.inspect_err(|_| self.purging.wake())
    }

    async fn finish_open_purges(&self) -> Result<u64, Stop> {
        let mut finished = 0;
        for (dataset, order) in self.open_purges().await? {
            match self.finish_purge(dataset, &order).await {
                Ok(Came::Done) => finished += 1,
                Ok(Came::Pinned) => {
                    tracing::info!(%dataset, purge = order.purge, "pinned meanwhile: not destroyed");
                }
                Ok(Came::Later) => self.purging.wake(),
                Err(error) => {
                    self.purging.wake();
                    tracing::error!(%dataset, %error, "what is over could not be destroyed");
                }
            }
        }
        Ok(finished)
    }

    async fn open_purges(&self) -> Result<Vec<(DatasetId, Order)>, Stop> {
        let mut open = Vec::new();
        for row in self.record.datasets(None).await? {
            let events = self.dataset_events(row.dataset).await?;
            open.extend(orders(&events).into_iter().map(|order| (row.dataset, order)));
        }
        Ok(open)
    }

    async fn finish_purge(&self, dataset: DatasetId, order: &Order) -> Result<Came, Stop> {
        let raw = match self.lake.purge_state(dataset, &order.purge).await? {
            PurgeState::Held => return Ok(Came::Later),
            // The lake refuses the versions already, and may have destroyed some: there is no way back.
            PurgeState::Begun => order.raw.clone(),
            PurgeState::New if self.being_erased().await?.contains(&dataset) => return Ok(Came::Later),
            PurgeState::New => {
                // Asked for each order anew: what was pinned while another one was carried out counts.
                let all = self.all_kept().await?;
                let known = all.iter().find(|known| known.row.dataset == dataset);
                if known.is_none_or(|known| is_pinned(known, order)) {
                    return Ok(Came::Pinned);
                }
                &order.raw - &self.held(&all, self.today()).await?
            }
        };
        self.purge(dataset, order, raw).await
    }

    async fn purge(&self, dataset: DatasetId, order: &Order, raw: BTreeSet<Digest>) -> Result<Came, Stop> {
        let spec = PurgeOrder {
            dataset,
            versions: order.versions.clone(),
            raw,
            purge: order.purge.clone(),
        };
        let gone = match self.lake.purge(&spec).await {
            Ok(Some(gone)) => gone,
            // Somebody began to write since the state was asked for. The pins are asked again when that is over.
            Ok(None) => return Ok(Came::Later),
            Err(DataError::Fault(fault)) => return Err(fault.into()),
            Err(DataError::Refused(refusal) | DataError::Found { refusal, .. }) => {
                return Err(Fault::new("purging versions", refusal).into());
            }
        };
        let event = DatasetEvent::VersionsPurged {
            dataset,
            resource: order.resource,
            purge: order.purge.clone(),
            versions: order.versions.iter().copied().collect(),
            files: gone.files,
            raw: gone.raw,
        };
        let key = (EFFECT.to_owned(), format!("{}/{dataset}", order.purge));
        let request = self.dataset_request("prove-purge", dataset, key, fingerprint(&event));
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(Came::Done)
    }
}

/// Whether something needs a version of the order, or one that a raw file of the order was made into.
fn is_pinned(known: &Known, order: &Order) -> bool {
    let mut pinned = known.kept.iter().filter(|(_, own)| !own.pins.is_empty());
    pinned.any(|(number, own)| order.versions.contains(number) || !own.made_from.is_disjoint(&order.raw))
}
