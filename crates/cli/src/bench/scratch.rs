//! A folder for one run, removed at its end.

use std::{
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// The folder. Only its owner may look into it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder within `parent`, or within the system's folder for temporary files.
    pub(super) fn new(parent: Option<&Path>) -> anyhow::Result<Self> {
        let mut name = [0u8; 8];
        crate::real::fill(&mut name);
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let path = parent.join(format!("shuyu-bench-{}", hex::encode(name)));
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path);
        made.with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(path))
    }

    /// A path within.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the folder of this run is left behind");
        }
    }
}
