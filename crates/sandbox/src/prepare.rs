//! First step: the run folder, read-only, whole or not there.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Fault, Refusal};

use crate::{
    Sandbox, SandboxError,
    error::at,
    spec::{Content, Declared, Job, Limits},
};

/// What a run folder was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub source: Digest,
    pub inputs: BTreeMap<String, Digest>,
    pub declared: BTreeMap<String, Declared>,
    pub limits: Limits,
}

/// A run whose folder is complete.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) run: String,
    pub(crate) folder: PathBuf,
    pub(crate) spec: Spec,
}

impl Prepared {
    /// The name of the run.
    pub fn name(&self) -> &str {
        &self.run
    }

    /// SM3 of the source.
    pub fn source(&self) -> Digest {
        self.spec.source
    }
}

impl Sandbox {
    /// Writes the run folder. Done again with the same job it changes nothing; a process killed here leaves a
    /// `.part` folder that the next try clears away.
    ///
    /// # Errors
    /// Names that cannot stand; `job_differs` if another job was prepared under this name; a fault of the disk.
    pub fn prepare(&self, job: &Job) -> Result<Prepared, SandboxError> {
        job.check()?;
        let folder = self.settings.runs.join(&job.run);
        let part = self.settings.runs.join(format!("{}.part", job.run));
        drop_folder(&part)?;
        fs::create_dir_all(part.join("in")).map_err(at("making", &part))?;
        private(&self.settings.runs)?;
        private(&part)?;
        let mut inputs = BTreeMap::new();
        for (name, content) in &job.inputs {
            let bytes = match content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::Path(path) => Bytes::from(fs::read(path).map_err(at("reading", path))?),
            };
            inputs.insert(name.clone(), Digest::of(&bytes));
            write_read_only(&part.join("in").join(name), &bytes)?;
        }
        write_read_only(&part.join("in/job.py"), &job.source)?;
        let spec = Spec {
            source: Digest::of(&job.source),
            inputs,
            declared: job.declared.clone(),
            limits: job.limits,
        };
        if folder.join("spec.json").is_file() {
            drop_folder(&part)?;
            let there: Spec = read_json(&folder.join("spec.json"))?;
            if there != spec {
                return Err(Refusal::conflict("job_differs").fact("run", &job.run).into());
            }
        } else {
            write_json(&part.join("spec.json"), &spec)?;
            fs::rename(&part, &folder).map_err(at("naming", &folder))?;
        }
        Ok(Prepared {
            run: job.run.clone(),
            folder,
            spec,
        })
    }

    /// Removes everything of a run. The caller calls it once the outputs are where they belong: inputs stand here in
    /// clear, so `runs` belongs on memory or an encrypted disk.
    ///
    /// # Errors
    /// A fault of the disk.
    pub fn discard(&self, run: &Prepared) -> Result<(), Fault> {
        drop_folder(&run.folder)
    }

    /// Removes what runs left that nobody discarded, because the process died: their inputs stand in clear. Called
    /// before the first run, and only by the one process that runs jobs in this folder. Says how many there were.
    ///
    /// # Errors
    /// A fault of the disk.
    pub fn sweep(&self) -> Result<usize, Fault> {
        let runs = &self.settings.runs;
        let mut swept = 0;
        for entry in fs::read_dir(runs).map_err(at("reading", runs))? {
            let entry = entry.map_err(at("reading", runs))?;
            drop_folder(&entry.path())?;
            swept += 1;
        }
        Ok(swept)
    }
}

/// Removes a folder if it is there.
pub(crate) fn drop_folder(folder: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at("removing", folder)(error)),
        _ => Ok(()),
    }
}

/// Only this user looks into it.
fn private(folder: &Path) -> Result<(), Fault> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(at("closing", folder))
}

fn write_read_only(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(path, bytes).map_err(at("writing", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).map_err(at("closing", path))
}

pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(value).map_err(|error| Fault::new("writing a file of a run", error))?;
    fs::write(path, bytes).map_err(at("writing", path))
}

pub(crate) fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Fault> {
    let bytes = fs::read(path).map_err(at("reading", path))?;
    serde_json::from_slice(&bytes).map_err(|error| Fault::new("reading a file of a run", error))
}
