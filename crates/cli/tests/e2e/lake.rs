//! The lake over real HTTP: corrections with who is concerned, erasure of a subject with proof, and a new master key;
//! killed in between, each goes on.

use serde_json::{Value as Json, json};

use crate::harness::{Client, Server, rebuilt, shuyu};

const PEOPLE: [&str; 3] = [
    "id,amount\n110101,5\n110102,7\n",
    "id,amount\n110101,6\n110102,7\n110103,1\n",
    "id,amount\n110103,2\n110104,3\n",
];

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

async fn entry(client: &Client) -> String {
    let body = json!({ "procedure": "resource", "set": { "name": "p", "contains_personal": "yes" } });
    client
        .post("/api/v1/cases", &body, Some("entry"))
        .await
        .expect("open")
        .text("case")
}

/// Three versions, the second one a correction. Answers the dataset.
pub async fn filled(base: &str) -> String {
    let client = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    let entry = entry(&client).await;
    let mut dataset = String::new();
    for (number, text) in PEOPLE.into_iter().enumerate() {
        let upload = client
            .upload("data", "rows.csv", text.into())
            .await
            .expect("upload");
        let mut order = json!({ "resource": entry, "table": "people", "upload": upload.text("digest"),
            "unit_columns": ["id"], "domain": "person" });
        if number == 1 {
            order["correction"] = json!({ "reason": "subject_asked", "case": entry });
        }
        let job = client
            .ingest(&order, &format!("v{number}"))
            .await
            .expect("a job")
            .body;
        assert_eq!(job["status"], "done", "{job}");
        dataset = job["made"]["dataset"].as_str().unwrap_or_default().to_owned();
    }
    dataset
}

pub async fn history(base: &str, dataset: &str) -> Json {
    let client = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    client
        .get(&format!("/api/v1/datasets/{dataset}"))
        .await
        .expect("a history")
        .body
}

async fn erase(base: &str, dataset: &str, key: &str) -> Result<crate::harness::Reply, reqwest::Error> {
    let client = Client::sign_in(base, "zsjj_leader").await?;
    let order = json!({ "subject": { "id": "110101" }, "reason": "consent_withdrawn" });
    client
        .post(&format!("/api/v1/datasets/{dataset}/erasures"), &order, Some(key))
        .await
}

