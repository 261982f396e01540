//! What a data folder keeps for ever, and that an older copy of it is not served.

use std::path::Path;

use serde_json::json;

use crate::harness::{Client, Server, copy, founded, shuyu};

/// Runs a command that must fail and gives what it says.
fn fails(arguments: &[&str], data: &Path) -> String {
    let output = shuyu()
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .expect("a command");
    assert!(!output.status.success(), "{arguments:?} should be refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// Opens a case, so that the record grows, and stops.
fn one_act(data: &Path) {
    let server = Server::start(data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = Client::sign_in(&server.base, "rsj_clerk").await.expect("sign-in");
        let body = json!({ "procedure": "resource", "set": { "name": "x" } });
        let opened = client.post("/api/v1/cases", &body, None).await.expect("open");
        assert!(opened.ok(), "{opened:?}");
    });
    assert!(server.stop().success());
}

#[test]
fn a_restored_older_copy_of_the_database_is_refused() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, older) = (temp.path().join("data"), temp.path().join("older.sqlite"));
    founded(&data);
    std::fs::copy(data.join("proceedings.sqlite"), &older).expect("a backup");
    one_act(&data);
    for extra in ["proceedings.sqlite-wal", "proceedings.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join(extra));
    }
    std::fs::copy(&older, data.join("proceedings.sqlite")).expect("restoring the backup");
    let said = fails(&SERVE, &data);
    assert!(said.contains("store_restored_older_copy"), "{said}");
}

#[test]
fn with_the_guard_outside_an_older_copy_of_the_whole_folder_is_refused() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, backup) = (temp.path().join("data"), temp.path().join("backup"));
    let guard = temp.path().join("elsewhere/guard.json");
    let server = Server::start_with(&data, &["--guard", guard.to_str().expect("a path")]);
    assert!(server.listened());
    assert!(server.stop().success());
    assert!(guard.exists() && !data.join("guard.json").exists());
    copy(&data, &backup);
    // The folder remembers where its guard is.
    one_act(&data);
    std::fs::remove_dir_all(&data).expect("the disk is lost");
    copy(&backup, &data);
    for command in [
        SERVE.as_slice(),
        &["export", "--to", "nowhere"],
        &["rebuild", "--check"],
    ] {
        let said = fails(command, &data);
        assert!(said.contains("store_restored_older_copy"), "{command:?}: {said}");
    }
    assert!(!Path::new("nowhere").exists());
    // Nor does another place help, and without any guard nothing is served.
    let moved = temp.path().join("moved.json");
    let command = [SERVE.as_slice(), &["--guard", moved.to_str().expect("a path")]].concat();
    let said = fails(&command, &data);
    assert!(said.contains("store_restored_older_copy"), "{said}");
    std::fs::remove_file(&moved).expect("the guard is lost");
    let said = fails(&SERVE, &data);
    assert!(said.contains("store_guard_missing"), "{said}");
}

#[test]
fn a_guard_moves_out_of_the_folder_and_stays_out() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, guard) = (temp.path().join("data"), temp.path().join("guard.json"));
    founded(&data);
    assert!(data.join("guard.json").exists());
    let before = std::fs::read(data.join("guard.json")).expect("the guard");
    let done = shuyu()
        .args(["rebuild", "--check", "--guard"])
        .arg(&guard)
        .arg("--data")
        .arg(&data)
        .status()
        .expect("rebuild");
    assert!(done.success());
    assert_eq!(std::fs::read(&guard).expect("the guard, moved"), before);
    assert!(!data.join("guard.json").exists());
    one_act(&data);
    assert!(!data.join("guard.json").exists());
    assert_ne!(std::fs::read(&guard).expect("the guard, advanced"), before);
}

#[test]
fn a_folder_keeps_its_profile_and_an_unknown_one_founds_nothing() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    let said = fails(&[SERVE.as_slice(), &["--profile", "nowhere"]].concat(), &data);
    assert!(said.contains("nowhere"), "{said}");
    assert!(!data.join("installation.toml").exists());
    founded(&data);
    let said = fails(&[SERVE.as_slice(), &["--profile", "nowhere"]].concat(), &data);
    assert!(said.contains("for ever"), "{said}");
    let said = fails(&[SERVE.as_slice(), &["--production"]].concat(), &data);
    assert!(said.contains("for ever"), "{said}");
    // What is served later is what the folder says, not what the program would take for a new one.
    let file = data.join("installation.toml");
    let text = std::fs::read_to_string(&file).expect("what the folder is");
    let line = text
        .lines()
        .find(|line| line.starts_with("profile"))
        .expect("its profile");
    std::fs::write(&file, text.replace(line, "profile = \"elsewhere\"")).expect("another profile");
    for command in [SERVE.as_slice(), &["rebuild", "--check"]] {
        let said = fails(command, &data);
        assert!(said.contains("no profile named elsewhere"), "{said}");
    }
}
