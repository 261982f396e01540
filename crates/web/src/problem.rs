//! How a refusal or a fault is said at the edge: as `application/problem+json` (RFC 9457) or on a page.
//!
//! Handlers return a [`Failure`]. It carries the [`Stop`] in the extensions of an empty response; the layer
//! [`words`] at the outside, which knows the reader's language and the number of the request, says it. So no
//! sentence is made twice, and other edges (the gateway) can be worded by the same layer.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shuyu_app::Stop;
use shuyu_kernel::{ClauseId, Fault, Refusal, RefusalKind};
use utoipa::ToSchema;

use crate::{
    headers::RequestId,
    i18n::{Language, RefusalText},
    session::{Lang, Sender, is_api},
    state::WebState,
};

/// Media type of a problem (RFC 9457).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A use case that stopped, on its way to the reader.
#[derive(Debug, Clone)]
pub struct Failure(Arc<Stop>);

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
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Stop::from(fault).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (status(&self.0), Extension(self.0)).into_response()
    }
}

/// A clause a refusal rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClauseRef {
    /// Id of the requirement row.
    #[schema(example = "YN-OP-057")]
    pub id: String,
    /// Instrument and place, in the words of the profile; absent if the present profile lacks the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What went wrong, for programs and people (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/stale_version")]
    pub about: String,
    /// The kind in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What is wrong, in the language asked for.
    pub detail: String,
    /// Stable code, snake_case.
    #[schema(example = "stale_version")]
    pub code: String,
    /// Clauses the refusal rests on; empty where no regulation speaks.
    pub clauses: Vec<ClauseRef>,
    /// Facts the sentence was made from.
    pub facts: BTreeMap<String, String>,
    /// What would make it pass.
    pub way_out: String,
    /// Names this one occurrence.
    #[schema(example = "urn:shuyu:request:5f0c11d29a77")]
    pub instance: String,
    /// Faults only: the number to give to whoever runs the installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The HTTP status of a stop: refusals by kind, a few by code, faults 503.
pub fn status(stop: &Stop) -> StatusCode {
    match stop {
        Stop::Refused(refusal) => refusal_status(refusal),
        Stop::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn refusal_status(refusal: &Refusal) -> StatusCode {
    match (refusal.code.as_str(), refusal.kind) {
        ("json_malformed", _) => StatusCode::BAD_REQUEST,
        ("method_not_allowed", _) => StatusCode::METHOD_NOT_ALLOWED,
        ("media_type_unsupported", _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ("body_too_large" | "file_too_large", _) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, RefusalKind::Forbidden) => StatusCode::FORBIDDEN,
        (_, RefusalKind::Conflict) => StatusCode::CONFLICT,
        (_, RefusalKind::Unmet) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, RefusalKind::Unknown) => StatusCode::NOT_FOUND,
        (_, RefusalKind::Unauthenticated) => StatusCode::UNAUTHORIZED,
        (_, RefusalKind::Limited) => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// Layer: gives every stop its words. Also for routers of other edges that put an `Arc<Stop>` into the
/// extensions of a response.
pub async fn words(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let api = is_api(path) || path.starts_with("/open/v1/");
    let Lang(language) = Lang::of(request.headers(), api);
    let reference = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    let sender = request.extensions().get::<Sender>().cloned();
    let mut response = next.run(request).await;
    let Some(stop) = response.extensions_mut().remove::<Arc<Stop>>() else {
        return response;
    };
    let edge = if api { "api" } else { "page" };
    let stop = noted(&state, sender.as_ref(), edge, stop).await;
    if matches!(stop.as_ref(), Stop::Fault(_)) && response.status().is_client_error() {
        *response.status_mut() = status(&stop);
    }
    if let Stop::Fault(fault) = stop.as_ref() {
        tracing::error!(%reference, doing = %fault.doing, source = %fault.source, "a request met a fault");
    }
    let problem = worded(&state, language, &stop, response.status(), &reference);
    let mut said = if api { as_json(&problem) } else { as_text(&problem) };
    *said.status_mut() = response.status();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            said.headers_mut().append(name.clone(), value.clone());
        }
    }
    hints(&mut said, &stop);
    said
}

/// A refusal that no use case noted is noted before it is said, if it is known whom it is said to. Strangers are not
/// noted: they could make the log grow without end.
pub(crate) async fn noted(
    state: &WebState,
    sender: Option<&Sender>,
    edge: &'static str,
    stop: Arc<Stop>,
) -> Arc<Stop> {
    let session = sender.and_then(Sender::session);
    let (Some(session), Some(refusal)) = (session, stop.refusal()) else {
        return stop;
    };
    match state.app.edge_refused(session, edge, refusal).await {
        Ok(()) => stop,
        Err(fault) => Arc::new(fault),
    }
}

/// A stop in words.
pub fn worded(
    state: &WebState,
    language: Language,
    stop: &Stop,
    status: StatusCode,
    reference: &str,
) -> Problem {
    match stop {
        Stop::Refused(refusal) => refused(state, language, refusal, status, reference),
        Stop::Fault(_) => broken(state, language, status, reference),
    }
}

fn refused(
    state: &WebState,
    language: Language,
    refusal: &Refusal,
    status: StatusCode,
    reference: &str,
) -> Problem {
    let text = words_of(state, language, refusal);
    Problem {
        about: format!("/problems/{}", refusal.code),
        title: title(state, language, kind_word(refusal)),
        status: status.as_u16(),
        detail: text.what,
        code: refusal.code.clone(),
        clauses: clauses(state, refusal),
        facts: refusal.facts.clone(),
        way_out: text.way_out,
        instance: format!("urn:shuyu:request:{reference}"),
        reference: None,
    }
}

/// The sentences of a refusal; titles of acts, stages and fields in them are in the same language.
pub fn words_of(state: &WebState, language: Language, refusal: &Refusal) -> RefusalText {
    let localised = state.texts.localised(language, &state.app.profile(), refusal);
    state.texts.refusal(language, &localised)
}

/// The clauses of a refusal with their places in the documents.
pub fn clauses(state: &WebState, refusal: &Refusal) -> Vec<ClauseRef> {
    let profile = state.app.profile();
    let title = |id: &ClauseId| {
        let clause = profile.clauses.get(id)?;
        let instrument = profile
            .instruments
            .iter()
            .find(|instrument| instrument.id == id.instrument());
        let short = instrument.map_or("", |instrument| instrument.short.as_str());
        Some(format!("{short} {}", clause.article).trim().to_owned())
    };
    refusal
        .clauses
        .iter()
        .map(|id| ClauseRef {
            id: id.to_string(),
            title: title(id),
        })
        .collect()
}

fn broken(state: &WebState, language: Language, status: StatusCode, reference: &str) -> Problem {
    let sentence = state
        .texts
        .tr(language, "fault-sentence", &[("reference", reference)]);
    Problem {
        about: "/problems/fault".to_owned(),
        title: title(state, language, "fault"),
        status: status.as_u16(),
        detail: sentence,
        code: "fault".to_owned(),
        clauses: Vec::new(),
        facts: BTreeMap::new(),
        way_out: title(state, language, "fault-way-out"),
        instance: format!("urn:shuyu:request:{reference}"),
        reference: Some(reference.to_owned()),
    }
}

fn title(state: &WebState, language: Language, word: &str) -> String {
    state.texts.t(language, &format!("problem-{word}"))
}

fn kind_word(refusal: &Refusal) -> &'static str {
    match refusal.kind {
        RefusalKind::Forbidden => "forbidden",
        RefusalKind::Conflict => "conflict",
        RefusalKind::Unmet => "unmet",
        RefusalKind::Unknown => "unknown",
        RefusalKind::Unauthenticated => "unauthenticated",
        RefusalKind::Limited => "limited",
    }
}

