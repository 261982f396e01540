//! The data folder: kind, keys, places of files. `training` or `production` for ever.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::real;

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
}

/// The keys of an installation, each 32 bytes in its own file that only the owner may read.
pub struct Keys {
    /// Seals the lake.
    pub lake: [u8; 32],
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
    /// Opens a folder, or founds it. The kind given must be the kind it has.
    pub fn open(root: &Path, kind: &str, profile: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(root.join("keys")).with_context(|| format!("creating {}", root.display()))?;
        let lock = std::fs::File::create(root.join("lock"))?;
        lock.try_lock()
            .map_err(|_| anyhow::anyhow!("{} is in use by another process", root.display()))?;
        let path = root.join("installation.toml");
        let installation = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0u8; 6];
                real::fill(&mut bytes);
                let founded = Installation {
                    id: hex::encode(bytes),
                    kind: kind.to_owned(),
                    profile: profile.to_owned(),
                    postgres_url_file: None,
                };
                write_once(&path, toml::to_string(&founded)?.as_bytes())?;
                founded
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        ensure!(
            installation.kind == kind,
            "{} is a {} folder, for ever; this command needs {kind}",
            root.display(),
            installation.kind
        );
        let key = |name: &str| key_file(&root.join("keys").join(name));
        let keys = Keys {
            lake: key("lake")?,
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

    /// URL of the PostgreSQL database, if one is configured.
    pub fn postgres_url(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.installation.postgres_url_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

fn key_file(path: &Path) -> anyhow::Result<[u8; 32]> {
    if !path.exists() {
        let mut bytes = [0u8; 32];
        real::fill(&mut bytes);
        write_once(path, hex::encode(bytes).as_bytes())?;
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut bytes)
        .with_context(|| format!("{} is not a key", path.display()))?;
    Ok(bytes)
}

/// Writes a file that must not exist yet, durable before it has its name.
fn write_once(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    Ok(())
}
