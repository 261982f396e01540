//! The lake itself: opening, receiving raw files, finding versions, sweeping.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use serde::{Serialize, de::DeserializeOwned};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, kill::KillSwitch};
use sm3::{Digest as _, Sm3};

use crate::{
    erase::Stage,
    error::{LakeError, fault},
    keys::{KeySource, MasterKey},
    limits::Limits,
    purge,
    raw::{self, RawFile, RawZone},
    rotate,
    sealed_store::SealedStore,
    table::{EncodedFile, QualityReport},
    version::{DataFile, DatasetVersion, DeltaLog, Snapshot},
};

/// Folder of quality reports and processing records in the store.
pub(crate) const REPORTS: &str = "_reports";

/// A lake in one folder. Cheap to share in an `Arc`; all methods take `&self`.
pub struct Lake {
    pub(crate) raw: Arc<RawZone>,
    pub(crate) store: SealedStore,
    pub(crate) random: Arc<dyn KeySource>,
    pub(crate) kill: Arc<dyn KillSwitch>,
    pub(crate) limits: Limits,
    writers: Mutex<HashMap<DatasetId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Lake {
    /// Opens the lake in `root`, making the folder if there is none. Half-written raw files of an earlier run
    /// are removed; so only one process may hold a lake open.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(
        root: PathBuf,
        keys: &MasterKey,
        random: Arc<dyn KeySource>,
        kill: Arc<dyn KillSwitch>,
    ) -> Result<Self, Fault> {
        Self::open_between(root, keys, None, random, kill)
    }

