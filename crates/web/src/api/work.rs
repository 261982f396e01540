//! Sources of Python jobs and their runs. What a run on real data found is not here: see the airlock.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shuyu_app::{
    port::jobs::JobBeat,
    runs::{Beats, RunState, RunView},
    sources::NewSource,
};
use shuyu_domain::{
    Source,
    event::{Declared, OutputKind, RefusedFile, RunData, RunOutcome},
    source::Run,
};
use shuyu_kernel::{PermitId, RunId, SourceId};
use utoipa::ToSchema;

use super::input::{Body, Named};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// An output file, declared before the run.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputView {
    /// Lower-case letters, digits, underscore and the ending of its kind.
    #[schema(example = "by_area.csv")]
    name: String,
    /// `table` (csv), `plot` (png), `text` (json) or `model` (json).
    #[schema(value_type = String, example = "table")]
    kind: OutputKind,
}

/// A source to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOrder {
    /// Python text.
    text: String,
    /// Output files.
    outputs: Vec<OutputView>,
}

/// A source.
#[derive(Serialize, ToSchema)]
pub struct SourceState {
    /// The source.
    source: String,
    /// The permit.
    permit: String,
    /// SM3 of the text.
    digest: String,
    /// Length.
    size_bytes: u64,
    /// Output files.
    outputs: Vec<OutputView>,
    /// It ran to its end on made-up tables, so it may run on real ones.
    tried: bool,
    /// Runs, newest first.
    runs: Vec<RunStateView>,
    /// The text; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Where a run stands: of one on real data nothing but done or failed, on a grid of time.
#[derive(Serialize, ToSchema)]
pub struct RunStateView {
    /// The run.
    run: String,
    /// `dummy` or `real`.
    #[schema(value_type = String)]
    data: RunData,
    /// Day.
    on: String,
    /// `running`, `done`, `failed`, `stopped` or `lost`.
    state: &'static str,
    /// What a run on made-up tables is doing: `queued`, `preparing`, `running` or `collecting`. Of one on real data it
    /// would tell when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    /// Line where a run on made-up tables failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Files that a run on dummy data refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedView>,
}

/// A file that a run refused.
#[derive(Serialize, ToSchema)]
pub struct RefusedView {
    /// Declared name; absent for a file that was not declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Stable code of the refusal.
    #[schema(example = "output_is_a_model")]
    code: String,
}

/// On what to run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunOrder {
    /// `dummy` or `real`.
    #[schema(value_type = String, example = "dummy")]
    data: RunData,
}

/// Sources under a permit, newest first.
#[utoipa::path(get, path = "/permits/{id}/sources", tag = "jobs", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = Vec<SourceState>)))]
pub async fn sources(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<Vec<SourceState>>, Failure> {
    let beats = state.app.beats();
    let found = state.app.sources_of(&session, id).await?;
    let found = found.into_iter().map(|source| source_state(&beats, source, None));
    Ok(Json(found.collect()))
}

/// Registers a source. The same text with the same output files is the same source, and never changes.
#[utoipa::path(post, path = "/permits/{id}/sources", tag = "jobs", params(("id" = String, Path, description = "Permit id")),
    request_body = SourceOrder, responses((status = 201, body = SourceState)))]
pub async fn register_source(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Body(order): Body<SourceOrder>,
) -> Result<(StatusCode, Json<SourceState>), Failure> {
    let declared = |output: OutputView| Declared {
        name: output.name,
        kind: output.kind,
    };
    let new = NewSource {
        text: order.text,
        manifest: order.outputs.into_iter().map(declared).collect(),
    };
    let beats = state.app.beats();
    let source = state.app.register_source(&session, id, new).await?;
    Ok((StatusCode::CREATED, Json(source_state(&beats, source, None))))
}

/// A source with its text and its runs.
#[utoipa::path(get, path = "/sources/{id}", tag = "jobs", params(("id" = String, Path, description = "Source id")),
    responses((status = 200, body = SourceState)))]
pub async fn source(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<SourceId>,
) -> Result<Json<SourceState>, Failure> {
    let beats = state.app.beats();
    let (source, text) = state.app.source(&session, id).await?;
    Ok(Json(source_state(&beats, source, Some(text))))
}

