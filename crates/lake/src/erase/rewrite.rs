//! Rewriting files without a subject, and putting them into every commit of the log.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use object_store::{ObjectStoreExt, path::Path};
use shuyu_kernel::{DatasetId, Fault};

use super::{Order, VersionErased, order::Replaced};
use crate::{
    Lake,
    error::{LakeError, fault},
    limits::BATCH_BYTES,
    table::FileCutter,
    version::{DataFile, DatasetVersion, Snapshot, keep_others, rewritten_commit},
};

impl Lake {
    /// Writes the files that hold the subject anew, without its rows. The log still names the old ones.
    pub(super) async fn rewrite_files(
        &self,
        dataset: DatasetId,
        order: &Order,
    ) -> Result<Vec<Replaced>, LakeError> {
        let (mut seen, mut replaced) = (BTreeSet::new(), Vec::new());
        let attempt = self.attempt();
        for version in self.versions(dataset).await? {
            if version.record.unit.is_none() {
                continue;
            }
            for old in version.files.clone() {
                if !seen.insert(old.path.clone()) || self.rows_of(&version, &old, &order.units).await? == 0 {
                    continue;
                }
                let new = self
                    .rewrite_file(&version, &old, order, (&attempt, replaced.len()))
                    .await?;
                replaced.push(Replaced { old, new });
            }
        }
        Ok(replaced)
    }

    async fn rewrite_file(
        &self,
        version: &DatasetVersion,
        old: &DataFile,
        order: &Order,
        (attempt, index): (&str, usize),
    ) -> Result<DataFile, LakeError> {
        let one = DatasetVersion {
            files: vec![old.clone()],
            ..version.clone()
        };
        let one = Snapshot::new(one, self.objects());
        let mut cutter = FileCutter::uncut(one.schema());
        let mut batches = one.scan(None)?;
        while let Some(batch) = batches.try_next().await? {
            let kept = keep_others(&batch, &order.units)?;
            let wide = batch.get_array_memory_size() >= BATCH_BYTES;
            cutter
                .write(&kept, wide)
                .map_err(|error| Fault::new("encoding a data file", error))?;
        }
        let file = cutter.finish().map_err(fault("encoding a data file"))?;
        let file = file.ok_or_else(|| Fault::new("rewriting a data file", "it had no rows at all"))?;
        Ok(self.write_file(version.dataset, attempt, index, file).await?)
    }

    /// Puts the new files into every commit that names an old one, newest first: a commit that takes an old file
    /// away takes the new one away as well before any commit adds it, so every version has either, never both.
    /// Checkpoints are dropped; commits are all kept and tell the same.
    pub(super) async fn rewrite_log(
        &self,
        dataset: DatasetId,
        order: &str,
        replaced: &[Replaced],
    ) -> Result<Vec<VersionErased>, LakeError> {
        let log = Path::from(format!("{dataset}/_delta_log"));
        if !replaced.is_empty() {
            self.drop_checkpoints(&log).await?;
        }
        let versions = self.versions(dataset).await?;
        let by_old: BTreeMap<&str, &Replaced> = replaced
            .iter()
            .map(|file| (file.old.path.as_str(), file))
            .collect();
        let by_new: BTreeMap<&str, &Replaced> = replaced
            .iter()
            .map(|file| (file.new.path.as_str(), file))
            .collect();
        let mut erased = Vec::new();
        for version in versions.iter().rev() {
            let held: BTreeMap<&str, u64> = (version.files.iter())
                .filter_map(|file| {
                    let path = file.path.as_str();
                    let found = by_old.get(path).or_else(|| by_new.get(path))?;
                    Some((found.old.path.as_str(), found.old.rows - found.new.rows))
                })
                .collect();
            let rows: u64 = held.values().sum();
            if rows > 0 {
                erased.push(VersionErased {
                    version: version.version,
                    rows,
                });
            }
            self.rewrite_commit(&log, version.version, (order, rows > 0), replaced)
                .await?;
        }
        erased.reverse();
        Ok(erased)
    }

    async fn rewrite_commit(
        &self,
        log: &Path,
        version: u64,
        (order, held): (&str, bool),
        replaced: &[Replaced],
    ) -> Result<(), LakeError> {
        let doing = "rewriting the log of a dataset";
        let path = log.clone().join(format!("{version:020}.json"));
        let found = self.store.get(&path).await.map_err(fault(doing))?;
        let bytes = found.bytes().await.map_err(fault(doing))?;
        let files = replaced
            .iter()
            .map(|file| (&file.old, &file.new))
            .collect::<Vec<_>>();
        let changed = rewritten_commit(&bytes, &files, held.then_some(order))?;
        if let Some(changed) = changed {
            self.store
                .put(&path, changed.into())
                .await
                .map_err(fault(doing))?;
            self.kill.reached("lake.erase_mid_log");
        }
        Ok(())
    }

    /// The pointer to the last checkpoint first: without it, readers replay commits.
    async fn drop_checkpoints(&self, log: &Path) -> Result<(), LakeError> {
        use object_store::ObjectStore as _;
        let doing = "dropping checkpoints";
        let found: Vec<_> = self
            .store
            .list(Some(log))
            .try_collect()
            .await
            .map_err(fault(doing))?;
        let hint = log.clone().join("_last_checkpoint");
        let (hints, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .map(|object| object.location)
            .filter(|path| *path == hint || path.extension() == Some("parquet"))
            .partition(|path| *path == hint);
        for path in hints.iter().chain(&others) {
            self.store.delete(path).await.map_err(fault(doing))?;
        }
        Ok(())
    }

    /// Destroys the files that held the subject, the wrapped data keys in their headers included.
    pub(super) async fn destroy_files(
        &self,
        dataset: DatasetId,
        replaced: &[Replaced],
    ) -> Result<(), LakeError> {
        for file in replaced {
            let path = Path::from(format!("{dataset}/{}", file.old.path));
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(Fault::new("destroying a data file", error).into()),
            }
        }
        Ok(())
    }
}