    /// A lake without any seal, for a training folder in which a search is shown to find what it looks for. A sealed
    /// lake never opens what it wrote, nor the other way round.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open_unsealed(
        root: PathBuf,
        random: Arc<dyn KeySource>,
        kill: Arc<dyn KillSwitch>,
    ) -> Result<Self, Fault> {
        let lake = Self::open(root, &MasterKey([0; 32]), random, kill)?;
        let raw = Arc::into_inner(lake.raw).map(RawZone::unsealed);
        let raw = raw.ok_or_else(|| Fault::new("opening the lake", "it is in use"))?;
        Ok(Self {
            raw: Arc::new(raw),
            store: lake.store.unsealed(),
            ..lake
        })
    }

    /// The same while data keys are being wrapped anew: files under the previous master key open as well.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open_between(
        root: PathBuf,
        keys: &MasterKey,
        previous: Option<&MasterKey>,
        random: Arc<dyn KeySource>,
        kill: Arc<dyn KillSwitch>,
    ) -> Result<Self, Fault> {
        rotate::settle(&root)?;
        let tables = root.join("tables");
        std::fs::create_dir_all(&tables).map_err(fault("creating the lake"))?;
        let raw = RawZone::open(root.join("raw"), keys, random.clone(), kill.clone())?;
        let store = SealedStore::new(tables, keys, random.clone(), kill.clone())
            .map_err(fault("opening the lake"))?;
        let (raw, store) = match previous {
            Some(previous) => (raw.between(keys, previous), store.between(keys, previous)),
            None => (raw, store),
        };
        let (limits, writers) = (Limits::default(), Mutex::default());
        Ok(Self {
            raw: Arc::new(raw),
            store,
            random,
            kill,
            limits,
            writers,
        })
    }

    /// The same lake with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Receives a file of at most `limit` bytes into the raw zone. The same bytes twice are one file.
    ///
    /// # Errors
    /// Refuses `file_too_large` and `file_empty`; a fault when the stream or the disk fails. Nothing stays.
    pub async fn receive<S, E>(&self, stream: S, name: &str, limit: u64) -> Result<RawFile, LakeError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.raw.receive(stream, name, limit).await
    }

    /// The bytes of a raw file as they came, each authenticated before it is given out; the whole is checked
    /// against its digest at the end.
    ///
    /// # Errors
    /// Refuses `raw_file_unknown`; a damaged file ends the stream with a fault.
    pub fn open_raw(&self, digest: Digest) -> Result<BoxStream<'static, Result<Bytes, Fault>>, LakeError> {
        Ok(raw::stream_clear(self.raw.open_file(digest)?, digest).boxed())
    }

    /// All versions of a dataset, oldest first; empty when there is none. Purged ones stand without files.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn versions(&self, dataset: DatasetId) -> Result<Vec<DatasetVersion>, LakeError> {
        let mut versions = self.log(dataset)?.versions().await?;
        let purged = self.purged(dataset).await?;
        for version in versions.iter_mut().filter(|own| purged.contains(&own.version)) {
            version.files.clear();
        }
        Ok(versions)
    }

    /// A version pinned for reading, the latest when `version` is `None`.
    ///
    /// # Errors
    /// Refuses `dataset_unknown`, `dataset_version_unknown`, `dataset_version_purged`.
    pub async fn snapshot(&self, dataset: DatasetId, version: Option<u64>) -> Result<Snapshot, LakeError> {
        let standing = self.log(dataset)?.load(version).await?;
        let unknown = || Refusal::unknown("dataset_unknown").fact("dataset", dataset);
        let standing = standing.ok_or_else(unknown)?;
        // The latest one is never purged.
        if let Some(version) = version
            && self.purged(dataset).await?.contains(&version)
        {
            return Err(purge::gone(dataset, version).into());
        }
        self.pinned(standing.version).await
    }

    /// A version as it may be read now: without the rows of subjects that are being erased.
    pub(crate) async fn pinned(&self, version: DatasetVersion) -> Result<Snapshot, LakeError> {
        let mut hidden = BTreeSet::new();
        for order in self.orders(version.dataset).await? {
            if order.stage != Stage::Prepared {
                hidden.extend(order.units);
            }
        }
        Ok(Snapshot::new(version, self.objects()).hiding(hidden))
    }

    /// Every dataset that has a folder, in order.
    pub(crate) async fn datasets(&self) -> Result<BTreeSet<DatasetId>, Fault> {
        let listing = self.store.list_with_delimiter(None).await;
        let folders = listing.map_err(fault("listing datasets"))?.common_prefixes;
        Ok(folders
            .iter()
            .filter_map(|folder| folder.as_ref().parse().ok())
            .collect())
    }

    /// Checks that every file of a version still has the digest that the ledger holds.
    ///
    /// # Errors
    /// A fault that names the first file that differs or does not open.
    pub async fn verify(&self, snapshot: &Snapshot) -> Result<(), Fault> {
        for ((path, _), file) in snapshot.paths().iter().zip(&snapshot.version().files) {
            let found = self
                .store
                .get(path)
                .await
                .map_err(fault("verifying a data file"))?;
            let mut stream = found.into_stream();
            let mut hasher = Sm3::new();
            while let Some(part) = stream.try_next().await.map_err(fault("verifying a data file"))? {
                hasher.update(&part);
            }
            if Digest(hasher.finalize().into()) != file.digest {
                return Err(Fault::new(
                    "verifying a data file",
                    format!("{path} has another digest"),
                ));
            }
        }
        Ok(())
    }

    /// The quality report with this digest.
    ///
    /// # Errors
    /// Refuses `report_unknown`.
    pub async fn report(&self, digest: Digest) -> Result<QualityReport, LakeError> {
        self.document(digest).await
    }

    /// The sealed store as what query engines take.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::new(self.store.clone())
    }

    pub(crate) fn log(&self, dataset: DatasetId) -> Result<DeltaLog, Fault> {
        DeltaLog::new(self.objects(), dataset)
    }

    /// The lock that keeps writers of one dataset apart within this process; between processes the Delta log
    /// does.
    pub(crate) fn writer(&self, dataset: DatasetId) -> Arc<tokio::sync::Mutex<()>> {
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        writers.entry(dataset).or_default().clone()
    }

    /// A name for the files of one attempt.
    pub(crate) fn attempt(&self) -> String {
        let mut token = [0u8; 8];
        self.random.fill(&mut token);
        hex::encode(token)
    }

    /// Writes one data file of an attempt.
    pub(crate) async fn write_file(
        &self,
        dataset: DatasetId,
        attempt: &str,
        index: usize,
        file: EncodedFile,
    ) -> Result<DataFile, Fault> {
        let name = format!("part-{index:05}-{attempt}-{}.parquet", file.digest);
        let size_bytes = file.bytes.len() as u64;
        let path = Path::from(format!("{dataset}/{name}"));
        self.store
            .put(&path, PutPayload::from(file.bytes))
            .await
            .map_err(fault("writing a data file"))?;
        if index == 0 {
            self.kill.reached("lake.mid_file");
        }
        Ok(DataFile {
            path: name,
            rows: file.rows,
            size_bytes,
            digest: file.digest,
        })
    }

    /// Removes the files of an attempt that came to nothing. What stays is left to the sweep.
    pub(crate) async fn forget_files(&self, dataset: DatasetId, files: &[DataFile]) {
        for file in files {
            let path = Path::from(format!("{dataset}/{}", file.path));
            if let Err(error) = self.store.delete(&path).await {
                tracing::warn!(%path, %error, "a file of a refused ingest is left to the sweep");
            }
        }
    }

    /// Stores a report or record under the digest of its bytes.
    pub(crate) async fn write_document(&self, document: &impl Serialize) -> Result<Digest, Fault> {
        let bytes = serde_json::to_vec(document).map_err(fault("writing a report"))?;
        let digest = Digest::of(&bytes);
        let path = document_path(digest);
        self.store
            .put(&path, PutPayload::from(bytes))
            .await
            .map_err(fault("writing a report"))?;
        Ok(digest)
    }

    pub(crate) async fn document<T: DeserializeOwned>(&self, digest: Digest) -> Result<T, LakeError> {
        let found = match self.store.get(&document_path(digest)).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(Refusal::unknown("report_unknown").fact("digest", digest).into());
            }
            other => other.map_err(fault("reading a report"))?,
        };
        let bytes = found.bytes().await.map_err(fault("reading a report"))?;
        Ok(serde_json::from_slice(&bytes).map_err(fault("reading a report"))?)
    }
}

pub(crate) fn document_path(digest: Digest) -> Path {
    Path::from(format!("{REPORTS}/{digest}.json"))
}
