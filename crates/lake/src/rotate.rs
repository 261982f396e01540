//! A new master key: the data key of every sealed file wrapped anew, the chunks left as they are.
//!
//! One file at a time: its new header is written to a journal, flushed, put in its place, flushed. Killed anywhere,
//! each file opens under the old key or the new one, and a torn header is in the journal; the next run goes on. The
//! old key must be kept until this returns. Kill points: `lake.rotate_journal`, `lake.rotate_header`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use shuyu_kernel::{Fault, kill::KillSwitch};

use crate::{
    error::fault,
    keys::{KeySource, MasterKey},
    raw, sealed_store,
    sealing::{HEADER, WrappingKey},
};

/// File in the lake's folder that holds the header being written.
const JOURNAL: &str = "rotation";
const DOING: &str = "wrapping a data key anew";

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotated {
    /// Files whose data key is wrapped under the new key since this run.
    pub wrapped: u64,
    /// Files that were so already.
    pub already: u64,
}

/// One kind of sealed files under the lake's folder.
struct Family {
    folder: PathBuf,
    old: WrappingKey,
    new: WrappingKey,
    /// Folder of files that have no name yet; they belong to nobody after a stop.
    unfinished: &'static str,
    /// What the seal is bound to; the path within the folder when `None`.
    place: Option<&'static str>,
}

/// Wraps every data key of the closed lake in `root` under `new`. Nobody else may have the lake open.
///
/// # Errors
/// When a file opens under neither key (all others are wrapped nevertheless, and the old key must stay), or a file
/// cannot be read or written.
pub fn rotate(
    root: &Path,
    (old, new): (&MasterKey, &MasterKey),
    random: &dyn KeySource,
    kill: &dyn KillSwitch,
) -> Result<Rotated, Fault> {
    let families = [
        Family {
            folder: root.join("tables"),
            old: WrappingKey::new(old, sealed_store::PURPOSE),
            new: WrappingKey::new(new, sealed_store::PURPOSE),
            unfinished: sealed_store::PENDING,
            place: None,
        },
        Family {
            folder: root.join("raw"),
            old: WrappingKey::new(old, raw::PURPOSE),
            new: WrappingKey::new(new, raw::PURPOSE),
            unfinished: raw::INCOMING,
            place: Some(raw::PLACE),
        },
    ];
    replay(root).map_err(fault(DOING))?;
    let (mut rotated, mut broken) = (Rotated::default(), Vec::new());
    for family in &families {
        let mut files = Vec::new();
        if family.folder.exists() {
            let unfinished = family.folder.join(family.unfinished);
            walk(&family.folder, &unfinished, &mut files).map_err(fault(DOING))?;
        }
        for path in files {
            match family.rewrap(root, &path, random, kill).map_err(fault(DOING))? {
                Some(true) => rotated.wrapped += 1,
                Some(false) => rotated.already += 1,
                None => broken.push(path),
            }
        }
    }
    match broken.first() {
        None => Ok(rotated),
        Some(first) => {
            let what = format!(
                "{} files open under neither key, the first is {}",
                broken.len(),
                first.display()
            );
            Err(Fault::new(DOING, what))
        }
    }
}

impl Family {
    /// Whether the file was wrapped now or already; `None` when it opens under neither key.
    fn rewrap(
        &self,
        root: &Path,
        path: &Path,
        random: &dyn KeySource,
        kill: &dyn KillSwitch,
    ) -> io::Result<Option<bool>> {
        let within = path.strip_prefix(&self.folder).map_err(io::Error::other)?;
        let place = self.place.map_or_else(
            || within.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"),
            str::to_owned,
        );
        let mut header = [0u8; HEADER];
        if let Err(error) = File::open(path)?.read_exact(&mut header) {
            return if error.kind() == io::ErrorKind::UnexpectedEof {
                Ok(None)
            } else {
                Err(error)
            };
        }
        if self.new.open(&header, &place).is_ok() {
            return Ok(Some(false));
        }
        let Ok(key) = self.old.open(&header, &place) else {
            return Ok(None);
        };
        let header = self.new.wrap(&key, &place, random).map_err(io::Error::other)?;
        note(root, path, &header)?;
        kill.reached("lake.rotate_journal");
        put(path, &header)?;
        kill.reached("lake.rotate_header");
        fs::remove_file(root.join(JOURNAL))?;
        Ok(Some(true))
    }
}

/// Writes the journal: header, then path within the lake.
fn note(root: &Path, path: &Path, header: &[u8; HEADER]) -> io::Result<()> {
    let within = path.strip_prefix(root).map_err(io::Error::other)?;
    let unnamed = root.join(format!("{JOURNAL}.new"));
    let mut file = File::create(&unnamed)?;
    file.write_all(header)?;
    file.write_all(within.to_string_lossy().as_bytes())?;
    file.sync_all()?;
    fs::rename(&unnamed, root.join(JOURNAL))?;
    File::open(root)?.sync_all()
}

/// Puts the header of an interrupted run in its place.
fn replay(root: &Path) -> io::Result<()> {
    let journal = root.join(JOURNAL);
    let bytes = match fs::read(&journal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if let Some((header, within)) = bytes.split_first_chunk::<HEADER>() {
        let path = root.join(String::from_utf8_lossy(within).as_ref());
        if path.exists() {
            put(&path, header)?;
        }
    }
    fs::remove_file(&journal)
}

fn put(path: &Path, header: &[u8; HEADER]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(header)?;
    file.sync_all()
}

fn walk(folder: &Path, unfinished: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path == unfinished {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&path, unfinished, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether an interrupted rotation left a header to be put in its place; opening a lake does that first.
pub(crate) fn settle(root: &Path) -> Result<(), Fault> {
    replay(root).map_err(fault(DOING))
}
