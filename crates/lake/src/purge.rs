//! Purging: versions and raw files whose term of keeping (保存期限) is over go for ever, with a list of what went.
//!
//! ```text
//! purge ──▶ mark (sealed): no read gives the versions from now on
//!       ──▶ files that only they name, and the raw files, destroyed with the data keys in their headers
//!       ──▶ the mark says what was destroyed
//! ```
//!
//! Commits stay: which versions there were, with which files, is evidence. Killed anywhere, the same order goes on.
//! Kill points: `lake.purge_marked`, `lake.purge_mid`, `lake.purge_destroyed`.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use serde::{Deserialize, Serialize};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal};

use crate::{
    Lake,
    error::{LakeError, fault},
    version::DataFile,
};

/// Folder of marks within the folder of a dataset. Delta readers pass over names in `_`.
const PURGED: &str = "_purged";

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeSpec {
    /// The dataset.
    pub dataset: DatasetId,
    /// Versions, never the latest one.
    pub versions: BTreeSet<u64>,
    /// Raw files. Whether something else was made from them is for the caller to know.
    pub raw: BTreeSet<Digest>,
    /// Names the order: the same one again is the same order. Lower-case letters and digits.
    pub order: String,
}

/// What went, sealed in the folder of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeProof {
    /// Name of the order.
    pub order: String,
    /// The versions.
    pub versions: BTreeSet<u64>,
    /// Data files that only these versions named, by the SM3 of their clear bytes.
    pub files: Vec<Digest>,
    /// Raw files.
    pub raw: BTreeSet<Digest>,
    /// Paths of the data files.
    paths: Vec<String>,
    /// Everything was destroyed.
    done: bool,
}

impl Lake {
    /// Destroys versions and raw files. What a version that stays names as well is left. May be repeated; goes on
    /// where it was killed, and answers the same. `None`, and nothing is done, while somebody writes the dataset: who
    /// waits here would not know what became of the reasons to destroy.
    ///
    /// # Errors
    /// Refuses `dataset_unknown`, `dataset_version_unknown`, `version_in_use` (the latest one); a fault when a file
    /// cannot be destroyed.
    pub async fn purge(&self, spec: &PurgeSpec) -> Result<Option<PurgeProof>, LakeError> {
        let writer = self.writer(spec.dataset);
        let Ok(_alone) = writer.try_lock() else {
            return Ok(None);
        };
        let mut mark = match self.mark(spec.dataset, &spec.order).await? {
            Some(mark) => mark,
            None => self.planned(spec).await?,
        };
        if mark.done {
            return Ok(Some(mark));
        }
        self.keep_mark(spec.dataset, &mark).await?;
        self.kill.reached("lake.purge_marked");
        for path in &mark.paths {
            let path = Path::from(format!("{}/{path}", spec.dataset));
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(Fault::new("destroying a data file", error).into()),
            }
            self.kill.reached("lake.purge_mid");
        }
        for raw in mark.raw.clone() {
            let zone = self.raw.clone();
            let done = tokio::task::spawn_blocking(move || zone.destroy(raw)).await;
            done.map_err(fault("destroying a raw file"))?
                .map_err(fault("destroying a raw file"))?;
        }
        self.kill.reached("lake.purge_destroyed");
        mark.done = true;
        self.keep_mark(spec.dataset, &mark).await?;
        Ok(Some(mark))
    }

    /// Whether an order was begun: its versions are refused to every read, whatever is destroyed already.
    ///
    /// # Errors
    /// When the mark cannot be read.
    pub async fn purge_begun(&self, dataset: DatasetId, order: &str) -> Result<bool, LakeError> {
        Ok(self.mark(dataset, order).await?.is_some())
    }

    /// Whether somebody writes a dataset now, so that [`Lake::purge`] would do nothing.
    pub fn is_being_written(&self, dataset: DatasetId) -> bool {
        self.writer(dataset).try_lock().is_err()
    }

    /// What an order will destroy: files of its versions that no version beside them names.
    async fn planned(&self, spec: &PurgeSpec) -> Result<PurgeProof, LakeError> {
        let versions = self.versions(spec.dataset).await?;
        let Some(latest) = versions.last().map(|version| version.version) else {
            return Err(Refusal::unknown("dataset_unknown")
                .fact("dataset", spec.dataset)
                .into());
        };
        if let Some(unknown) = spec.versions.iter().find(|version| **version > latest) {
            let refusal = Refusal::unknown("dataset_version_unknown").fact("dataset", spec.dataset);
            return Err(refusal.fact("version", unknown).into());
        }
        if spec.versions.contains(&latest) {
            let refusal = Refusal::conflict("version_in_use").fact("dataset", spec.dataset);
            return Err(refusal.fact("version", latest).into());
        }
        let (going, staying): (Vec<_>, Vec<_>) = versions
            .into_iter()
            .partition(|version| spec.versions.contains(&version.version));
        let staying: BTreeSet<String> = (staying.into_iter().flat_map(|version| version.files))
            .map(|file| file.path)
            .collect();
        let (mut seen, mut files): (BTreeSet<String>, Vec<DataFile>) = (staying, Vec::new());
        for file in going.into_iter().flat_map(|version| version.files) {
            if seen.insert(file.path.clone()) {
                files.push(file);
            }
        }
        Ok(PurgeProof {
            order: spec.order.clone(),
            versions: spec.versions.clone(),
            files: files.iter().map(|file| file.digest).collect(),
            raw: spec.raw.clone(),
            paths: files.into_iter().map(|file| file.path).collect(),
            done: false,
        })
    }

    /// Versions of a dataset that no read gives any more.
    ///
    /// # Errors
    /// When the marks cannot be read.
    pub async fn purged(&self, dataset: DatasetId) -> Result<BTreeSet<u64>, LakeError> {
        let doing = "listing purged versions";
        let folder = Path::from(format!("{dataset}/{PURGED}"));
        let listed: Vec<_> = self
            .store
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(fault(doing))?;
        let mut purged = BTreeSet::new();
        for object in listed {
            let mark: Option<PurgeProof> = self.sealed_json(&object.location).await?;
            purged.extend(mark.into_iter().flat_map(|mark| mark.versions));
        }
        Ok(purged)
    }

    async fn mark(&self, dataset: DatasetId, order: &str) -> Result<Option<PurgeProof>, LakeError> {
        self.sealed_json(&mark_path(dataset, order)).await
    }

    async fn keep_mark(&self, dataset: DatasetId, mark: &PurgeProof) -> Result<(), LakeError> {
        let doing = "marking purged versions";
        let bytes = serde_json::to_vec(mark).map_err(fault(doing))?;
        let put = self
            .store
            .put(&mark_path(dataset, &mark.order), PutPayload::from(bytes))
            .await;
        put.map_err(fault(doing))?;
        Ok(())
    }
}

/// That a version is gone for ever.
pub(crate) fn gone(dataset: DatasetId, version: u64) -> Refusal {
    Refusal::unknown("dataset_version_purged")
        .fact("dataset", dataset)
        .fact("version", version)
}

fn mark_path(dataset: DatasetId, order: &str) -> Path {
    Path::from(format!("{dataset}/{PURGED}/{order}.json"))
}
