//! The data folder: kind, keys, places of files. `training` or `production` for ever.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::{embedded, real};

/// What a data folder says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// Name in the origin of the logs.
    pub id: String,
    /// `training` or `production`.
    pub kind: String,
    /// Profile.
    pub profile: String,
    /// PostgreSQL URL file; absent = SQLite in this folder.
    pub postgres_url_file: Option<PathBuf>,
    /// The guard file; absent = `guard.json` in this folder, which is then in every backup of the folder.
    pub guard: Option<PathBuf>,
}

/// How a folder is to be opened. What is not named is as the folder says; for a new one it is the usual.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `training` or `production`.
    pub kind: String,
    /// Profile; a folder keeps the one it was founded with.
    pub profile: Option<String>,
    /// Where the guard file is, or is to be moved to.
    pub guard: Option<PathBuf>,
    /// File with the URL of a PostgreSQL database; only for a new folder, or the one it has already.
    pub postgres_url_file: Option<PathBuf>,
}

/// The keys of an installation, each 32 bytes in its own file that only the owner may read.
pub struct Keys {
    /// Seals the lake.
    pub lake: [u8; 32],
    /// Sealed it before, while its data keys are being wrapped anew.
    pub lake_before: Option<[u8; 32]>,
    /// Wraps the keys of the person vault.
    pub vault: [u8; 32],
    /// Signs checkpoints (SM2).
    pub signer: [u8; 32],
    /// Keyed digests of query texts.
    pub digest: [u8; 32],
    /// Keyed units of subjects and of the gate's decisions.
    pub unit: [u8; 32],
}

/// A data folder, opened.
pub struct DataFolder {
    /// Where.
    pub root: PathBuf,
    /// What it is.
    pub installation: Installation,
    /// Its keys.
    pub keys: Keys,
    _lock: std::fs::File,
}

impl DataFolder {
    /// Opens a folder, or founds it. Kind, profile and database given must be those it has.
    pub fn open(root: &Path, wanted: &Wanted) -> anyhow::Result<Self> {
        std::fs::create_dir_all(root.join("keys")).with_context(|| format!("creating {}", root.display()))?;
        let lock = std::fs::File::create(root.join("lock"))?;
        lock.try_lock()
            .map_err(|_| anyhow::anyhow!("{} is in use by another process", root.display()))?;
        let path = root.join(INSTALLATION);
        let mut installation = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let founded = found(wanted)?;
                write_whole(&path, toml::to_string(&founded)?.as_bytes())?;
                founded
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        same_for_ever(root, &installation, wanted)?;
        if let Some(guard) = &wanted.guard {
            move_guard(root, &mut installation, guard)?;
        }
        let key = |name: &str| key_file(&root.join("keys").join(name));
        // A rotation that was stopped: what is written now is sealed under the new key, and both open.
        let unfinished = root.join("keys").join(NEXT_LAKE_KEY).exists();
        let lake = key("lake")?;
        let keys = Keys {
            lake: if unfinished { key(NEXT_LAKE_KEY)? } else { lake },
            lake_before: unfinished.then_some(lake),
            vault: key("vault")?,
            signer: key("signer")?,
            digest: key("digest")?,
            unit: key("unit")?,
        };
        Ok(Self {
            root: root.to_path_buf(),
            installation,
            keys,
            _lock: lock,
        })
    }

    /// The master key that is to follow the one in use: the one that an interrupted rotation began with, or a new one.
    /// It is durable before this returns. Answers the present one and the next.
    pub fn begin_lake_rotation(&self) -> anyhow::Result<([u8; 32], [u8; 32])> {
        let keys = self.root.join("keys");
        Ok((
            key_file(&keys.join("lake"))?,
            key_file(&keys.join(NEXT_LAKE_KEY))?,
        ))
    }

    /// The next master key takes the place of the one in use, which is gone. Only after every file was wrapped anew.
    pub fn end_lake_rotation(&self) -> anyhow::Result<()> {
        let keys = self.root.join("keys");
        std::fs::rename(keys.join(NEXT_LAKE_KEY), keys.join("lake"))?;
        Ok(std::fs::File::open(&keys)?.sync_all()?)
    }

