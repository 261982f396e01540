//! The two logs: where they stand, what is in them, and receipts that verify offline.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shuyu_app::api_read::{LogLine, LogState};
use shuyu_domain::port::Log;
use shuyu_kernel::Refusal;
use utoipa::{IntoParams, ToSchema};

use super::{
    LARGEST_PAGE,
    input::{Asked, Named},
    output::instant,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A log.
#[derive(Serialize, ToSchema)]
pub struct LogView {
    /// `proceedings` or `access`.
    log: &'static str,
    /// Entries.
    size: u64,
    /// The latest signed checkpoint.
    checkpoint: Option<CheckpointView>,
    /// Public key, PEM.
    public_key: String,
}

/// A signed checkpoint.
#[derive(Serialize, ToSchema)]
pub struct CheckpointView {
    /// Entries it covers.
    size: u64,
    /// Root of the tree.
    root: String,
    /// The signed note.
    note: String,
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// First index.
    #[serde(default)]
    from: u64,
    /// At most so many, 1 to 100.
    limit: Option<u64>,
}

/// An entry in outline; its line for those it concerns.
#[derive(Serialize, ToSchema)]
pub struct EntryView {
    /// Index.
    index: u64,
    /// When it was recorded.
    recorded_at: String,
    /// Type name with version.
    kind: String,
    /// Stream.
    stream: String,
    /// Leaf hash.
    leaf: String,
    /// The exact line; absent where the caller's body is no party.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
}

/// Size, checkpoint and public key of both logs.
#[utoipa::path(get, path = "/ledger", tag = "ledger",
    responses((status = 200, body = Vec<LogView>)))]
pub async fn logs(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<LogView>>, Failure> {
    let mut views = Vec::new();
    for log in [Log::Proceedings, Log::Access] {
        views.push(log_view(log, state.app.log_state(&session, log).await?));
    }
    Ok(Json(views))
}

fn log_view(log: Log, state: LogState) -> LogView {
    LogView {
        log: word(log),
        size: state.size,
        checkpoint: state.checkpoint.map(|checkpoint| CheckpointView {
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            note: checkpoint.note,
        }),
        public_key: state.public_key,
    }
}

fn word(log: Log) -> &'static str {
    match log {
        Log::Proceedings => "proceedings",
        Log::Access => "access",
    }
}

/// Entries of a log from an index: all in outline, with the line for those it concerns.
#[utoipa::path(get, path = "/ledger/{log}/entries", tag = "ledger",
    params(("log" = String, Path, description = "`proceedings` or `access`"), EntryQuery),
    responses((status = 200, body = Vec<EntryView>)))]
pub async fn entries(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(log): Named<Log>,
    Asked(query): Asked<EntryQuery>,
) -> Result<Json<Vec<EntryView>>, Failure> {
    let limit = query.limit.unwrap_or(LARGEST_PAGE);
    if limit == 0 || limit > LARGEST_PAGE {
        return Err(Refusal::unmet("limit_invalid")
            .fact("largest", LARGEST_PAGE)
            .into());
    }
    if i64::try_from(query.from).is_err() {
        return Ok(Json(Vec::new()));
    }
    let lines = state.app.log_lines(&session, log, query.from, limit).await?;
    Ok(Json(
        lines.into_iter().map(|line| entry_view(&state, line)).collect(),
    ))
}

fn entry_view(state: &WebState, line: LogLine) -> EntryView {
    EntryView {
        index: line.index,
        recorded_at: instant(state.app.profile().zone, line.recorded_at),
        kind: line.kind,
        stream: line.stream,
        leaf: line.leaf.to_string(),
        line: line.line,
    }
}

/// The receipt of an entry that concerns the caller: a file that verifies offline.
#[utoipa::path(get, path = "/ledger/{log}/entries/{index}/receipt", tag = "ledger",
    params(("log" = String, Path, description = "`proceedings` or `access`"), ("index" = u64, Path, description = "Index")),
    responses((status = 200, body = Object, description = "The receipt.")))]
pub async fn receipt(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((log, index)): Named<(Log, u64)>,
) -> Result<Response, Failure> {
    if i64::try_from(index).is_err() {
        return Err(Refusal::unknown("entry_unknown").fact("index", index).into());
    }
    let text = state.app.log_receipt(&session, log, index).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = format!("attachment; filename=\"receipt-{}-{index}.json\"", word(log));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
