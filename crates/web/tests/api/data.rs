//! Files, jobs, permits, the ledger.

use axum::http::Method;
use serde_json::json;
use shuyu_kernel::Digest;

use crate::world::in_world;

#[test]
fn a_file_comes_back_to_its_body_only() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        // Larger than any form may be.
        let bytes = vec![b'x'; 3 * 1024 * 1024];
        let name = "%E6%8A%A5%E5%91%8A.csv";
        let made = world
            .post(&format!("/api/v1/uploads?name={name}"))
            .token(&operator)
            .send(bytes.clone())
            .await;
        assert_eq!(made.status, 201);
        let digest = made.json()["digest"].as_str().unwrap().to_owned();
        assert_eq!(digest, Digest::of(&bytes).to_string());
        let path = format!("/api/v1/uploads/{digest}");
        assert_eq!(made.header("location"), path);
        let back = world.get(&path).token(&operator).empty().await;
        assert_eq!(back.bytes.len(), bytes.len());
        assert_eq!(
            back.header("content-disposition"),
            format!("attachment; filename*=UTF-8''{name}")
        );
        let developer = world.sign_in("dev.clerk").await;
        let other = world.get(&path).token(&developer).empty().await;
        assert_eq!(other.problem(), (404, "paper_unknown".to_owned()));
        let unknown = format!("/api/v1/uploads/{}", "0".repeat(64));
        assert_eq!(
            world.get(&unknown).token(&operator).empty().await.problem(),
            (404, "paper_unknown".to_owned())
        );
        let nameless = world.post("/api/v1/uploads").token(&operator).send("x").await;
        assert_eq!(nameless.problem(), (422, "query_wrong_shape".to_owned()));
        assert_eq!(nameless.json()["facts"]["field"], "name");
    });
}

#[test]
fn an_ingest_needs_a_key_and_ends_with_its_reason() {
    in_world(|world| async move {
        let provider = world.sign_in("prov.clerk").await;
        let resource = "case_01k0q4vh8m9x2t5e7w3r6y1ab2";
        let order = json!({ "resource": resource, "table": "people", "upload": "0".repeat(64) });
        let keyless = world
            .post("/api/v1/datasets/ingests")
            .token(&provider)
            .json(order.clone())
            .await;
        assert_eq!(keyless.problem(), (422, "idempotency_key_missing".to_owned()));
        let started = world
            .post("/api/v1/datasets/ingests")
            .token(&provider)
            .with("idempotency-key", "i-1")
            .json(order)
            .await;
        assert_eq!(started.status, 202);
        let job = started.header("location").to_owned();
        let mut status = String::new();
        for _ in 0..10_000 {
            let shown = world.get(&job).token(&provider).empty().await.ok();
            status = shown["status"].as_str().unwrap().to_owned();
            if status != "running" {
                assert_eq!(shown["refusal"]["code"], "case_unknown");
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(status, "refused");
        let operator = world.sign_in("op.clerk").await;
        assert_eq!(
            world.get(&job).token(&operator).empty().await.problem(),
            (404, "job_unknown".to_owned())
        );
        let gone = world
            .ask(Method::DELETE, "/api/v1/jobs/99")
            .token(&provider)
            .empty()
            .await;
        assert_eq!(gone.problem(), (404, "job_unknown".to_owned()));
    });
}

#[test]
fn an_unknown_permit_is_a_404_and_a_malformed_one_an_unknown_address() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let unknown = "/api/v1/permits/permit_01k0q4vh8m9x2t5e7w3r6y1ab2";
        let question = json!({ "sql": "SELECT 1" });
        assert_eq!(
            world.get(unknown).token(&operator).empty().await.problem(),
            (404, "permit_unknown".to_owned())
        );
        let queries = format!("{unknown}/queries");
        for order in [question.clone(), json!({ "sql": "SELECT 1", "dry_run": true })] {
            let asked = world.post(&queries).token(&operator).json(order).await;
            assert_eq!(asked.problem(), (404, "permit_unknown".to_owned()));
        }
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let none = format!("/api/v1/permits/{}", case.replace("case_", "permit_"));
        assert_eq!(
            world.get(&none).token(&operator).empty().await.problem(),
            (403, "permit_not_issued".to_owned())
        );
        for wrong in ["permit_1", "case_01k0q4vh8m9x2t5e7w3r6y1ab2", "..%2F..", "%00"] {
            let answered = world
                .get(&format!("/api/v1/permits/{wrong}"))
                .token(&operator)
                .empty()
                .await;
            assert_eq!(answered.problem(), (404, "route_unknown".to_owned()), "{wrong}");
        }
        let release = "/api/v1/releases/rel_01k0q4vh8m9x2t5e7w3r6y1ab2";
        assert_eq!(
            world.get(release).token(&operator).empty().await.problem(),
            (404, "release_unknown".to_owned())
        );
    });
}

