//! An export made once must verify for ever, and the same log must give the same bytes.

use std::{fs, path::PathBuf};

use shuyu_kernel::Fault;
use shuyu_ledger::{FolderReader, Receipt, VerifyingKey, verify};

use crate::sample;

const SIZE: u64 = 12;

struct GoldenFolder(PathBuf);

impl FolderReader for GoldenFolder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.0.join(name);
        if !path.exists() {
            return Ok(None);
        }
        fs::read(path)
            .map(Some)
            .map_err(|error| Fault::new("reading an export", error))
    }
}

fn folder() -> GoldenFolder {
    GoldenFolder(PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden"
    )))
}

fn receipt_json() -> String {
    let log = sample::log(SIZE);
    let proof = log.tree.inclusion(7, SIZE).unwrap();
    let key = log.key.verifying_key();
    Receipt::new(&log.entries[7].line, &proof, &log.checkpoint(), &key)
        .unwrap()
        .to_json()
        .unwrap()
}

#[test]
fn the_golden_export_verifies() {
    let key = folder().read("key.pem").unwrap().unwrap();
    let key = VerifyingKey::from_pem(std::str::from_utf8(&key).unwrap()).unwrap();
    assert_eq!(key, sample::key().verifying_key());
    let verified = verify(&folder(), Some(&key)).unwrap();
    assert_eq!(
        (verified.size, verified.root),
        (SIZE, sample::log(SIZE).tree.root())
    );
    let receipt = folder().read("receipt.json").unwrap().unwrap();
    assert_eq!(
        Receipt::parse(&receipt)
            .unwrap()
            .verify(&key)
            .unwrap()
            .entry
            .index,
        7
    );
}

#[test]
fn the_same_log_gives_the_golden_bytes() {
    for (name, bytes) in sample::log(SIZE).export() {
        assert_eq!(
            folder().read(&name).unwrap().as_deref(),
            Some(bytes.as_slice()),
            "{name}"
        );
    }
    assert_eq!(
        folder().read("receipt.json").unwrap().unwrap(),
        receipt_json().as_bytes()
    );
}

#[test]
#[ignore = "writes the golden files; only for a new format, since old exports must go on verifying"]
fn write_the_golden_files() {
    let root = folder().0;
    fs::create_dir_all(root.join("entries")).unwrap();
    for (name, bytes) in sample::log(SIZE).export() {
        fs::write(root.join(name), bytes).unwrap();
    }
    fs::write(root.join("receipt.json"), receipt_json()).unwrap();
}
