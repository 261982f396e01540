//! Killed while a program runs on real data, while what it left is sealed or recorded, and while files leave.

use std::path::Path;

use serde_json::json;

use super::{SILENT, bench::Bench, names};
use crate::{
    harness::{Server, walked},
    recovery::verified,
};

/// Where a run on real data is when the process dies. Its end is recorded after its start.
const IN_A_RUN: [&str; 4] = [
    "job.prepared",
    "job.ended",
    "lake.mid_raw",
    "store.between_ledger_and_table:2",
];

#[test]
fn killed_in_a_run_or_a_release_nothing_is_half_and_nothing_stays_in_clear() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start(&data, None);
    let mut bench = runtime.block_on(Bench::new(&server.base));
    let source = runtime.block_on(async {
        let source = bench.register(SILENT, "by_size.csv", "table").await;
        assert_eq!(bench.ran(&source, "dummy").await.1["state"], "done");
        source
    });
    assert!(server.stop().success());
    for point in IN_A_RUN {
        let server = Server::start(&data, Some(point));
        bench = bench.at(&server.base);
        let run = runtime.block_on(started_until_gone(&bench, &source));
        assert!(server.killed(), "{point}");
        let server = Server::start(&data, None);
        bench = bench.at(&server.base);
        runtime.block_on(lost(&bench, &run, point));
        assert_eq!(in_clear(&data), 0, "{point}: inputs stand in clear");
        assert!(server.stop().success(), "{point}");
    }
    let server = Server::start(&data, None);
    bench = bench.at(&server.base);
    let airlock = runtime.block_on(approved(&bench, &source));
    assert!(server.stop().success());
    for (point, left) in [
        ("store.between_ledger_and_table", false),
        ("store.after_commit", true),
    ] {
        let server = Server::start(&data, Some(point));
        bench = bench.at(&server.base);
        let path = format!("/api/v1/airlock/{airlock}/acts");
        let act = json!({ "act": "release" });
        let killed = runtime.block_on(bench.leader.post(&path, &act, None));
        assert!(killed.is_err(), "{point}: {killed:?}");
        assert!(server.killed(), "{point}");
        let server = Server::start(&data, None);
        bench = bench.at(&server.base);
        runtime.block_on(released(&bench, &airlock, left));
        assert!(server.stop().success(), "{point}");
    }
    verified(&data, &temp.path().join("export"));
}

/// Starts a run and asks for it until the server is gone. Its path, if its start was acknowledged.
async fn started_until_gone(bench: &Bench, source: &str) -> Option<String> {
    let path = format!("/api/v1/sources/{source}/runs");
    let started = bench.author.post(&path, &json!({ "data": "real" }), None).await;
    let started = started.ok()?;
    assert!(started.ok(), "{started:?}");
    let path = format!("{path}/{}", started.text("run"));
    while let Ok(state) = bench.author.get(&path).await {
        assert_eq!(state.body["state"], "running", "{state:?}");
        tokio::task::yield_now().await;
    }
    Some(path)
}

/// The run has no end and no files, and nothing of it can leave.
async fn lost(bench: &Bench, run: &Option<String>, point: &str) {
    let Some(run) = run else {
        return;
    };
    let state = bench.author.get(run).await.expect("an answer").body;
    assert_eq!(state["state"], "lost", "{point}: {state}");
    let opened = bench
        .author
        .post(&format!("{run}/airlock"), &json!({}), None)
        .await;
    let opened = opened.expect("an answer");
    assert!(!opened.ok(), "{point}: {opened:?}");
}

/// Files in the folders where runs of this data folder stand.
fn in_clear(data: &Path) -> usize {
    let installation = std::fs::read_to_string(data.join("installation.toml")).expect("the installation");
    let id = installation.lines().find_map(|line| line.strip_prefix("id = \""));
    let id = id.expect("an id").trim_end_matches('"');
    let runs = format!("shuyu-runs-{id}-");
    let folders = std::fs::read_dir("/dev/shm")
        .expect("a folder in memory")
        .flatten();
    let ours = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(&runs));
    ours.map(|folder| std::fs::read_dir(folder.path()).expect("ours").count())
        .sum()
}

/// A request that both reviewers approved.
async fn approved(bench: &Bench, source: &str) -> String {
    let (run, state) = bench.ran(source, "real").await;
    assert_eq!(state["state"], "done", "{state}");
    let airlock = bench.open(&run).await;
    assert_eq!(
        names(&bench.shown(&bench.author, &airlock).await),
        ["by_size.csv"]
    );
    assert!(bench.submit(&airlock, &["by_size.csv"]).await.ok());
    for reviewer in [&bench.clerk, &bench.leader] {
        let voted = bench.vote(reviewer, &airlock, true, true).await;
        assert!(voted.ok(), "{voted:?}");
    }
    airlock
}

/// Either nothing left, or all of it with its receipt.
async fn released(bench: &Bench, airlock: &str, left: bool) {
    let shown = bench.shown(&bench.leader, airlock).await;
    assert_eq!(shown["state"] == "released", left, "{shown}");
    let path = format!("/api/v1/airlock/{airlock}");
    let file = bench.author.get(&format!("{path}/files/by_size.csv")).await;
    let file = file.expect("an answer");
    if !left {
        assert_eq!((file.status, file.code()), (403, "airlock_not_released"));
        return;
    }
    assert!(file.ok(), "{file:?}");
    let mut receipt = bench
        .author
        .get(&format!("{path}/receipt"))
        .await
        .expect("an answer");
    // The sealer signs what was appended within two seconds.
    while receipt.code() == "receipt_not_sealed" {
        tokio::task::yield_now().await;
        receipt = bench
            .author
            .get(&format!("{path}/receipt"))
            .await
            .expect("an answer");
    }
    assert!(
        receipt.body.to_string().contains("airlock.released.v1"),
        "{receipt:?}"
    );
}