#[test]
fn a_receipt_verifies_once_the_log_is_sealed() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        world.open(&operator, "request", json!({ "name": "一" })).await;
        let logs = world.get("/api/v1/ledger").token(&operator).empty().await.ok();
        let last = logs[0]["size"].as_u64().unwrap() - 1;
        let path = format!("/api/v1/ledger/proceedings/entries/{last}/receipt");
        let early = world.get(&path).token(&operator).empty().await;
        assert_eq!(early.problem(), (409, "receipt_not_sealed".to_owned()));
        world.app.keeper().seal().await.unwrap();
        let file = world.get(&path).token(&operator).empty().await;
        assert_eq!(file.header("content-type"), "application/json");
        let receipt = shuyu_ledger::Receipt::parse(&file.bytes).unwrap();
        receipt.verify(world.store.verifying_key()).unwrap();
        let developer = world.sign_in("dev.clerk").await;
        assert_eq!(
            world.get(&path).token(&developer).empty().await.problem(),
            (404, "entry_unknown".to_owned())
        );
        for index in ["999999", "18446744073709551615"] {
            let path = format!("/api/v1/ledger/proceedings/entries/{index}/receipt");
            assert_eq!(
                world.get(&path).token(&operator).empty().await.problem(),
                (404, "entry_unknown".to_owned())
            );
        }
        let far = world
            .get("/api/v1/ledger/access/entries?from=18446744073709551615")
            .token(&operator)
            .empty()
            .await;
        assert_eq!(far.ok(), json!([]));
        assert_eq!(
            world
                .get("/api/v1/ledger/secrets/entries")
                .token(&operator)
                .empty()
                .await
                .problem()
                .0,
            404
        );
    });
}

#[test]
fn figures_duties_and_rules_are_told() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let figures = world
            .get("/api/v1/disclosure/figures")
            .token(&operator)
            .empty()
            .await
            .ok();
        assert!(
            figures
                .as_array()
                .unwrap()
                .iter()
                .any(|figure| figure["name"] == "products")
        );
        assert!(
            world
                .get("/api/v1/duties")
                .token(&operator)
                .empty()
                .await
                .ok()
                .is_array()
        );
        assert_eq!(
            world.get("/api/v1/datasets").token(&operator).empty().await.ok(),
            json!([])
        );
        assert_eq!(
            world.get("/api/v1/jobs").token(&operator).empty().await.ok(),
            json!([])
        );
        let profile = world.get("/api/v1/profile").token(&operator).empty().await.ok();
        assert_eq!(
            (
                profile["id"].as_str(),
                profile["instruments"][0]["status"].as_str()
            ),
            (Some("town"), Some("in_force"))
        );
        let rules = world
            .get("/api/v1/procedures/request")
            .token(&operator)
            .empty()
            .await
            .ok();
        assert_eq!(rules["fields"][1]["personal"], true);
        assert_eq!(rules["acts"][1]["route"], json!(["clerk", "chief"]));
        assert_eq!(
            world
                .get("/api/v1/procedures")
                .token(&operator)
                .empty()
                .await
                .ok()
                .as_array()
                .unwrap()
                .len(),
            7
        );
        assert_eq!(
            world
                .get("/api/v1/procedures/none")
                .token(&operator)
                .empty()
                .await
                .problem()
                .1,
            "procedure_unknown"
        );
    });
}
