//! What people send who mean no good, or who only press twice: over real HTTP, with clear answers and no effect.

use std::io::Write as _;

use serde_json::{Value as Json, json};
use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;
use zip::write::SimpleFileOptions;

use crate::harness::{Client, Reply, Server, scene, walked};

/// A provider, somebody of another body, and a case of the provider.
struct Stage {
    provider: Client,
    other: Client,
    case: String,
}

impl Stage {
    async fn set(base: &str) -> Self {
        let provider = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
        let other = Client::sign_in(base, "op_manager").await.expect("sign-in");
        let body = json!({ "procedure": "resource", "set": { "name": "x", "contains_personal": "no" } });
        let case = provider
            .post("/api/v1/cases", &body, Some("scene"))
            .await
            .expect("open")
            .text("case");
        Self {
            provider,
            other,
            case,
        }
    }

    fn acts(&self) -> String {
        format!("/api/v1/cases/{}/acts", self.case)
    }

    async fn version(&self) -> Json {
        let shown = self
            .provider
            .get(&format!("/api/v1/cases/{}", self.case))
            .await
            .expect("case");
        shown.body["version"].clone()
    }

    async fn act(&self, client: &Client, body: Json) -> Reply {
        client.post(&self.acts(), &body, None).await.expect("an answer")
    }
}

/// Status and code of a refusal.
fn refused(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.code())
}

#[test]
fn every_hostile_request_is_answered_clearly_and_changes_nothing() {
    let temp = tempfile::tempdir().expect("a folder");
    let server = Server::start(&temp.path().join("data"), None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::set(&server.base).await;
        let version = stage.version().await;
        repeated_and_stale(&stage).await;
        wrong_hands(&stage).await;
        badly_written(&stage).await;
        strangers(&stage, &server.base).await;
        bad_files(&stage).await;
        assert_eq!(version, stage.version().await);
    });
    assert!(server.stop().success());
}

/// Twice the same key: the same answer. The same key for something else, a stale version: refused.
async fn repeated_and_stale(stage: &Stage) {
    let open = async |name: &str| {
        let body = json!({ "procedure": "resource", "set": { "name": name } });
        stage
            .provider
            .post("/api/v1/cases", &body, Some("same"))
            .await
            .expect("an answer")
    };
    let first = open("twice").await;
    assert!(first.ok(), "{first:?}");
    assert_eq!(first.body, open("twice").await.body);
    assert_eq!(refused(&open("changed").await), (409, "idempotency_key_reused"));
    let stale = stage
        .provider
        .post_with(
            &stage.acts(),
            r#"{"act":"submit"}"#.to_owned(),
            &[("If-Match", "\"99\""), ("content-type", "application/json")],
        )
        .await
        .expect("an answer");
    assert_eq!(refused(&stale), (409, "stale_version"));
}

/// An act of another role, by somebody who sees the case and by the provider itself; an act that does not exist.
async fn wrong_hands(stage: &Stage) {
    let other = stage.act(&stage.other, json!({ "act": "submit" })).await;
    assert_eq!(refused(&other), (403, "role_may_not_act"));
    let own = stage.act(&stage.provider, json!({ "act": "approve" })).await;
    assert_eq!(refused(&own), (403, "role_may_not_act"));
    let unknown = stage.act(&stage.provider, json!({ "act": "annex" })).await;
    assert_eq!(refused(&unknown), (404, "act_unknown"));
}

/// A wrong type, JSON that breaks off, an unknown field.
async fn badly_written(stage: &Stage) {
    let typed = json!({ "act": "submit", "set": { "contains_personal": "perhaps" } });
    let typed = stage.act(&stage.provider, typed).await;
    assert_eq!(refused(&typed), (422, "field_wrong_type"));
    let json_type = [("content-type", "application/json")];
    let broken = stage
        .provider
        .post_with(&stage.acts(), r#"{"act":"#.to_owned(), &json_type)
        .await
        .expect("an answer");
    assert_eq!(refused(&broken), (400, "json_malformed"));
    let extra = stage
        .act(&stage.provider, json!({ "act": "submit", "evil": 1 }))
        .await;
    assert_eq!(refused(&extra), (422, "json_wrong_shape"));
}

/// No session, a made-up session, an unknown permit, a made-up key.
async fn strangers(stage: &Stage, base: &str) {
    for token in ["", "0000"] {
        let authorization = format!("Bearer {token}");
        let me = stage
            .provider
            .call("/api/v1/me", &[("authorization", &authorization)])
            .await
            .expect("an answer");
        assert_eq!(refused(&me), (401, "session_missing"));
    }
    let permit = stage.case.replacen("case_", "permit_", 1);
    for (permit, expected) in [
        (permit.as_str(), (403, "permit_not_issued")),
        ("permit_01k0q4vh8m9x2t5e7w3r6y1ab2", (404, "permit_unknown")),
    ] {
        let path = format!("/api/v1/permits/{permit}/queries");
        let asked = stage.other.post(&path, &json!({ "sql": "SELECT 1" }), None).await;
        assert_eq!(refused(&asked.expect("an answer")), expected);
    }
    let forged = format!("{base}/open/v1/products/{}/data", stage.case);
    let forged = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .get(forged)
        .bearer_auth("pk_0000000000000000.00")
        .send()
        .await
        .expect("an answer");
    assert_eq!(forged.status(), 401);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("bytes");
    packed.finish().expect("a file")
}

/// A workbook whose only sheet holds these bytes.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default())
        .expect("an entry");
    zip.write_all(sheet).expect("bytes");
    zip.finish().expect("an archive").into_inner()
}

fn sound_workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for row in 0..200 {
        sheet.write(row, 0, f64::from(row)).expect("a cell");
        sheet.write(row, 1, "word").expect("a cell");
    }
    book.save_to_buffer().expect("a workbook")
}

