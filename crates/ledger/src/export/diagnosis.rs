//! Where the folder departs from what was signed.
//!
//! There are two copies of every leaf hash: the line in `leaves`, and the hash of the entry line itself.
//! Whichever copy gives the signed root is proven as a whole, and the other is compared with it line by line.
//! When neither does, the chain of entries and the disagreement of the two copies only give signs.

use shuyu_kernel::Digest;

use super::{
    LEAVES_FILE,
    finding::{Finding, Tampered},
    scan::{EntryScan, Place},
};
use crate::{checkpoint::Checkpoint, suite::Suite, tree::Frontier};

/// Compares entries and leaves with the verified checkpoint.
pub(super) fn compare(
    scan: &EntryScan,
    leaves: &[Option<Digest>],
    checkpoint: &Checkpoint,
) -> Result<(), Tampered> {
    let suite = checkpoint.origin.suite();
    // A size beyond the address space is beyond both lists as well.
    let size = usize::try_from(checkpoint.size).unwrap_or(usize::MAX);
    let proven = |hashes: &[Option<Digest>]| {
        hashes.get(..size).and_then(|hashes| root_of(suite, hashes)) == Some(checkpoint.root)
    };
    if proven(leaves) {
        return compare_with_proven_leaves(scan, leaves, size);
    }
    if proven(&scan.hashes) {
        return Err(first_wrong_leaf(&scan.hashes, leaves));
    }
    Err(first_sign(scan, leaves, size))
}

/// The root over all hashes, or `None` when one is missing.
fn root_of(suite: Suite, hashes: &[Option<Digest>]) -> Option<Digest> {
    let mut frontier = Frontier::new(suite);
    for hash in hashes {
        frontier.push((*hash)?);
    }
    Some(frontier.root())
}

fn compare_with_proven_leaves(
    scan: &EntryScan,
    leaves: &[Option<Digest>],
    size: usize,
) -> Result<(), Tampered> {
    let differs = (0..size).find(|&i| hash_at(&scan.hashes, i) != hash_at(leaves, i));
    if let Some(i) = differs {
        let extra_before = scan.extra.as_ref().filter(|extra| extra.index < i as u64);
        return Err(match extra_before {
            Some(extra) => at(extra.clone(), Finding::EntryExtra, true),
            None => at(Place::of_entry(i as u64), kind_of_change(scan, leaves, i), true),
        });
    }
    if let Some(extra) = &scan.extra {
        return Err(at(extra.clone(), Finding::EntryExtra, true));
    }
    if leaves.len() > size {
        return Err(at(leaf_place(size), Finding::LeafExtra, true));
    }
    // All bytes are as signed. If they still do not form a chain, the writer of the log was at fault.
    match &scan.fault {
        Some((place, what)) => Err(at(place.clone(), *what, true)),
        None => Ok(()),
    }
}

/// What happened at the first entry that has not its leaf hash.
fn kind_of_change(scan: &EntryScan, leaves: &[Option<Digest>], i: usize) -> Finding {
    let hashes = &scan.hashes;
    let Some(found) = hash_at(hashes, i) else {
        // Either a hole, or a last line that lost its newline; only the line can be at fault in itself.
        let line_is_there = scan
            .fault
            .as_ref()
            .is_some_and(|(place, _)| place.index == i as u64);
        return if line_is_there {
            Finding::EntryChanged
        } else {
            Finding::EntryMissing
        };
    };
    let follower_is_here = hash_at(leaves, i + 1) == Some(found);
    let pushed_down = hash_at(leaves, i).is_some() && hash_at(hashes, i + 1) == hash_at(leaves, i);
    match (follower_is_here, pushed_down) {
        (true, false) => Finding::EntryMissing,
        (false, true) => Finding::EntryExtra,
        (true, true) => Finding::EntryMoved,
        (false, false) if leaves.contains(&Some(found)) => Finding::EntryMoved,
        (false, false) => Finding::EntryChanged,
    }
}

fn first_wrong_leaf(hashes: &[Option<Digest>], leaves: &[Option<Digest>]) -> Tampered {
    let i = (0..hashes.len())
        .find(|&i| hash_at(hashes, i) != hash_at(leaves, i))
        .unwrap_or(hashes.len());
    let what = if i < leaves.len() {
        Finding::LeafChanged
    } else {
        Finding::LeafMissing
    };
    at(leaf_place(i), what, true)
}

/// Neither copy is proven: the first sign of a change, if there is one.
fn first_sign(scan: &EntryScan, leaves: &[Option<Digest>], size: usize) -> Tampered {
    let longest = scan.hashes.len().max(leaves.len()).min(size);
    let differs = (0..longest).find(|&i| {
        let (entry, leaf) = (hash_at(&scan.hashes, i), hash_at(leaves, i));
        entry != leaf || entry.is_none()
    });
    let differs = differs.map(|i| {
        let nowhere = hash_at(&scan.hashes, i).is_none() && i >= leaves.len();
        let what = if nowhere {
            Finding::EntryMissing
        } else {
            Finding::EntriesAndLeavesDiffer
        };
        (Place::of_entry(i as u64), what)
    });
    let candidates = [scan.fault.clone(), differs];
    // Both are true statements; the earlier one is nearer to the change.
    if let Some((place, what)) = candidates
        .into_iter()
        .flatten()
        .min_by_key(|(place, _)| place.index)
    {
        return at(place, what, false);
    }
    if longest < size {
        return at(Place::of_entry(longest as u64), Finding::EntryMissing, false);
    }
    Tampered::file(LEAVES_FILE, Finding::RootDiffers)
}

fn hash_at(hashes: &[Option<Digest>], i: usize) -> Option<Digest> {
    hashes.get(i).copied().flatten()
}

fn leaf_place(i: usize) -> Place {
    Place {
        index: i as u64,
        file: LEAVES_FILE.to_owned(),
        line: i as u64 + 1,
    }
}

fn at(place: Place, what: Finding, located: bool) -> Tampered {
    Tampered {
        index: Some(place.index),
        file: place.file,
        line: Some(place.line),
        what,
        located,
    }
}
