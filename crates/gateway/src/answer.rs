//! Refusals and faults of the open interface as `application/problem+json` (RFC 9457), without words.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shuyu_app::Stop;
use shuyu_kernel::{Refusal, RefusalKind};
use utoipa::ToSchema;

/// What went wrong. The web edge adds `detail` and `way_out` in the reader's language.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/signature_stale")]
    about: String,
    /// The status in words.
    title: String,
    /// HTTP status.
    status: u16,
    /// Stable code, snake_case.
    #[schema(example = "signature_stale")]
    code: String,
    /// Clauses the refusal rests on.
    clauses: Vec<String>,
    /// Facts.
    facts: BTreeMap<String, String>,
}

/// A call that stopped.
#[derive(Debug)]
pub(crate) struct Failure(Arc<Stop>);

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self(Arc::new(stop))
    }
}
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Stop::from(refusal).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = status(&self.0);
        let problem = problem(&self.0, status);
        if let Stop::Fault(fault) = self.0.as_ref() {
            tracing::error!(doing = %fault.doing, "a product call met a fault");
        }
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"shuyu-open\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        (Extension(self.0), response).into_response()
    }
}

fn problem(stop: &Stop, status: StatusCode) -> Problem {
    let (code, clauses, facts) = match stop {
        Stop::Refused(refusal) => (
            refusal.code.clone(),
            refusal.clauses.iter().map(ToString::to_string).collect(),
            refusal.facts.clone(),
        ),
        Stop::Fault(_) => ("fault".to_owned(), Vec::new(), BTreeMap::new()),
    };
    Problem {
        about: format!("/problems/{code}"),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        code,
        clauses,
        facts,
    }
}

fn status(stop: &Stop) -> StatusCode {
    match stop {
        Stop::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
        Stop::Refused(refusal) if refusal.code == "method_not_allowed" => StatusCode::METHOD_NOT_ALLOWED,
        Stop::Refused(refusal) => match refusal.kind {
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Unmet => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Unknown => StatusCode::NOT_FOUND,
            RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            RefusalKind::Limited => StatusCode::TOO_MANY_REQUESTS,
        },
    }
}
