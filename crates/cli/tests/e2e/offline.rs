//! An exported log and a single receipt verify without server and database, the first changed index is named,
//! and OpenSSL agrees.

use std::{path::Path, process::Command};

use serde_json::Value as Json;

use crate::harness::{Client, Server, founded, shuyu};

fn verify(what: &Path) -> (bool, Json) {
    verify_with(what, None)
}

fn verify_with(what: &Path, key: Option<&Path>) -> (bool, Json) {
    let mut command = shuyu();
    command.args(["verify", "--json"]);
    if let Some(key) = key {
        command.arg("--key").arg(key);
    }
    let output = command.arg(what).output().expect("verify");
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
fn a_receipt_verifies_as_a_file_and_a_changed_byte_is_found() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    founded(&data);
    // Stopped in order, all is sealed.
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (receipt, key) = runtime.block_on(async {
        let client = Client::sign_in(&server.base, "admin").await.expect("sign-in");
        let logs = client.get("/api/v1/ledger").await.expect("the logs");
        let path = "/api/v1/ledger/proceedings/entries/7/receipt";
        let receipt = client.get(path).await.expect("a receipt");
        assert!(receipt.ok(), "{receipt:?}");
        (receipt.body, logs.body[0]["public_key"].clone())
    });
    assert!(server.stop().success());
    let file = temp.path().join("receipt-7.json");
    let text = serde_json::to_string_pretty(&receipt).expect("JSON") + "\n";
    std::fs::write(&file, &text).expect("the receipt");
    let trusted = temp.path().join("log-key.pem");
    std::fs::write(&trusted, key.as_str().expect("PEM")).expect("the key");

    let (good, answer) = verify(&file);
    assert!(good, "{answer}");
    assert_eq!(answer["index"], 7);
    assert_eq!(answer["checks"][0], "check_key_not_compared");
    let (good, answer) = verify_with(&file, Some(&trusted));
    assert!(good, "{answer}");
    assert_eq!(answer["checks"][0], "check_key_trusted");
    let plain = shuyu().arg("verify").arg(&file).output().expect("verify");
    assert!(String::from_utf8_lossy(&plain.stdout).starts_with("verified: entry 7 "));

    for (from, to, code) in [
        ("recorded_at", "recorder_at", "receipt_not_included"),
        ("\"index\": 7", "\"index\": 8", "receipt_not_included"),
        ("shuyu-receipt/1", "shuyu-receipt/2", "receipt_malformed"),
        ("/proceedings/", "/proceedingz/", "receipt_signature_wrong"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        std::fs::write(&file, changed).expect("a changed byte");
        let (good, answer) = verify_with(&file, Some(&trusted));
        assert!(!good, "{from}");
        assert_eq!(
            (&answer["verified"], &answer["code"]),
            (&Json::Bool(false), &Json::from(code))
        );
    }
    std::fs::write(&file, &text).expect("the receipt again");
    let stranger = shuyu_ledger::SigningKey::from_bytes(&[7; 32]).expect("a key");
    std::fs::write(&trusted, stranger.verifying_key().to_pem().expect("PEM")).expect("another key");
    let (good, answer) = verify_with(&file, Some(&trusted));
    assert!(!good);
    assert_eq!(answer["code"], "receipt_key_not_trusted");
    std::fs::write(&file, "no receipt").expect("something else");
    assert_eq!(verify(&file).1["code"], "receipt_malformed");
}
