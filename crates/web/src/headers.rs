//! What every answer carries: a number, and headers that keep a browser from doing harm.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use shuyu_app::Stop;
use shuyu_kernel::Fault;

use crate::{session::Sender, state::WebState};

/// Number of a request: in the log, in the answer's `x-request-id`, and on the page when something broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Header with the number of the request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing from elsewhere, nothing inline, no frames, forms only to ourselves (Content Security Policy level 3).
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
     script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
     font-src 'self'";

/// Header and value, set on every answer. A handler's own `Cache-Control` stays.
const GUARDS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// Where there is TLS, browsers use nothing else for a year (RFC 6797).
const TLS_ONLY: &str = "max-age=31536000";

/// Layer: gives the request a number and the answer its guards.
pub async fn guard(State(state): State<WebState>, mut request: Request, next: Next) -> Response {
    let id = RequestId(state.app.reference());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(Sender::default());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.secure_cookies {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(TLS_ONLY),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

/// Layer: a panic in a handler becomes a fault with a number; what it was about goes to the log only.
pub async fn catch_panics(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let fault = Fault::new("answering a request", said(panic.as_ref()).to_owned());
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                Extension(Arc::new(Stop::from(fault))),
            )
                .into_response()
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a handler panicked")
}
