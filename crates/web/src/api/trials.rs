//! A statement tried on made-up tables.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shuyu_kernel::PermitId;
use utoipa::ToSchema;

use super::{
    input::{Body, Named},
    output::rows_view,
    permits::StricterMode,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A statement to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// One SELECT statement.
    #[schema(example = "SELECT area, count(*) AS n FROM people GROUP BY area")]
    sql: String,
    /// The mode it would be asked in, as for a question.
    #[serde(default)]
    mode: Option<StricterMode>,
}

/// Cells over made-up tables: nothing left the domain, nothing is charged.
#[derive(Serialize, ToSchema)]
pub struct TrialView {
    /// Always true: no row behind it is real.
    dummy: bool,
    /// Column names.
    columns: Vec<String>,
    /// Rows; `null` is missing or suppressed.
    rows: Vec<Vec<Value>>,
}

/// Tries a statement on made-up tables of the permit: checked, run and gated as on real ones.
#[utoipa::path(post, path = "/permits/{id}/trials", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    request_body = Trial, responses((status = 200, body = TrialView)))]
pub async fn try_query(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Body(trial): Body<Trial>,
) -> Result<Json<TrialView>, Failure> {
    let mode = trial.mode.map(StricterMode::permit_mode);
    let answer = state.app.try_query(&session, id, &trial.sql, None, mode).await?;
    Ok(Json(TrialView {
        dummy: true,
        rows: rows_view(&answer),
        columns: answer.columns,
    }))
}
