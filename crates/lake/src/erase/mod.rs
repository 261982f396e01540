//! Erasing one subject from every kept version of a dataset, with proof.
//!
//! ```text
//! prepare ──▶ order (sealed, hides nothing)      the record takes the decision in between
//! hide    ──▶ tombstone: reads of every version skip the subject from the next scan on
//! carry_out ▶ files rewritten without the rows, named in the order, then put into every commit of the log,
//!             old files and raw files destroyed, every file of every version searched: the proof
//! close   ──▶ order gone; the proof stays
//! ```
//!
//! Killed anywhere, the next [`Lake::carry_out`] goes on: what was rewritten is named in the order before the log
//! is touched. A query that was reading an old file when it was destroyed ends with a fault and can be asked again.
//! Kill points: `lake.erase_hidden`, `lake.erase_rewritten`, `lake.erase_mid_log`, `lake.erase_logged`.

mod lists;
mod order;
mod raw_search;
mod rewrite;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Digest, Refusal};

use crate::{
    Lake,
    error::LakeError,
    keys::{UnitKey, hmac_sm3},
    table::{Cell, ColumnType, TableSpec, UNIT_COLUMN, cell_at, unit_of},
    version::{DataFile, DatasetVersion, Snapshot},
};

pub(crate) use order::{Order, Stage};

/// Who is to be erased from what.
#[derive(Debug, Clone)]
pub struct ErasureSpec {
    /// The dataset that names the subject.
    pub dataset: DatasetId,
    /// Column → value, for exactly the columns that name the subject.
    pub subject: BTreeMap<String, String>,
    /// The key of the dataset's identifier domain.
    pub key: UnitKey,
    /// Names the order: the same one again is the same order. Lower-case letters and digits.
    pub order: String,
}

/// An order that was taken down. It holds no value that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The dataset and those derived from it, directly or not, that have subjects of the same domain.
    pub datasets: Vec<DatasetId>,
    /// HMAC-SM3 of dataset and unit under the key of the domain: whoever has the key and the identifier finds it
    /// again, nobody else learns anything.
    pub commitment: Digest,
    /// Identifier domain.
    pub domain: String,
}

/// A data file that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileErased {
    /// SM3 of the clear bytes before.
    pub before: Digest,
    /// SM3 of the clear bytes after.
    pub after: Digest,
    /// Rows that are gone.
    pub rows: u64,
}

/// A version that held the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionErased {
    /// Its number.
    pub version: u64,
    /// Rows that are gone from it.
    pub rows: u64,
}

/// That no file of any version of a dataset holds the subject any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureProof {
    /// Name of the order.
    pub order: String,
    /// The dataset.
    pub dataset: DatasetId,
    /// As in [`Prepared::commitment`].
    pub commitment: Digest,
    /// Versions that held the subject, oldest first.
    pub versions: Vec<VersionErased>,
    /// Files that were rewritten.
    pub files: Vec<FileErased>,
    /// Raw files that held the subject, or could no longer be searched: destroyed as a whole, key included, because
    /// a file without some of its lines would not be the file that was received.
    pub raw_destroyed: Vec<Digest>,
    /// Data files that were searched in the end, over all versions.
    pub files_searched: u64,
    /// Rows that were searched in the end.
    pub rows_searched: u64,
}

impl Lake {
    /// Takes an order down for a dataset and what was derived from it. Nothing is hidden yet; an order that is
    /// never carried on is removed by the sweep.
    ///
    /// # Errors
    /// Refuses `dataset_unknown`, `dataset_without_subjects`, `subject_columns_differ`, `subject_not_a_value`.
    pub async fn prepare_erasure(&self, spec: &ErasureSpec) -> Result<Prepared, LakeError> {
        let versions = self.versions(spec.dataset).await?;
        let last = versions
            .last()
            .ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", spec.dataset))?;
        let unit =
            last.record.unit.as_ref().ok_or_else(|| {
                Refusal::unmet("dataset_without_subjects").fact("table", &last.record.table)
            })?;
        if !unit.columns.iter().eq(spec.subject.keys())
            && unit.columns.iter().collect::<BTreeSet<_>>() != spec.subject.keys().collect()
        {
            return Err(Refusal::unmet("subject_columns_differ")
                .fact("columns", unit.columns.join(", "))
                .into());
        }
        let units = units_in(&versions, spec)?;
        let commitment = commitment(&spec.key, spec.dataset, &units);
        let mut datasets = vec![spec.dataset];
        datasets.extend(self.derived_from(spec.dataset, &unit.domain).await?);
        for dataset in &datasets {
            let order = Order {
                order: spec.order.clone(),
                domain: unit.domain.clone(),
                commitment,
                units: units.clone(),
                columns: unit.columns.clone(),
                stage: Stage::Prepared,
                raw: BTreeSet::new(),
            };
            self.prepare(*dataset, order).await?;
        }
        Ok(Prepared {
            datasets,
            commitment,
            domain: unit.domain.clone(),
        })
    }

