//! An `ObjectStore` whose every object is sealed on disk, the Delta log with its statistics included.
//!
//! Sizes in listings and metadata are clear sizes, so Parquet readers and Delta see an ordinary store. Ranged
//! reads open only the chunks they touch. Writing is durable: the object is written under a pending name,
//! flushed, and then takes its final name in one step (a rename, or for `PutMode::Create` a link that fails
//! when the name is taken, which is what Delta commits rest on).

use std::{fmt, fs::File, io::Write as _, ops::Range, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result, UploadPart, local::LocalFileSystem, path::Path,
};
use shuyu_kernel::kill::KillSwitch;

use crate::{
    durable::{Writes, durably},
    keys::{KeySource, MasterKey},
    sealing::{CHUNK, FileKey, HEADER, Layout, SealBroken, WrappingKey},
};

const STORE: &str = "sealed";
/// Purpose of the key that wraps the data keys of objects.
pub(crate) const PURPOSE: &str = "lake.objects";
/// Chunks opened at a time when an object is streamed: 16, which is 1 MiB.
const STREAM_CHUNKS: u64 = 16;
/// Folder of objects that do not have their final name yet.
pub(crate) const PENDING: &str = "_pending";

/// A local folder as an object store, every object sealed.
#[derive(Clone)]
pub struct SealedStore {
    inner: Arc<LocalFileSystem>,
    keys: Arc<WrappingKey>,
    random: Arc<dyn KeySource>,
    kill: Arc<dyn KillSwitch>,
}

/// An object of which the header has been opened.
struct Opened {
    location: Path,
    meta: ObjectMeta,
    layout: Layout,
    key: Arc<FileKey>,
}

impl SealedStore {
    /// The store over an existing folder.
    ///
    /// # Errors
    /// When the folder does not exist or cannot be read.
    pub fn new(
        folder: PathBuf,
        master: &MasterKey,
        random: Arc<dyn KeySource>,
        kill: Arc<dyn KillSwitch>,
    ) -> Result<Self> {
        let inner = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
        Ok(Self {
            inner,
            keys: Arc::new(WrappingKey::new(master, PURPOSE)),
            random,
            kill,
        })
    }

    /// The same without any seal.
    pub(crate) fn unsealed(mut self) -> Self {
        self.keys = Arc::new(WrappingKey::unsealed());
        self
    }

    /// The same that also opens what was sealed under the key before, while `current` is the key.
    pub(crate) fn between(mut self, current: &MasterKey, previous: &MasterKey) -> Self {
        self.keys = Arc::new(WrappingKey::new(current, PURPOSE).also(previous, PURPOSE));
        self
    }

    /// Writes an object durably, all or nothing. `write` gives its sealed bytes.
    async fn place(&self, location: &Path, mode: PlaceMode, write: impl Writes) -> Result<PutResult> {
        let mut token = [0u8; 16];
        self.random.fill(&mut token);
        let pending = Path::from(format!("{PENDING}/{}", hex::encode(token)));
        let path = self.inner.path_to_filesystem(&pending)?;
        let written = tokio::task::spawn_blocking(move || durably(&path, write));
        written.await.map_err(generic)?.map_err(generic)?;
        let result = PutResult {
            e_tag: self.inner.head(&pending).await?.e_tag,
            version: None,
        };
        if mode == PlaceMode::Create && location.as_ref().contains("_delta_log/") {
            self.kill.reached("lake.mid_delta_commit");
        }
        let placed = match mode {
            PlaceMode::Create => {
                let linked = self.inner.copy_if_not_exists(&pending, location).await;
                self.inner.delete(&pending).await?;
                linked
            }
            PlaceMode::Overwrite => self.inner.rename(&pending, location).await,
        };
        placed?;
        self.flush(location).await?;
        Ok(result)
    }

    /// Flushes a file and the folder entry that names it.
    async fn flush(&self, location: &Path) -> Result<()> {
        let path = self.inner.path_to_filesystem(location)?;
        let flushed = tokio::task::spawn_blocking(move || {
            File::open(&path)?.sync_all()?;
            path.parent()
                .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        });
        flushed.await.map_err(generic)?.map_err(generic)
    }

    async fn open(&self, location: &Path, options: GetOptions) -> Result<Opened> {
        let head = GetOptions {
            head: true,
            range: None,
            ..options
        };
        let sealed = self.inner.get_opts(location, head).await?.meta;
        let layout = Layout::of(sealed.size).map_err(|error| broken(location, error))?;
        let header = self.inner.get_range(location, 0..HEADER as u64).await?;
        let key = self
            .keys
            .open(&header, location.as_ref())
            .map_err(|error| broken(location, error))?;
        let meta = ObjectMeta {
            size: layout.clear_len,
            ..sealed
        };
        Ok(Opened {
            location: location.clone(),
            meta,
            layout,
            key: Arc::new(key),
        })
    }

