//! Problems in both languages, and requests that read badly.

use axum::http::Method;
use serde_json::json;
use shuyu_web::{
    i18n::{Language, Texts},
    problem::Problem,
};

use crate::world::{World, in_world};

async fn problem(world: &World, language: &str) -> Problem {
    let token = world.sign_in("dev.clerk").await;
    let ask = world
        .post("/api/v1/cases")
        .token(&token)
        .with("accept-language", language);
    let answered = ask.json(json!({ "procedure": "request" })).await;
    let id = answered.header("x-request-id").to_owned();
    let problem: Problem = serde_json::from_slice(&answered.bytes).unwrap();
    assert_eq!(problem.instance, format!("urn:shuyu:request:{id}"));
    assert_eq!(u16::from(answered.status), problem.status);
    problem
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn a_problem_is_said_in_the_language_asked_for() {
    in_world(|world| async move {
        let zh = problem(&world, "zh-CN").await;
        let en = problem(&world, "en-GB,en;q=0.9").await;
        let other = problem(&world, "fr").await;
        assert_eq!(
            (zh.about.as_str(), zh.code.as_str(), zh.status),
            ("/problems/role_may_not_act", "role_may_not_act", 403)
        );
        assert_eq!(
            (&en.code, &en.facts, &en.status),
            (&zh.code, &zh.facts, &zh.status)
        );
        assert!(has_chinese(&zh.detail) && has_chinese(&zh.way_out), "{zh:?}");
        assert!(!en.way_out.is_empty() && en.detail != zh.detail, "{en:?}");
        assert!(
            !has_chinese(&en.detail) && !has_chinese(&en.way_out) && !has_chinese(&en.title),
            "titles of acts and roles are English too: {en:?}"
        );
        assert_eq!(other.detail, zh.detail, "Chinese is the usual language");
        assert_eq!(zh.reference, None);
    });
}

/// Codes that the edges raise themselves, besides those of the use cases.
const OWN_CODES: [&str; 21] = [
    "csrf_wrong",
    "route_unknown",
    "method_not_allowed",
    "media_type_unsupported",
    "json_malformed",
    "json_wrong_shape",
    "query_wrong_shape",
    "body_too_large",
    "limit_invalid",
    "cursor_invalid",
    "if_match_invalid",
    "idempotency_key_missing",
    "idempotency_key_invalid",
    "entry_unknown",
    "receipt_not_sealed",
    "key_missing",
    "signature_malformed",
    "signature_wrong",
    "filter_twice",
    "column_unknown",
    "product_unknown",
];

#[test]
fn every_code_of_the_edges_has_words() {
    let texts = Texts::load().unwrap();
    let mut missing = Vec::new();
    for language in Language::ALL {
        let stems = OWN_CODES
            .iter()
            .map(|code| format!("refusal-{}", code.replace('_', "-")));
        let ways_out = stems.clone().map(|stem| format!("{stem}-way-out"));
        let kinds = [
            "forbidden",
            "conflict",
            "unmet",
            "unknown",
            "unauthenticated",
            "limited",
            "fault",
            "fault-way-out",
        ];
        let titles = kinds.iter().map(|kind| format!("problem-{kind}"));
        let keys = stems
            .chain(ways_out)
            .chain(titles)
            .chain(["fault-sentence".to_owned()]);
        missing.extend(
            keys.filter(|key| !texts.has(language, key))
                .map(|key| format!("{} {key}", language.tag())),
        );
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn bodies_that_read_badly_are_placed() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        for (body, status, code) in [
            ("", 400, "json_malformed"),
            ("{\"procedure\":", 400, "json_malformed"),
            ("{\"procedure\":\"request\"", 400, "json_malformed"),
            ("\u{0}", 400, "json_malformed"),
            ("null", 422, "json_wrong_shape"),
            ("[]", 422, "json_wrong_shape"),
            ("{}", 422, "json_wrong_shape"),
            (
                "{\"procedure\":\"request\",\"colour\":1}",
                422,
                "json_wrong_shape",
            ),
            (
                "{\"procedure\":\"request\",\"procedure\":\"request\"}",
                422,
                "json_wrong_shape",
            ),
            (
                "{\"procedure\":\"request\",\"set\":{\"name\":1}}",
                422,
                "json_wrong_shape",
            ),
        ] {
            let ask = world
                .post("/api/v1/cases")
                .token(&token)
                .with("content-type", "application/json; charset=utf-8");
            let answered = ask.send(body).await;
            assert_eq!(answered.problem(), (status, code.to_owned()), "{body:?}");
            assert!(
                answered.json()["facts"]["line"].is_string()
                    && answered.json()["facts"]["column"].is_string()
            );
        }
        let deep = format!(
            "{{\"procedure\":\"request\",\"set\":{}{}}}",
            "[".repeat(5000),
            "]".repeat(5000)
        );
        let ask = world
            .post("/api/v1/cases")
            .token(&token)
            .with("content-type", "application/json");
        assert!(ask.send(deep).await.status.is_client_error());
    });
}

#[test]
fn bodies_of_another_kind_or_too_large_are_refused() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let form = world
            .post("/api/v1/cases")
            .token(&token)
            .with("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            form.send("procedure=request").await.problem(),
            (415, "media_type_unsupported".to_owned())
        );
        let bare = world.post("/api/v1/cases").token(&token);
        assert_eq!(
            bare.send("{}").await.problem(),
            (415, "media_type_unsupported".to_owned())
        );
        let large = format!("{{\"procedure\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
        let ask = world
            .post("/api/v1/cases")
            .token(&token)
            .with("content-type", "application/json");
        assert_eq!(
            ask.send(large).await.problem(),
            (413, "body_too_large".to_owned())
        );
    });
}

#[test]
fn addresses_and_methods_that_do_not_exist_are_problems_too() {
    in_world(|world| async move {
        for path in [
            "/api",
            "/api/",
            "/api/v1",
            "/api/v1/nothing",
            "/api/v2/me",
            "/api/v1/cases/x/y/z",
        ] {
            assert_eq!(
                world.get(path).empty().await.problem(),
                (404, "route_unknown".to_owned()),
                "{path}"
            );
        }
        let put = world.ask(Method::PUT, "/api/v1/cases").empty().await;
        assert_eq!(put.problem(), (405, "method_not_allowed".to_owned()));
        assert!(put.header("allow").contains("POST"), "{}", put.header("allow"));
    });
}

#[test]
fn a_fault_tells_a_number_and_nothing_else() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        world.store.close().await;
        let answered = world.get("/api/v1/me").token(&token).empty().await;
        assert_eq!(answered.problem(), (503, "fault".to_owned()));
        let problem: Problem = serde_json::from_slice(&answered.bytes).unwrap();
        assert_eq!(
            problem.reference.as_deref(),
            Some(answered.header("x-request-id"))
        );
        let said = String::from_utf8_lossy(&answered.bytes).to_lowercase();
        for word in ["sqlite", "sqlx", "pool", ".db", "crates/"] {
            assert!(!said.contains(word), "{said}");
        }
        assert_eq!(world.get("/readyz").empty().await.status, 503);
        assert_eq!(world.get("/healthz").empty().await.status, 200);
    });
}