    /// Hides the subject of a prepared order: every later scan of every version of the dataset skips its rows.
    ///
    /// # Errors
    /// Refuses `erasure_unknown`.
    pub async fn hide_erased(&self, dataset: DatasetId, order: &str) -> Result<(), LakeError> {
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        let Some(mut found) = self.order(dataset, order).await? else {
            return match self.proof(dataset, order).await? {
                Some(_) => Ok(()),
                None => Err(unknown(order).into()),
            };
        };
        if found.stage == Stage::Prepared {
            found.stage = Stage::Hidden;
            self.keep_order(dataset, &found).await?;
        }
        self.kill.reached("lake.erase_hidden");
        Ok(())
    }

    /// Orders that hide a subject and are not closed, over all datasets, with their identifier domains.
    ///
    /// # Errors
    /// When a folder or an order cannot be read.
    pub async fn open_erasures(&self) -> Result<Vec<(DatasetId, String, String)>, LakeError> {
        let mut open = Vec::new();
        for dataset in self.datasets().await? {
            for order in self.orders(dataset).await? {
                if order.stage != Stage::Prepared {
                    open.push((dataset, order.order, order.domain));
                }
            }
        }
        Ok(open)
    }

    /// Rewrites every file of every kept version without the subject, destroys what held it, and searches what is
    /// left. May be repeated; goes on where it was killed.
    ///
    /// # Errors
    /// Refuses `erasure_unknown`; a fault when a file still holds the subject, or cannot be read or written.
    pub async fn carry_out_erasure(
        &self,
        dataset: DatasetId,
        order: &str,
        key: &UnitKey,
    ) -> Result<ErasureProof, LakeError> {
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        if let Some(proof) = self.proof(dataset, order).await? {
            return Ok(proof);
        }
        let found = self.order(dataset, order).await?;
        let mut found = found.ok_or_else(|| unknown(order))?;
        let replaced = match &found.stage {
            Stage::Rewritten(replaced) => replaced.clone(),
            Stage::Prepared | Stage::Hidden => {
                let replaced = self.rewrite_files(dataset, &found).await?;
                found.stage = Stage::Rewritten(replaced.clone());
                self.keep_order(dataset, &found).await?;
                replaced
            }
        };
        self.kill.reached("lake.erase_rewritten");
        let versions = self.rewrite_log(dataset, &found.order, &replaced).await?;
        self.kill.reached("lake.erase_logged");
        self.destroy_files(dataset, &replaced).await?;
        let raw_destroyed = self.destroy_raw(dataset, &mut found, key).await?;
        let (files_searched, rows_searched) = self.search(dataset, &found.units).await?;
        let proof = ErasureProof {
            order: found.order.clone(),
            dataset,
            commitment: found.commitment,
            versions,
            files: replaced.iter().map(|file| file.erased()).collect(),
            raw_destroyed,
            files_searched,
            rows_searched,
        };
        self.keep_proof(&proof).await?;
        Ok(proof)
    }

    /// Forgets an order whose proof is kept elsewhere as well: nothing has to be hidden any more.
    ///
    /// # Errors
    /// When the order cannot be removed.
    pub async fn close_erasure(&self, dataset: DatasetId, order: &str) -> Result<(), LakeError> {
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        self.forget_order(dataset, order).await
    }

