//! Marginals: how often values occur, as it left under differential privacy, for made-up tables.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::marginals::{ColumnOf, Marginal};
use shuyu_kernel::PermitId;
use utoipa::ToSchema;

use super::input::{Body, Named, Repeatable};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// Columns whose marginals are to be released.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarginalsOrder {
    /// Columns, each once.
    columns: Vec<MarginalColumn>,
}

/// A column.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarginalColumn {
    /// Table.
    #[schema(example = "people")]
    table: String,
    /// Column.
    #[schema(example = "area")]
    column: String,
}

/// A column that can have a marginal.
#[derive(Serialize, ToSchema)]
pub struct MarginalState {
    /// Table.
    table: String,
    /// Column.
    column: String,
    /// The release that made-up tables follow; absent before one.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    /// Values that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<usize>,
}

/// The marginals of a permit.
#[derive(Serialize, ToSchema)]
pub struct MarginalsView {
    /// Whether further ones can be released.
    open: bool,
    /// Code of the refusal if not: `dp_not_offered` or `marginals_without_columns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    /// Millionths of ρ that each costs, on the dataset of its table.
    cost: u64,
    /// Values with fewer subjects, counted with noise, do not leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_subjects: Option<u64>,
    /// Columns.
    columns: Vec<MarginalState>,
}

/// The marginals that made-up tables of a permit follow, and the columns that can have one.
#[utoipa::path(get, path = "/permits/{id}/marginals", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = MarginalsView)))]
pub async fn marginals(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<MarginalsView>, Failure> {
    let found = state.app.marginals(&session, id).await?;
    let columns = found.columns.into_iter();
    Ok(Json(MarginalsView {
        open: found.closed.is_none(),
        closed: found.closed.map(|refusal| refusal.code),
        cost: found.cost,
        least_subjects: found.least_subjects,
        columns: columns.map(|(of, known)| state_of(of, known.as_ref())).collect(),
    }))
}

fn state_of(of: ColumnOf, known: Option<&Marginal>) -> MarginalState {
    MarginalState {
        table: of.table,
        column: of.column,
        release: known.map(|known| known.release.to_string()),
        values: known.map(Marginal::values),
    }
}

/// Releases the marginals of some columns: one question in mode `dp` each, charged like every other. They are all paid for,
/// or none is asked.
#[utoipa::path(post, path = "/permits/{id}/marginals", tag = "permits", params(("id" = String, Path, description = "Permit id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key releases and charges once.")),
    request_body = MarginalsOrder, responses((status = 201, body = MarginalsView)))]
pub async fn release_marginals(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<MarginalsOrder>,
) -> Result<(StatusCode, Json<MarginalsView>), Failure> {
    let chosen = order.columns.into_iter().map(|of| ColumnOf {
        table: of.table,
        column: of.column,
    });
    let chosen = chosen.collect();
    let released = state
        .app
        .release_marginals(&session, id, &chosen, guarded.key.as_deref());
    released.await?;
    let shown = marginals(State(state), SignedIn(session), Named(id)).await?;
    Ok((StatusCode::CREATED, shown))
}
