//! What people send who mean no good, or who only press twice: over real HTTP, with clear answers and no effect.

use serde_json::json;

use crate::harness::{Client, Server};

async fn scene(base: &str) -> (Client, Client, String) {
    let provider = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
    let other = Client::sign_in(base, "op_manager").await.expect("sign-in");
    let set = json!({ "name": "x", "contains_personal": "no" });
    let body = json!({ "procedure": "resource", "set": set });
    let case = provider
        .post("/api/v1/cases", &body, Some("scene"))
        .await
        .expect("open")
        .text("case");
    (provider, other, case)
}

#[test]
fn every_hostile_request_is_answered_clearly_and_changes_nothing() {
    let temp = tempfile::tempdir().expect("a folder");
    let server = Server::start(&temp.path().join("data"), None);
    let base = server.base.clone();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (provider, other, case) = scene(&base).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        let version = provider
            .get(&format!("/api/v1/cases/{case}"))
            .await
            .expect("case")
            .body["version"]
            .clone();

        // Twice the same key: the same answer. The same key for something else: refused.
        let body = json!({ "procedure": "resource", "set": { "name": "twice" } });
        let first = provider
            .post("/api/v1/cases", &body, Some("same"))
            .await
            .expect("open");
        let second = provider
            .post("/api/v1/cases", &body, Some("same"))
            .await
            .expect("open");
        assert_eq!(first.body, second.body);
        let changed = json!({ "procedure": "resource", "set": { "name": "changed" } });
        let reused = provider
            .post("/api/v1/cases", &changed, Some("same"))
            .await
            .expect("an answer");
        assert_eq!((reused.status, reused.code()), (409, "idempotency_key_reused"));

        // A stale version, a wrong role, an unknown act, a field of another act, a wrong type.
        let stale = provider
            .post_with(
                &acts,
                r#"{"act":"submit"}"#.to_owned(),
                &[("If-Match", "\"99\""), ("content-type", "application/json")],
            )
            .await
            .expect("an answer");
        assert_eq!((stale.status, stale.code()), (409, "stale_version"));
        let wrong_role = other
            .post(&acts, &json!({ "act": "submit" }), None)
            .await
            .expect("an answer");
        assert!([403, 404].contains(&wrong_role.status), "{wrong_role:?}");
        let unknown = provider
            .post(&acts, &json!({ "act": "annex" }), None)
            .await
            .expect("an answer");
        assert_eq!((unknown.status, unknown.code()), (404, "act_unknown"));
        let typed = json!({ "act": "submit", "set": { "contains_personal": "perhaps" } });
        let typed = provider.post(&acts, &typed, None).await.expect("an answer");
        assert_eq!((typed.status, typed.code()), (422, "field_wrong_type"));

        // JSON that breaks off, an unknown field, no session, a made-up session.
        let json_type = [("content-type", "application/json")];
        let broken = provider
            .post_with(&acts, r#"{"act":"#.to_owned(), &json_type)
            .await
            .expect("an answer");
        assert!([400, 422].contains(&broken.status), "{broken:?}");
        let extra = provider
            .post(&acts, &json!({ "act": "submit", "evil": 1 }), None)
            .await
            .expect("an answer");
        assert!([400, 422].contains(&extra.status), "{extra:?}");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        for token in ["", "0000"] {
            let response = http
                .get(format!("{base}/api/v1/me"))
                .bearer_auth(token)
                .send()
                .await
                .expect("an answer");
            assert_eq!(response.status(), 401);
        }

        // An unknown permit, a forged gateway signature, a truncated archive, a line without end.
        let permit = case.replacen("case_", "permit_", 1);
        let query = json!({ "sql": "SELECT 1" });
        let asked = other
            .post(&format!("/api/v1/permits/{permit}/queries"), &query, None)
            .await
            .expect("an answer");
        assert!(
            ["permit_unknown", "permit_not_issued"].contains(&asked.code()),
            "{asked:?}"
        );
        let forged = http
            .get(format!("{base}/open/v1/products/{case}/data"))
            .bearer_auth("pk_0000000000000000.00")
            .send()
            .await
            .expect("an answer");
        assert_eq!(forged.status(), 401);
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
        ] {
            let upload = provider.upload(name, bytes).await.expect("upload").text("digest");
            let order = json!({ "resource": case, "table": "hostile", "upload": upload });
            let job = provider.ingest(&order, name).await.expect("a job");
            assert_eq!(job.body["refusal"]["code"], code, "{job:?}");
        }
        let datasets = provider.get("/api/v1/datasets").await.expect("datasets");
        assert_eq!(datasets.body.as_array().map(Vec::len), Some(0), "{datasets:?}");
        let after = provider
            .get(&format!("/api/v1/cases/{case}"))
            .await
            .expect("case")
            .body["version"]
            .clone();
        assert_eq!(version, after);
    });
    assert!(server.stop().success());
}
