//! How an operation of the sandbox may end other than well.

use std::path::Path;

use shuyu_kernel::{Fault, Refusal};

/// A correct "no" or a fault. Nothing has run, or nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// What was handed in is refused, or the isolation is not there (`sandbox_missing`).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Disk, kernel or our own files failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Something is missing without which nothing is run.
pub(crate) fn missing(what: &str) -> Refusal {
    Refusal::conflict("sandbox_missing").fact("missing", what)
}

/// A fault at a file of the run folder.
pub(crate) fn at(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Fault {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let doing = doing.to_owned();
    move |error| Fault::new(format!("{doing} {name} of a run"), error)
}