/// Starts a run. On real data only after one on made-up tables succeeded.
#[utoipa::path(post, path = "/sources/{id}/runs", tag = "jobs", params(("id" = String, Path, description = "Source id")),
    request_body = RunOrder, responses((status = 202, body = RunStateView)))]
pub async fn start_run(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<SourceId>,
    Body(order): Body<RunOrder>,
) -> Result<(StatusCode, Json<RunStateView>), Failure> {
    let run = state.app.start_run(&session, id, order.data).await?;
    let view = state.app.run(&session, id, run).await?;
    Ok((StatusCode::ACCEPTED, Json(run_view(view))))
}

/// Where a run stands.
#[utoipa::path(get, path = "/sources/{id}/runs/{run}", tag = "jobs",
    params(("id" = String, Path, description = "Source id"), ("run" = String, Path, description = "Run id")),
    responses((status = 200, body = RunStateView)))]
pub async fn run(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, run)): Named<(SourceId, RunId)>,
) -> Result<Json<RunStateView>, Failure> {
    Ok(Json(run_view(state.app.run(&session, id, run).await?)))
}

/// Asks a run to stop; nothing of it remains.
#[utoipa::path(delete, path = "/sources/{id}/runs/{run}", tag = "jobs",
    params(("id" = String, Path, description = "Source id"), ("run" = String, Path, description = "Run id")),
    responses((status = 204)))]
pub async fn cancel_run(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, run)): Named<(SourceId, RunId)>,
) -> Result<StatusCode, Failure> {
    state.app.cancel_run(&session, id, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A made-up table of the shape that a job finds under the permit, as CSV; its first column says that it is made up.
#[utoipa::path(get, path = "/permits/{id}/dummy/{table}", tag = "jobs",
    params(("id" = String, Path, description = "Permit id"), ("table" = String, Path, description = "Table name")),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn dummy(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, table)): Named<(PermitId, String)>,
) -> Result<Response, Failure> {
    let bytes = state.app.dummy_csv(&session, id, &table).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response())
}

fn source_state(beats: &Beats, source: Source, text: Option<String>) -> SourceState {
    let runs = source.runs.iter().rev();
    let runs = runs.map(|(id, run)| run_state(*id, run, beats.state(*id, run)));
    SourceState {
        source: source.id.to_string(),
        permit: source.permit.to_string(),
        digest: source.digest.to_string(),
        size_bytes: source.size_bytes,
        tried: source.tried(),
        runs: runs.collect(),
        outputs: source
            .manifest
            .iter()
            .map(|declared| OutputView {
                name: declared.name.clone(),
                kind: declared.kind,
            })
            .collect(),
        text,
    }
}

fn run_view(view: RunView) -> RunStateView {
    run_state(view.run, &view.recorded, view.state)
}

fn run_state(id: RunId, run: &Run, state: RunState) -> RunStateView {
    RunStateView {
        run: id.to_string(),
        data: run.data,
        on: run.on.to_string(),
        state: word(state),
        step: match state {
            RunState::Running(beat) if run.data == RunData::Dummy => Some(step(beat)),
            _ => None,
        },
        line: run.ended.as_ref().and_then(|end| end.line),
        refused: match (run.data, &run.ended) {
            (RunData::Dummy, Some(end)) => end.refused.iter().map(refused_view).collect(),
            _ => Vec::new(),
        },
    }
}

fn refused_view(refused: &RefusedFile) -> RefusedView {
    RefusedView {
        file: refused.name.clone(),
        code: refused.code.clone(),
    }
}

fn step(beat: JobBeat) -> &'static str {
    match beat {
        JobBeat::Queued => "queued",
        JobBeat::Preparing => "preparing",
        JobBeat::Running => "running",
        JobBeat::Collecting => "collecting",
    }
}

/// The word for where a run stands.
pub(crate) fn word(state: RunState) -> &'static str {
    match state {
        RunState::Running(_) => "running",
        RunState::Ended(RunOutcome::Done) => "done",
        RunState::Ended(RunOutcome::Failed) => "failed",
        RunState::Ended(RunOutcome::Stopped) => "stopped",
        RunState::Lost => "lost",
    }
}
