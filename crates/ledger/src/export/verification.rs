//! The order in which a folder is verified: first what is signed, then what hangs on it.

use std::collections::BTreeMap;

use shuyu_kernel::Fault;

use super::{
    CHECKPOINT_FILE, KEY_FILE, LEAVES_FILE, ORIGIN_FILE, README, README_FILE,
    diagnosis::compare,
    finding::{Check, Finding, Tampered, Verified, VerifyError},
    origin_text,
    scan::{parse_leaves, scan_entries},
};
use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    key::{KeyError, VerifyingKey},
    origin::Origin,
};

/// Where the files come from; `cli` supplies the real folder.
pub trait FolderReader {
    /// The bytes of a file, or `None` when there is no such file. Errors only when reading failed.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault>;
}

/// A folder in memory, by file name.
impl FolderReader for BTreeMap<String, Vec<u8>> {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.get(name).cloned())
    }
}

/// Verifies an export. Without a trusted key the folder is checked against the key it carries, and the
/// answer says so ([`Check::KeyNotCompared`]).
///
/// Files that do not belong to the format are not looked at, except the one after the last file of entries.
pub fn verify(folder: &dyn FolderReader, trusted: Option<&VerifyingKey>) -> Result<Verified, VerifyError> {
    let mut checks = Vec::new();
    let key = check_key(&required(folder, KEY_FILE)?, trusted)?;
    checks.push(if trusted.is_some() {
        Check::KeyTrusted
    } else {
        Check::KeyNotCompared
    });

    let origin = parse_origin(&required(folder, ORIGIN_FILE)?)?;
    let signed = SignedCheckpoint::parse(&required(folder, CHECKPOINT_FILE)?).map_err(checkpoint_finding)?;
    let checkpoint = signed.verify(&key).map_err(checkpoint_finding)?;
    if checkpoint.origin != origin {
        return Err(Tampered::file(ORIGIN_FILE, Finding::OriginDiffers).into());
    }
    checks.push(Check::SignatureValid);
    let others = signed.signatures().len() - 1;
    if others > 0 {
        checks.push(Check::CosignaturesNotChecked(others));
    }

    let leaves = parse_leaves(&required(folder, LEAVES_FILE)?);
    let scan = scan_entries(folder, &origin, checkpoint.size)?;
    compare(&scan, &leaves, checkpoint)?;
    checks.extend([
        Check::LeavesGiveRoot,
        Check::EntriesMatchLeaves,
        Check::ChainUnbroken,
    ]);

    if required(folder, README_FILE)? != README.as_bytes() {
        return Err(Tampered::file(README_FILE, Finding::ReadmeChanged).into());
    }
    checks.push(Check::ReadmeUnchanged);
    Ok(Verified {
        origin,
        size: checkpoint.size,
        root: checkpoint.root,
        checks,
    })
}

fn required(folder: &dyn FolderReader, name: &str) -> Result<Vec<u8>, VerifyError> {
    folder
        .read(name)?
        .ok_or_else(|| Tampered::file(name, Finding::FileMissing).into())
}

/// The key of the folder, which must be the trusted one where there is one.
fn check_key(bytes: &[u8], trusted: Option<&VerifyingKey>) -> Result<VerifyingKey, Tampered> {
    let malformed = || Tampered::file(KEY_FILE, Finding::KeyMalformed);
    let pem = std::str::from_utf8(bytes).map_err(|_| malformed())?;
    let key = VerifyingKey::from_pem(pem).map_err(|_| malformed())?;
    if trusted.is_some_and(|trusted| *trusted != key) {
        return Err(Tampered::file(KEY_FILE, Finding::KeyNotTrusted));
    }
    // PEM has several spellings of one key; an export has one.
    if key.to_pem().ok().as_deref() == Some(pem) {
        Ok(key)
    } else {
        Err(malformed())
    }
}

fn parse_origin(bytes: &[u8]) -> Result<Origin, Tampered> {
    let malformed = || Tampered::file(ORIGIN_FILE, Finding::OriginMalformed);
    let text = std::str::from_utf8(bytes).map_err(|_| malformed())?;
    let first = text.lines().next().unwrap_or_default();
    let origin: Origin = first.parse().map_err(|_| malformed())?;
    if origin_text(&origin) == text {
        Ok(origin)
    } else {
        Err(malformed())
    }
}

fn checkpoint_finding(error: CheckpointError) -> Tampered {
    let (what, line) = match error {
        CheckpointError::NotSigned => (Finding::SignatureMissing, None),
        CheckpointError::Key(KeyError::Suite(_)) => (Finding::SignatureMissing, None),
        CheckpointError::Key(_) => (Finding::SignatureWrong, None),
        CheckpointError::Note(_) => (Finding::CheckpointMalformed, None),
        CheckpointError::Line { line } => (Finding::CheckpointMalformed, Some(line as u64)),
    };
    Tampered {
        line,
        ..Tampered::file(CHECKPOINT_FILE, what)
    }
}
