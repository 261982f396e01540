//! What the record says of the terms of every dataset: versions, what pins them, and orders that are not carried out.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{event::DatasetEvent, port::DatasetRow};
use shuyu_kernel::{CaseId, CivilDate, Digest, Zone};
use shuyu_profile::RetentionTerms;

use super::{Kept, Pinning};
use crate::{App, Stop, files::UploadKind, read::LogEntry};

/// A dataset with its terms.
pub(super) struct Known {
    pub(super) row: DatasetRow,
    pub(super) kept: BTreeMap<u64, Kept>,
    pub(super) terms: RetentionTerms,
    /// Orders in the record without the entry that says what went.
    pub(super) orders: Vec<Order>,
}

/// An order to destroy, as the record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) purge: String,
    pub(super) resource: CaseId,
    pub(super) versions: BTreeSet<u64>,
    pub(super) raw: BTreeSet<Digest>,
}

impl App {
    /// Every dataset with its terms and pins.
    pub(super) async fn all_kept(&self) -> Result<Vec<Known>, Stop> {
        let pinning = Pinning::default();
        let mut all = Vec::new();
        for row in self.record.datasets(None).await? {
            let events = self.dataset_events(row.dataset).await?;
            let (kept, terms) = self.kept(row.dataset, &events, &pinning).await?;
            let orders = orders(&events);
            all.push(Known {
                row,
                kept,
                terms,
                orders,
            });
        }
        Ok(all)
    }

    /// Raw files that stay. A file is named by its bytes: what something else was made from, or somebody brought as a
    /// paper, stays, and so does what a pinned version was made from.
    pub(super) async fn held(&self, all: &[Known], today: CivilDate) -> Result<BTreeSet<Digest>, Stop> {
        let papers = self.uploads().await?.into_iter();
        let papers = papers.filter(|upload| upload.kind == UploadKind::Paper);
        let mut held: BTreeSet<Digest> = papers.map(|upload| upload.digest).collect();
        for own in all.iter().flat_map(|known| known.kept.values()) {
            if !own.raw_is_over(today) {
                held.extend(&own.raw);
            }
            if !own.pins.is_empty() {
                held.extend(&own.made_from);
            }
        }
        Ok(held)
    }
}

/// Orders in the events of a dataset that are not carried out.
pub(super) fn orders(events: &[(LogEntry, DatasetEvent)]) -> Vec<Order> {
    let mut open: Vec<Order> = Vec::new();
    for (_, event) in events {
        match event {
            DatasetEvent::RetentionEnded {
                purge,
                resource,
                versions,
                raw,
                ..
            } => open.push(Order {
                purge: purge.clone(),
                resource: *resource,
                versions: versions.iter().map(|term| term.version).collect(),
                raw: raw.iter().map(|file| file.raw).collect(),
            }),
            DatasetEvent::VersionsPurged { purge, .. } => open.retain(|order| order.purge != *purge),
            _ => {}
        }
    }
    open
}

/// Versions of a dataset with their terms, from its events; without what pins them.
pub(super) fn keeping(
    events: &[(LogEntry, DatasetEvent)],
    terms: &RetentionTerms,
    zone: Zone,
) -> BTreeMap<u64, Kept> {
    let mut kept: BTreeMap<u64, Kept> = BTreeMap::new();
    for (entry, event) in events {
        match event {
            DatasetEvent::VersionRecorded { version, raw, .. } => {
                let on = zone.date(entry.recorded_at);
                if let Some(before) = kept.values_mut().next_back() {
                    before.replaced_on = Some(on);
                    before.until = terms.version.until(on);
                    before.raw_until = terms.raw.until(on).filter(|_| !before.raw.is_empty());
                }
                let own = kept.entry(*version).or_default();
                own.made_from = raw.iter().copied().collect();
                own.raw = own.made_from.clone();
            }
            DatasetEvent::RetentionEnded { versions, raw, .. } => {
                for own in kept.values_mut() {
                    let before = own.raw.len();
                    own.raw.retain(|file| raw.iter().all(|ended| ended.raw != *file));
                    if own.raw.is_empty() && before > 0 {
                        own.raw_ended = Some(entry.index);
                    }
                }
                for term in versions {
                    if let Some(own) = kept.get_mut(&term.version) {
                        (own.ended, own.until) = (Some(entry.index), Some(term.until));
                    }
                }
            }
            DatasetEvent::VersionsPurged { versions, .. } => {
                for (_, own) in kept.iter_mut().filter(|(number, _)| versions.contains(number)) {
                    own.purged = Some(entry.index);
                }
            }
            DatasetEvent::ErasureOrdered { .. }
            | DatasetEvent::SubjectErased { .. }
            | DatasetEvent::VersionExamined { .. } => {}
        }
    }
    kept
}
