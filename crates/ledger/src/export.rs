//! A folder for auditors: a whole log as plain files, and its verification without us.
//!
//! | file | holds |
//! |---|---|
//! | `origin` | the origin of the log, then the name of this format |
//! | `key.pem` | the log's public key |
//! | `entries/000000.jsonl` … | the entry lines, 4096 a file |
//! | `leaves` | the leaf hashes, hexadecimal, one a line |
//! | `checkpoint` | the signed checkpoint |
//! | `README.txt` | how to check all this with OpenSSL alone |
//!
//! [`ExportWriter`] makes the files; the caller puts them somewhere. [`verify`] reads them back through
//! [`FolderReader`] and answers [`Verified`] or names the first changed entry in [`Tampered`].

mod diagnosis;
mod finding;
mod scan;
mod verification;

pub use finding::{Check, Finding, Tampered, Verified, VerifyError};
pub use verification::{FolderReader, verify};

use shuyu_kernel::Digest;

use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    key::VerifyingKey,
    origin::Origin,
    tree::Frontier,
};

/// The second line of `origin`. The README belongs to the format: another text is another format.
pub const FORMAT: &str = "shuyu-export/1";
/// Entry lines in each file but the last. Platform choice: a file opens in any text editor.
pub const LINES_PER_FILE: u64 = 4096;
/// File with the origin and the format.
pub const ORIGIN_FILE: &str = "origin";
/// File with the public key of the log.
pub const KEY_FILE: &str = "key.pem";
/// File with the leaf hashes.
pub const LEAVES_FILE: &str = "leaves";
/// File with the signed checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// File that tells an auditor how to check the folder.
pub const README_FILE: &str = "README.txt";

const README: &str = include_str!("export/README.txt");

/// The name of the `number`-th file of entries, for example `entries/000000.jsonl`.
pub fn entries_file(number: u64) -> String {
    format!("entries/{number:06}.jsonl")
}

fn origin_text(origin: &Origin) -> String {
    format!("{origin}\n{FORMAT}\n")
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Name within the folder, with `/` between folder and file.
    pub name: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Makes the files of an export from the stored lines, holding one file of entries at a time.
#[derive(Debug)]
pub struct ExportWriter {
    origin: Origin,
    frontier: Frontier,
    lines: Vec<u8>,
    leaves: String,
}

/// Why an export cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A stored line holds a newline, so it is no entry line.
    #[error("line {index} holds a newline")]
    Newline {
        /// Index of the line.
        index: u64,
    },
    /// The checkpoint is of another log.
    #[error("the checkpoint is of another log")]
    OtherLog,
    /// The lines do not give the size and root that were signed: the stored log is damaged.
    #[error("the lines give size {size} and root {root}, which the checkpoint does not name")]
    NotTheCheckpoint {
        /// Number of lines given.
        size: u64,
        /// Root over them.
        root: Digest,
    },
    /// The checkpoint is not signed by this key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl ExportWriter {
    /// An export of this log.
    pub fn new(origin: Origin) -> Self {
        let frontier = Frontier::new(origin.suite());
        Self {
            origin,
            frontier,
            lines: Vec::new(),
            leaves: String::new(),
        }
    }

    /// Adds the next stored line, byte for byte, without its newline. Answers a file when one is full.
    pub fn push(&mut self, line: &[u8]) -> Result<Option<ExportFile>, ExportError> {
        let index = self.frontier.size();
        if line.contains(&b'\n') {
            return Err(ExportError::Newline { index });
        }
        let leaf_hash = self.origin.suite().leaf_hash(line);
        self.frontier.push(leaf_hash);
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        self.leaves.push_str(&leaf_hash.to_string());
        self.leaves.push('\n');
        Ok(self
            .frontier
            .size()
            .is_multiple_of(LINES_PER_FILE)
            .then(|| self.take_entries()))
    }

    /// The remaining files, for a checkpoint over exactly the lines added.
    pub fn finish(
        mut self,
        checkpoint: &SignedCheckpoint,
        key: &VerifyingKey,
    ) -> Result<Vec<ExportFile>, ExportError> {
        let signed = checkpoint.verify(key)?;
        if signed.origin != self.origin {
            return Err(ExportError::OtherLog);
        }
        let (size, root) = (self.frontier.size(), self.frontier.root());
        if (signed.size, signed.root) != (size, root) {
            return Err(ExportError::NotTheCheckpoint { size, root });
        }
        let mut files = Vec::new();
        if !self.lines.is_empty() {
            files.push(self.take_entries());
        }
        let key_pem = key.to_pem().map_err(CheckpointError::Key)?;
        for (name, text) in [
            (LEAVES_FILE, self.leaves),
            (ORIGIN_FILE, origin_text(&self.origin)),
            (KEY_FILE, key_pem),
            (CHECKPOINT_FILE, checkpoint.to_string()),
            (README_FILE, README.to_owned()),
        ] {
            files.push(ExportFile {
                name: name.to_owned(),
                bytes: text.into_bytes(),
            });
        }
        Ok(files)
    }

    fn take_entries(&mut self) -> ExportFile {
        let last = self.frontier.size().saturating_sub(1);
        ExportFile {
            name: entries_file(last / LINES_PER_FILE),
            bytes: std::mem::take(&mut self.lines),
        }
    }
}
