//! What keeps a version beyond its term: a permit that holds, a product or an agreement that rests on it, a table
//! made from it.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use shuyu_domain::{Case, Source};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, ReleaseId};
use tokio::sync::OnceCell;

use super::{Kept, keeping};
use crate::{App, Stop, product::content_release};

/// What may pin versions, whatever the dataset: read once for all that are asked about, and only when one has a version
/// that could be pinned.
#[derive(Default)]
pub(crate) struct Pinning(OnceCell<Holders>);

struct Holders {
    sources: Vec<Source>,
    products: Vec<Case>,
    /// Agreements that are not closed, among those that products were delivered under.
    agreements: BTreeSet<CaseId>,
}

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
    async fn holders(&self) -> Result<Holders, Stop> {
        let products = self.product_cases().await?.into_iter();
        let products: Vec<Case> = products.map(|(_, case)| case).collect();
        let delivered = products.iter().flat_map(|case| &case.deliveries);
        let delivered: BTreeSet<CaseId> = delivered.map(|delivery| delivery.agreement).collect();
        let loaded = self.record.load(&delivered).await?;
        let open = |id: &CaseId| loaded.linked.get(id).is_some_and(|case| !case.closed);
        Ok(Holders {
            sources: self.record.sources(None).await?,
            products,
            agreements: delivered.into_iter().filter(open).collect(),
        })
    }

    /// Enters what pins the replaced versions of a dataset that are there still.
    pub(super) async fn pin(
        &self,
        dataset: DatasetId,
        (today, pinning): (CivilDate, &Pinning),
        kept: &mut BTreeMap<u64, Kept>,
    ) -> Result<(), Stop> {
        let replaced = kept.iter().filter(|(_, own)| own.may_be_pinned());
        let of: BTreeSet<u64> = replaced.map(|(number, _)| *number).collect();
        if of.is_empty() {
            return Ok(());
        }
        let holders = pinning.0.get_or_try_init(|| self.holders()).await?;
        let mut pins = Pins::new();
        let mut read: BTreeMap<ReleaseId, u64> = BTreeMap::new();
        let mut used: BTreeSet<(CaseId, u64)> = BTreeSet::new();
        for release in self.record.releases_reading(dataset).await? {
            read.insert(release.release, release.version);
            used.insert((release.case, release.version));
        }
        for source in &holders.sources {
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
        pin_by_products(holders, dataset, &read, &mut pins);
        self.pin_by_lineage(dataset, &mut pins).await?;
        for (number, own) in kept.iter_mut().filter(|(number, _)| of.contains(*number)) {
            own.pins = pins.remove(number).unwrap_or_default();
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
            if own.is_some_and(|own| own.purged.is_none()) {
                pins.entry(from)
                    .or_default()
                    .insert(Pin::Derived { dataset, version });
            }
        }
        Ok(())
    }
}

fn pin_by_products(holders: &Holders, dataset: DatasetId, read: &BTreeMap<ReleaseId, u64>, pins: &mut Pins) {
    for case in &holders.products {
        let content = content_release(case).and_then(|release| read.get(&release).copied());
        let index = case.index.as_ref().filter(|index| index.dataset == dataset);
        let versions = content.into_iter().chain(index.map(|index| index.version));
        let agreements = case.deliveries.iter().map(|delivery| delivery.agreement);
        let agreements = agreements.filter(|id| holders.agreements.contains(id));
        let own = (!case.closed).then_some(Pin::Product(Some(case.id)));
        let found: BTreeSet<Pin> = agreements.map(|id| Pin::Agreement(Some(id))).chain(own).collect();
        for version in versions.filter(|_| !found.is_empty()) {
            pins.entry(version).or_default().extend(found.clone());
        }
    }
}
