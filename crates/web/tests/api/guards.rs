//! The guards around every answer, and what happens when a handler panics.

use axum::{Router, body::Body, http::Request, routing::get};
use shuyu_web::{headers::CONTENT_SECURITY_POLICY, problem::Problem, server};

use crate::world::{answer, in_world};

#[test]
fn every_kind_of_answer_carries_the_guards() {
    in_world(|world| async move {
        // The client of these tests refuses any answer without them; here is one of each kind.
        for (path, status) in [
            ("/healthz", 200),
            ("/readyz", 200),
            ("/openapi.json", 200),
            ("/sign-in", 200),
            ("/", 303),
            ("/cases", 303),
            ("/no-such-page", 404),
            ("/assets/no-such-file.css", 404),
            ("/assets/..%2Fsrc%2Flib.rs", 404),
            ("/assets/../src/lib.rs", 404),
            ("/open/v1/openapi.json", 200),
            ("/assets/tokens.css", 200),
            ("/api/v1/me", 401),
            ("/open/v1/time", 200),
            ("/open/v1/products/x/data", 401),
        ] {
            let answered = world.get(path).empty().await;
            assert_eq!(answered.status.as_u16(), status, "{path}");
            assert_eq!(
                answered.header("content-security-policy"),
                CONTENT_SECURITY_POLICY
            );
            assert_eq!(answered.header("x-content-type-options"), "nosniff");
            assert_eq!(answered.header("referrer-policy"), "no-referrer");
            let kept = path.starts_with("/assets/tokens");
            assert_eq!(answered.header("cache-control") == "no-store", !kept, "{path}");
        }
        let post = world
            .post("/sign-in")
            .with("content-type", "text/plain")
            .send("x")
            .await;
        assert!(post.status.is_client_error());
    });
}

#[test]
fn the_policy_allows_nothing_inline_and_nothing_from_elsewhere() {
    for word in ["unsafe", "http", "*", "inline"] {
        assert!(!CONTENT_SECURITY_POLICY.contains(word), "{word}");
    }
    for rule in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(CONTENT_SECURITY_POLICY.contains(rule), "{rule}");
    }
}

#[test]
fn requests_have_numbers_of_their_own() {
    in_world(|world| async move {
        let first = world
            .get("/healthz")
            .with("x-request-id", "mine\"><script>")
            .empty()
            .await;
        let second = world.get("/healthz").empty().await;
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
        assert!(
            first
                .header("x-request-id")
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit())
        );
    });
}

#[test]
fn pages_lead_to_the_sign_in_page_and_back() {
    in_world(|world| async move {
        let answered = world.get("/cases?text=%E6%8E%88&page=2").empty().await;
        assert_eq!(answered.status, 303);
        assert_eq!(
            answered.header("location"),
            "/sign-in?next=/cases%3Ftext%3D%25E6%258E%2588%26page%3D2"
        );
        let form = world
            .post("/sign-out")
            .with("content-type", "application/x-www-form-urlencoded")
            .send("csrf=x")
            .await;
        assert_eq!(form.header("location"), "/sign-in");
    });
}

#[test]
fn a_panic_becomes_a_number_and_its_words_stay_inside() {
    in_world(|world| async move {
        async fn broken() -> &'static str {
            let list: Vec<&'static str> = Vec::new();
            list[7]
        }
        let router: Router = Router::new()
            .route("/api/v1/broken", get(broken))
            .route("/broken", get(broken));
        let router = server::guarded(world.state.clone(), router);
        for (path, is_json) in [("/api/v1/broken", true), ("/broken", false)] {
            let answered = answer(router.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
            assert_eq!(answered.status.as_u16(), 500);
            let said = String::from_utf8_lossy(&answered.bytes).into_owned();
            assert!(said.contains(answered.header("x-request-id")), "{said}");
            assert!(
                !said.contains("index out of bounds") && !said.contains(".rs"),
                "{said}"
            );
            assert_eq!(serde_json::from_str::<Problem>(&said).is_ok(), is_json);
        }
    });
}
