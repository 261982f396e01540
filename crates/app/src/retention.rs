//! Terms of keeping (保存期限): a version that another one replaced goes when its term is over and nothing pins it,
//! and so do the raw files it was made from.
//!
//! The sweep of a day records which terms are over, with how they were counted: an order. In the background the pins are
//! asked once more; what something needs by now stays, with the order open. Otherwise the lake is told to refuse the
//! versions, from which moment on there is no way back, and to destroy what they alone were made of; what went is
//! recorded. The latest version of a dataset is in use and never goes.

mod keeping;
mod pins;
mod purging;

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event,
    event::{DatasetEvent, EndedRaw, EndedTerm},
    port::{DatasetRow, Effect, Loaded, Proposal},
};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, Digest};
use shuyu_profile::{Meaning, Profile, RetentionTerm, RetentionTerms, written_term};

use crate::{App, Stop, dispatch::fingerprint, read::LogEntry};

use keeping::keeping;
pub use pins::Pin;
pub(crate) use pins::Pinning;
pub(crate) use purging::Purging;

/// Kind of the outbox effect that wakes what destroys. The order itself stands in the record.
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
    /// All raw files it was made from.
    pub(crate) made_from: BTreeSet<Digest>,
}

/// What of a dataset is over on a day.
#[derive(Debug, Default)]
struct Over {
    versions: Vec<EndedTerm>,
    raw: Vec<EndedRaw>,
}

impl App {
    /// Records which terms of keeping are over today; [`App::finish_purges`] destroys. Answers how many versions.
    pub(crate) async fn end_retention(&self) -> Result<u64, Stop> {
        let today = self.today();
        let erasing = self.being_erased().await?;
        let all = self.all_kept().await?;
        let held = self.held(&all, today).await?;
        let mut ended = 0;
        for known in all.iter().filter(|known| !erasing.contains(&known.row.dataset)) {
            let over = over(&known.kept, &known.terms, (today, &held));
            if !over.versions.is_empty() || !over.raw.is_empty() {
                ended += over.versions.len() as u64;
                self.record_over(&known.row, over, today).await?;
            }
        }
        // What was pinned after its term was recorded as over may be free today.
        self.purging.wake();
        if ended > 0 {
            tracing::info!(%today, ended, "terms of keeping were over");
        }
        Ok(ended)
    }

    /// Datasets with an order to erase a subject that is not proved: their files are changing.
    async fn being_erased(&self) -> Result<BTreeSet<DatasetId>, Stop> {
        let open = self.lake.open_erasures().await?;
        Ok(open.iter().map(|order| order.dataset).collect())
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

    /// How long each version of a dataset is kept, and by which terms.
    pub(crate) async fn kept(
        &self,
        dataset: DatasetId,
        events: &[(LogEntry, DatasetEvent)],
        pinning: &Pinning,
    ) -> Result<(BTreeMap<u64, Kept>, RetentionTerms), Stop> {
        let entry = events.first().map(|(_, event)| event.resource());
        let (terms, unclear) = self.terms_of(entry).await?;
        let mut kept = keeping(events, &terms, self.profile().zone);
        self.pin(dataset, (self.today(), pinning), &mut kept).await?;
        for own in kept.values_mut().filter(|own| unclear && own.may_be_pinned()) {
            own.pins.insert(Pin::Entry);
        }
        Ok((kept, terms))
    }

    /// The terms for data of a catalogue entry: its own before those of the profile. Also whether the entry says
    /// something that is no term, so that nothing is destroyed. What the version of the rules that the entry is under
    /// does not call a term may be called one by the present version: it counts, since what is destroyed is gone.
    async fn terms_of(&self, entry: Option<CaseId>) -> Result<(RetentionTerms, bool), Stop> {
        let terms = self.profile().retention.clone();
        let loaded = self.record.load(&entry.into_iter().collect()).await?;
        let Some(case) = entry.and_then(|entry| loaded.linked.get(&entry)) else {
            return Ok((terms, false));
        };
        let (own, present) = (self.profiles.get(case.profile)?, self.profile());
        let term = |profile: &Profile| {
            let fields = &profile.procedure(&case.procedure)?.fields;
            let mut terms = fields
                .iter()
                .filter(|field| field.means == Some(Meaning::Retention));
            terms.next().cloned()
        };
        let field = term(&own).or_else(|| term(&present));
        let said = field.and_then(|field| Some((case.fields.get(&field.id)?.text(), field)));
        Ok(match said.filter(|(text, _)| !text.trim().is_empty()) {
            None => (terms, false),
            Some((text, field)) => match written_term(&text) {
                Some(limit) => (terms.of_entry(limit, field.basis), false),
                None => (terms, true),
            },
        })
    }
}

impl Kept {
    /// Whether anything can keep it: it was replaced and is there still.
    fn may_be_pinned(&self) -> bool {
        self.replaced_on.is_some() && self.purged.is_none()
    }

    /// Whether its term is over and nothing pins it, and nobody said so yet.
    fn is_over(&self, today: CivilDate) -> bool {
        self.ended.is_none() && self.pins.is_empty() && self.until.is_some_and(|until| until < today)
    }

    /// The same for its raw files.
    fn raw_is_over(&self, today: CivilDate) -> bool {
        self.pins.is_empty() && self.raw_until.is_some_and(|until| until < today)
    }
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
