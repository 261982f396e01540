//! Reading the lines of an export: what each entry hashes to, and whether the entries name each other.

use shuyu_kernel::{Digest, Fault};

use super::{LINES_PER_FILE, entries_file, finding::Finding, verification::FolderReader};
use crate::{entry::Entry, origin::Origin};

/// What stands in the files of entries.
pub(super) struct EntryScan {
    /// Leaf hash of the line at each index; `None` where there is none, or one without its newline at the end
    /// of a file. Ends where the files end, at the latest at the signed size.
    pub hashes: Vec<Option<Digest>>,
    /// First line that stands where no line should, in its file.
    pub extra: Option<Place>,
    /// First entry that cannot be read or does not continue the one before.
    pub fault: Option<(Place, Finding)>,
}

/// A place in the log and in the folder.
#[derive(Clone)]
pub(super) struct Place {
    pub index: u64,
    pub file: String,
    pub line: u64,
}

impl Place {
    /// Where the entry of this index should stand.
    pub fn of_entry(index: u64) -> Self {
        Self {
            index,
            file: entries_file(index / LINES_PER_FILE),
            line: index % LINES_PER_FILE + 1,
        }
    }
}

/// Reads the entry files of a log of `size` entries, one after the other. Stops at the first missing file.
pub(super) fn scan_entries(
    folder: &dyn FolderReader,
    origin: &Origin,
    size: u64,
) -> Result<EntryScan, Fault> {
    let genesis = origin.suite().genesis_hash(&origin.to_string());
    let mut scan = EntryScan {
        hashes: Vec::new(),
        extra: None,
        fault: None,
    };
    let files = size.div_ceil(LINES_PER_FILE);
    let mut expected_prev = genesis;
    for number in 0..files {
        let name = entries_file(number);
        let Some(bytes) = folder.read(&name)? else {
            return Ok(scan);
        };
        let first = number * LINES_PER_FILE;
        let due = LINES_PER_FILE.min(size - first);
        let mut present = 0;
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let place = Place {
                index: first + present,
                file: name.clone(),
                line: present + 1,
            };
            if present == due {
                scan.extra.get_or_insert(place);
                break;
            }
            present += 1;
            let Some(line) = line.strip_suffix(b"\n") else {
                scan.fault.get_or_insert((place, Finding::EntryMalformed));
                scan.hashes.push(None);
                continue;
            };
            if scan.fault.is_none() {
                scan.fault = entry_fault(line, place.index, &expected_prev).map(|what| (place, what));
            }
            expected_prev = origin.suite().leaf_hash(line);
            scan.hashes.push(Some(expected_prev));
        }
        // Lines missing at the end of a file leave holes, so that later files keep their indexes.
        scan.hashes.extend((present..due).map(|_| None));
    }
    if scan.extra.is_none() && folder.read(&entries_file(files))?.is_some() {
        scan.extra = Some(Place {
            index: size,
            file: entries_file(files),
            line: 1,
        });
    }
    Ok(scan)
}

fn entry_fault(line: &[u8], index: u64, expected_prev: &Digest) -> Option<Finding> {
    match Entry::parse(line) {
        Err(_) => Some(Finding::EntryMalformed),
        Ok(entry) if entry.index != index || entry.prev_hash != *expected_prev => Some(Finding::ChainBroken),
        Ok(_) => None,
    }
}

/// The lines of `leaves`; `None` for a line that is not 64 lower-case hexadecimal digits and a newline.
pub(super) fn parse_leaves(bytes: &[u8]) -> Vec<Option<Digest>> {
    bytes.split_inclusive(|b| *b == b'\n').map(parse_leaf).collect()
}

fn parse_leaf(line: &[u8]) -> Option<Digest> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let digest: Digest = text.parse().ok()?;
    // Upper-case digits would name the same hash with other bytes.
    (digest.to_string() == text).then_some(digest)
}
