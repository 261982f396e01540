//! Checks of quality over real HTTP and the real lake: a register in GB18030 is checked whole by its provider and by a
//! sample by the authority, whose sample is drawn again from what the record says.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use shuyu_kernel::Digest;
use shuyu_privacy::governance::quality::{bad_at_most, draw};
use shuyu_testkit::registers;

use crate::harness::{Client, Server, rebuilt};

const ROWS: u64 = 400;

/// In every eighth row a name of one character, in every fifth a day that ends before it begins.
fn short(row: u64) -> bool {
    row % 8 == 3
}
fn turned(row: u64) -> bool {
    row % 5 == 1
}

/// Persons in GB18030.
fn people() -> Vec<u8> {
    let mut text = b"sfzh,xm,since,until\n".to_vec();
    for row in 0..ROWS {
        let id = registers::person_id(1, row).expect("a person");
        text.extend(id.reveal().as_bytes());
        // 李 and 王芳.
        text.extend(if short(row) {
            b",\xc0\xee".as_slice()
        } else {
            b",\xcd\xf5\xb7\xbc"
        });
        text.extend(if turned(row) {
            b",2026-01-02,2026-01-01\n".as_slice()
        } else {
            b",2026-01-02,2026-01-02\n"
        });
    }
    text
}

/// Orders a check, waits for it, and gives all checks.
async fn checked(client: &Client, path: &str, order: &Json) -> Json {
    done(client, path, order).await;
    client.get(path).await.expect("checks").body
}

/// Orders a job and waits for it.
async fn done(client: &Client, path: &str, order: &Json) {
    let started = client.post(path, order, None).await.expect("an order");
    assert!(started.ok(), "{started:?}");
    loop {
        let job = format!("/api/v1/jobs/{}", started.body["job"]);
        let reply = client.get(&job).await.expect("a job");
        if reply.body["status"] != "running" {
            assert_eq!(reply.body["status"], "done", "{reply:?}");
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_register_is_checked_whole_and_by_a_sample_that_anybody_draws_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(both_tracks(&server.base));
    assert!(server.stop().success());
    rebuilt(&data);
}

async fn both_tracks(base: &str) {
    let provider = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    let body = json!({ "procedure": "resource", "set": { "name": "q", "contains_personal": "yes" } });
    let entry = provider
        .post("/api/v1/cases", &body, Some("entry"))
        .await
        .expect("open");
    let upload = provider
        .upload("data", "people.csv", people())
        .await
        .expect("upload");
    let order = json!({
        "resource": entry.text("case"), "table": "people", "upload": upload.text("digest"),
        "unit_columns": ["sfzh"], "domain": "person",
    });
    let ingested = provider.ingest(&order, "ingest").await.expect("a job").body;
    let dataset = ingested["made"]["dataset"].as_str().expect("a dataset");
    let path = format!("/api/v1/datasets/{dataset}/checks");

    // The form begins with what the version was taken in by, and with what an examination found besides.
    let form = provider.get(&path).await.expect("a form").body;
    let rule = |rule: &str| json!({ "column": "sfzh", "rule": rule, "value": "", "at_most": 0 });
    let present = rule("present");
    assert_eq!(form["rules"], json!([present]), "{form}");
    let examined = format!("/api/v1/datasets/{dataset}/examinations");
    done(&provider, &examined, &json!({})).await;
    let form = provider.get(&path).await.expect("a form").body;
    assert_eq!(form["rules"], json!([present, rule("resident_id")]), "{form}");
    let rules = json!([
        present,
        { "column": "sfzh", "rule": "resident_id" },
        { "column": "xm", "rule": "length", "value": "2-4" },
        { "column": "since", "rule": "not_after", "value": "until" },
        { "column": "", "rule": "fresh", "value": "1" },
    ]);
    let found = checked(&provider, &path, &json!({ "rules": rules })).await;
    let own = &found["checks"][0];
    let bad =
        |rows: &mut dyn Iterator<Item = u64>| rows.filter(|row| short(*row) || turned(*row)).count() as u64;
    assert_eq!(own["checked"]["rows"], ROWS, "{own}");
    assert_eq!(own["checked"]["bad_rows"], bad(&mut (0..ROWS)), "{own}");
    let counts: Vec<&Json> = own["checked"]["found"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|own| &own["bad"])
        .collect();
    assert_eq!(json!(counts), json!([0, 0, ROWS / 8, ROWS / 5, 0]), "{own}");
    let scores = json!({ "accuracy": (10_000 + 8_750) / 2, "completeness": 10_000, "consistency": 8_000, "timeliness": 10_000 });
    assert_eq!(own["checked"]["scores"], scores, "{own}");
    let first = &own["bad_rows"][0]["first"];
    assert_eq!(
        (&first[0], &first[1]),
        (&json!(4), &json!(12)),
        "counted from 1: {own}"
    );

    let authority = Client::sign_in(base, "zsjj_clerk").await.expect("sign-in");
    let found = checked(&authority, &path, &json!({ "rules": rules, "sample": 40 })).await;
    let spot = &found["checks"][0];
    let seed: Digest = spot["sample"]["seed"]
        .as_str()
        .and_then(|seed| seed.parse().ok())
        .expect("a seed");
    let drawn: BTreeSet<u64> = draw(seed, ROWS, 40);
    let count = bad(&mut drawn.into_iter());
    assert_eq!(spot["checked"]["rows"], 40, "{spot}");
    assert_eq!(spot["checked"]["bad_rows"], count, "the same rows: {spot}");
    assert_eq!(
        spot["checked"]["bad_at_most"],
        json!(bad_at_most(count, 40, ROWS)),
        "{spot}"
    );
    assert_eq!(spot["bad_rows"], json!([]), "row numbers are for the provider");
    let told = found.to_string();
    assert!(!told.contains("李") && !told.contains("王芳"), "no value: {told}");
    let text = people();
    let ids = text.split(|byte| *byte == b'\n').skip(1);
    assert!(
        ids.filter_map(|line| line.get(..18))
            .all(|id| !told.contains(&*String::from_utf8_lossy(id)))
    );
}
