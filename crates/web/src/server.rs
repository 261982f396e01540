//! Everything behind one address: pages, programming interface, assets, and the probes of whoever runs it.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use serde_json::json;
use shuyu_domain::port::Log;
use shuyu_kernel::Refusal;

use crate::{api, console, headers, problem, problem::Failure, state::WebState};

/// Largest body of a form or of JSON. Files go through `/api/v1/uploads` and the pages' own upload routes.
pub const FORM_LIMIT_BYTES: usize = 2 * 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The console, `/api/v1`, `/openapi.json`, assets, `/healthz` and `/readyz`, with their guards.
pub fn router(state: WebState) -> Router {
    let pages = console::router()
        .fallback(no_such_page)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(headers::catch_panics))
        .layer(from_fn_with_state(state.clone(), console::pages_for_stops));
    let all = pages
        .merge(api::router())
        .route("/assets/{*path}", get(asset))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .layer(DefaultBodyLimit::max(FORM_LIMIT_BYTES))
        .with_state(state.clone());
    guarded(state, all)
}

/// Puts number, words and guards around the router of any edge, for example the gateway's.
pub fn guarded(state: WebState, router: Router) -> Router {
    router
        .layer(from_fn(headers::catch_panics))
        .layer(from_fn_with_state(state.clone(), problem::words))
        .layer(from_fn_with_state(state, headers::guard))
}

async fn no_such_page() -> Failure {
    Refusal::unknown("route_unknown").into()
}

async fn method_not_allowed() -> Failure {
    Refusal::unmet("method_not_allowed").into()
}

/// The process answers.
async fn health() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// The process answers and the record can be read.
async fn ready(State(state): State<WebState>) -> Result<Json<serde_json::Value>, Failure> {
    let size = state.app.record().size(Log::Proceedings).await?;
    Ok(Json(json!({ "status": "ok", "entries": size })))
}

/// An embedded file. Addresses with the file's version (`?v=…`) may be kept for a year, others are asked anew.
async fn asset(Path(path): Path<String>, request: HeaderMap, uri: axum::http::Uri) -> Response {
    let Some(file) = Assets::get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let cache = if uri.query().is_some_and(|query| query.starts_with("v=")) {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    let known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Media types of the kinds of files that stand in `assets/`.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