fn as_json(problem: &Problem) -> Response {
    let mut response = Json(problem).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// The plain form, for the rare page that could not be drawn: sentence, way out, number.
fn as_text(problem: &Problem) -> Response {
    let mut lines = vec![problem.detail.as_str(), problem.way_out.as_str()];
    lines.extend(problem.reference.as_deref());
    lines.join("\n").into_response()
}

/// Headers that HTTP itself asks for.
fn hints(response: &mut Response, stop: &Stop) {
    let Stop::Refused(refusal) = stop else { return };
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"shuyu\"");
        response
            .headers_mut()
            .entry(header::WWW_AUTHENTICATE)
            .or_insert(challenge);
    }
    let minutes = refusal
        .facts
        .get("minutes")
        .and_then(|minutes| minutes.parse::<u64>().ok());
    if let (StatusCode::TOO_MANY_REQUESTS, Some(minutes)) = (response.status(), minutes) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(minutes.saturating_mul(60)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_kind_and_code() {
        let table = [
            (Refusal::forbidden("not_a_party"), 403),
            (Refusal::conflict("stale_version"), 409),
            (Refusal::unmet("field_unknown"), 422),
            (Refusal::unknown("case_unknown"), 404),
            (Refusal::new(RefusalKind::Unauthenticated, "session_missing"), 401),
            (Refusal::new(RefusalKind::Limited, "quota_used_up"), 429),
            (Refusal::new(RefusalKind::Limited, "body_too_large"), 413),
            (Refusal::unmet("file_too_large"), 413),
            (Refusal::unmet("json_malformed"), 400),
            (Refusal::unmet("method_not_allowed"), 405),
            (Refusal::unmet("media_type_unsupported"), 415),
        ];
        for (refusal, expected) in table {
            assert_eq!(refusal_status(&refusal).as_u16(), expected, "{}", refusal.code);
        }
        let fault = Stop::from(Fault::new("reading", "disk gone"));
        assert_eq!(status(&fault).as_u16(), 503);
    }
}
