//! Terms of keeping (保存期限): a version that another one replaced goes when its term is over and nothing pins it,
//! and so do the raw files it was made from.
//!
//! The sweep of a day records which terms are over, with how they were counted; from the commit on no read gives the
//! versions; an effect destroys what they alone were made of, and what went is recorded. The latest version of a
//! dataset is in use and never goes.

mod pins;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::{DatasetEvent, EndedRaw, EndedTerm},
    port::{DatasetRow, Effect, Loaded, Proposal},
};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, Digest, Fault, Zone};
use shuyu_profile::{Meaning, RetentionTerm, RetentionTerms, written_term};

use crate::{
    App, Stop,
    account::parse,
    dispatch::fingerprint,
    files::{Upload, UploadKind},
    port::{DataError, PurgeOrder},
    read::LogEntry,
};

pub use pins::Pin;

/// Kind of the outbox effect that destroys: it is carried out even if the process dies after the commit.
pub(crate) const EFFECT: &str = "purge";

/// Until when a version is kept, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The day another version took its place; `None` for the latest one, which has no term.
    pub replaced_on: Option<CivilDate>,
    /// Last day of its term.
    pub until: Option<CivilDate>,
    /// Last day of the term of the raw files it was made from; `None` also where there are none.
    pub raw_until: Option<CivilDate>,
    /// What keeps it beyond its term.
    pub pins: BTreeSet<Pin>,
    /// Ledger index of the entry that says that its term is over.
    pub ended: Option<u64>,
    /// Ledger index of the entry that says what was destroyed of it.
    pub purged: Option<u64>,
    /// Ledger index of the entry that says that the term of the last of its raw files is over.
    pub raw_ended: Option<u64>,
    /// Raw files it was made from whose term is not recorded as over.
    pub(crate) raw: BTreeSet<Digest>,
}

/// Where an order stands in the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct Destroy {
    dataset: DatasetId,
    purge: String,
}

/// What of a dataset is over on a day.
#[derive(Debug, Default)]
struct Over {
    versions: Vec<EndedTerm>,
    raw: Vec<EndedRaw>,
}

impl App {
    /// Records which terms of keeping are over today; what nothing pins is destroyed by the outbox. Answers how many
    /// versions.
    pub(crate) async fn end_retention(&self) -> Result<u64, Stop> {
        let today = self.today();
        let erasing: BTreeSet<DatasetId> = (self.lake.open_erasures().await?.iter())
            .map(|order| order.dataset)
            .collect();
        let mut all = Vec::new();
        for row in self.record.datasets(None).await? {
            let events = self.dataset_events(row.dataset).await?;
            let (kept, terms) = self.kept(row.dataset, &events).await?;
            all.push((row, kept, terms));
        }
        // A file is named by its bytes: what something else was made from, or somebody cites, stays.
        let mut held = self.brought_as_papers().await?;
        for (_, kept, _) in &all {
            let stays = kept.values().filter(|own| !own.raw_is_over(today));
            held.extend(stays.flat_map(|own| own.raw.iter().copied()));
        }
        let mut ended = 0;
        for (row, kept, terms) in all.iter().filter(|(row, ..)| !erasing.contains(&row.dataset)) {
            let over = over(kept, terms, (today, &held));
            if !over.versions.is_empty() || !over.raw.is_empty() {
                ended += over.versions.len() as u64;
                self.record_over(row, over, today).await?;
            }
        }
        if ended > 0 {
            tracing::info!(%today, ended, "terms of keeping were over");
        }
        Ok(ended)
    }