    /// The guard file: what each log had reached, to be kept out of the backups of this folder.
    pub fn guard(&self) -> PathBuf {
        guard_of(&self.root, &self.installation)
    }

    /// Whether a backup of the folder holds the guard too, so that the backup restored as a whole looks right.
    pub fn guard_is_inside(&self) -> bool {
        std::path::absolute(&self.root).is_ok_and(|root| self.guard().starts_with(root))
            || self.guard().starts_with(&self.root)
    }

    /// URL of the PostgreSQL database, if one is configured.
    pub fn postgres_url(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.installation.postgres_url_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// The profile that a folder was founded with, if it was.
pub fn profile_of(root: &Path) -> anyhow::Result<Option<String>> {
    let path = root.join(INSTALLATION);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let installation: Installation =
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    Ok(Some(installation.profile))
}

/// The lake's next master key, in the folder of keys, while a rotation is under way.
const NEXT_LAKE_KEY: &str = "lake.next";

/// The file that says what a folder is.
pub const INSTALLATION: &str = "installation.toml";

fn found(wanted: &Wanted) -> anyhow::Result<Installation> {
    let profile = match &wanted.profile {
        Some(profile) => profile.clone(),
        None => embedded::defaults()?.profile,
    };
    // A folder keeps its profile for ever: one that does not exist must not found any.
    embedded::profile_source(&profile)?;
    let postgres_url_file = wanted.postgres_url_file.as_deref().map(whole).transpose()?;
    let mut bytes = [0u8; 6];
    real::fill(&mut bytes);
    Ok(Installation {
        id: hex::encode(bytes),
        kind: wanted.kind.clone(),
        profile,
        postgres_url_file,
        guard: None,
    })
}

fn whole(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("the place of {}", path.display()))
}

fn same_for_ever(root: &Path, installation: &Installation, wanted: &Wanted) -> anyhow::Result<()> {
    let root = root.display();
    let (kind, profile) = (&installation.kind, &installation.profile);
    ensure!(
        *kind == wanted.kind,
        "{root} is a {kind} folder, for ever; this command needs {}",
        wanted.kind
    );
    if let Some(other) = &wanted.profile {
        ensure!(
            profile == other,
            "{root} has the profile {profile}, for ever; it cannot be opened with {other}"
        );
    }
    if let Some(file) = &wanted.postgres_url_file {
        ensure!(
            installation.postgres_url_file.as_deref() == Some(&whole(file)?),
            "{root} has its record elsewhere; a folder keeps the database it was founded with"
        );
    }
    Ok(())
}

fn guard_of(root: &Path, installation: &Installation) -> PathBuf {
    let inside = || root.join("guard.json");
    installation.guard.clone().unwrap_or_else(inside)
}

/// Takes the guard to another place, or takes the one that is there. A folder with entries whose guard is in
/// neither place is refused by the store.
fn move_guard(root: &Path, installation: &mut Installation, to: &Path) -> anyhow::Result<()> {
    let (from, to) = (guard_of(root, installation), whole(to)?);
    if installation.guard.as_ref() == Some(&to) {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    }
    if from.exists() && !to.exists() {
        write_whole(&to, &std::fs::read(&from)?)?;
    }
    installation.guard = Some(to);
    write_whole(
        &root.join(INSTALLATION),
        toml::to_string(installation)?.as_bytes(),
    )?;
    if from.exists() {
        std::fs::remove_file(&from)?;
    }
    Ok(())
}

fn key_file(path: &Path) -> anyhow::Result<[u8; 32]> {
    if !path.exists() {
        let mut bytes = [0u8; 32];
        real::fill(&mut bytes);
        write_whole(path, hex::encode(bytes).as_bytes())?;
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .with_context(|| format!("{} is not a key", path.display()))?;
    Ok(bytes)
}

/// Writes a file that only the owner may read, durable before it has its name.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_added_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    // Without this a crash may forget the name: a key that files are sealed under must be there.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
