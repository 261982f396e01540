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
            all.push(Known { row, kept, terms });
        }
        Ok(all)
    }

    /// Raw files that stay. A file is named by its bytes: what something else was made from, or somebody brought as a
    /// paper, stays, and so does what a pinned version was made from.
    pub(super) async fn held(&self, all: &[Known], today: CivilDate) -> Result<BTreeSet<Digest>, Stop> {
        let papers = self.all_uploads().await?.into_iter();
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
            | DatasetEvent::VersionExamined { .. }
            | DatasetEvent::CheckOrdered { .. }
            | DatasetEvent::VersionChecked { .. } => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use shuyu_domain::event::{EndedRaw, EndedTerm};
    use shuyu_kernel::{Actor, BodyId, DatasetId, PersonId};

    use super::*;

    const OWN: u128 = 7;

    fn at(index: u64, day: &str, event: DatasetEvent) -> (LogEntry, DatasetEvent) {
        let day: CivilDate = day.parse().expect("a day");
        let entry = LogEntry {
            index,
            recorded_at: Zone::CHINA.at_hour(day, 9),
            kind: String::new(),
            stream: String::new(),
            prev_hash: Digest::of(b""),
            leaf: Digest::of(b""),
            line: String::new(),
            event: None,
            note: None,
        };
        (entry, event)
    }

    fn version(version: u64, raw: &[&str]) -> DatasetEvent {
        DatasetEvent::VersionRecorded {
            dataset: DatasetId::from_bits(OWN),
            table: "t".to_owned(),
            resource: CaseId::from_bits(OWN),
            version,
            rows: 1,
            files: Vec::new(),
            raw: files(raw),
            report: Digest::of(b"report"),
            domain: None,
            rows_per_unit: 1,
            columns: Vec::new(),
            unit_columns: Vec::new(),
            correction: None,
            arrival: None,
            by: Actor {
                person: PersonId::from_bits(1),
                body: BodyId::from_bits(1),
                role: String::new(),
                post: String::new(),
                delegation: None,
            },
        }
    }

    fn files<T: FromIterator<Digest>>(raw: &[&str]) -> T {
        raw.iter().map(|name| Digest::of(name.as_bytes())).collect()
    }

    fn ended(purge: &str, versions: &[u64], raw: &[&str]) -> DatasetEvent {
        let term = |version: u64| EndedTerm {
            version,
            replaced_on: "2026-03-02".parse().expect("a day"),
            limit: RetentionTerms::default().version.limit,
            until: "2031-03-02".parse().expect("a day"),
            clauses: Vec::new(),
        };
        let over = files::<Vec<Digest>>(raw).into_iter();
        DatasetEvent::RetentionEnded {
            dataset: DatasetId::from_bits(OWN),
            resource: CaseId::from_bits(OWN),
            purge: purge.to_owned(),
            on: "2031-03-03".parse().expect("a day"),
            versions: versions.iter().map(|version| term(*version)).collect(),
            raw: over.map(|raw| EndedRaw { raw, term: term(1) }).collect(),
        }
    }

    fn purged(purge: &str, versions: &[u64]) -> DatasetEvent {
        DatasetEvent::VersionsPurged {
            dataset: DatasetId::from_bits(OWN),
            resource: CaseId::from_bits(OWN),
            purge: purge.to_owned(),
            versions: versions.to_vec(),
            files: Vec::new(),
            raw: Vec::new(),
        }
    }

    fn log(events: Vec<(&str, DatasetEvent)>) -> Vec<(LogEntry, DatasetEvent)> {
        let numbered = (0..).zip(events);
        numbered
            .map(|(index, (day, event))| at(index, day, event))
            .collect()
    }

    #[test]
    fn an_order_is_open_until_the_record_says_what_went_by_its_name() {
        let log = log(vec![
            ("2026-01-01", version(1, &["a"])),
            ("2026-03-02", version(2, &["b"])),
            ("2027-03-03", ended("raw", &[], &["a"])),
            ("2031-03-03", ended("rows", &[1], &[])),
            ("2031-03-03", purged("raw", &[])),
        ]);
        let open = orders(&log);
        assert_eq!(
            open,
            [Order {
                purge: "rows".to_owned(),
                resource: CaseId::from_bits(OWN),
                versions: [1].into(),
                raw: BTreeSet::new(),
            }]
        );
        let before: Vec<String> = orders(&log[..4]).into_iter().map(|order| order.purge).collect();
        assert_eq!(before, ["raw", "rows"], "in the order in which they were given");
    }

    #[test]
    fn a_version_has_a_term_from_the_day_it_was_replaced_and_what_it_was_made_from_is_not_forgotten() {
        let terms = RetentionTerms::default();
        let kept = |events| keeping(&log(events), &terms, Zone::CHINA);
        let two = vec![
            ("2026-01-01", version(1, &["a"])),
            ("2026-03-02", version(2, &["a", "b"])),
        ];
        let found = kept(two.clone());
        let day = |text: &str| text.parse::<CivilDate>().ok();
        assert_eq!(found[&1].replaced_on, day("2026-03-02"));
        let on: CivilDate = "2026-03-02".parse().expect("a day");
        assert_eq!(found[&1].until, terms.version.until(on));
        assert_eq!(found[&1].raw_until, terms.raw.until(on));
        assert!(found[&1].may_be_pinned());
        assert_eq!((found[&2].replaced_on, found[&2].until), (None, None));
        assert!(!found[&2].may_be_pinned(), "the latest has no term");

        let over = [two, vec![("2031-03-03", ended("p", &[1], &["a"]))]].concat();
        let found = kept(over.clone());
        assert_eq!((found[&1].ended, found[&1].purged), (Some(2), None));
        assert!(found[&1].may_be_pinned(), "it is there still");
        assert!(found[&1].raw.is_empty() && found[&1].raw_ended == Some(2));
        assert_eq!(found[&1].made_from, files(&["a"]));
        // The same bytes brought anew are the raw file of a version without an order.
        let again = kept([over.clone(), vec![("2031-03-04", version(3, &["a"]))]].concat());
        assert_eq!(again[&3].raw, files(&["a"]));

        let gone = kept([over, vec![("2031-03-04", purged("p", &[1]))]].concat());
        assert_eq!(gone[&1].purged, Some(3));
        assert!(!gone[&1].may_be_pinned());
    }
}
