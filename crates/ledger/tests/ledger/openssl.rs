//! The system's OpenSSL agrees with us: an auditor does not need our program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use shuyu_kernel::Digest;
use shuyu_ledger::{SigningKey, VerifyingKey};
use tempfile::TempDir;

use crate::sample;

const DISTID: &str = "distid:1234567812345678";

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!("these tests need `{program}` (OpenSSL 3 with SM2 and SM3) on the path: {error}")
        })
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, "openssl", arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?} failed: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn verify_arguments(note: &'static str) -> [&'static str; 9] {
    [
        "dgst",
        "-sm3",
        "-verify",
        "key.pem",
        "-sigopt",
        DISTID,
        "-signature",
        "sig.der",
        note,
    ]
}

#[test]
fn openssl_verifies_our_checkpoint() {
    let log = sample::log(10);
    let (signed, key) = (log.checkpoint(), log.key.verifying_key());
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    fs::write(path.join("key.pem"), key.to_pem().unwrap()).unwrap();
    fs::write(path.join("note.txt"), signed.signed_text()).unwrap();
    fs::write(path.join("sig.der"), signed.signature_der(&key).unwrap()).unwrap();
    assert_eq!(openssl(path, &verify_arguments("note.txt")).trim(), "Verified OK");

    fs::write(
        path.join("changed.txt"),
        signed.signed_text().replace("\n10\n", "\n11\n"),
    )
    .unwrap();
    let refused = run(path, "openssl", &verify_arguments("changed.txt"));
    assert!(!refused.status.success());
}

#[test]
fn openssl_hashes_a_file_as_we_do() {
    let folder = TempDir::new().unwrap();
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i * 7 % 251) as u8).collect();
    fs::write(folder.path().join("file"), &bytes).unwrap();
    let answer = openssl(folder.path(), &["dgst", "-sm3", "-r", "file"]);
    assert_eq!(answer.split(' ').next().unwrap(), Digest::of(&bytes).to_string());
}

#[test]
fn we_accept_keys_and_signatures_of_openssl() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    openssl(
        path,
        &[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:SM2",
            "-out",
            "private.pem",
        ],
    );
    openssl(
        path,
        &["pkey", "-in", "private.pem", "-pubout", "-out", "key.pem"],
    );
    fs::write(path.join("note.txt"), "a text\n").unwrap();
    let sign = [
        "dgst",
        "-sm3",
        "-sign",
        "private.pem",
        "-sigopt",
        DISTID,
        "-out",
        "sig.der",
        "note.txt",
    ];
    openssl(path, &sign);

    let key = VerifyingKey::from_pem(&fs::read_to_string(path.join("key.pem")).unwrap()).unwrap();
    let signature = fs::read(path.join("sig.der")).unwrap();
    key.verify(b"a text\n", &signature).unwrap();
    key.verify(b"a texT\n", &signature).unwrap_err();
    let private = SigningKey::from_pem(&fs::read_to_string(path.join("private.pem")).unwrap()).unwrap();
    assert_eq!(private.verifying_key(), key);
}

#[test]
fn openssl_reads_our_private_key() {
    let folder = TempDir::new().unwrap();
    let key = sample::key();
    fs::write(
        folder.path().join("private.pem"),
        key.to_pem().unwrap().as_bytes(),
    )
    .unwrap();
    let public = openssl(folder.path(), &["pkey", "-in", "private.pem", "-pubout"]);
    assert_eq!(public, key.verifying_key().to_pem().unwrap());
}

/// The commands in the README of an export, run as they stand there.
#[test]
fn the_commands_of_the_readme_work() {
    let log = sample::log(10);
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("entries")).unwrap();
    for (name, bytes) in log.export() {
        fs::write(path.join(name), bytes).unwrap();
    }
    let readme = fs::read_to_string(path.join("README.txt")).unwrap();
    let commands = |first: &str| {
        let start = readme
            .lines()
            .position(|line| line.trim().starts_with(first))
            .unwrap();
        let block: Vec<&str> = readme
            .lines()
            .skip(start)
            .take_while(|line| line.starts_with("  "))
            .collect();
        block.join("\n")
    };
    let shell = |script: &str| {
        let output = run(path, "sh", &["-ec", script]);
        assert!(
            output.status.success(),
            "{script}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(shell(&commands("head -n 3 checkpoint")).trim(), "Verified OK");
    let hash = shell(&commands("{ printf"));
    assert!(
        hash.trim().ends_with(&log.entries[0].leaf_hash.to_string()),
        "{hash}"
    );
}
