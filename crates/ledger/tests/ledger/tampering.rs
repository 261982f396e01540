//! A changed export does not verify, and the answer names the first changed entry.

use std::sync::OnceLock;

use shuyu_kernel::{Digest, Fault, Refusal};
use shuyu_ledger::{
    Check, Entry, ExportError, ExportWriter, Finding, FolderReader, SignedCheckpoint, SigningKey, Suite,
    Tampered, VerifyError, VerifyingKey, verify,
};

use crate::sample::{self, Folder};

const SIZE: u64 = 50;
pub const ENTRIES: &str = "entries/000000.jsonl";

pub fn export() -> &'static Folder {
    static EXPORT: OnceLock<Folder> = OnceLock::new();
    EXPORT.get_or_init(|| sample::log(SIZE).export())
}

pub fn key() -> VerifyingKey {
    sample::key().verifying_key()
}

pub fn tampered(folder: &Folder, trusted: Option<&VerifyingKey>) -> Tampered {
    match verify(folder, trusted) {
        Err(VerifyError::Tampered(tampered)) => tampered,
        other => panic!("expected a finding, got {other:?}"),
    }
}

fn lines(folder: &Folder, file: &str) -> Vec<String> {
    String::from_utf8(folder[file].clone())
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn set_lines(folder: &mut Folder, file: &str, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    folder.insert(file.to_owned(), text.into_bytes());
}

fn set_leaves_of_entries(folder: &mut Folder) {
    let hashes: Vec<String> = lines(folder, ENTRIES)
        .iter()
        .map(|line| Suite::Sm.leaf_hash(line.as_bytes()).to_string())
        .collect();
    set_lines(folder, "leaves", &hashes);
}

/// (index, located, finding) after a change to the lines of a file.
fn after(file: &str, change: impl Fn(&mut Vec<String>)) -> (Option<u64>, bool, Finding) {
    let mut folder = export().clone();
    let mut changed = lines(&folder, file);
    change(&mut changed);
    set_lines(&mut folder, file, &changed);
    let found = tampered(&folder, Some(&key()));
    assert!(found.index.is_none() || found.line.is_some());
    (found.index, found.located, found.what)
}

#[test]
fn an_unchanged_export_verifies() {
    let verified = verify(export(), Some(&key())).unwrap();
    assert_eq!((verified.size, verified.origin), (SIZE, sample::origin()));
    assert_eq!(verified.root, sample::log(SIZE).tree.root());
    assert!(verified.checks.iter().all(|check| check.passed()));
    assert_eq!(verified.checks[0], Check::KeyTrusted);
    // Without a trusted key the answer says what it is worth.
    assert_eq!(verify(export(), None).unwrap().checks[0], Check::KeyNotCompared);
}

#[test]
fn exports_of_awkward_sizes_verify() {
    for size in [0, 1, 2, 4095, 4096, 4097] {
        let folder = sample::log(size).export();
        assert_eq!(verify(&folder, Some(&key())).unwrap().size, size);
        assert_eq!(
            folder.keys().filter(|name| name.starts_with("entries/")).count() as u64,
            size.div_ceil(4096)
        );
    }
}

#[test]
fn removed_inserted_and_moved_entries_are_named() {
    let last = SIZE - 1;
    assert_eq!(
        after(ENTRIES, |l| drop(l.remove(17))),
        (Some(17), true, Finding::EntryMissing)
    );
    assert_eq!(
        after(ENTRIES, |l| drop(l.pop())),
        (Some(last), true, Finding::EntryMissing)
    );
    assert_eq!(
        after(ENTRIES, |l| l.insert(17, "{}".into())),
        (Some(17), true, Finding::EntryExtra)
    );
    assert_eq!(
        after(ENTRIES, |l| l.insert(17, l[30].clone())),
        (Some(17), true, Finding::EntryExtra)
    );
    assert_eq!(
        after(ENTRIES, |l| l.push("{}".into())),
        (Some(SIZE), true, Finding::EntryExtra)
    );
    assert_eq!(
        after(ENTRIES, |l| l.swap(17, 18)),
        (Some(17), true, Finding::EntryMoved)
    );
    assert_eq!(
        after(ENTRIES, |l| l.swap(17, 30)),
        (Some(17), true, Finding::EntryMoved)
    );
    assert_eq!(
        after(ENTRIES, |l| l[17].push(' ')),
        (Some(17), true, Finding::EntryChanged)
    );
    assert_eq!(
        after(ENTRIES, |l| l[last as usize].push(' ')),
        (Some(last), true, Finding::EntryChanged)
    );
}

#[test]
fn changed_leaves_are_told_from_changed_entries() {
    assert_eq!(
        after("leaves", |l| drop(l.remove(17))),
        (Some(17), true, Finding::LeafChanged)
    );
    assert_eq!(
        after("leaves", |l| drop(l.pop())),
        (Some(SIZE - 1), true, Finding::LeafMissing)
    );
    assert_eq!(
        after("leaves", |l| l.push(l[0].clone())),
        (Some(SIZE), true, Finding::LeafExtra)
    );
    assert_eq!(
        after("leaves", |l| l.swap(17, 18)),
        (Some(17), true, Finding::LeafChanged)
    );
    assert_eq!(
        after("leaves", |l| l[17].make_ascii_uppercase()),
        (Some(17), true, Finding::LeafChanged)
    );
}

#[test]
fn a_consistent_change_of_entry_and_leaf_breaks_the_chain() {
    let mut folder = export().clone();
    let mut changed = lines(&folder, ENTRIES);
    changed[15] = changed[15].replace("道路规划", "商业广告");
    set_lines(&mut folder, ENTRIES, &changed);
    set_leaves_of_entries(&mut folder);
    let found = tampered(&folder, Some(&key()));
    // Entry 16 names another predecessor: the sign is at 16, and nothing proves where the change is.
    assert_eq!(
        (found.index, found.what, found.located),
        (Some(16), Finding::ChainBroken, false)
    );
}

#[test]
fn a_history_rewritten_to_the_end_differs_only_in_the_root() {
    let mut folder = export().clone();
    let mut changed = lines(&folder, ENTRIES);
    let mut prev: Option<Digest> = None;
    for line in changed.iter_mut().skip(15) {
        let mut entry = Entry::parse(line.as_bytes()).unwrap();
        entry.version += 1;
        entry.prev_hash = prev.unwrap_or(entry.prev_hash);
        *line = entry.encode().unwrap();
        prev = Some(Suite::Sm.leaf_hash(line.as_bytes()));
    }
    set_lines(&mut folder, ENTRIES, &changed);
    set_leaves_of_entries(&mut folder);
    let found = tampered(&folder, Some(&key()));
    assert_eq!(
        (found.index, found.what, found.located),
        (None, Finding::RootDiffers, false)
    );
}

#[test]
fn entries_and_leaves_cut_alike_are_missing_from_there() {
    let mut folder = export().clone();
    let kept = lines(&folder, ENTRIES)[..40].to_vec();
    set_lines(&mut folder, ENTRIES, &kept);
    set_leaves_of_entries(&mut folder);
    let found = tampered(&folder, Some(&key()));
    assert_eq!(
        (found.index, found.what, found.located),
        (Some(40), Finding::EntryMissing, false)
    );
}

#[test]
fn separate_changes_of_entry_and_leaf_are_not_claimed_to_be_located() {
    let mut folder = export().clone();
    for (file, line) in [(ENTRIES, 30), ("leaves", 10)] {
        let mut changed = lines(&folder, file);
        changed[line] = changed[line + 1].clone();
        set_lines(&mut folder, file, &changed);
    }
    let found = tampered(&folder, Some(&key()));
    assert_eq!(
        (found.index, found.what, found.located),
        (Some(10), Finding::EntriesAndLeavesDiffer, false)
    );
}

#[test]
fn missing_and_additional_files_are_named() {
    for name in export().keys() {
        let mut folder = export().clone();
        folder.remove(name);
        let found = tampered(&folder, None);
        let expected = if name == ENTRIES {
            Finding::EntryMissing
        } else {
            Finding::FileMissing
        };
        assert_eq!((found.what, found.file.as_str()), (expected, name.as_str()));
    }
    let mut folder = export().clone();
    folder.insert("entries/000001.jsonl".into(), b"{}\n".to_vec());
    let found = tampered(&folder, None);
    assert_eq!(
        (found.index, found.what, found.located),
        (Some(SIZE), Finding::EntryExtra, true)
    );
    assert_eq!(found.file, "entries/000001.jsonl");
}

#[test]
fn lines_lost_or_added_at_the_edge_of_a_file_are_named() {
    let whole = sample::log(4100).export();
    let check = |file: &str, change: &dyn Fn(&mut Vec<String>)| {
        let mut folder = whole.clone();
        let mut changed = lines(&folder, file);
        change(&mut changed);
        set_lines(&mut folder, file, &changed);
        let found = tampered(&folder, Some(&key()));
        assert!(found.located);
        (found.index.unwrap(), found.file, found.line.unwrap(), found.what)
    };
    let (first, second) = (ENTRIES.to_owned(), "entries/000001.jsonl".to_owned());
    let popped = check(&first, &|l| drop(l.pop()));
    assert_eq!(popped, (4095, first.clone(), 4096, Finding::EntryMissing));
    let pushed = check(&first, &|l| l.push("{}".into()));
    assert_eq!(pushed, (4096, first.clone(), 4097, Finding::EntryExtra));
    let changed = check(&second, &|l| l[2].push(' '));
    assert_eq!(changed, (4098, second.clone(), 3, Finding::EntryChanged));
    let cleared = check(&second, &|l| l.clear());
    assert_eq!(cleared, (4096, second, 1, Finding::EntryMissing));
}

#[test]
fn a_folder_made_by_another_key_passes_only_without_a_trusted_key() {
    let mut forged = sample::log(SIZE);
    forged.key = SigningKey::from_bytes(&[0x55; 32]).unwrap();
    let folder = forged.export();
    verify(&folder, None).unwrap();
    let found = tampered(&folder, Some(&key()));
    assert_eq!(
        (found.what, found.file.as_str()),
        (Finding::KeyNotTrusted, "key.pem")
    );
}

#[test]
fn replaced_parts_are_named() {
    let log = sample::log(SIZE);
    let other_key = SigningKey::from_bytes(&[0x55; 32]).unwrap();
    let resigned = SignedCheckpoint::sign(log.head.checkpoint(), &other_key)
        .unwrap()
        .to_string();
    let shorter = sample::log(SIZE - 1).checkpoint().to_string();
    for (file, text, what) in [
        ("checkpoint", resigned, Finding::SignatureMissing),
        (
            "checkpoint",
            log.checkpoint().to_string().replace("\n50\n", "\n49\n"),
            Finding::SignatureWrong,
        ),
        (
            "checkpoint",
            log.checkpoint().to_string().replace("\n50\n", "\n050\n"),
            Finding::CheckpointMalformed,
        ),
        ("checkpoint", shorter, Finding::EntryExtra),
        (
            "key.pem",
            other_key.verifying_key().to_pem().unwrap(),
            Finding::SignatureMissing,
        ),
        ("key.pem", "no key".into(), Finding::KeyMalformed),
        (
            "key.pem",
            key().to_pem().unwrap().replace('\n', "\r\n"),
            Finding::KeyMalformed,
        ),
        (
            "origin",
            "shuyu/other/proceedings/training/sm\nshuyu-export/1\n".into(),
            Finding::OriginDiffers,
        ),
        (
            "origin",
            "shuyu/yunnan-01/proceedings/training/sm\nshuyu-export/2\n".into(),
            Finding::OriginMalformed,
        ),
        (
            "origin",
            "shuyu/yunnan-01/proceedings/training/sm\n".into(),
            Finding::OriginMalformed,
        ),
        ("README.txt", "All is well.\n".into(), Finding::ReadmeChanged),
    ] {
        let mut folder = export().clone();
        folder.insert(file.to_owned(), text.into_bytes());
        assert_eq!(tampered(&folder, None).what, what, "{file}");
    }
}

#[test]
fn cosignatures_are_reported_as_not_checked() {
    let witness = shuyu_ledger::NoteSignature {
        name: "w".into(),
        key_id: [0; 4],
        signature: vec![1],
    };
    let mut signed = sample::log(SIZE).checkpoint();
    signed.add_cosignature(witness).unwrap();
    let mut folder = export().clone();
    folder.insert("checkpoint".into(), signed.to_string().into_bytes());
    let checks = verify(&folder, Some(&key())).unwrap().checks;
    assert!(checks.contains(&Check::CosignaturesNotChecked(1)));
}

/// A log whose writer signed an entry under a wrong index: all hashes fit, and it is still no log.
#[test]
fn a_signed_log_that_is_no_chain_is_refused() {
    let log = sample::log(5);
    let mut entry = Entry::parse(log.entries[3].line.as_bytes()).unwrap();
    entry.index = 7;
    let mut writer = ExportWriter::new(sample::origin());
    let mut tree = shuyu_ledger::Frontier::new(Suite::Sm);
    for line in [
        &log.entries[0].line,
        &log.entries[1].line,
        &log.entries[2].line,
        &entry.encode().unwrap(),
    ] {
        writer.push(line.as_bytes()).unwrap();
        tree.push(Suite::Sm.leaf_hash(line.as_bytes()));
    }
    let checkpoint = shuyu_ledger::Checkpoint {
        origin: sample::origin(),
        size: tree.size(),
        root: tree.root(),
    };
    let signed = SignedCheckpoint::sign(checkpoint, &log.key).unwrap();
    let files = writer.finish(&signed, &key()).unwrap();
    let folder: Folder = files.into_iter().map(|file| (file.name, file.bytes)).collect();
    let found = tampered(&folder, Some(&key()));
    assert_eq!(
        (found.index, found.what, found.located),
        (Some(3), Finding::ChainBroken, true)
    );
}

#[test]
fn an_export_that_would_not_verify_is_not_made() {
    let log = sample::log(5);
    let mut writer = ExportWriter::new(sample::origin());
    writer.push(log.entries[0].line.as_bytes()).unwrap();
    assert_eq!(writer.push(b"a\nb"), Err(ExportError::Newline { index: 1 }));
    let refused = writer.finish(&log.checkpoint(), &key()).unwrap_err();
    let root = log.entries[0].leaf_hash;
    assert_eq!(refused, ExportError::NotTheCheckpoint { size: 1, root });
}

struct BrokenDisk;
impl FolderReader for BrokenDisk {
    fn read(&self, _name: &str) -> Result<Option<Vec<u8>>, Fault> {
        Err(Fault::new("reading", "disk gone"))
    }
}

#[test]
fn an_unreadable_folder_is_a_fault_and_not_a_finding() {
    assert!(matches!(verify(&BrokenDisk, None), Err(VerifyError::Fault(_))));
}

#[test]
fn a_finding_becomes_a_refusal_with_its_place() {
    let mut folder = export().clone();
    folder.get_mut(ENTRIES).unwrap()[0] = b'[';
    let refusal = Refusal::from(&tampered(&folder, None));
    assert_eq!(refusal.code, "seal_entry_changed");
    let facts: Vec<(&str, &str)> = refusal
        .facts
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        facts,
        [
            ("file", ENTRIES),
            ("index", "0"),
            ("line", "1"),
            ("located", "yes")
        ]
    );
}
