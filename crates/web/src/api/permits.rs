//! Asking under a permit, and what was released.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shuyu_app::{budget::PermitMode, workbench::Released};
use shuyu_kernel::{PermitId, ReleaseId};
use utoipa::ToSchema;

use super::{
    budget::EstimateView,
    input::{Body, Named, Repeatable},
    output::rows_view,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A permit that holds now.
#[derive(Serialize, ToSchema)]
pub struct PermitView {
    /// Case of the permit.
    case: String,
    /// The compiled permit: tables, columns with uses, thresholds, last day.
    #[schema(value_type = Object)]
    permit: Value,
}

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// SQL text.
    #[schema(example = "SELECT area, count(*) FROM enterprises GROUP BY area")]
    sql: String,
    /// Check only; no data is touched. In mode `dp` the answer says what the question would cost.
    #[serde(default)]
    dry_run: bool,
    /// `dp` asks for differential privacy under a permit in mode `stat`. A question can ask for a stricter mode only.
    #[serde(default)]
    mode: Option<StricterMode>,
}

/// A stricter mode.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StricterMode {
    /// Differential privacy.
    Dp,
}

impl StricterMode {
    /// The mode of a permit that it is.
    pub fn permit_mode(self) -> PermitMode {
        match self {
            Self::Dp => PermitMode::Dp,
        }
    }
}

/// The check of a dry run passed.
#[derive(Serialize, ToSchema)]
pub struct Passed {
    /// Always true: everything else is a refusal.
    passes: bool,
    /// In mode `dp`: what the question would cost and how exact its answer would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<EstimateView>,
}

/// Gated cells that left the domain.
#[derive(Serialize, ToSchema)]
pub struct ReleaseView {
    /// The release.
    release: String,
    /// Case of the permit.
    case: String,
    /// Permit.
    permit: String,
    /// Column names.
    columns: Vec<String>,
    /// Rows; `null` is missing or suppressed, nobody can tell which.
    rows: Vec<Vec<Value>>,
    /// Datasets and versions read.
    read: Vec<ReadView>,
}

/// A dataset version that was read.
#[derive(Serialize, ToSchema)]
pub struct ReadView {
    /// Dataset.
    dataset: String,
    /// Version.
    version: u64,
}

/// The permit for the caller, if every link of its chain holds now.
#[utoipa::path(get, path = "/permits/{id}", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = PermitView)))]
pub async fn permit(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<PermitView>, Failure> {
    let standing = state.app.shown_permit(&session, id).await?;
    let permit = serde_json::to_value(&standing.permit).unwrap_or_default();
    Ok(Json(PermitView {
        case: standing.case.to_string(),
        permit,
    }))
}

/// Asks under a permit: check, run, gate, release; or only checks. The same key gives the same release.
#[utoipa::path(post, path = "/permits/{id}/queries", tag = "permits", params(("id" = String, Path, description = "Permit id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same release.")),
    request_body = Question,
    responses((status = 200, body = Passed, description = "Dry run: the question may be asked."),
        (status = 201, body = ReleaseView, headers(("Location" = String)))))]
pub async fn ask(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Repeatable(guarded): Repeatable,
    Body(question): Body<Question>,
) -> Result<Response, Failure> {
    let mode = question.mode.map(StricterMode::permit_mode);
    if question.dry_run {
        let told = state.app.estimate(&session, id, &question.sql, mode).await?;
        return Ok(Json(Passed {
            passes: true,
            estimate: told.map(EstimateView::of),
        })
        .into_response());
    }
    let asked = state.app.ask_in(&session, id, &question.sql, guarded.key, mode);
    let released = asked.await?;
    let location = (header::LOCATION, format!("/api/v1/releases/{}", released.release));
    Ok((StatusCode::CREATED, [location], Json(release_view(released))).into_response())
}

/// A released result, for a party of its case.
#[utoipa::path(get, path = "/releases/{id}", tag = "permits", params(("id" = String, Path, description = "Release id")),
    responses((status = 200, body = ReleaseView)))]
pub async fn release(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<ReleaseId>,
) -> Result<Json<ReleaseView>, Failure> {
    Ok(Json(release_view(state.app.released(&session, id).await?)))
}

fn release_view(released: Released) -> ReleaseView {
    let answer = released.answer;
    let read = answer.read.iter().map(|(dataset, version)| ReadView {
        dataset: dataset.to_string(),
        version: *version,
    });
    ReleaseView {
        release: released.release.to_string(),
        case: released.case.to_string(),
        permit: released.permit.to_string(),
        rows: rows_view(&answer),
        read: read.collect(),
        columns: answer.columns,
    }
}
