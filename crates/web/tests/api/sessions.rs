//! Signing in, staying signed in, and the two ways to show it.

use axum::http::Method;
use serde_json::json;

use crate::world::{PASSWORD, World, in_world};

async fn try_sign_in(world: &World, login: &str, password: &str) -> (u16, String) {
    let answered = world
        .post("/api/v1/sessions")
        .json(json!({ "login": login, "password": password }))
        .await;
    answered.problem()
}

#[test]
fn unknown_names_and_wrong_passwords_get_the_same_answer() {
    in_world(|world| async move {
        let refused = (401, "sign_in_failed".to_owned());
        assert_eq!(try_sign_in(&world, "nobody", PASSWORD).await, refused);
        assert_eq!(try_sign_in(&world, "op.clerk", "wrong").await, refused);
        assert_eq!(try_sign_in(&world, "", "").await, refused);
    });
}

#[test]
fn five_failures_lock_the_name_for_a_quarter_of_an_hour() {
    in_world(|world| async move {
        for _ in 0..5 {
            assert_eq!(try_sign_in(&world, "op.clerk", "wrong").await.1, "sign_in_failed");
        }
        let order = json!({ "login": "op.clerk", "password": PASSWORD });
        let locked = world.post("/api/v1/sessions").json(order.clone()).await;
        assert_eq!(locked.problem(), (429, "sign_in_locked".to_owned()));
        let minutes: u64 = locked.json()["facts"]["minutes"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(locked.header("retry-after"), (minutes * 60).to_string());
        world.wall.advance_seconds(16 * 60);
        assert_eq!(world.post("/api/v1/sessions").json(order).await.status, 201);
    });
}

#[test]
fn a_session_ends_after_a_working_day_without_use() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        for _ in 0..3 {
            world.wall.advance_seconds(7 * 3600);
            assert_eq!(world.get("/api/v1/me").token(&token).empty().await.status, 200);
        }
        world.wall.advance_seconds(8 * 3600 + 1);
        let answered = world.get("/api/v1/me").token(&token).empty().await;
        assert_eq!(answered.problem(), (401, "session_expired".to_owned()));
        assert!(answered.header("www-authenticate").starts_with("Bearer"));
        let again = world.get("/api/v1/me").token(&token).empty().await;
        assert_eq!(again.problem(), (401, "session_missing".to_owned()));
    });
}

#[test]
fn winding_the_clock_ends_no_session() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let wound = world
            .post("/api/v1/training/clock")
            .token(&token)
            .json(json!({ "to": "2026-05-04" }))
            .await
            .ok();
        assert_eq!(wound["today"], "2026-05-04");
        let me = world.get("/api/v1/me").token(&token).empty().await.ok();
        assert_eq!(
            (me["today"].as_str(), me["now"].as_str()),
            (Some("2026-05-04"), Some("2026-05-04T09:00:00+08:00"))
        );
        let back = world
            .post("/api/v1/training/clock")
            .token(&token)
            .json(json!({ "to": "2026-03-01" }))
            .await;
        assert_eq!(back.problem(), (409, "clock_not_backwards".to_owned()));
    });
}

#[test]
fn a_signed_out_token_is_worth_nothing() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let out = world
            .ask(Method::DELETE, "/api/v1/sessions/current")
            .token(&token)
            .empty()
            .await;
        assert_eq!(out.status, 204);
        assert_eq!(world.get("/api/v1/me").token(&token).empty().await.status, 401);
    });
}

#[test]
fn the_cookie_needs_the_csrf_token_for_everything_that_changes() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let cookie = format!("other=1; __Host-shuyu={token}");
        let me = world.get("/api/v1/me").with("cookie", &cookie).empty().await.ok();
        let csrf = me["csrf"].as_str().unwrap().to_owned();
        let order = json!({ "procedure": "request", "set": { "name": "一" } });
        for given in [None, Some(""), Some("0123456789abcdef0123456789abcdef")] {
            let mut ask = world.post("/api/v1/cases").with("cookie", &cookie);
            if let Some(given) = given {
                ask = ask.with("x-csrf-token", given);
            }
            assert_eq!(
                ask.json(order.clone()).await.problem(),
                (403, "csrf_wrong".to_owned()),
                "{given:?}"
            );
        }
        let with = world
            .post("/api/v1/cases")
            .with("cookie", &cookie)
            .with("x-csrf-token", &csrf);
        assert_eq!(with.json(order).await.status, 201);
        // The name without the prefix is what a sub-domain could have set.
        let plain = world
            .get("/api/v1/me")
            .with("cookie", &format!("shuyu={token}"))
            .empty()
            .await;
        assert_eq!(plain.problem(), (401, "session_missing".to_owned()));
    });
}