async fn proved(base: &str, dataset: &str) -> Json {
    loop {
        let history = history(base, dataset).await;
        if history["erasures"][0]["proved"].is_u64() {
            return history;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_correction_says_why_for_which_case_and_an_unknown_case_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    block_on(async {
        let dataset = filled(&server.base).await;
        let history = history(&server.base, &dataset).await;
        let versions = history["versions"].as_array().expect("versions").clone();
        assert_eq!(versions.len(), 3);
        let correction = &versions[1]["correction"];
        assert_eq!(
            (&correction["reason"], &correction["corrects"]),
            (&json!("subject_asked"), &json!(0))
        );
        assert!(correction["case"].is_string() && versions[0]["correction"].is_null());
        let client = Client::sign_in(&server.base, "rsj_clerk").await.expect("sign-in");
        let impact = client
            .get(&format!("/api/v1/datasets/{dataset}/impact?version=0"))
            .await
            .expect("impact");
        assert_eq!(
            impact.body,
            json!({ "releases": [], "products": {}, "derived": {} })
        );
        let stranger = json!({ "resource": correction["case"], "table": "people", "upload": "0".repeat(64),
            "unit_columns": ["id"], "domain": "person",
            "correction": { "reason": "user_found", "case": "case_01k0q4vh8m9x2t5e7w3r6y1ab2" } });
        let job = client.ingest(&stranger, "v9").await.expect("a job").body;
        assert_eq!(job["refusal"]["code"], "correction_case_unknown", "{job}");
    });
    assert!(server.stop().success());
}

#[test]
fn an_erased_subject_is_gone_from_every_version_with_a_proof_in_the_ledger() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    block_on(async {
        let dataset = filled(&server.base).await;
        let provider = Client::sign_in(&server.base, "rsj_clerk").await.expect("sign-in");
        for text in ["nr;code\n1;x\n", "what,who\n5,110101\n", "what,who\n5,\"110102\n"] {
            let upload = provider.upload("data", "stray.csv", text.into()).await;
            assert!(upload.expect("upload").ok());
        }
        let made = erase(&server.base, &dataset, "e1").await.expect("an order");
        assert_eq!(made.status, 201, "{made:?}");
        let again = erase(&server.base, &dataset, "e1").await.expect("the same order");
        assert_eq!((again.status, &again.body["first"]), (201, &made.body["first"]));
        let history = proved(&server.base, &dataset).await;
        let erasure = &history["erasures"][0];
        assert_eq!(erasure["versions"], json!({ "0": 1, "1": 1 }));
        assert_eq!(
            (&erasure["files"], &erasure["raw"]),
            (&json!(2), &json!(4)),
            "an upload that names it and one that cannot be read go as well"
        );
        assert_eq!(history["erasures"].as_array().map(Vec::len), Some(1));
        let gone: Vec<_> = history["versions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|v| &v["erased"])
            .collect();
        assert_eq!(gone, [&json!(0), &json!(1), &json!(1)], "newest first");
        // What the subject is called stands in no entry.
        let client = Client::sign_in(&server.base, "zsjj_leader")
            .await
            .expect("sign-in");
        let entries = client
            .get("/api/v1/ledger/proceedings/entries?from=0&limit=1000")
            .await
            .expect("entries");
        assert!(
            !entries.body.to_string().contains("110101"),
            "a keyed commitment only"
        );
    });
    assert!(server.stop().success());
    rebuilt(&data);
}

#[test]
fn an_erasure_killed_anywhere_is_carried_out_after_the_restart() {
    for point in [
        "store.after_commit:1",
        "lake.erase_hidden",
        "lake.erase_rewritten",
        "lake.erase_mid_log:2",
        "lake.erase_logged",
    ] {
        let folder = folder();
        let data = folder.path().join("data");
        let server = Server::start(&data, None);
        let dataset = block_on(filled(&server.base));
        assert!(server.stop().success());
        let server = Server::start(&data, Some(point));
        if server.listened() {
            block_on(async {
                // The answer may or may not arrive before the death.
                let _ = erase(&server.base, &dataset, "e1").await;
            });
        }
        assert!(server.killed(), "{point}");
        let server = Server::start(&data, None);
        assert!(server.listened(), "{point}");
        block_on(async {
            let made = erase(&server.base, &dataset, "e1").await.expect("the same order");
            assert_eq!(made.status, 201, "{point}: {made:?}");
            let history = proved(&server.base, &dataset).await;
            assert_eq!(
                history["erasures"].as_array().map(Vec::len),
                Some(1),
                "{point}: once"
            );
            assert_eq!(
                history["erasures"][0]["versions"],
                json!({ "0": 1, "1": 1 }),
                "{point}"
            );
        });
        assert!(server.stop().success(), "{point}");
        rebuilt(&data);
    }
}

#[test]
fn a_new_master_key_opens_everything_and_killed_in_between_the_folder_still_serves() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    block_on(filled(&server.base));
    assert!(server.stop().success());
    let key = || std::fs::read(data.join("keys/lake")).expect("the key");
    let rotate = |more: &[&str]| {
        let mut command = shuyu();
        command.args(["keys", "rotate", "--data"]).arg(&data).args(more);
        command.output().expect("rotate")
    };
    let old = key();
    for point in [
        "keys.new_key",
        "lake.rotate_journal:3",
        "lake.rotate_header:5",
        "keys.all_wrapped",
    ] {
        assert!(
            !rotate(&["--kill-at", point]).status.success(),
            "{point} was reached"
        );
        assert_eq!(key(), old, "{point}: the old key stays until all is wrapped");
        let server = Server::start(&data, None);
        assert!(server.listened(), "{point}");
        assert!(server.stop().success(), "{point}");
        rebuilt(&data);
    }
    let done = rotate(&[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_ne!(key(), old);
    assert!(!data.join("keys/lake.next").exists());
    rebuilt(&data);
    std::fs::write(data.join("keys/lake"), old).expect("the old key put back");
    let output = shuyu()
        .args(["rebuild", "--check", "--data"])
        .arg(&data)
        .output()
        .expect("rebuild");
    assert!(!output.status.success(), "the old key opens nothing");
}