    /// Datasets derived from this one, directly or not, whose rows carry units of the domain.
    async fn derived_from(&self, source: DatasetId, domain: &str) -> Result<Vec<DatasetId>, LakeError> {
        let mut sources: BTreeMap<DatasetId, BTreeSet<DatasetId>> = BTreeMap::new();
        for dataset in self.datasets().await? {
            for version in self.versions(dataset).await? {
                let same = version
                    .record
                    .unit
                    .as_ref()
                    .is_some_and(|unit| unit.domain == domain);
                if let (true, Some(recipe)) = (same, version.record.processing) {
                    let from = self.processing_record(recipe).await?.from;
                    sources.entry(dataset).or_default().insert(from);
                }
            }
        }
        let mut reached = BTreeSet::from([source]);
        loop {
            let next: BTreeSet<DatasetId> = sources
                .iter()
                .filter(|(_, from)| !from.is_disjoint(&reached))
                .map(|(dataset, _)| *dataset)
                .collect();
            if next.is_subset(&reached) {
                break;
            }
            reached.extend(next);
        }
        reached.remove(&source);
        Ok(reached.into_iter().collect())
    }

    /// Searches every data file of every version; a find is a fault.
    async fn search(&self, dataset: DatasetId, units: &BTreeSet<i64>) -> Result<(u64, u64), LakeError> {
        let (mut seen, mut rows) = (BTreeSet::new(), 0);
        for version in self.versions(dataset).await? {
            for file in version.files.iter().cloned() {
                if version.record.unit.is_none() || !seen.insert(file.path.clone()) {
                    continue;
                }
                rows += file.rows;
                let found = self.rows_of(&version, &file, units).await?;
                if found > 0 {
                    let what = format!("{} still holds the subject", file.digest);
                    return Err(shuyu_kernel::Fault::new("proving an erasure", what).into());
                }
            }
        }
        Ok((seen.len() as u64, rows))
    }

    /// How many rows of a file are about one of these units.
    async fn rows_of(
        &self,
        version: &DatasetVersion,
        file: &DataFile,
        units: &BTreeSet<i64>,
    ) -> Result<u64, LakeError> {
        let one = Snapshot::new(
            DatasetVersion {
                files: vec![file.clone()],
                ..version.clone()
            },
            self.objects(),
        );
        let mut batches = one.scan(Some(&[UNIT_COLUMN.to_owned()]))?;
        let mut found = 0;
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.num_rows() {
                let cell = batch
                    .column_by_name(UNIT_COLUMN)
                    .map(|column| cell_at(column, row, ColumnType::Integer));
                if let Some(Cell::Integer(unit)) = cell {
                    found += u64::from(units.contains(&unit));
                }
            }
        }
        Ok(found)
    }
}

fn unknown(order: &str) -> Refusal {
    Refusal::unknown("erasure_unknown").fact("erasure", order)
}

/// The units that the subject has: one for each way in which versions type its columns.
fn units_in(versions: &[DatasetVersion], spec: &ErasureSpec) -> Result<BTreeSet<i64>, Refusal> {
    let mut units = BTreeSet::new();
    for version in versions {
        let Some(unit) = &version.record.unit else {
            continue;
        };
        let values: Option<Vec<String>> = (unit.columns.iter())
            .map(|name| value_of(&version.record.schema, name, spec.subject.get(name)?))
            .collect();
        units.extend(values.map(|values| unit_of(&spec.key, &values)));
    }
    if units.is_empty() {
        return Err(Refusal::unmet("subject_not_a_value"));
    }
    Ok(units)
}

fn value_of(schema: &TableSpec, name: &str, text: &str) -> Option<String> {
    let column = schema.columns.get(schema.position(name)?)?;
    Cell::parse(text, column.kind)?.canonical(column.kind)
}

fn commitment(key: &UnitKey, dataset: DatasetId, units: &BTreeSet<i64>) -> Digest {
    let dataset = dataset.to_string();
    let bytes: Vec<[u8; 8]> = units.iter().map(|unit| unit.to_be_bytes()).collect();
    let mut parts: Vec<&[u8]> = vec![b"erasure\x1f", dataset.as_bytes()];
    parts.extend(bytes.iter().map(<[u8; 8]>::as_slice));
    Digest(hmac_sm3(&key.0, &parts))
}
