//! Terms of keeping over real HTTP: the clock is wound, what was replaced goes with proof, what is in use stays; killed
//! in between, it goes on.

use std::{path::Path, time::Duration};

use serde_json::{Value as Json, json};
use shuyu_kernel::CivilDate;

use crate::{
    harness::{Client, Server, rebuilt},
    lake::{block_on, filled, folder, history},
};

/// Winds the clock so many days on from the day the first version was recorded.
async fn wound(base: &str, dataset: &str, days: i64) {
    let client = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    let history = history(base, dataset).await;
    let first = history["versions"][2]["at"].as_str().and_then(|at| at.get(..10));
    let first: CivilDate = first.and_then(|day| day.parse().ok()).expect("a day");
    let order = json!({ "to": first.plus_days(days).to_string() });
    // Where the process dies meanwhile there is no answer.
    let _ = client.post("/api/v1/training/clock", &order, None).await;
}

/// Longest that the background may take: it looks every two seconds, and a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

async fn purged(base: &str, dataset: &str) -> Json {
    let destroyed = async {
        loop {
            let history = history(base, dataset).await;
            if history["versions"][2]["kept"]["purged"].is_u64() {
                return history;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, destroyed).await;
    in_time.expect("nothing was destroyed")
}

fn parquet(folder: &Path, dataset: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += parquet(&path, dataset);
        } else {
            let own = path.to_string_lossy().contains(dataset);
            found += usize::from(own && path.extension().is_some_and(|end| end == "parquet"));
        }
    }
    found
}

/// Of the three versions the first two are gone and the third is as it was.
fn gone_with_proof(history: &Json) {
    let kept = |n: usize| &history["versions"][n]["kept"];
    for old in [1, 2] {
        assert!(
            kept(old)["ended"].is_u64() && kept(old)["purged"].is_u64(),
            "{history}"
        );
    }
    assert!(
        kept(0)["until"].is_null() && kept(0)["ended"].is_null(),
        "the latest has no term"
    );
}

#[test]
fn versions_and_raw_files_go_when_their_term_is_over_and_the_latest_stays() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    let dataset = block_on(async {
        let base = &server.base;
        let dataset = filled(base).await;
        let fresh = history(base, &dataset).await;
        let kept = &fresh["versions"][2]["kept"];
        assert!(
            kept["replaced_on"].is_string() && kept["ended"].is_null(),
            "{kept}"
        );
        wound(base, &dataset, 370).await;
        let year = history(base, &dataset).await;
        let kept = &year["versions"][2]["kept"];
        assert!(
            kept["raw_ended"].is_u64() && kept["ended"].is_null(),
            "raw files go first: {kept}"
        );
        assert!(year["versions"][0]["kept"]["raw_ended"].is_null(), "{year}");
        assert_eq!(parquet(&data, &dataset), 3);
        wound(base, &dataset, 5 * 366).await;
        gone_with_proof(&purged(base, &dataset).await);
        assert_eq!(parquet(&data, &dataset), 1);
        dataset
    });
    assert!(server.stop().success());
    rebuilt(&data);
    // Started anew nothing is ordered twice.
    let server = Server::start(&data, None);
    block_on(async {
        let again = history(&server.base, &dataset).await;
        gone_with_proof(&again);
    });
    assert!(server.stop().success());
}

#[test]
fn a_purge_killed_anywhere_is_carried_out_after_the_restart() {
    for point in ["lake.purge_marked", "lake.purge_mid", "lake.purge_destroyed"] {
        let folder = folder();
        let data = folder.path().join("data");
        let server = Server::start(&data, None);
        let dataset = block_on(filled(&server.base));
        assert!(server.stop().success());
        let server = Server::start(&data, Some(point));
        assert!(server.listened(), "{point}");
        block_on(wound(&server.base, &dataset, 5 * 366 + 30));
        assert!(server.killed(), "{point}");
        let server = Server::start(&data, None);
        assert!(server.listened(), "{point}");
        block_on(async {
            gone_with_proof(&purged(&server.base, &dataset).await);
            assert_eq!(parquet(&data, &dataset), 1, "{point}");
        });
        assert!(server.stop().success(), "{point}");
        rebuilt(&data);
    }
}
