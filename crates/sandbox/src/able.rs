//! Whether jobs can be isolated here, part by part, for people and for the door of every run.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use crate::{
    Sandbox, SandboxError,
    cgroup::Cgroup,
    command::closes_namespaces,
    error::missing,
    execute::held_by,
    outcome::End,
    prepare::read_json,
    spec::{Job, Limits},
};

/// Where the parts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program bubblewrap.
    pub bubblewrap: PathBuf,
    /// The runtime that `./dev` builds: `runtime.json` and `usr`.
    pub runtime: PathBuf,
    /// Where run folders are made. Inputs stand there in clear while a run lasts: memory or an encrypted disk.
    pub runs: PathBuf,
}

/// What the runtime says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// Format of this note.
    pub format: String,
    /// Version of the interpreter.
    pub python: String,
    /// SHA-256 of what it was built from.
    pub digest: String,
    /// Name and version of each package.
    pub packages: Vec<String>,
}

/// What isolates jobs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Able {
    /// Limit or wall → mechanism.
    pub held_by: BTreeMap<String, String>,
    /// What jobs may import.
    pub runtime: Runtime,
    /// Whether bubblewrap itself closes user namespaces inside; the filter does it in any case.
    pub closes_namespaces: bool,
}

/// The program in the first folder of a search path (`PATH`) that has it.
pub fn find_bubblewrap(path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join("bwrap"))
        .find(|program| program.is_absolute() && program.is_file())
}

/// Reads the note of a runtime.
fn runtime(folder: &Path) -> Result<Runtime, Refusal> {
    let note: Runtime = read_json(&folder.join("runtime.json")).map_err(|_| missing("runtime"))?;
    let whole = note.format == "shuyu-runtime-1" && folder.join("usr/bin/python3").is_file();
    if whole { Ok(note) } else { Err(missing("runtime")) }
}

impl Sandbox {
    /// The sandbox of these parts, if all of them are there.
    ///
    /// # Errors
    /// `sandbox_missing` with the fact `missing`: `bubblewrap`, `shell` or `runtime`.
    pub fn new(settings: Settings) -> Result<Self, Refusal> {
        if !settings.bubblewrap.is_file() {
            return Err(missing("bubblewrap"));
        }
        if !Path::new("/bin/sh").is_file() {
            return Err(missing("shell"));
        }
        runtime(&settings.runtime)?;
        let closes = closes_namespaces(&settings.bubblewrap).map_err(|_| missing("bubblewrap"))?;
        Ok(Self {
            settings,
            closes_namespaces: closes,
        })
    }

    /// Builds a sandbox, runs an empty source in it, and says what holds what. `trial` names the run folder.
    ///
    /// # Errors
    /// `sandbox_missing`: `runtime`, `cgroup` (as the superuser nothing else holds the number of processes), or
    /// `isolation` if the kernel lets no sandbox be built.
    pub fn able(&self, trial: &str) -> Result<Able, SandboxError> {
        let runtime = runtime(&self.settings.runtime)?;
        let limits = Limits {
            wall: std::time::Duration::from_secs(20),
            slot: std::time::Duration::from_millis(25),
            ..Limits::default()
        };
        let held_by = held_by(&Cgroup::make(&format!("{trial}-able"), &limits))?;
        if self.start_once(trial, limits)? != End::Done {
            return Err(missing("isolation").into());
        }
        Ok(Able {
            held_by,
            runtime,
            closes_namespaces: self.closes_namespaces,
        })
    }

    /// Runs an empty source from an empty folder to the end and clears it away: what a bench measures as the start of
    /// sandbox and interpreter.
    ///
    /// # Errors
    /// As [`Sandbox::execute`].
    pub fn start_once(&self, trial: &str, limits: Limits) -> Result<End, SandboxError> {
        let job = Job {
            run: trial.to_owned(),
            source: Vec::new(),
            inputs: BTreeMap::new(),
            declared: BTreeMap::new(),
            limits,
        };
        let prepared = self.prepare(&job)?;
        let outcome = self.execute(&prepared, &|| false, &|_| {});
        self.discard(&prepared)?;
        Ok(outcome?.end)
    }
}
