//! Uploads that never became a version: nobody said what their columns mean, so every cell is asked whether it names
//! the subject, and one that does destroys the file as a whole.

use std::{collections::BTreeSet, sync::Arc};

use shuyu_kernel::{DatasetId, Digest, Fault};
use tokio_util::sync::CancellationToken;

use super::raw_search::{Naming, as_text, typed};
use crate::{
    Lake,
    error::{LakeError, fault},
    keys::UnitKey,
    limits::Limits,
    raw::RawZone,
    source::{Record, Watch, search_file},
    table::NoProgress,
    version::DataZone,
};

impl Lake {
    /// Adds to an order those of `uploads` that no version outside the workbench was made from and that hold the
    /// subject or cannot be read to their end, which no version can be made from either. [`Lake::carry_out_erasure`]
    /// destroys them and names them in its proof. Does nothing for an order that is carried out, and for a dataset that was
    /// derived: the table it was made from has an order of its own.
    ///
    /// # Errors
    /// A fault when a file or the log of a dataset cannot be read.
    pub async fn search_uploads(
        &self,
        dataset: DatasetId,
        order: &str,
        key: &UnitKey,
        uploads: BTreeSet<Digest>,
    ) -> Result<(), LakeError> {
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        let Some(mut found) = self.order(dataset, order).await? else {
            return Ok(());
        };
        let namings = self.namings(dataset).await?;
        if namings.is_empty() || self.proof(dataset, order).await?.is_some() {
            return Ok(());
        }
        let mut left = uploads;
        for known in self.datasets().await? {
            for version in self.versions(known).await? {
                if version.record.zone == DataZone::Workbench {
                    // Lists have no order of their own, and what they were made of is not kept for them.
                    continue;
                }
                for raw in &version.record.raw {
                    left.remove(raw);
                }
            }
        }
        for raw in left {
            let (zone, limits, key) = (self.raw.clone(), self.limits, key.clone());
            let (units, namings) = (found.units.clone(), namings.clone());
            let search = move || named_anywhere(&zone, (raw, 0), &namings, (&units, &key), &limits);
            let held = tokio::task::spawn_blocking(search).await;
            if held.map_err(fault("searching an upload"))?? {
                found.raw.insert(raw);
            }
        }
        self.keep_order(dataset, &found).await
    }

    /// How the versions of a dataset that were ingested name their subjects, by type and as text.
    async fn namings(&self, dataset: DatasetId) -> Result<Vec<Naming>, LakeError> {
        let mut namings: Vec<Naming> = Vec::new();
        for version in self.versions(dataset).await? {
            let Some(unit) = version
                .record
                .unit
                .as_ref()
                .filter(|_| !version.record.raw.is_empty())
            else {
                continue;
            };
            let schema = &version.record.schema;
            let naming: Naming = (unit.columns.iter())
                .filter_map(|name| {
                    let column = schema.columns.get(schema.position(name)?)?;
                    Some((column.header().trim().to_owned(), column.kind))
                })
                .collect();
            for naming in [as_text(&naming), naming] {
                if !namings.contains(&naming) {
                    namings.push(naming);
                }
            }
        }
        Ok(namings)
    }
}

/// Whether a file names one of the units from the sheet at `first` on: in any whole cell where one column names them,
/// else under the titles that do. One that cannot be read to its end counts as naming it, one that is gone does not.
pub(super) fn named_anywhere(
    zone: &Arc<RawZone>,
    (raw, first): (Digest, usize),
    namings: &[Naming],
    (units, key): (&BTreeSet<i64>, &UnitKey),
    limits: &Limits,
) -> Result<bool, Fault> {
    let file = match zone.open_file(raw) {
        Ok(file) => file,
        // It was swept, or destroyed by an order before.
        Err(LakeError::Refused(_)) => return Ok(false),
        Err(LakeError::Fault(fault)) => return Err(fault),
    };
    let (mut titles, mut found): (Vec<String>, bool) = (Vec::new(), false);
    let cancel = CancellationToken::new();
    let watch = Watch::new(&NoProgress, &cancel);
    let mut sink = |record: &Record| {
        if record.number <= 1 {
            // The first row may be somebody's, where a file has no header: it is asked as well.
            titles = record.cells().map(|title| title.trim().to_owned()).collect();
        }
        found = found
            || namings
                .iter()
                .any(|naming| names(record, &titles, naming, (units, key)));
        Ok(())
    };
    match search_file(file, first, limits, &watch, &mut sink) {
        Ok(()) => Ok(found),
        Err(LakeError::Refused(_)) => Ok(true),
        Err(LakeError::Fault(fault)) => Err(fault),
    }
}

fn names(
    record: &Record,
    titles: &[String],
    naming: &Naming,
    (units, key): (&BTreeSet<i64>, &UnitKey),
) -> bool {
    let named =
        |places: &[usize]| typed(record, places, naming, key).is_some_and(|unit| units.contains(&unit));
    if naming.len() == 1 {
        return (0..record.len()).any(|place| named(&[place]));
    }
    let place = |(title, _): &(String, _)| titles.iter().position(|known| known == title);
    let places: Option<Vec<usize>> = naming.iter().map(place).collect();
    places.is_some_and(|places| named(&places))
}
