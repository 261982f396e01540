//! Questions of one's own that run now, and how they are cancelled.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::running::RunningQuery;
use shuyu_kernel::PermitId;
use utoipa::ToSchema;

use super::input::{Body, Named};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A question that runs.
#[derive(Serialize, ToSchema)]
pub struct RunningView {
    /// What it is cancelled by: the `Idempotency-Key` it was asked with, or a name of the platform's.
    name: String,
    /// When it began, UTC.
    began_at: String,
    /// The longest it may run, in seconds. How far it has come is not told.
    most_seconds: u64,
    /// It was cancelled and is about to end.
    cancelled: bool,
}

impl RunningView {
    fn of(query: RunningQuery) -> Self {
        Self {
            name: query.name,
            began_at: query.began_at.to_string(),
            most_seconds: query.most.as_secs(),
            cancelled: query.cancelled,
        }
    }
}

/// The questions of the caller that run under the permit now, oldest first.
#[utoipa::path(get, path = "/permits/{id}/queries", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = Vec<RunningView>)))]
pub async fn running(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<Vec<RunningView>>, Failure> {
    let queries = state.app.look_at_queries(&session, id).await?;
    Ok(Json(queries.into_iter().map(RunningView::of).collect()))
}

/// Which question is not wanted any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// Its name.
    name: String,
}

/// Cancels a question of the caller: it ends with `query_cancelled`, unless its answer has left by then.
#[utoipa::path(post, path = "/permits/{id}/cancellations", tag = "permits",
    params(("id" = String, Path, description = "Permit id")), request_body = Cancellation,
    responses((status = 202)))]
pub async fn cancel_query(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Body(cancellation): Body<Cancellation>,
) -> Result<StatusCode, Failure> {
    state.app.cancel_query(&session, id, &cancellation.name).await?;
    Ok(StatusCode::ACCEPTED)
}
