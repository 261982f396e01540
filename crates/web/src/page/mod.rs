//! What every page is made of: the frame, clause chips, refusals in words, embedded assets.

pub mod assets;
pub mod chip;
pub mod frame;
pub mod outcome;
pub mod parts;
pub mod visit;

pub use chip::{Chip, Grounds};
pub use frame::{Crumb, Frame, Identity};
pub use outcome::{ConsoleError, RefusalCard, stop_page};
pub use visit::Visit;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// Renders a template as an HTML page. A template that cannot be written is a fault and says so.
pub fn html(status: StatusCode, template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(text) => (
            status,
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that answers a request that succeeded.
pub fn ok(template: &impl askama::Template) -> Response {
    html(StatusCode::OK, template)
}
