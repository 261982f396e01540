//! The guard: what each log had reached, kept outside the database.
//!
//! Whoever restores an older copy of the database would give the same indexes to other acts, under the same
//! key: two histories. The guard file holds the size and root of the last sealed state of each log and only
//! moves forward. It must not lie in the backup of the database.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Fault};
use shuyu_ledger::Origin;

/// A sealed state of a log: so many entries with this root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
}

/// The guard file.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    path: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GuardFile {
    format: String,
    logs: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    origin: Origin,
    size: u64,
    root: Digest,
}

const FORMAT: &str = "shuyu-guard/1";

impl Guard {
    /// The guard in this file, which need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// What the guard has seen of a log.
    pub fn mark(&self, origin: &Origin) -> Result<Option<Mark>, Fault> {
        let file = self.load()?;
        Ok(file
            .logs
            .iter()
            .find(|line| line.origin == *origin)
            .map(|line| Mark {
                size: line.size,
                root: line.root,
            }))
    }

    /// Replaces `expected` by `next`, on disk when it returns. False when the file says something else by now:
    /// another process was faster.
    pub fn swap(&self, origin: &Origin, expected: Option<Mark>, next: Mark) -> Result<bool, Fault> {
        // Held while reading and replacing; released when dropped, also when the process dies.
        let lock = File::create(self.beside(".lock")).map_err(doing("locking the guard"))?;
        lock.lock().map_err(doing("locking the guard"))?;
        let mut file = self.load()?;
        let present = file.logs.iter_mut().find(|line| line.origin == *origin);
        if present.as_ref().map(|line| Mark {
            size: line.size,
            root: line.root,
        }) != expected
        {
            return Ok(false);
        }
        match present {
            Some(line) => (line.size, line.root) = (next.size, next.root),
            None => file.logs.push(Line {
                origin: origin.clone(),
                size: next.size,
                root: next.root,
            }),
        }
        self.replace(&file)?;
        Ok(true)
    }

    fn load(&self) -> Result<GuardFile, Fault> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(GuardFile {
                    format: FORMAT.to_owned(),
                    logs: Vec::new(),
                });
            }
            Err(error) => return Err(Fault::new("reading the guard", error)),
        };
        let file: GuardFile =
            serde_json::from_slice(&bytes).map_err(|error| Fault::new("reading the guard", error))?;
        if file.format != FORMAT {
            return Err(Fault::new("reading the guard", "not a guard file of this format"));
        }
        Ok(file)
    }

    /// New file, on disk, then renamed over the old one: a crash leaves the old or the new one, whole.
    fn replace(&self, content: &GuardFile) -> Result<(), Fault> {
        let text =
            serde_json::to_string_pretty(content).map_err(|error| Fault::new("writing the guard", error))?;
        let fresh = self.beside(".new");
        let mut file = File::create(&fresh).map_err(doing("writing the guard"))?;
        file.write_all(text.as_bytes())
            .map_err(doing("writing the guard"))?;
        file.write_all(b"\n").map_err(doing("writing the guard"))?;
        file.sync_all().map_err(doing("writing the guard"))?;
        fs::rename(&fresh, &self.path).map_err(doing("writing the guard"))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(".".as_ref())).map_err(doing("writing the guard"))?;
        folder.sync_all().map_err(doing("writing the guard"))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

fn doing(what: &'static str) -> impl Fn(std::io::Error) -> Fault {
    move |error| Fault::new(what, error)
}
