//! Killed with SIGKILL at named points, a client's journal of acknowledged keys is answered identically after
//! the restart, nothing has happened twice, and verify and rebuild pass.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::harness::{Client, Reply, Server, copy, founded, shuyu};

/// A point and at which passing of it the process dies. Seeded by hand over early and late passings.
const POINTS: [&str; 17] = [
    "store.before_append:1",
    "store.before_append:4",
    "store.between_ledger_and_table:2",
    "store.between_ledger_and_table:5",
    "store.mid_projection:1",
    "store.mid_projection:6",
    "store.before_documents:2",
    "store.before_commit:3",
    "store.after_commit:1",
    "store.after_commit:5",
    "store.mid_seal:1",
    "store.after_seal_before_guard:1",
    "lake.mid_raw:1",
    "lake.mid_file:1",
    "lake.before_delta_commit:1",
    "lake.mid_delta_commit:1",
    "lake.after_delta_commit:1",
];

/// One keyed request of the workload.
enum Ask {
    Open { name: &'static str },
    Submit,
    Upload,
    Ingest,
}

const WORKLOAD: [(&str, Ask); 7] = [
    ("k1", Ask::Open { name: "first" }),
    ("k2", Ask::Submit),
    ("k3", Ask::Upload),
    ("k4", Ask::Ingest),
    ("k5", Ask::Open { name: "second" }),
    ("k6", Ask::Open { name: "third" }),
    ("k7", Ask::Open { name: "fourth" }),
];

#[derive(Default)]
struct Journal {
    /// Acknowledged answers by position in the workload.
    acknowledged: Vec<Json>,
    case: String,
    upload: String,
}

async fn ask(client: &Client, journal: &Journal, key: &str, what: &Ask) -> Result<Reply, reqwest::Error> {
    match what {
        Ask::Open { name } => {
            let body = json!({ "procedure": "resource", "set": { "name": name } });
            client.post("/api/v1/cases", &body, Some(key)).await
        }
        Ask::Submit => {
            let mut set = json!({
                "name": "first", "f03_sharing_attribute": "conditional", "f06_opening_attribute": "conditional",
                "contains_personal": "no", "is_derived": "no",
            });
            for field in [
                "f01_form",
                "f02_shared_content",
                "f04_sharing_condition",
                "f05_sharing_range",
                "f07_update_frequency",
                "f08_collecting",
                "f09_approving",
                "f10_providing",
            ] {
                set[field] = json!("x");
            }
            let body = json!({ "act": "submit", "set": set });
            client
                .post(&format!("/api/v1/cases/{}/acts", journal.case), &body, Some(key))
                .await
        }
        Ask::Upload => {
            let mut text = String::from("code,amount\n");
            for row in 0..20_000 {
                text.push_str(&format!("{row},{}\n", row * 7 % 1000));
            }
            client.upload("rows.csv", text.into_bytes()).await
        }
        Ask::Ingest => {
            let order = json!({ "resource": journal.case, "table": "rows", "upload": journal.upload });
            client.ingest(&order, key).await
        }
    }
}

/// What of an answer must be the same for ever.
fn lasting(what: &Ask, reply: &Reply) -> Json {
    match what {
        Ask::Upload => json!([reply.body["digest"], reply.body["size_bytes"]]),
        Ask::Ingest => json!([reply.body["status"], reply.body["made"]]),
        Ask::Open { .. } | Ask::Submit => reply.body.clone(),
    }
}

/// Works through the list from where the journal stands; `Err` when the server is gone.
async fn work(base: &str, journal: &mut Journal) -> Result<(), reqwest::Error> {
    let client = Client::sign_in(base, "rsj_clerk").await?;
    for (key, what) in WORKLOAD.iter().skip(journal.acknowledged.len()) {
        let reply = ask(&client, journal, key, what).await?;
        assert!(reply.ok(), "{key}: {reply:?}");
        match what {
            Ask::Open { name: "first" } => journal.case = reply.text("case"),
            Ask::Upload => journal.upload = reply.text("digest"),
            Ask::Ingest => assert_eq!(reply.body["status"], "done", "{reply:?}"),
            _ => {}
        }
        journal.acknowledged.push(lasting(what, &reply));
    }
    Ok(())
}

/// Every acknowledged request, asked again, is answered as before.
async fn same_answers(base: &str, journal: &Journal) {
    let client = Client::sign_in(base, "rsj_clerk")
        .await
        .expect("sign-in after the restart");
    for ((key, what), before) in WORKLOAD.iter().zip(&journal.acknowledged) {
        let reply = ask(&client, journal, key, what).await.expect("an answer");
        assert_eq!(lasting(what, &reply), *before, "{key}");
    }
}

async fn nothing_twice(base: &str) {
    let client = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    let cases = client
        .get("/api/v1/cases?procedure=resource&limit=100")
        .await
        .expect("cases");
    let mut names: Vec<String> = cases.body["cases"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|case| case["title"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["first", "fourth", "second", "third"]);
    let datasets = client.get("/api/v1/datasets").await.expect("datasets");
    let rows: Vec<u64> = datasets
        .body
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["rows"].as_u64())
        .collect();
    assert_eq!(rows, [20_000], "{datasets:?}");
}

fn verified(data: &Path, folder: &Path) {
    for log in ["proceedings", "access"] {
        let export = folder.join(log);
        let done = shuyu()
            .args(["export", "--log", log, "--data"])
            .arg(data)
            .arg("--to")
            .arg(&export)
            .status();
        assert!(done.expect("export").success());
        let output = shuyu().arg("verify").arg(&export).output().expect("verify");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let output = shuyu()
        .args(["rebuild", "--check", "--data"])
        .arg(data)
        .output()
        .expect("rebuild");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn killed_at_every_point_nothing_acknowledged_is_lost_and_nothing_happens_twice() {
    let temp = tempfile::tempdir().expect("a folder");
    let fresh = temp.path().join("fresh");
    founded(&fresh);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (n, point) in POINTS.iter().enumerate() {
        let data = temp.path().join(format!("data-{n}"));
        copy(&fresh, &data);
        let mut journal = Journal::default();
        let server = Server::start(&data, Some(point));
        let outcome = runtime.block_on(work(&server.base, &mut journal));
        // A seal comes a moment after the last answer; every other point ends the work itself.
        assert!(
            outcome.is_err() || point.contains("seal"),
            "{point} was never reached"
        );
        let died = server.wait();
        assert!(!died.success(), "{point}: {died}");

        let server = Server::start(&data, None);
        assert!(!server.base.is_empty(), "{point}: the server starts again");
        runtime.block_on(async {
            same_answers(&server.base, &journal).await;
            work(&server.base, &mut journal)
                .await
                .expect("the rest of the work");
            same_answers(&server.base, &journal).await;
            nothing_twice(&server.base).await;
        });
        assert!(server.stop().success(), "{point}");
        verified(&data, &temp.path().join(format!("export-{n}")));
    }
}
