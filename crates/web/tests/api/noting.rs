//! The access log: every request leaves its entry before it is answered, and nothing of a client's text gets in.

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_domain::port::{Log, Record};

use crate::world::{Answered, World, in_world};

const CASE: &str = "case_01k0q4vh8m9x2t5e7w3r6y1ab2";

/// A route with its blanks filled in, and a body that reads well.
fn filled(route: &str, own_case: &str) -> (String, Option<Value>) {
    let digest = "0".repeat(64);
    let path = route
        .replace("{log}", "proceedings")
        .replace("{index}", "0")
        .replace("{digest}", &digest)
        .replace("{n}", "7")
        .replace("{case}", CASE);
    let path = match route {
        "/api/v1/procedures/{id}" => path.replace("{id}", "request"),
        "/api/v1/permits/{id}" | "/api/v1/permits/{id}/queries" | "/api/v1/permits/{id}/trials" => {
            path.replace("{id}", &CASE.replace("case_", "permit_"))
        }
        "/api/v1/releases/{id}" => path.replace("{id}", "rel_01k0q4vh8m9x2t5e7w3r6y1ab2"),
        "/api/v1/cases/{id}/acts" => path.replace("{id}", own_case),
        "/api/v1/uploads" => format!("{path}?name=a.pdf"),
        _ if route.contains("/own-lists") => {
            let path = path.replace("{id}", &CASE.replace("case_", "permit_"));
            let path = path.replace("{dataset}", &CASE.replace("case_", "data_"));
            format!("{path}?name=cohort&subject=id_no")
        }
        _ => path.replace("{id}", CASE),
    };
    let body = match route {
        "/api/v1/sessions" => json!({ "login": "nobody", "password": "x" }),
        "/api/v1/me/post" => json!({ "body": CASE.replace("case_", "body_"), "role": "r", "post": "p" }),
        "/api/v1/cases" => json!({ "procedure": "none" }),
        "/api/v1/cases/{id}/acts" => json!({ "act": "approve" }),
        "/api/v1/datasets/ingests" => json!({ "resource": CASE, "table": "t", "upload": digest }),
        "/api/v1/datasets/derivations" => {
            json!({ "resource": CASE, "from": CASE.replace("case_", "dataset_"), "table": "t" })
        }
        "/api/v1/permits/{id}/queries" | "/api/v1/permits/{id}/trials" => json!({ "sql": "SELECT 1" }),
        "/api/v1/products/{case}/keys" => json!({ "delivery": 1 }),
        "/api/v1/registry/bodies" => json!({ "name": "新", "roles": [] }),
        "/api/v1/registry/people" => json!({ "name": "新", "login": "n", "password": "p", "posts": [] }),
        "/api/v1/registry/delegations" => json!({ "number": "1", "from": "op.clerk", "to": "x",
            "starts_on": "2026-03-02", "ends_on": "2026-03-03", "paper": "" }),
        "/api/v1/registry/delegations/withdrawals" => json!({ "number": "1" }),
        "/api/v1/registry/erasures" => json!({ "case": CASE, "field": "contact", "reason": "term_over" }),
        "/api/v1/training/clock" => json!({ "to": "2026-03-01" }),
        _ => return (path, None),
    };
    (path, Some(body))
}

async fn sizes(world: &World) -> (u64, u64) {
    let access = world.store.size(Log::Access).await.unwrap();
    (access, world.store.size(Log::Proceedings).await.unwrap())
}

async fn ask(world: &World, method: Method, path: &str, token: &str, body: Option<Value>) -> Answered {
    let ask = world.ask(method, path).token(token).with("idempotency-key", path);
    match body {
        Some(body) => ask.json(body).await,
        None => ask.empty().await,
    }
}