    async fn record_over(&self, row: &DatasetRow, over: Over, today: CivilDate) -> Result<(), Stop> {
        // A permit may end after the first sweep of a day: what is over names the order as well.
        let what = fingerprint(&(&over.versions, &over.raw)).short();
        let name = format!("{EFFECT}/{}/{today}/{what}", row.dataset);
        let purge: String = Digest::of(name.as_bytes()).to_string().chars().take(32).collect();
        let effect = Effect {
            key: name.clone(),
            kind: EFFECT.to_owned(),
            payload: serde_json::json!({ "dataset": row.dataset, "purge": purge }),
        };
        let event = DatasetEvent::RetentionEnded {
            dataset: row.dataset,
            resource: row.resource,
            purge,
            on: today,
            versions: over.versions,
            raw: over.raw,
        };
        let key = ("system".to_owned(), name);
        let request = self.dataset_request("end-retention", row.dataset, key, fingerprint(&event));
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                outbox: vec![effect],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Destroys what an order in the record names, and records what went.
    pub(crate) async fn carry_out_purge(&self, effect: &Effect) -> Result<(), Stop> {
        let destroy: Destroy = serde_json::from_value(effect.payload.clone())
            .map_err(|error| Fault::new("purging versions", error))?;
        let ordered =
            (self.dataset_events(destroy.dataset).await?.into_iter()).find_map(|(_, event)| match event {
                DatasetEvent::RetentionEnded {
                    resource,
                    purge,
                    versions,
                    raw,
                    ..
                } if purge == destroy.purge => Some((resource, versions, raw)),
                _ => None,
            });
        let (resource, versions, raw) =
            ordered.ok_or_else(|| Fault::new("purging versions", "the record has no such order"))?;
        let order = PurgeOrder {
            dataset: destroy.dataset,
            versions: versions.iter().map(|term| term.version).collect(),
            raw: raw.iter().map(|file| file.raw).collect(),
            purge: destroy.purge.clone(),
        };
        let gone = match self.lake.purge(&order).await {
            Ok(gone) => gone,
            Err(DataError::Fault(fault)) => return Err(fault.into()),
            Err(DataError::Refused(refusal) | DataError::Found { refusal, .. }) => {
                return Err(Fault::new("purging versions", refusal).into());
            }
        };
        let event = DatasetEvent::VersionsPurged {
            dataset: destroy.dataset,
            resource,
            purge: destroy.purge.clone(),
            versions: order.versions.into_iter().collect(),
            files: gone.files,
            raw: gone.raw,
        };
        let key = (
            EFFECT.to_owned(),
            format!("{}/{}", destroy.purge, destroy.dataset),
        );
        let request = self.dataset_request("prove-purge", destroy.dataset, key, fingerprint(&event));
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Digests of what somebody brought as a paper.
    async fn brought_as_papers(&self) -> Result<BTreeSet<Digest>, Stop> {
        let mut papers = BTreeSet::new();
        for document in self.record.documents("upload", None).await? {
            let upload: Upload = parse(&document)?;
            if upload.kind == UploadKind::Paper {
                papers.insert(upload.digest);
            }
        }
        Ok(papers)
    }

    /// How long each version of a dataset is kept, and by which terms.
    pub(crate) async fn kept(
        &self,
        dataset: DatasetId,
        events: &[(LogEntry, DatasetEvent)],
    ) -> Result<(BTreeMap<u64, Kept>, RetentionTerms), Stop> {
        let entry = events.first().map(|(_, event)| event.resource());
        let (terms, unclear) = self.terms_of(entry).await?;
        let mut kept = keeping(events, &terms, self.profile().zone);
        self.pin(dataset, self.today(), &mut kept).await?;
        for own in kept
            .values_mut()
            .filter(|own| unclear && own.replaced_on.is_some())
        {
            own.pins.insert(Pin::Entry);
        }
        Ok((kept, terms))
    }

    /// The terms for data of a catalogue entry: its own before those of the profile. Also whether the entry says
    /// something that is no term, so that nothing is destroyed.
    async fn terms_of(&self, entry: Option<CaseId>) -> Result<(RetentionTerms, bool), Stop> {
        let terms = self.profile().retention.clone();
        let loaded = self.record.load(&entry.into_iter().collect()).await?;
        let Some(case) = entry.and_then(|entry| loaded.linked.get(&entry)) else {
            return Ok((terms, false));
        };
        let profile = self.profiles.get(case.profile)?;
        let fields = profile
            .procedure(&case.procedure)
            .map(|procedure| &procedure.fields);
        let field = (fields.into_iter().flatten()).find(|field| field.means == Some(Meaning::Retention));
        let said = field.and_then(|field| Some((field, case.fields.get(&field.id)?.text())));
        Ok(match said.filter(|(_, text)| !text.trim().is_empty()) {
            None => (terms, false),
            Some((field, text)) => match written_term(&text) {
                Some(limit) => (terms.of_entry(limit, field.basis.clone()), false),
                None => (terms, true),
            },
        })
    }
}

impl Kept {
    /// Whether its term is over and nothing pins it, and nobody said so yet.
    fn is_over(&self, today: CivilDate) -> bool {
        self.ended.is_none() && self.pins.is_empty() && self.until.is_some_and(|until| until < today)
    }

    /// The same for its raw files.
    fn raw_is_over(&self, today: CivilDate) -> bool {
        self.pins.is_empty() && self.raw_until.is_some_and(|until| until < today)
    }
}

/// Versions of a dataset with their terms, from its events; without what pins them.
pub(crate) fn keeping(
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
                kept.entry(*version).or_default().raw = raw.iter().copied().collect();
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

/// What is over on a day. A raw file goes with the term of the last version that was made from it.
fn over(
    kept: &BTreeMap<u64, Kept>,
    terms: &RetentionTerms,
    (today, held): (CivilDate, &BTreeSet<Digest>),
) -> Over {
    let ended = |number: u64, own: &Kept, term: &RetentionTerm| {
        let replaced_on = own.replaced_on?;
        Some(EndedTerm {
            version: number,
            replaced_on,
            limit: term.limit,
            until: term.until(replaced_on)?,
            clauses: term.basis.clauses().to_vec(),
        })
    };
    let versions = kept.iter().filter(|(_, own)| own.is_over(today));
    let versions = versions.filter_map(|(number, own)| ended(*number, own, &terms.version));
    let mut raw: BTreeMap<Digest, EndedTerm> = BTreeMap::new();
    for (number, own) in kept.iter().filter(|(_, own)| own.raw_is_over(today)) {
        for file in own.raw.iter().filter(|file| !held.contains(*file)) {
            raw.extend(ended(*number, own, &terms.raw).map(|term| (*file, term)));
        }
    }
    Over {
        versions: versions.collect(),
        raw: raw
            .into_iter()
            .map(|(raw, term)| EndedRaw { raw, term })
            .collect(),
    }
}
