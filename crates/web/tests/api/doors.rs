//! The door: guesses sent side by side, addresses, forms from elsewhere, sessions that are over.

use axum::http::Method;
use futures::future::join_all;
use serde_json::json;
use shuyu_app::account::{ADDRESS_FAILURES, SESSION_LONGEST_SECONDS};
use shuyu_domain::port::Record;
use shuyu_kernel::Digest;

use crate::world::{Answered, PASSWORD, World, in_world};

async fn guess(world: &World, login: &str, password: &str, address: &str) -> Answered {
    world
        .post("/api/v1/sessions")
        .with("x-forwarded-for", address)
        .json(json!({ "login": login, "password": password }))
        .await
}

#[test]
fn guesses_side_by_side_are_as_many_as_guesses_in_a_row() {
    in_world(|world| async move {
        let all = join_all((0..20).map(|_| guess(&world, "op.clerk", "wrong", ""))).await;
        let looked_at = all
            .iter()
            .filter(|answered| answered.problem().1 == "sign_in_failed")
            .count();
        assert!(looked_at <= 5, "{looked_at} passwords were looked at");
        let locked = guess(&world, "op.clerk", PASSWORD, "").await;
        assert_eq!(locked.problem(), (429, "sign_in_locked".to_owned()));
        world.wall.advance_seconds(16 * 60);
        assert_eq!(guess(&world, "op.clerk", PASSWORD, "").await.status, 201);
    });
}

#[test]
fn a_success_ends_the_row_of_failures() {
    in_world(|world| async move {
        for _ in 0..4 {
            for _ in 0..4 {
                let wrong = guess(&world, "op.clerk", "wrong", "").await;
                assert_eq!(wrong.problem().1, "sign_in_failed");
            }
            assert_eq!(guess(&world, "op.clerk", PASSWORD, "").await.status, 201);
        }
    });
}

#[test]
fn an_address_has_a_limit_of_its_own_and_success_does_not_count() {
    in_world(|world| async move {
        let (bad, good) = ("192.0.2.7", "192.0.2.8");
        for n in 0..ADDRESS_FAILURES {
            let wrong = guess(&world, &format!("nobody-{n}"), "x", bad).await;
            assert_eq!(wrong.problem().1, "sign_in_failed", "{n}");
            if n % 10 == 0 {
                assert_eq!(guess(&world, "op.clerk", PASSWORD, bad).await.status, 201);
            }
        }
        let limited = guess(&world, "op.clerk", PASSWORD, bad).await;
        assert_eq!(limited.problem(), (429, "sign_in_address_limited".to_owned()));
        assert!(!limited.header("retry-after").is_empty());
        assert_eq!(guess(&world, "op.clerk", PASSWORD, good).await.status, 201);
        world.wall.advance_seconds(15 * 60);
        assert_eq!(guess(&world, "op.clerk", PASSWORD, bad).await.status, 201);
    });
}

#[test]
fn a_session_ends_after_a_day_however_much_it_is_used() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        for _ in 0..SESSION_LONGEST_SECONDS / 3600 {
            world.wall.advance_seconds(3600);
            assert_eq!(world.get("/api/v1/me").token(&token).empty().await.status, 200);
        }
        world.wall.advance_seconds(1);
        let over = world.get("/api/v1/me").token(&token).empty().await;
        assert_eq!(over.problem(), (401, "session_expired".to_owned()));
    });
}

#[test]
fn sessions_that_are_over_and_old_counters_go() {
    in_world(|world| async move {
        let token = world.sign_in("op.clerk").await;
        world.store.count("nonce/2026-03-01/pk/1", 1).await.unwrap();
        world.store.count("nonce/2026-03-20/pk/1", 1).await.unwrap();
        world.store.count("calls", 3).await.unwrap();
        world.app.deliver_notices().await.unwrap();
        let key = Digest::of(token.as_bytes()).to_string();
        assert!(world.store.document("session", &key).await.unwrap().is_some());
        world.wall.advance_seconds(10 * 24 * 3600);
        let fresh = world.sign_in("op.clerk").await;
        world.app.deliver_notices().await.unwrap();
        assert!(world.store.document("session", &key).await.unwrap().is_none());
        let key = Digest::of(fresh.as_bytes()).to_string();
        assert!(world.store.document("session", &key).await.unwrap().is_some());
        let counted = [
            ("nonce/2026-03-01/pk/1", 0),
            ("nonce/2026-03-20/pk/1", 1),
            ("calls", 3),
        ];
        for (name, value) in counted {
            assert_eq!(world.store.count(name, 0).await.unwrap(), value, "{name}");
        }
    });
}

#[test]
fn a_sign_in_form_from_elsewhere_is_refused() {
    in_world(|world| async move {
        let drawn = world.get("/sign-in").empty().await;
        let page = String::from_utf8_lossy(&drawn.bytes).into_owned();
        let token = page
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .unwrap()
            .0
            .to_owned();
        let cookie = format!("__Host-shuyu-form={token}");
        assert!(drawn.header("set-cookie").starts_with(&cookie));
        assert!(drawn.header("set-cookie").contains("SameSite=Strict"));
        let good = format!(
            "login=op.clerk&password={}&csrf={token}",
            PASSWORD.replace(' ', "+")
        );
        let bare = format!("login=op.clerk&password={}", PASSWORD.replace(' ', "+"));
        for (site, cookie, body, status) in [
            ("", "", &good, 403),
            ("", cookie.as_str(), &bare, 403),
            ("", "__Host-shuyu-form=00", &good, 403),
            ("cross-site", cookie.as_str(), &good, 403),
            ("same-site", cookie.as_str(), &good, 403),
            ("", cookie.as_str(), &good, 303),
            ("same-origin", "", &bare, 303),
        ] {
            let mut ask = world
                .ask(Method::POST, "/sign-in")
                .with("content-type", "application/x-www-form-urlencoded");
            if !site.is_empty() {
                ask = ask.with("sec-fetch-site", site);
            }
            if !cookie.is_empty() {
                ask = ask.with("cookie", cookie);
            }
            let answered = ask.send(body.clone()).await;
            assert_eq!(answered.status.as_u16(), status, "{site:?} {cookie:?}");
        }
    });
}

#[test]
fn where_there_is_tls_browsers_are_told_to_stay_with_it() {
    in_world(|world| async move {
        let answered = world.get("/healthz").empty().await;
        assert_eq!(answered.header("strict-transport-security"), "max-age=31536000");
    });
}
