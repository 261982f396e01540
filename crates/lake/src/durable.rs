//! Files that are whole and on the disk, or not there.

use std::{fs::File, io, path::Path};

/// Writes the bytes of an object into its file.
pub(crate) trait Writes: FnOnce(&mut File) -> io::Result<()> + Send + 'static {}
impl<F: FnOnce(&mut File) -> io::Result<()> + Send + 'static> Writes for F {}

/// Writes a new file with the folder entry that names it; nothing stays of one that fails.
pub(crate) fn durably(path: &Path, write: impl Writes) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let mut file = File::create_new(path)?;
    let written = write(&mut file)
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // What cannot be removed now is left to the sweep.
        let _ = std::fs::remove_file(path);
    }
    written
}
