//! The raw zone (原始域): files exactly as they came, sealed, named by the digest of their bytes.
//!
//! A file is streamed into a temporary sealed file, flushed, and only then takes its name. The same bytes
//! received twice are one file. Temporary files left by a crash are removed when the lake opens.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Fault, Refusal, Timestamp, kill::KillSwitch};
use sm3::{Digest as _, Sm3};
use tokio::io::AsyncWriteExt;

use crate::{
    Swept,
    error::{LakeError, fault, limited},
    keys::{KeySource, MasterKey},
    sealing::{SealedFile, Sealer, WrappingKey},
};

/// What the seal of a raw file is bound to; its name is checked by the digest of its bytes instead.
pub(crate) const PLACE: &str = "raw";
/// Folder of files that are still arriving.
pub(crate) const INCOMING: &str = "incoming";
/// Purpose of the key that wraps the data keys of raw files.
pub(crate) const PURPOSE: &str = "lake.raw";
/// Longest declared name kept, in characters.
const MAX_NAME: usize = 255;

/// A file in the raw zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawFile {
    /// SM3 of the bytes as they came; names the file.
    pub digest: Digest,
    /// Length of the bytes as they came.
    pub size_bytes: u64,
    /// The name the sender gave, without folders and control characters, at most 255 characters.
    pub name: String,
}

pub(crate) struct RawZone {
    folder: PathBuf,
    keys: WrappingKey,
    random: Arc<dyn KeySource>,
    kill: Arc<dyn KillSwitch>,
}

/// Removes its file unless told that it has found its place.
struct Temporary {
    path: PathBuf,
    placed: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // Best effort: what stays is removed when the lake opens next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl RawZone {
    /// Opens the zone and removes half-written files of an earlier run.
    pub(crate) fn open(
        folder: PathBuf,
        master: &MasterKey,
        random: Arc<dyn KeySource>,
        kill: Arc<dyn KillSwitch>,
    ) -> Result<Self, Fault> {
        let incoming = folder.join(INCOMING);
        fs::create_dir_all(&incoming).map_err(fault("creating the raw zone"))?;
        for entry in fs::read_dir(&incoming).map_err(fault("listing half-written files"))? {
            let entry = entry.map_err(fault("listing half-written files"))?;
            fs::remove_file(entry.path()).map_err(fault("removing a half-written file"))?;
        }
        Ok(Self {
            folder,
            keys: WrappingKey::new(master, PURPOSE),
            random,
            kill,
        })
    }

    /// The same without any seal.
    pub(crate) fn unsealed(mut self) -> Self {
        self.keys = WrappingKey::unsealed();
        self
    }

    /// The same that also opens what was sealed under the key before.
    pub(crate) fn between(mut self, current: &MasterKey, previous: &MasterKey) -> Self {
        self.keys = WrappingKey::new(current, PURPOSE).also(previous, PURPOSE);
        self
    }

