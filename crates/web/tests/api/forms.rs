//! Forms of the console: sent twice, saved from two windows, switched under one's feet.

use std::collections::BTreeMap;

use axum::http::Method;
use futures::future::join_all;
use serde_json::json;
use shuyu_kernel::CaseId;

use crate::world::{Answered, World, in_world};

/// The value of a hidden field of the check page.
pub fn hidden(page: &Answered, name: &str) -> String {
    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    let marker = format!("name=\"{name}\" value=\"");
    let rest = text.split_once(&marker).map(|(_, rest)| rest.to_owned());
    rest.and_then(|rest| rest.split_once('"').map(|(value, _)| value.to_owned()))
        .unwrap_or_default()
}

async fn twice(world: &World, token: &str, path: &str) -> (Answered, Answered) {
    let page = world.page(Method::GET, path, token, &[]).await;
    assert_eq!(page.status, 200, "{path}");
    let (csrf, key, version) = (
        hidden(&page, "csrf"),
        hidden(&page, "key"),
        hidden(&page, "version"),
    );
    assert!(!csrf.is_empty() && !key.is_empty());
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("version", version.as_str()),
    ];
    (
        world.page(Method::POST, path, token, &fields).await,
        world.page(Method::POST, path, token, &fields).await,
    )
}

#[test]
fn a_form_sent_twice_leads_to_the_same_result_page() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let (first, second) = twice(&world, &operator, "/open/request/check").await;
        assert_eq!(first.status, 303, "{}", String::from_utf8_lossy(&first.bytes));
        assert_eq!(second.status, 303);
        assert!(first.header("location").contains("/result?first="));
        assert_eq!(first.header("location"), second.header("location"));
        let list = world.get("/api/v1/cases").token(&operator).empty().await.ok();
        assert_eq!(list["total"], 1);

        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let (first, second) = twice(&world, &operator, &format!("/cases/{case}/acts/submit/-/check")).await;
        assert_eq!(first.status, 303, "{}", String::from_utf8_lossy(&first.bytes));
        assert_eq!(second.status, 303, "the case has moved on");
        assert_eq!(first.header("location"), second.header("location"));
        let page = world
            .page(Method::GET, first.header("location"), &operator, &[])
            .await;
        assert_eq!(page.status, 200);
    });
}

#[test]
fn nothing_saved_from_two_windows_is_lost() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let session = world.app.session(&token).await.unwrap();
        let case = CaseId::from_bits(0);
        let save = |n: usize| {
            let answers = BTreeMap::from([(format!("f{n}"), n.to_string())]);
            let (app, session) = (world.app.clone(), session.clone());
            async move {
                app.save_draft(&session, case, "open-request", &format!("g{n}"), answers)
                    .await
            }
        };
        for saved in join_all((0..8).map(save)).await {
            saved.unwrap();
        }
        let draft = world.app.draft(&session, case, "open-request").await.unwrap();
        assert_eq!(draft.set.len(), 8, "{:?}", draft.set);
        assert_eq!(draft.seen.len(), 8);
    });
}

#[test]
fn a_switch_of_the_post_outlives_other_requests_of_the_session() {
    in_world(|world| async move {
        let chief = world.sign_in("au.chief").await;
        let aide = world.sign_in("au.aide").await;
        let paper = world.upload(&chief, "a.pdf", "paper", b"scan").await;
        let order = json!({ "number": "1", "from": "au.chief", "to": "au.aide", "paper": paper,
                            "starts_on": "2026-03-02", "ends_on": "2026-03-06" });
        let entered = world.post("/api/v1/registry/delegations").token(&chief);
        assert_eq!(entered.with("idempotency-key", "d").json(order).await.status, 201);
        let session = world.app.session(&aide).await.unwrap();
        let posts = world.app.posts(&session).await.unwrap();
        let (post, delegation) = posts.iter().find(|(_, paper)| paper.is_some()).unwrap().clone();
        // Every reading after a minute writes the time of use: the switch must not be lost to it.
        world.wall.advance_seconds(120);
        let (app, app2) = (world.app.clone(), world.app.clone());
        let reads = join_all((0..6).map(|_| app.session(&aide)));
        let (switched, _) = tokio::join!(app2.switch_post(&session, &post, delegation), reads);
        assert_eq!(switched.unwrap().actor.post, "chief");
        assert_eq!(world.app.session(&aide).await.unwrap().actor.post, "chief");
    });
}
