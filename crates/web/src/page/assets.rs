//! Style sheets and the few lines of script: embedded, addressed by the digest of their bytes.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// Length, in hexadecimal digits, of the digest in an address.
const DIGEST_DIGITS: usize = 12;

/// The address of an asset; it changes whenever the bytes do, so browsers may keep it for ever.
pub fn href(name: &str) -> String {
    let digest = Embedded::get(name).map(|file| hex::encode(file.metadata.sha256_hash())).unwrap_or_default();
    let digest: String = digest.chars().take(DIGEST_DIGITS).collect();
    format!("/assets/{digest}/{name}")
}

/// Serves an asset. Old addresses answer with "not found" rather than with other bytes.
pub async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    if href(&name) != format!("/assets/{digest}/{name}") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(file) = Embedded::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data).into_response()
}
