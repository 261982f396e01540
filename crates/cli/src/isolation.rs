//! Where the sandbox of this machine stands: bubblewrap on the search path, the runtime that `./dev setup` builds, and
//! a folder for runs in memory.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use shuyu_kernel::{Digest, Refusal};
use shuyu_sandbox::{Sandbox, Settings, find_bubblewrap};

/// Runs on real data are seen to end at multiples of this only (amendment P1). Platform default.
pub const SLOT: std::time::Duration = std::time::Duration::from_secs(10);

/// The sandbox, or what is missing for it. Nothing is run yet.
///
/// # Errors
/// `sandbox_missing` with the fact `missing`.
pub fn sandbox(owner: &str) -> Result<Sandbox, Refusal> {
    let missing = |what: &str| Refusal::conflict("sandbox_missing").fact("missing", what);
    let path = variable("PATH").unwrap_or_default();
    let bubblewrap = find_bubblewrap(&path).ok_or_else(|| missing("bubblewrap"))?;
    let runtime = runtime().ok_or_else(|| missing("runtime"))?;
    let runs = runs(owner).map_err(|_| missing("runs"))?;
    Sandbox::new(Settings {
        bubblewrap,
        runtime,
        runs,
    })
}

/// The sandbox of a data folder, which this process alone serves: what runs left when an earlier one died is removed,
/// before there are new ones. Runs on a disk that cannot be cleared are refused.
///
/// # Errors
/// As [`sandbox`].
pub fn sandbox_of(installation: &str, root: &Path) -> Result<Sandbox, Refusal> {
    let missing = || Refusal::conflict("sandbox_missing").fact("missing", "runs");
    let root = root.canonicalize().map_err(|_| missing())?;
    let place = Digest::of(root.as_os_str().as_encoded_bytes()).first_64();
    let sandbox = sandbox(&format!("{installation}-{place:016x}"))?;
    match sandbox.sweep() {
        Ok(0) => {}
        Ok(swept) => tracing::warn!(swept, "runs that an earlier process did not end were removed"),
        Err(fault) => {
            tracing::error!(%fault, "what earlier runs left cannot be removed");
            return Err(missing());
        }
    }
    Ok(sandbox)
}

/// `SHUYU_RUNTIME`, else the folder that `./dev setup` builds.
fn runtime() -> Option<PathBuf> {
    if let Some(folder) = variable("SHUYU_RUNTIME") {
        return Some(folder.into());
    }
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))?;
    Some(cache.join("shuyu/runtime"))
}

/// A folder of this user in memory, where there is one: inputs stand in clear while a run lasts.
fn runs(owner: &str) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = parent.join(format!("shuyu-runs-{owner}"));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&folder)?;
    ours_alone(&folder)?;
    Ok(folder)
}

/// In a folder that somebody else made there first, inputs would not be ours alone.
fn ours_alone(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::symlink_metadata(folder)?;
    let us = std::fs::metadata("/proc/self")?.uid();
    if found.is_dir() && found.uid() == us && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(std::io::ErrorKind::PermissionDenied.into())
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_folder_that_others_may_enter_is_no_place_for_inputs() {
        let parent = tempfile::tempdir().expect("a folder");
        let (own, link) = (parent.path().join("own"), parent.path().join("link"));
        std::fs::create_dir(&own).expect("made");
        let mode = |bits| std::fs::set_permissions(&own, std::fs::Permissions::from_mode(bits)).expect("set");
        mode(0o700);
        assert!(ours_alone(&own).is_ok());
        symlink(&own, &link).expect("linked");
        assert!(ours_alone(&link).is_err(), "a link leads elsewhere");
        mode(0o750);
        assert!(ours_alone(&own).is_err());
    }
}
