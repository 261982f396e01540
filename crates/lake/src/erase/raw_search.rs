//! Raw files that hold a subject: found by reading them as the ingest did, and destroyed as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shuyu_kernel::{DatasetId, Digest, Fault};
use tokio_util::sync::CancellationToken;

use super::{Order, uploads::named_anywhere};
use crate::{
    Lake,
    error::{LakeError, fault},
    keys::UnitKey,
    limits::Limits,
    raw::RawZone,
    source::{FormatHint, Record, Watch, read_file},
    table::{Cell, ColumnType, NoProgress, unit_of},
};

/// How a version reads the columns that name the subject: name in the header, type.
pub(super) type Naming = Vec<(String, ColumnType)>;

impl Lake {
    /// Destroys the raw files of a dataset's versions that hold the subject or cannot be searched any more.
    /// Which, is kept in the order before the first one goes.
    pub(super) async fn destroy_raw(
        &self,
        dataset: DatasetId,
        order: &mut Order,
        key: &UnitKey,
    ) -> Result<Vec<Digest>, LakeError> {
        let mut namings: BTreeMap<Digest, BTreeSet<Vec<String>>> = BTreeMap::new();
        let mut kinds: BTreeMap<Vec<String>, Naming> = BTreeMap::new();
        for version in self.versions(dataset).await? {
            let Some(unit) = &version.record.unit else {
                continue;
            };
            let naming: Naming = (unit.columns.iter())
                .filter_map(|name| {
                    let schema = &version.record.schema;
                    let column = schema.columns.get(schema.position(name)?)?;
                    Some((column.header().trim().to_owned(), column.kind))
                })
                .collect();
            let name: Vec<String> = naming.iter().map(|column| format!("{column:?}")).collect();
            for raw in &version.record.raw {
                namings.entry(*raw).or_default().insert(name.clone());
            }
            kinds.insert(name, naming);
        }
        for (raw, names) in namings {
            if order.raw.contains(&raw) {
                continue;
            }
            let names = names.iter().filter_map(|name| kinds.get(name).cloned()).collect();
            if self.raw_holds(raw, names, &order.units, key).await? {
                order.raw.insert(raw);
            }
        }
        self.keep_order(dataset, order).await?;
        for raw in order.raw.clone() {
            let zone = self.raw.clone();
            let done = tokio::task::spawn_blocking(move || zone.destroy(raw)).await;
            done.map_err(fault("destroying a raw file"))?
                .map_err(fault("destroying a raw file"))?;
        }
        Ok(order.raw.iter().copied().collect())
    }

    async fn raw_holds(
        &self,
        raw: Digest,
        namings: Vec<Naming>,
        units: &BTreeSet<i64>,
        key: &UnitKey,
    ) -> Result<bool, Fault> {
        let (zone, limits, units, key) = (self.raw.clone(), self.limits, units.clone(), key.clone());
        let search = move || {
            let asked = (&units, &key);
            if (namings.iter()).any(|naming| holds(&zone, raw, naming, asked, &limits)) {
                return Ok(true);
            }
            // The version was made of the first sheet; nobody said what the others mean.
            let texts: Vec<Naming> = namings.iter().map(as_text).collect();
            named_anywhere(&zone, (raw, 1), &[namings, texts].concat(), asked, &limits)
        };
        tokio::task::spawn_blocking(search)
            .await
            .map_err(fault("searching a raw file"))?
    }
}

/// Whether a file has a record about one of the units. One that cannot be read as the table was counts as holding
/// it; one that is gone does not.
fn holds(
    zone: &Arc<RawZone>,
    raw: Digest,
    naming: &Naming,
    (units, key): (&BTreeSet<i64>, &UnitKey),
    limits: &Limits,
) -> bool {
    let file = match zone.open_file(raw) {
        Ok(file) => file,
        Err(LakeError::Refused(_)) => return false,
        Err(LakeError::Fault(_)) => return true,
    };
    let (mut places, mut found): (Option<Vec<usize>>, bool) = (None, false);
    let mut lost = false;
    let cancel = CancellationToken::new();
    let watch = Watch::new(&NoProgress, &cancel);
    let mut sink = |record: &Record| {
        let Some(places) = &places else {
            let titles: Vec<&str> = record.cells().map(str::trim).collect();
            let place = |title: &String| titles.iter().position(|found| found == title);
            let found: Vec<usize> = naming.iter().filter_map(|(title, _)| place(title)).collect();
            lost = found.len() != naming.len();
            places = Some(found);
            return Ok(());
        };
        found |= typed(record, places, naming, key).is_some_and(|unit| units.contains(&unit))
            || typed(record, places, &as_text(naming), key).is_some_and(|unit| units.contains(&unit));
        Ok(())
    };
    let read = read_file(file, &FormatHint::Auto, limits, &watch, &mut sink);
    found || lost || read.is_err()
}

/// The same columns as text: a value that its column would not have taken may still name the subject.
pub(super) fn as_text(naming: &Naming) -> Naming {
    naming
        .iter()
        .map(|(title, _)| (title.clone(), ColumnType::Text))
        .collect()
}

pub(super) fn typed(record: &Record, places: &[usize], naming: &Naming, key: &UnitKey) -> Option<i64> {
    let values: Option<Vec<String>> = places
        .iter()
        .zip(naming)
        .map(|(place, (_, kind))| Cell::parse(record.cell(*place), *kind)?.canonical(*kind))
        .collect();
    Some(unit_of(key, &values?))
}
