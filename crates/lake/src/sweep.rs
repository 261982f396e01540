//! Sweeping: what refused, cancelled and crashed work left behind goes.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use shuyu_kernel::{DatasetId, Digest, Fault, Timestamp};

use crate::{
    Lake,
    erase::Stage,
    error::{LakeError, fault},
    lake::{REPORTS, document_path},
    sealed_store::PENDING,
    version::DataZone,
};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Number of objects.
    pub objects: u64,
    /// Their length in bytes: clear for tables, sealed for raw files.
    pub bytes: u64,
}

impl Lake {
    /// Removes what refused, cancelled and crashed ingests left: data files, reports and pending objects that no
    /// version names. Leaves what is younger than `before`, so that another writer's work stays.
    ///
    /// # Errors
    /// When a folder cannot be listed or an object not removed.
    pub async fn sweep(&self, before: Timestamp) -> Result<Swept, LakeError> {
        let doing = "sweeping the lake";
        let listing = self.store.list_with_delimiter(None).await.map_err(fault(doing))?;
        let mut swept = Swept::default();
        let mut named = BTreeSet::new();
        for folder in &listing.common_prefixes {
            let Ok(dataset) = folder.as_ref().parse::<DatasetId>() else {
                continue;
            };
            let writer = self.writer(dataset);
            let _alone = writer.lock().await;
            self.sweep_orders(dataset, before, &mut swept).await?;
            let mut kept = BTreeSet::new();
            for order in self.orders(dataset).await? {
                if let Stage::Rewritten(replaced) = order.stage {
                    kept.extend(
                        replaced
                            .into_iter()
                            .map(|file| folder.clone().join(file.new.path)),
                    );
                }
            }
            for version in self.versions(dataset).await? {
                kept.extend(
                    version
                        .files
                        .into_iter()
                        .map(|file| folder.clone().join(file.path)),
                );
                named.extend(
                    [version.record.report, version.record.processing]
                        .into_iter()
                        .flatten(),
                );
            }
            let unnamed = |path: &Path| path.extension() == Some("parquet") && !kept.contains(path);
            let log = folder.clone().join("_delta_log");
            self.remove(
                folder,
                before,
                |path| !path.prefix_matches(&log) && unnamed(path),
                &mut swept,
            )
            .await?;
        }
        let named: BTreeSet<Path> = named.into_iter().map(document_path).collect();
        self.remove(
            &Path::from(REPORTS),
            before,
            |path| !named.contains(path),
            &mut swept,
        )
        .await?;
        self.remove(&Path::from(PENDING), before, |_| true, &mut swept)
            .await?;
        Ok(swept)
    }

    /// Removes raw files older than `before` that neither `papers` nor any version names: received, and then
    /// forgotten by whoever sent them or by a crash before they were recorded. A version of the workbench names none:
    /// what it was made of is of no use any more.
    ///
    /// # Errors
    /// When a folder cannot be listed or a file not removed.
    pub async fn sweep_raw(&self, before: Timestamp, papers: BTreeSet<Digest>) -> Result<Swept, LakeError> {
        let doing = "sweeping the raw zone";
        let listing = self.store.list_with_delimiter(None).await.map_err(fault(doing))?;
        let mut keep = papers;
        for folder in &listing.common_prefixes {
            if let Ok(dataset) = folder.as_ref().parse::<DatasetId>() {
                let versions = self.versions(dataset).await?;
                let kept = versions
                    .into_iter()
                    .filter(|version| version.record.zone != DataZone::Workbench);
                keep.extend(kept.flat_map(|version| version.record.raw));
            }
        }
        let raw = self.raw.clone();
        let swept = tokio::task::spawn_blocking(move || raw.sweep(before, &keep)).await;
        Ok(swept.map_err(fault(doing))?.map_err(fault(doing))?)
    }

    pub(crate) async fn remove(
        &self,
        folder: &Path,
        before: Timestamp,
        unwanted: impl Fn(&Path) -> bool,
        swept: &mut Swept,
    ) -> Result<(), Fault> {
        let found: Vec<_> = self
            .store
            .list(Some(folder))
            .try_collect()
            .await
            .map_err(fault("sweeping the lake"))?;
        for object in found {
            let old = object.last_modified.timestamp_micros() < before.micros();
            if old && unwanted(&object.location) {
                self.store
                    .delete(&object.location)
                    .await
                    .map_err(fault("sweeping the lake"))?;
                swept.objects += 1;
                swept.bytes += object.size;
            }
        }
        Ok(())
    }
}
