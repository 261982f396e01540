//! An exported log verifies without server and database, names the first changed index, and OpenSSL agrees.

use std::{path::Path, process::Command};

use serde_json::Value as Json;

use crate::harness::{founded, shuyu};

fn verify(folder: &Path) -> (bool, Json) {
    let output = shuyu()
        .args(["verify", "--json"])
        .arg(folder)
        .output()
        .expect("verify");
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Json::Null);
    (output.status.success(), answer)
}

#[test]
fn a_changed_byte_is_found_and_its_entry_named() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, export) = (temp.path().join("data"), temp.path().join("export"));
    founded(&data);
    let done = shuyu()
        .args(["export", "--data"])
        .arg(&data)
        .arg("--to")
        .arg(&export)
        .status()
        .expect("export");
    assert!(done.success());
    let (good, answer) = verify(&export);
    assert!(good, "{answer}");
    assert!(answer["size"].as_u64().is_some_and(|size| size > 30), "{answer}");

    let file = export.join("entries/000000.jsonl");
    let text = std::fs::read_to_string(&file).expect("entries");
    let changed: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(n, line)| {
            if n == 17 {
                line.replacen("recorded", "recorder", 1)
            } else {
                line.to_owned()
            }
        })
        .collect();
    std::fs::write(&file, changed.join("\n") + "\n").expect("a changed byte");
    let (good, answer) = verify(&export);
    assert!(!good);
    assert_eq!(answer["facts"]["index"], "17", "{answer}");
}

#[test]
fn the_systems_openssl_verifies_our_signature_and_our_sm3() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, export) = (temp.path().join("data"), temp.path().join("export"));
    founded(&data);
    assert!(
        shuyu()
            .args(["export", "--data"])
            .arg(&data)
            .arg("--to")
            .arg(&export)
            .status()
            .expect("export")
            .success()
    );
    let note = std::fs::read_to_string(export.join("checkpoint")).expect("checkpoint");
    let signed = shuyu_ledger::SignedCheckpoint::parse(note.as_bytes()).expect("a checkpoint");
    let key = std::fs::read_to_string(export.join("key.pem")).expect("key");
    let key = shuyu_ledger::VerifyingKey::from_pem(&key).expect("a key");
    std::fs::write(temp.path().join("note"), signed.signed_text()).expect("note");
    std::fs::write(
        temp.path().join("signature"),
        signed.signature_der(&key).expect("our signature"),
    )
    .expect("signature");
    let output = Command::new("openssl")
        .args(["dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-verify"])
        .arg(export.join("key.pem"))
        .arg("-signature")
        .arg(temp.path().join("signature"))
        .arg(temp.path().join("note"))
        .output()
        .expect("openssl is needed for this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let file = export.join("entries/000000.jsonl");
    let output = Command::new("openssl")
        .args(["dgst", "-sm3", "-r"])
        .arg(&file)
        .output()
        .expect("openssl");
    let theirs = String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let ours = shuyu_kernel::Digest::of(&std::fs::read(&file).expect("entries")).to_string();
    assert_eq!(ours, theirs);
}

#[test]
fn a_restored_older_copy_is_refused() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, older) = (temp.path().join("data"), temp.path().join("older.sqlite"));
    founded(&data);
    std::fs::copy(data.join("proceedings.sqlite"), &older).expect("a backup");
    let server = crate::harness::Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = crate::harness::Client::sign_in(&server.base, "rsj_clerk")
            .await
            .expect("sign-in");
        let body = serde_json::json!({ "procedure": "resource", "set": { "name": "x" } });
        assert!(
            client
                .post("/api/v1/cases", &body, None)
                .await
                .expect("open")
                .ok()
        );
    });
    assert!(server.stop().success());
    for extra in ["proceedings.sqlite-wal", "proceedings.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join(extra));
    }
    std::fs::copy(&older, data.join("proceedings.sqlite")).expect("restoring the backup");
    let output = shuyu()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output()
        .expect("serve");
    assert!(!output.status.success(), "a restored older copy must not serve");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("older"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