#[test]
fn every_request_of_every_route_leaves_an_entry() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        for line in include_str!("routes.txt").lines() {
            let (method, route) = line.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            let (path, body) = filled(route, &case);
            let token = world.sign_in("op.clerk").await;
            let before = sizes(&world).await;
            let answered = ask(&world, method, &path, &token, body).await;
            if route == "/api/v1/datasets/ingests" {
                // The job is another task; its refusal is noted before it can be asked for.
                let job = format!("/api/v1/jobs/{}", answered.ok()["job"]);
                while world.get(&job).token(&token).empty().await.ok()["status"] == "running" {
                    tokio::task::yield_now().await;
                }
                assert!(
                    world
                        .notes()
                        .await
                        .iter()
                        .any(|note| note.subject == format!("ingest/{CASE}") && note.outcome == "refused")
                );
                continue;
            }
            let after = sizes(&world).await;
            assert!(
                after.0 > before.0 || after.1 > before.1,
                "{line}: {} leaves nothing",
                answered.status
            );
            let last = world.notes().await.pop().unwrap();
            if answered.status.is_client_error() {
                let (_, code) = answered.problem();
                assert_eq!(after.0, before.0 + 1, "{line}: one entry for {code}");
                assert_eq!(
                    (last.outcome.as_str(), last.code.as_deref()),
                    ("refused", Some(code.as_str())),
                    "{line}"
                );
            } else {
                assert!(answered.status.is_success(), "{line}: {}", answered.status);
            }
        }
    });
}

#[test]
fn what_the_edge_refuses_is_noted_too_but_strangers_are_not() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let before = sizes(&world).await.0;
        let broken = world.post("/api/v1/cases").token(&operator);
        let broken = broken.with("content-type", "application/json").send("{").await;
        assert_eq!(broken.problem().1, "json_malformed");
        let notes = world.notes().await;
        let last = notes.last().unwrap();
        assert_eq!(last.code.as_deref(), Some("json_malformed"));
        assert!(last.person.is_some());
        let wrong = world
            .page(
                Method::POST,
                "/clock",
                &operator,
                &[("csrf", "wrong"), ("to", "2026-04-01")],
            )
            .await;
        assert_eq!(wrong.status, 403);
        assert_eq!(
            world.notes().await.last().unwrap().code.as_deref(),
            Some("csrf_wrong")
        );
        assert_eq!(sizes(&world).await.0, before + 2);
        world.get("/api/v1/me").empty().await;
        world.get("/cases").empty().await;
        assert_eq!(sizes(&world).await.0, before + 2);
    });
}

#[test]
fn a_clients_text_never_stands_in_the_log() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let provider = world.sign_in("prov.clerk").await;
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let text = "张三 13800000000 ".repeat(4000);
        let acts = format!("/api/v1/cases/{case}/acts");
        let table = json!({ "resource": CASE, "table": text, "upload": "0".repeat(64) });
        for (path, token, body) in [
            (acts.as_str(), &operator, json!({ "act": text })),
            (
                acts.as_str(),
                &operator,
                json!({ "act": "submit", "set": { &text: "x" } }),
            ),
            ("/api/v1/cases", &operator, json!({ "procedure": text })),
            (
                "/api/v1/datasets/derivations",
                &provider,
                json!({ "resource": CASE, "from": CASE.replace("case_", "dataset_"), "table": text }),
            ),
        ] {
            let answered = ask(&world, Method::POST, path, token, Some(body)).await;
            assert!(answered.status.is_client_error(), "{path}");
            assert!(
                answered.bytes.len() < 4096,
                "{path} repeats {}",
                answered.bytes.len()
            );
            let note = world.notes().await.pop().unwrap();
            assert!(
                note.subject.len() < 100 && !note.subject.contains("张三"),
                "{}",
                note.subject
            );
        }
        ask(
            &world,
            Method::POST,
            "/api/v1/datasets/ingests",
            &provider,
            Some(table),
        )
        .await
        .ok();
        let known = ask(
            &world,
            Method::POST,
            &acts,
            &operator,
            Some(json!({ "act": "approve" })),
        )
        .await;
        assert!(known.status.is_client_error());
        let notes = world.notes().await;
        assert!(notes.iter().any(|note| note.subject == format!("{case}/approve")));
        assert!(notes.iter().all(|note| !note.subject.contains("张三")));
    });
}