#[test]
fn strange_credentials_are_no_session() {
    in_world(|world| async move {
        let long = "a".repeat(5000);
        let given = [
            "Bearer",
            "Bearer ",
            "Basic b3A6cHc=",
            "bearer   ",
            &format!("Bearer {long}"),
            "Bearer 00ff",
        ];
        for authorization in given {
            let answered = world
                .get("/api/v1/me")
                .with("authorization", authorization)
                .empty()
                .await;
            assert_eq!(
                answered.problem(),
                (401, "session_missing".to_owned()),
                "{authorization:.20}"
            );
        }
        assert_eq!(world.get("/api/v1/me").empty().await.status, 401);
    });
}

#[test]
fn a_post_not_held_cannot_be_taken_and_a_delegated_one_can_in_its_term() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        let chief = world.sign_in("au.chief").await;
        let aide = world.sign_in("au.aide").await;
        let posts = world.get("/api/v1/me/posts").token(&chief).empty().await.ok();
        let held = posts[0].clone();
        let mut choice = json!({ "body": held["body"], "role": held["role"], "post": held["post"] });
        let taken = world
            .post("/api/v1/me/post")
            .token(&aide)
            .json(choice.clone())
            .await;
        assert_eq!(taken.problem(), (403, "post_not_held".to_owned()));
        let scan = world.upload(&chief, "授权书.pdf", "paper", b"scan").await;

        let paper = json!({ "number": "授〔2026〕1号", "from": "au.chief", "to": "au.aide", "paper": scan,
                            "starts_on": "2026-03-02", "ends_on": "2026-03-06" });
        let keyless = world
            .post("/api/v1/registry/delegations")
            .token(&chief)
            .json(paper.clone())
            .await;
        assert_eq!(keyless.problem(), (422, "idempotency_key_missing".to_owned()));
        let entered = world
            .post("/api/v1/registry/delegations")
            .token(&chief)
            .with("idempotency-key", "d-1");
        assert_eq!(entered.json(paper).await.status, 201);
        choice["delegation"] = json!("授〔2026〕1号");
        let actor = world
            .post("/api/v1/me/post")
            .token(&aide)
            .json(choice.clone())
            .await
            .ok();
        assert_eq!(actor["delegation"], "授〔2026〕1号");
        world
            .post("/api/v1/training/clock")
            .token(&token)
            .json(json!({ "to": "2026-03-09" }))
            .await
            .ok();
        let late = world.post("/api/v1/me/post").token(&aide).json(choice).await;
        assert_eq!(late.problem(), (403, "delegation_expired".to_owned()));
    });
}

#[test]
fn the_registry_is_the_administrators() {
    in_world(|world| async move {
        let clerk = world.sign_in("op.clerk").await;
        let admin = world.sign_in("admin").await;
        let body = json!({ "name": "新单位", "roles": ["developer"] });
        let register = |token: &str| {
            world
                .post("/api/v1/registry/bodies")
                .token(token)
                .with("idempotency-key", "b-1")
        };
        assert_eq!(
            register(&clerk).json(body.clone()).await.problem(),
            (403, "role_may_not_act".to_owned())
        );
        let first = register(&admin).json(body.clone()).await.ok();
        assert_eq!(
            first,
            register(&admin).json(body).await.ok(),
            "the same key gives the same body"
        );
        let person = json!({ "name": "庚", "login": "new.clerk", "password": PASSWORD,
                             "posts": [{ "body": first["body"], "role": "developer", "post": "clerk" }] });
        let enrol = world
            .post("/api/v1/registry/people")
            .token(&admin)
            .with("idempotency-key", "p-1");
        assert_eq!(enrol.json(person).await.status, 201);
        world.sign_in("new.clerk").await;
    });
}
