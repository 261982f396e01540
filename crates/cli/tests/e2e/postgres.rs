//! An installation whose record is in PostgreSQL: founded, used, restarted, exported, verified, rebuilt.

use std::process::Command;

use serde_json::json;

use crate::harness::{Client, Server, shuyu};

#[expect(
    clippy::disallowed_methods,
    reason = "the tests are told their database by the environment"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// URL of the test database, in which this test has a schema of its own.
fn own_schema() -> String {
    let url =
        told("SHUYU_TEST_PG").expect("SHUYU_TEST_PG must name a PostgreSQL database; ./dev test starts one");
    let psql = told("SHUYU_PSQL").unwrap_or_else(|| "psql".to_owned());
    let schema = format!("shuyu_e2e_{}", std::process::id());
    let made = Command::new(psql)
        .args(["--quiet", "--no-psqlrc", "--dbname", &url, "--command"])
        .arg(format!(
            "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
        ))
        .output()
        .expect("psql, which comes with the server; ./dev test names it in SHUYU_PSQL");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-c%20search_path%3D{schema}")
}

#[test]
fn an_installation_on_postgresql_is_founded_used_restarted_verified_and_rebuilt() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, file) = (temp.path().join("data"), temp.path().join("url"));
    std::fs::write(&file, own_schema() + "\n").expect("the URL");
    let option = ["--postgres-url-file", file.to_str().expect("a path")];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let order = json!({ "procedure": "resource", "set": { "name": "kept in PostgreSQL" } });

    let server = Server::start_with(&data, &option);
    assert!(server.listened(), "a new folder is founded on PostgreSQL");
    let (client, opened) = runtime.block_on(async {
        let client = Client::sign_in(&server.base, "rsj_clerk").await.expect("sign-in");
        let opened = client
            .post("/api/v1/cases", &order, Some("k"))
            .await
            .expect("open");
        assert!(opened.ok(), "{opened:?}");
        (client, opened)
    });
    assert!(server.stop().success());
    assert!(
        !data.join("proceedings.sqlite").exists(),
        "the record is not in the folder"
    );

    // The folder remembers its database; the session, the case and the key are still there.
    let server = Server::start(&data, None);
    runtime.block_on(async {
        let client = client.at(&server.base);
        let again = client
            .post("/api/v1/cases", &order, Some("k"))
            .await
            .expect("again");
        assert_eq!(again.body, opened.body);
        let path = format!("/api/v1/cases/{}", opened.text("case"));
        let case = client.get(&path).await.expect("the case");
        assert_eq!(case.body["fields"]["name"], "kept in PostgreSQL");
    });
    assert!(server.stop().success());

    for log in ["proceedings", "access"] {
        let export = temp.path().join(log);
        let done = shuyu()
            .args(["export", "--log", log, "--data"])
            .arg(&data)
            .arg("--to")
            .arg(&export)
            .output()
            .expect("export");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(
            shuyu()
                .arg("verify")
                .arg(&export)
                .status()
                .expect("verify")
                .success()
        );
    }
    // Recreated, compared, and compared once more.
    for options in [&["rebuild"][..], &["rebuild", "--check"]] {
        let done = shuyu()
            .args(options)
            .arg("--data")
            .arg(&data)
            .output()
            .expect("rebuild");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let other = temp.path().join("other");
    std::fs::write(&other, "postgres://nobody@127.0.0.1:1/nothing\n").expect("another URL");
    let refused = shuyu()
        .args(["serve", "--listen", "127.0.0.1:0", "--postgres-url-file"])
        .arg(&other)
        .arg("--data")
        .arg(&data)
        .output()
        .expect("serve");
    assert!(!refused.status.success(), "a folder keeps its database");
}
