//! The open interface of delivered products: `GET /open/v1/products/{id}/data`, `POST /open/v1/products/{id}/check`
//! for identity checks, and the official time to sign with.
//!
//! The gateway knows products and keys, never cases. It finds out *who* calls ([`dialect`]); whether the call is
//! fresh, allowed, within its quota, and what it is answered with, [`shuyu_app::App::call_product`] decides anew
//! each time. Three ways to prove a key are spoken:
//!
//! 1. `Authorization: Bearer <key id>.<secret>`, the simplest;
//! 2. HMAC-SM3 (GB/T 32905-2016 with RFC 2104): four headers, and the secret never travels ([`signing`]);
//! 3. `Authorization: Signature keyId="…",algorithm="hmac-sha256",headers="@request-target date",signature="…"`,
//!    as common API gateways sign ([`dialect`]).
//!
//! A client in Rust signs like this; other languages follow the worked example in [`signing`]:
//!
//! ```
//! use shuyu_gateway::signing::{Credentials, Message, sign};
//! use shuyu_kernel::Timestamp;
//!
//! let credentials = Credentials { key_id: "pk_5f0c11d29a77b3e4", secret: "the secret shown once" };
//! let message = Message { method: "GET", path: "/open/v1/products/case_…/data", query: "year=2025", body: b"" };
//! let at = Timestamp::from_micros(1_767_571_200_000_000); // ask /open/v1/time, or a clock that is right
//! for (name, value) in sign(&credentials, &message, at, "b7c1e0a4d2f84f6e").headers() {
//!     println!("{name}: {value}");
//! }
//! ```
//!
//! Refusals are `application/problem+json` with a stable code. The gateway has no words of its own: each response
//! also carries the [`shuyu_app::Stop`], and the web edge puts it into Chinese or English.

mod answer;
mod check;
pub mod dialect;
mod http_date;
mod product;
pub mod signing;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::Serialize;
use shuyu_app::App;
use shuyu_kernel::Refusal;
use utoipa::{OpenApi, ToSchema};

use crate::answer::Failure;

/// The official time, to sign with.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfficialTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[schema(example = 1_767_571_200_000_i64)]
    time_ms: i64,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Shuyu open interface", description = "Data of delivered products."),
    paths(time, product::data, check::check),
    components(schemas(answer::Problem))
)]
struct Description;

/// Everything under `/open/v1`.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/open/v1/time", get(time))
        .route("/open/v1/openapi.json", get(|| async { Json(openapi()) }))
        .route("/open/v1/products/{id}/data", get(product::data))
        .route("/open/v1/products/{id}/check", post(check::check))
        .route("/open/v1/{*rest}", axum::routing::any(no_such_address))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

/// The description of the open interface (OpenAPI 3.1), as served at `/open/v1/openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The official time. No key is needed.
#[utoipa::path(get, path = "/open/v1/time", responses((status = 200, body = OfficialTime)))]
async fn time(State(app): State<Arc<App>>) -> Json<OfficialTime> {
    Json(OfficialTime {
        time_ms: app.now().millis(),
    })
}

async fn no_such_address() -> Failure {
    Refusal::unknown("route_unknown").into()
}

async fn method_not_allowed() -> Failure {
    Refusal::unmet("method_not_allowed").into()
}