/// Files that are broken, endless, or small only while packed.
async fn bad_files(stage: &Stage) {
    let bomb = "a,b\n1,2\n".repeat(8 << 20);
    let bomb = gzip(bomb.as_bytes());
    assert!(bomb.len() < 512 * 1024);
    let sheet = workbook(&vec![b' '; 40 << 20]);
    assert!(sheet.len() < 200 * 1024);
    let sound = sound_workbook();
    let cut = sound[..sound.len() / 2].to_vec();
    for (name, bytes, code) in [
        (
            "cut.csv.gz",
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 75],
            "gzip_truncated",
        ),
        (
            "long.csv",
            [b"a,b\n1,".to_vec(), vec![b'x'; 17 << 20]].concat(),
            "record_too_long",
        ),
        (
            "bytes.csv",
            b"a,b\n1,\xff\xfe\xfa\n".to_vec(),
            "encoding_unreadable",
        ),
        ("bomb.csv.gz", bomb, "compression_bomb"),
        ("bomb.xlsx", sheet, "compression_bomb"),
        ("cut.xlsx", cut, "workbook_damaged"),
    ] {
        let uploaded = stage.provider.upload("data", name, bytes).await.expect("upload");
        let upload = uploaded.text("digest");
        let order = json!({ "resource": stage.case, "table": "hostile", "upload": upload });
        let job = stage.provider.ingest(&order, name).await.expect("a job");
        assert_eq!(job.body["refusal"]["code"], code, "{name}: {job:?}");
    }
    let datasets = stage.provider.get("/api/v1/datasets").await.expect("datasets");
    assert_eq!(datasets.body.as_array().map(Vec::len), Some(0), "{datasets:?}");
}

#[test]
fn a_session_nobody_used_for_a_working_day_is_over() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start(&data, None);
    let client = runtime
        .block_on(Client::sign_in(&server.base, "rsj_clerk"))
        .expect("sign-in");
    assert!(server.stop().success());
    for (ahead, expected) in [
        ("25200", (200, "")),
        ("54030", (401, "session_expired")),
        ("54030", (401, "session_missing")),
    ] {
        // Seven hours later it holds; eight hours and a bit after that use it does not, and is forgotten.
        let server = Server::start_with(&data, &["--wall-ahead", ahead]);
        let me = runtime
            .block_on(client.at(&server.base).get("/api/v1/me"))
            .expect("an answer");
        assert_eq!(refused(&me), expected, "{ahead}");
        assert!(server.stop().success());
    }
}

#[test]
fn under_a_real_permit_and_with_a_real_key_lies_are_refused_too() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let scene = scene(&server.base).await;
        let asker = Client::sign_in(&server.base, "op_staff01")
            .await
            .expect("sign-in");
        let queries = format!("/api/v1/permits/{}/queries", scene.permit);
        for sql in [
            "SELEC count( FROM employment",
            "",
            "SELECT 1; DROP TABLE employment",
            "\u{0}",
        ] {
            for dry_run in [false, true] {
                let asked = asker
                    .post(&queries, &json!({ "sql": sql, "dry_run": dry_run }), None)
                    .await
                    .expect("an answer");
                assert_eq!(asked.status, 422, "{sql:?}: {asked:?}");
                let expected = ["query_not_parsed", "query_statement_not_allowed"];
                assert!(expected.contains(&asked.code()), "{sql:?}: {asked:?}");
            }
        }
        let parsed = asker
            .post(&queries, &json!({ "sql": "SELEC count( FROM employment" }), None)
            .await
            .expect("an answer");
        assert_eq!(refused(&parsed), (422, "query_not_parsed"));
        forged_calls(&server.base, &scene.product).await;
    });
    assert!(server.stop().success());
}

/// A signature by another secret, one for another query, a good one sent twice.
async fn forged_calls(base: &str, product: &str) {
    let customer = Client::sign_in(base, "bing_clerk").await.expect("sign-in");
    let keys = format!("/api/v1/products/{product}/keys");
    let made = customer
        .post(&keys, &json!({ "delivery": 1 }), None)
        .await
        .expect("a key");
    assert!(made.ok(), "{made:?}");
    let (key_id, secret) = (made.text("key_id"), made.text("secret"));
    let path = format!("/open/v1/products/{product}/data");
    let time = customer.call("/open/v1/time", &[]).await.expect("the time");
    let now = Timestamp::from_micros(time.body["time_ms"].as_i64().expect("milliseconds") * 1000);
    let call = async |secret: &str, signed_query: &str, query: &str, nonce: &str| {
        let credentials = Credentials {
            key_id: &key_id,
            secret,
        };
        let message = Message {
            method: "GET",
            path: &path,
            query: signed_query,
            body: b"",
        };
        let signed = sign(&credentials, &message, now, nonce);
        let target = if query.is_empty() {
            path.clone()
        } else {
            format!("{path}?{query}")
        };
        customer
            .call(&target, &signed.headers())
            .await
            .expect("an answer")
    };
    let forged = call(&"0".repeat(64), "", "", "nonce-0001").await;
    assert_eq!(refused(&forged), (401, "signature_wrong"));
    let moved = call(&secret, "", "nace1=C-Mining", "nonce-0002").await;
    assert_eq!(refused(&moved), (401, "signature_wrong"));
    let good = call(&secret, "", "", "nonce-0003").await;
    assert!(good.ok(), "{good:?}");
    let again = call(&secret, "", "", "nonce-0003").await;
    assert_eq!(refused(&again), (401, "nonce_used"));
    let usage = customer
        .get(&format!("/api/v1/products/{product}/usage"))
        .await
        .expect("usage");
    assert_eq!(usage.body["by_key"][&key_id], 1, "{usage:?}");
}
