//! What keeps a version beyond its term: a permit that holds, a product or an agreement that rests on it, a table
//! made from it.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use shuyu_domain::{Case, port::CaseFilter};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, ReleaseId};

use super::{Kept, keeping};
use crate::{App, Stop, product::content_release, read::CONTENT};

/// Most products looked at; a place has hundreds.
const PRODUCTS: u64 = 10_000;

/// A reason to keep a version. The case is left out for whoever is no party of the catalogue entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pin {
    /// A permit that holds was answered from it, or a program under it read it.
    Permit(Option<CaseId>),
    /// A product that is not closed delivers an answer from it, or an index made from it.
    Product(Option<CaseId>),
    /// A product made from it was delivered under an agreement that is not closed.
    Agreement(Option<CaseId>),
    /// A version that is kept was derived from it.
    Derived {
        /// Dataset of the derived version.
        dataset: DatasetId,
        /// Its number.
        version: u64,
    },
    /// It is marked for a recipient: without it nobody could tell who leaked it.
    Marked,
    /// Its catalogue entry says how long it is kept in words that are no term.
    Entry,
}

impl Pin {
    /// The word in messages and in the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Permit(_) => "permit",
            Self::Product(_) => "product",
            Self::Agreement(_) => "agreement",
            Self::Derived { .. } => "derived",
            Self::Marked => "marked",
            Self::Entry => "entry",
        }
    }

    /// The same without saying which case it is.
    pub(crate) fn untold(self) -> Self {
        match self {
            Self::Permit(_) => Self::Permit(None),
            Self::Product(_) => Self::Product(None),
            Self::Agreement(_) => Self::Agreement(None),
            other => other,
        }
    }
}

type Pins = BTreeMap<u64, BTreeSet<Pin>>;

impl App {
    /// Enters what pins the replaced versions of a dataset that are there still.
    pub(super) async fn pin(
        &self,
        dataset: DatasetId,
        today: CivilDate,
        kept: &mut BTreeMap<u64, Kept>,
    ) -> Result<(), Stop> {
        let replaced = kept
            .iter()
            .filter(|(_, own)| own.ended.is_none() && own.replaced_on.is_some());
        let of: BTreeSet<u64> = replaced.map(|(number, _)| *number).collect();
        if of.is_empty() {
            return Ok(());
        }
        let mut pins = Pins::new();
        let mut read: BTreeMap<ReleaseId, u64> = BTreeMap::new();
        let mut used: BTreeSet<(CaseId, u64)> = BTreeSet::new();
        for release in self.record.releases_reading(dataset).await? {
            read.insert(release.release, release.version);
            used.insert((release.case, release.version));
        }
        for source in self.record.sources(None).await? {
            let runs = source.runs.values().flat_map(|run| &run.read);
            let own = runs.filter(|(id, _)| *id == dataset);
            used.extend(own.map(|(_, version)| (source.case, *version)));
        }
        used.retain(|(_, version)| of.contains(version));
        let loaded = self
            .record
            .load(&used.iter().map(|(case, _)| *case).collect())
            .await?;
        for (case, version) in used {
            let permit = loaded.linked.get(&case).and_then(|case| case.permit.as_ref());
            if permit.is_some_and(|permit| !permit.ended && today <= permit.expires_on) {
                pins.entry(version).or_default().insert(Pin::Permit(Some(case)));
            }
        }
        self.pin_by_products(dataset, &read, &mut pins).await?;
        self.pin_by_lineage(dataset, &mut pins).await?;
        for (number, own) in kept.iter_mut().filter(|(number, _)| of.contains(*number)) {
            own.pins = pins.remove(number).unwrap_or_default();
        }
        Ok(())
    }

    async fn pin_by_products(
        &self,
        dataset: DatasetId,
        read: &BTreeMap<ReleaseId, u64>,
        pins: &mut Pins,
    ) -> Result<(), Stop> {
        let profile = self.profile();
        let procedures = (profile.procedures.iter()).filter(|procedure| procedure.field(CONTENT).is_some());
        let filter = CaseFilter {
            procedures: procedures.map(|procedure| procedure.id.clone()).collect(),
            limit: PRODUCTS,
            ..CaseFilter::default()
        };
        if filter.procedures.is_empty() {
            return Ok(());
        }
        let (rows, _) = self.record.cases(&filter).await?;
        let loaded = self.record.load(&rows.iter().map(|row| row.id).collect()).await?;
        let product = |id: &CaseId| loaded.linked.get(id);
        let rests_on = |case: &Case| -> BTreeSet<u64> {
            let content = content_release(case).and_then(|release| read.get(&release).copied());
            let index = case.index.as_ref().filter(|index| index.dataset == dataset);
            content
                .into_iter()
                .chain(index.map(|index| index.version))
                .collect()
        };
        let resting: Vec<(&Case, BTreeSet<u64>)> = (rows.iter().filter_map(|row| product(&row.id)))
            .map(|case| (case, rests_on(case)))
            .filter(|(_, versions)| !versions.is_empty())
            .collect();
        let agreements = resting.iter().flat_map(|(case, _)| &case.deliveries);
        let agreements: BTreeSet<CaseId> = agreements.map(|delivery| delivery.agreement).collect();
        let agreed = self.record.load(&agreements).await?;
        for (case, versions) in resting {
            let open = |id: &CaseId| agreed.linked.get(id).is_some_and(|case| !case.closed);
            let agreements = case
                .deliveries
                .iter()
                .map(|delivery| delivery.agreement)
                .filter(open);
            let own = (!case.closed).then_some(Pin::Product(Some(case.id)));
            let found: BTreeSet<Pin> = agreements.map(|id| Pin::Agreement(Some(id))).chain(own).collect();
            for version in versions.into_iter().filter(|_| !found.is_empty()) {
                pins.entry(version).or_default().extend(found.clone());
            }
        }
        Ok(())
    }

    async fn pin_by_lineage(&self, dataset: DatasetId, pins: &mut Pins) -> Result<(), Stop> {
        let (derived, marked) = self.made_from(dataset).await?;
        for version in marked {
            pins.entry(version).or_default().insert(Pin::Marked);
        }
        let profile = self.profile();
        let mut known: BTreeMap<DatasetId, BTreeMap<u64, Kept>> = BTreeMap::new();
        for (from, (dataset, version)) in derived {
            if let Entry::Vacant(place) = known.entry(dataset) {
                let events = self.dataset_events(dataset).await?;
                place.insert(keeping(&events, &profile.retention, profile.zone));
            }
            let own = known.get(&dataset).and_then(|kept| kept.get(&version));
            if own.is_some_and(|own| own.ended.is_none()) {
                pins.entry(from)
                    .or_default()
                    .insert(Pin::Derived { dataset, version });
            }
        }
        Ok(())
    }
}
