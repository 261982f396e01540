//! Tables of the workbench zone: brought by whoever works under a permit, kept as long as it lasts, destroyed as a whole.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use shuyu_kernel::{DatasetId, Digest, Fault, Timestamp};

use crate::{
    Lake,
    error::{LakeError, fault},
    version::DataZone,
};

impl Lake {
    /// Destroys a dataset with every version: the data files first, the wrapped keys in their headers included, then its
    /// log, and looks in the end whether anything is left. Answers how many objects were there. May be repeated: killed
    /// in between, the next one goes on; one that is gone has none.
    ///
    /// Quality reports stay until the sweep: they hold names of columns and counts, and two datasets may share one.
    ///
    /// # Errors
    /// A fault when an object cannot be removed, or is there again in the end, or for a dataset of another zone: those
    /// are kept for ever.
    pub async fn destroy(&self, dataset: DatasetId) -> Result<u64, LakeError> {
        let doing = "destroying a dataset";
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        let versions = self.versions(dataset).await?;
        if versions
            .iter()
            .any(|version| version.record.zone != DataZone::Workbench)
        {
            return Err(Fault::new(doing, format!("{dataset} is not of the workbench")).into());
        }
        let found = self.objects_of(dataset).await?;
        let log = Path::from(format!("{dataset}/_delta_log"));
        let (entries, files): (Vec<_>, Vec<_>) = found
            .iter()
            .map(|object| &object.location)
            .partition(|path| path.prefix_matches(&log));
        for path in files.iter().chain(&entries) {
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(Fault::new(doing, error).into()),
            }
            self.kill.reached("lake.mid_destroy");
        }
        match self.objects_of(dataset).await?.first() {
            None => Ok(found.len() as u64),
            Some(left) => Err(Fault::new(doing, format!("{} is left", left.location)).into()),
        }
    }

    /// Destroys the raw file of a table that stands, or came to nothing: what was received is of no use any more. Kept is
    /// what `kept` or a version of another zone names: somebody else brought the same bytes.
    ///
    /// # Errors
    /// When the log of a dataset cannot be read or the file not removed.
    pub async fn forget_raw(&self, raw: Digest, kept: &BTreeSet<Digest>) -> Result<(), LakeError> {
        if kept.contains(&raw) {
            return Ok(());
        }
        for dataset in self.datasets().await? {
            let versions = self.versions(dataset).await?;
            let names = |version: &crate::DatasetVersion| {
                version.record.zone != DataZone::Workbench && version.record.raw.contains(&raw)
            };
            if versions.iter().any(names) {
                return Ok(());
            }
        }
        let (zone, doing) = (self.raw.clone(), "destroying a raw file");
        let done = tokio::task::spawn_blocking(move || zone.destroy(raw)).await;
        Ok(done.map_err(fault(doing))?.map_err(fault(doing))?)
    }

    /// Raw files that tables of the workbench were made of and that are there still: whoever brought them was stopped
    /// before they were forgotten. [`Lake::forget_raw`] destroys each that nobody else has use for.
    ///
    /// # Errors
    /// When the log of a dataset cannot be read.
    pub async fn workbench_raw(&self) -> Result<BTreeSet<Digest>, LakeError> {
        let mut found = BTreeSet::new();
        for dataset in self.datasets().await? {
            let versions = self.versions(dataset).await?;
            let lists = versions
                .into_iter()
                .filter(|version| version.record.zone == DataZone::Workbench);
            found.extend(lists.flat_map(|version| version.record.raw));
        }
        found.retain(|raw| self.raw.holds(*raw));
        Ok(found)
    }

    /// Destroys tables of the workbench that `named` does not name and whose last version was made before: they came in
    /// and were not recorded. Answers how many objects went.
    ///
    /// # Errors
    /// As [`Lake::destroy`].
    pub async fn sweep_workbench(
        &self,
        before: Timestamp,
        named: &BTreeSet<DatasetId>,
    ) -> Result<u64, LakeError> {
        let mut objects = 0;
        for dataset in self.datasets().await? {
            let versions = self.versions(dataset).await?;
            let forgotten = versions.last().is_some_and(|last| {
                last.record.zone == DataZone::Workbench && last.record.created_at < before
            });
            if forgotten && !named.contains(&dataset) {
                objects += self.destroy(dataset).await?;
            }
        }
        Ok(objects)
    }

    async fn objects_of(&self, dataset: DatasetId) -> Result<Vec<ObjectMeta>, Fault> {
        let folder = Path::from(dataset.to_string());
        let found = self.store.list(Some(&folder)).try_collect().await;
        found.map_err(fault("listing the files of a dataset"))
    }
}
