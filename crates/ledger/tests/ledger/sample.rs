//! A small log, the same at every run.

use std::collections::BTreeMap;

use shuyu_kernel::Timestamp;
use shuyu_ledger::{
    Draft, ExportWriter, FolderKind, Head, Origin, Sealed, SignedCheckpoint, SigningKey, Suite, TreeCache,
};

pub type Folder = BTreeMap<String, Vec<u8>>;

pub struct SampleLog {
    pub key: SigningKey,
    pub head: Head,
    pub tree: TreeCache,
    pub entries: Vec<Sealed>,
}

pub fn origin() -> Origin {
    Origin::new("yunnan-01", "proceedings", FolderKind::Training, Suite::Sm).unwrap()
}

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32]).unwrap()
}

pub fn payload(i: u64) -> Vec<u8> {
    match i % 5 {
        0 => format!(r#"{{"purpose":"道路规划","number":{i}}}"#).into_bytes(),
        1 => format!("plain words, \"quoted\"\nsecond line {i}").into_bytes(),
        2 => vec![0xff, 0x00, i as u8],
        3 => Vec::new(),
        _ => format!(r#"{{"nested":{{"list":[1,2,{i}],"text":"a\"b"}}}}"#).into_bytes(),
    }
}

pub fn log(size: u64) -> SampleLog {
    let mut log = SampleLog {
        key: key(),
        head: Head::new(origin()),
        tree: TreeCache::new(Suite::Sm),
        entries: Vec::new(),
    };
    for i in 0..size {
        let payload = payload(i);
        let draft = Draft {
            kind: "application_submitted.v1",
            stream: &format!("case_{}", i % 7),
            version: i / 7 + 1,
            recorded_at: Timestamp::from_micros(1_767_571_200_000_004 + i as i64 * 61_000_000),
            payload: &payload,
        };
        let sealed = log.head.append(draft).unwrap();
        log.tree.push(sealed.leaf_hash);
        log.entries.push(sealed);
    }
    log
}

impl SampleLog {
    pub fn checkpoint(&self) -> SignedCheckpoint {
        SignedCheckpoint::sign(self.head.checkpoint(), &self.key).unwrap()
    }

    pub fn export(&self) -> Folder {
        let mut writer = ExportWriter::new(origin());
        let mut files = Vec::new();
        for sealed in &self.entries {
            files.extend(writer.push(sealed.line.as_bytes()).unwrap());
        }
        files.extend(
            writer
                .finish(&self.checkpoint(), &self.key.verifying_key())
                .unwrap(),
        );
        files.into_iter().map(|file| (file.name, file.bytes)).collect()
    }
}