    /// The clear bytes of a range that lies within the object.
    async fn read(&self, object: &Opened, range: Range<u64>) -> Result<Bytes> {
        let first = Layout::chunk_at(range.start);
        let last =
            Layout::chunk_at(range.end.saturating_sub(1).max(range.start)).min(object.layout.chunks - 1);
        let span = object.layout.sealed_range(first).start..object.layout.sealed_range(last).end;
        let sealed = self.inner.get_range(&object.location, span.clone()).await?;
        let mut clear = Vec::with_capacity((range.end - range.start) as usize + CHUNK);
        for index in first..=last {
            let place = object.layout.sealed_range(index);
            let within = (place.start - span.start) as usize..(place.end - span.start) as usize;
            let bytes = sealed
                .get(within)
                .ok_or_else(|| broken(&object.location, SealBroken))?;
            let mut chunk = bytes.to_vec();
            let opened = object
                .key
                .open_chunk(index, object.layout.is_last(index), &mut chunk);
            opened.map_err(|error| broken(&object.location, error))?;
            clear.extend_from_slice(&chunk);
        }
        let offset = first * CHUNK as u64;
        let wanted = (range.start - offset) as usize..(range.end - offset) as usize;
        let clear = Bytes::from(clear);
        if wanted.end > clear.len() {
            return Err(broken(&object.location, SealBroken));
        }
        Ok(clear.slice(wanted))
    }

    fn stream(&self, object: Opened, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
        let store = self.clone();
        let steps = stream::try_unfold((object, range), move |(object, range)| {
            let store = store.clone();
            async move {
                if range.is_empty() {
                    return Ok(None);
                }
                let border = (Layout::chunk_at(range.start) + STREAM_CHUNKS) * CHUNK as u64;
                let now = range.start..range.end.min(border);
                let rest = now.end..range.end;
                let bytes = store.read(&object, now).await?;
                Ok(Some((bytes, (object, rest))))
            }
        });
        steps.boxed()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PlaceMode {
    Create,
    Overwrite,
}

#[async_trait]
impl ObjectStore for SealedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let mode = match opts.mode {
            PutMode::Create => PlaceMode::Create,
            PutMode::Overwrite => PlaceMode::Overwrite,
            PutMode::Update(_) => return Err(not_implemented("put_opts with PutMode::Update")),
        };
        let clear: Bytes = payload.into();
        let (keys, random, place) = (self.keys.clone(), self.random.clone(), location.to_string());
        let seal = move |file: &mut File| keys.seal_into(&place, random.as_ref(), &clear, file);
        self.place(location, mode, seal).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(GatheredUpload {
            store: self.clone(),
            location: location.clone(),
            parts: Vec::new(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (wanted, head) = (options.range.clone(), options.head);
        let object = self.open(location, options).await?;
        let meta = object.meta.clone();
        let range = match wanted {
            Some(range) => range.as_range(meta.size).map_err(generic)?,
            None => 0..meta.size,
        };
        let payload = if head {
            stream::empty().boxed()
        } else if meta.size == 0 {
            // An empty object still has a seal to check.
            self.read(&object, 0..0).await?;
            stream::empty().boxed()
        } else {
            self.stream(object, range.clone())
        };
        let attributes = Attributes::default();
        Ok(GetResult {
            payload: GetResultPayload::Stream(payload),
            meta,
            range,
            attributes,
        })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let object = self.open(location, GetOptions::default()).await?;
        let mut parts = Vec::with_capacity(ranges.len());
        for range in ranges {
            if range.start > range.end || range.end > object.meta.size {
                return Err(generic("the range lies outside the object"));
            }
            parts.push(self.read(&object, range.clone()).await?);
        }
        Ok(parts)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    /// Sorted by name, which Delta's log replay expects.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = self.inner.list(prefix);
        let sorted = async move {
            let mut found: Vec<ObjectMeta> = listing
                .and_then(|meta| async { clear_meta(meta) })
                .try_collect()
                .await?;
            found.sort_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, Error>(stream::iter(found).map(Ok))
        };
        stream::once(sorted).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut found = self.inner.list_with_delimiter(prefix).await?;
        found.objects = found.objects.into_iter().map(clear_meta).collect::<Result<_>>()?;
        found.objects.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    /// Copies by wrapping the data key anew for the new place; the chunks stay as they are.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let object = self.open(from, GetOptions::default()).await?;
        let mut sealed = self.inner.get(from).await?.bytes().await?.to_vec();
        let header = self
            .keys
            .wrap(&object.key, to.as_ref(), self.random.as_ref())
            .map_err(generic)?;
        let start = sealed.get_mut(..HEADER).ok_or_else(|| broken(from, SealBroken))?;
        start.copy_from_slice(&header);
        let mode = match options.mode {
            CopyMode::Create => PlaceMode::Create,
            CopyMode::Overwrite => PlaceMode::Overwrite,
        };
        let copy = move |file: &mut File| file.write_all(&sealed);
        self.place(to, mode, copy).await.map(|_| ())
    }
}

/// A multipart upload that gathers its parts in memory: only small objects of the Delta log come this way.
struct GatheredUpload {
    store: SealedStore,
    location: Path,
    parts: Vec<Bytes>,
}

impl fmt::Debug for GatheredUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatheredUpload")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for GatheredUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.push(data.into());
        Box::pin(futures::future::ready(Ok(())))
    }
    async fn complete(&mut self) -> Result<PutResult> {
        let payload = PutPayload::from_iter(std::mem::take(&mut self.parts));
        self.store.put(&self.location, payload).await
    }
    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}

impl fmt::Debug for SealedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedStore")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SealedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.inner)
    }
}

fn clear_meta(meta: ObjectMeta) -> Result<ObjectMeta> {
    let layout = Layout::of(meta.size).map_err(|error| broken(&meta.location, error))?;
    Ok(ObjectMeta {
        size: layout.clear_len,
        ..meta
    })
}

fn broken(location: &Path, error: SealBroken) -> Error {
    Error::Generic {
        store: STORE,
        source: format!("{location}: {error}").into(),
    }
}

fn generic(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic {
        store: STORE,
        source: error.into(),
    }
}

fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: STORE.to_owned(),
    }
}