    /// Receives one file of at most `limit` bytes.
    pub(crate) async fn receive<S, E>(
        &self,
        mut stream: S,
        name: &str,
        limit: u64,
    ) -> Result<RawFile, LakeError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (mut file, mut temporary) = self.temporary().await?;
        let (key, header) = self
            .keys
            .fresh(PLACE, self.random.as_ref())
            .map_err(fault("sealing a file"))?;
        let mut sealer = Sealer::new(key);
        let (mut hasher, mut size_bytes, mut sealed) = (Sm3::new(), 0u64, header.to_vec());
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| Fault::new("receiving a file", error))?;
            size_bytes += part.len() as u64;
            if size_bytes > limit {
                return Err(limited("file_too_large").fact("limit_bytes", limit).into());
            }
            hasher.update(&part);
            sealer.push(&part, &mut sealed).map_err(fault("sealing a file"))?;
            file.write_all(&sealed)
                .await
                .map_err(fault("writing a received file"))?;
            sealed.clear();
            self.kill.reached("lake.mid_raw");
        }
        if size_bytes == 0 {
            return Err(Refusal::unmet("file_empty").into());
        }
        sealer.finish(&mut sealed).map_err(fault("sealing a file"))?;
        file.write_all(&sealed)
            .await
            .map_err(fault("writing a received file"))?;
        file.sync_all().await.map_err(fault("flushing a received file"))?;
        let digest = Digest(hasher.finalize().into());
        self.give_name(&mut temporary, digest).await?;
        Ok(RawFile {
            digest,
            size_bytes,
            name: plain_name(name),
        })
    }

    async fn temporary(&self) -> Result<(tokio::fs::File, Temporary), Fault> {
        let mut token = [0u8; 16];
        self.random.fill(&mut token);
        let path = self.folder.join(INCOMING).join(hex::encode(token));
        let file = tokio::fs::File::create_new(&path)
            .await
            .map_err(fault("creating a file"))?;
        Ok((file, Temporary { path, placed: false }))
    }

    /// Gives a received file the name of its bytes. A file of that name is replaced: it has the same bytes, and the
    /// new one is young, so that no sweep takes it for forgotten.
    async fn give_name(&self, temporary: &mut Temporary, digest: Digest) -> Result<(), Fault> {
        let target = self.path_of(digest);
        let doing = "naming a received file";
        let folder = target.parent().unwrap_or(&self.folder).to_owned();
        tokio::fs::create_dir_all(&folder).await.map_err(fault(doing))?;
        tokio::fs::rename(&temporary.path, &target)
            .await
            .map_err(fault(doing))?;
        temporary.placed = true;
        for folder in [folder.as_path(), self.folder.as_path()] {
            let entry = tokio::fs::File::open(folder).await.map_err(fault(doing))?;
            entry.sync_all().await.map_err(fault(doing))?;
        }
        Ok(())
    }

    /// Removes files older than `before` that `keep` does not name. Call on a blocking thread.
    pub(crate) fn sweep(&self, before: Timestamp, keep: &BTreeSet<Digest>) -> io::Result<Swept> {
        let mut swept = Swept::default();
        for folder in fs::read_dir(&self.folder)? {
            let folder = folder?;
            if folder.file_name() == INCOMING || !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                let named = file
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse::<Digest>().ok());
                // What is not named by a digest is not ours to remove.
                let Some(digest) = named.filter(|digest| !keep.contains(digest)) else {
                    continue;
                };
                let metadata = file.metadata()?;
                let age = metadata
                    .modified()?
                    .duration_since(std::time::SystemTime::UNIX_EPOCH);
                let micros = age.map_or(0, |age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
                if Timestamp::from_micros(micros) < before {
                    fs::remove_file(self.path_of(digest))?;
                    swept.objects += 1;
                    swept.bytes += metadata.len();
                }
            }
        }
        Ok(swept)
    }

    /// Destroys a file, the wrapped data key in its header included. One that is gone is no error.
    pub(crate) fn destroy(&self, digest: Digest) -> io::Result<()> {
        let path = self.path_of(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
        path.parent()
            .map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    }

    /// Whether a file of these bytes is there.
    pub(crate) fn holds(&self, digest: Digest) -> bool {
        self.path_of(digest).exists()
    }

    /// Opens a raw file for reading on a blocking thread.
    pub(crate) fn open_file(&self, digest: Digest) -> Result<SealedFile, LakeError> {
        SealedFile::open(&self.path_of(digest), &self.keys, PLACE).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Refusal::unknown("raw_file_unknown").fact("digest", digest).into(),
            _ => Fault::new("opening a raw file", error).into(),
        })
    }

    fn path_of(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

/// Streams a sealed file's clear bytes and checks at the end that they are the bytes of that name.
pub(crate) fn stream_clear(
    mut file: SealedFile,
    digest: Digest,
) -> impl Stream<Item = Result<Bytes, Fault>> + Send + 'static {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, Fault>>(2);
    tokio::task::spawn_blocking(move || {
        let mut hasher = Sm3::new();
        let mut buffer = vec![0u8; 256 * 1024];
        loop {
            let item = match io::Read::read(&mut file, &mut buffer) {
                Ok(0) if Digest(hasher.finalize_reset().into()) == digest => return,
                Ok(0) => Err(Fault::new(
                    "reading a raw file",
                    "its bytes are not those of its name",
                )),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    hasher.update(bytes);
                    Ok(Bytes::copy_from_slice(bytes))
                }
                Err(error) => Err(Fault::new("reading a raw file", error)),
            };
            let ended = item.is_err();
            // A closed channel means that nobody reads on.
            if sender.blocking_send(item).is_err() || ended {
                return;
            }
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
}

/// The sender's name for a file without folders and control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if Path::new(&kept).file_name().is_none() {
        "unnamed".to_owned()
    } else {
        kept
    }
}
