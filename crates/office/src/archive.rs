//! Measuring a workbook before a reader that believes it sees it: every entry is unpacked once into nothing.

use std::io::{ErrorKind, Read, Seek};

use shuyu_kernel::{Refusal, RefusalKind};
use zip::{ZipArchive, read::ZipFile, result::ZipError};

use crate::{
    limits::{
        MAX_EXPANSION_RATIO, MAX_PART_BYTES, MAX_SHARED_STRINGS_BYTES, MAX_WORKBOOK_BYTES,
        MAX_WORKBOOK_ENTRIES, RATIO_GRACE_BYTES,
    },
    markup::Markup,
};

/// What happens while a workbook is measured; the caller may stop it with a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Another block is about to be unpacked.
    Block,
    /// A part was measured; so many packed bytes are behind.
    Part(u64),
}

/// Why a workbook was not measured to its end.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// It is damaged or too large, or the caller stopped.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What it was read from failed.
    #[error(transparent)]
    Failed(std::io::Error),
}

/// Checks that what a workbook declares, what it holds and what a reader of it would have to hold at once are within
/// the limits. `whole_limit`: largest size unpacked, in bytes; at most [`MAX_WORKBOOK_BYTES`].
///
/// # Errors
/// Refuses `workbook_too_large`, `compression_bomb`, `workbook_damaged`, and what `watch` refuses.
pub fn measure<R: Read + Seek>(
    file: R,
    whole_limit: u64,
    watch: &mut dyn FnMut(Step) -> Result<(), Refusal>,
) -> Result<(), Unmeasured> {
    let mut archive = ZipArchive::new(file).map_err(unpackable)?;
    if archive.len() > MAX_WORKBOOK_ENTRIES {
        return Err(limited("workbook_too_large")
            .fact("limit_entries", MAX_WORKBOOK_ENTRIES)
            .into());
    }
    let whole_limit = whole_limit.min(MAX_WORKBOOK_BYTES);
    let mut total = 0u64;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unpackable)?;
        total += measure_part(&mut entry, whole_limit, total, watch)?;
        watch(Step::Part(entry.compressed_size()))?;
    }
    Ok(())
}

/// Unpacks one entry into nothing and answers its size.
fn measure_part<R: Read + ?Sized>(
    entry: &mut ZipFile<'_, R>,
    whole_limit: u64,
    before: u64,
    watch: &mut dyn FnMut(Step) -> Result<(), Refusal>,
) -> Result<u64, Unmeasured> {
    let (declared, packed) = (entry.size(), entry.compressed_size());
    let name = entry.name().map_err(unpackable)?.to_ascii_lowercase();
    let (limit, mut markup) = part(&name, whole_limit);
    let fair = packed.saturating_mul(MAX_EXPANSION_RATIO).max(RATIO_GRACE_BYTES);
    let mut buffer = vec![0u8; 64 * 1024];
    let mut actual = 0u64;
    loop {
        if declared.max(actual) > fair {
            return Err(limited("compression_bomb")
                .fact("limit_ratio", MAX_EXPANSION_RATIO)
                .into());
        }
        if declared.max(actual) > limit || before + declared.max(actual) > whole_limit {
            return Err(limited("workbook_too_large").fact("limit_bytes", limit).into());
        }
        watch(Step::Block)?;
        match entry.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                actual += count as u64;
                let bytes = buffer.get(..count).unwrap_or_default();
                markup.as_mut().map_or(Ok(()), |markup| markup.take(bytes))?;
            }
            Err(error) => return Err(unreadable(error)),
        }
    }
    if actual != declared {
        return Err(damaged().into());
    }
    Ok(actual)
}

/// How large a part may be, and whether its markup is measured: what may be larger than a stretch is.
fn part(name: &str, whole: u64) -> (u64, Option<Markup>) {
    if name.ends_with("sharedstrings.xml") {
        (MAX_SHARED_STRINGS_BYTES.min(whole), Some(Markup::default()))
    } else if name.contains("worksheets/") && name.ends_with(".xml") {
        (whole, Some(Markup::default()))
    } else {
        (MAX_PART_BYTES.min(whole), None)
    }
}

fn unpackable(error: ZipError) -> Unmeasured {
    match error {
        ZipError::Io(error) => unreadable(error),
        _ => damaged().into(),
    }
}

/// Only `Other` comes from below: what the bytes are read from failed. The rest is said about the contents.
fn unreadable(error: std::io::Error) -> Unmeasured {
    match error.kind() {
        ErrorKind::Other => Unmeasured::Failed(error),
        _ => damaged().into(),
    }
}

/// The refusal of a workbook that cannot be read as one.
pub(crate) fn damaged() -> Refusal {
    Refusal::unmet("workbook_damaged")
}

/// A refusal because something is too much.
pub(crate) fn limited(code: &str) -> Refusal {
    Refusal::new(RefusalKind::Limited, code)
}
