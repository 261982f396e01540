//! Jobs: data work and batches in the background, with progress and cancel.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use shuyu_app::{
    batch::BatchDone,
    jobs::{JobStatus, JobView},
    port::JobPhase,
};
use utoipa::ToSchema;

use super::{
    data::{MadeView, made_view},
    input::Named,
    output::RefusalView,
};
use crate::{
    problem::Failure,
    session::{Lang, SignedIn},
    state::WebState,
};

/// Where a job stands.
#[derive(Serialize, ToSchema)]
pub struct JobState {
    /// Number.
    job: u64,
    /// Table.
    table: String,
    /// Rows so far.
    rows: u64,
    /// `waiting`, `inspecting` (the first reading), `reading` or `committing`.
    #[schema(value_type = String)]
    phase: JobPhase,
    /// Bytes of the file read in this phase.
    bytes: u64,
    /// Length of the file; 0 while it is not known.
    size_bytes: u64,
    /// `running`, `done`, `refused` or `failed`.
    status: &'static str,
    /// What was made, once done.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<MadeView>,
    /// Why it was refused; nothing changed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// The quality report as far as rows were read, also of a refused job: which rows break which rule of which
    /// column; never a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    report: Option<serde_json::Value>,
    /// The batch it works through, if it is one; `table` then names the procedure.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<BatchState>,
}

/// The batch a job works through: `rows` of the job counts the rows that are behind.
#[derive(Serialize, ToSchema)]
pub struct BatchState {
    /// Procedure.
    procedure: String,
    /// Digest of the workbook.
    upload: String,
    /// The act after the opening is taken, too.
    then: bool,
    /// Rows in all.
    all: u64,
    /// Cases that stand open, once done.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<u64>,
    /// Rows that were refused or wrong, once done.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u64>,
    /// Right rows that were left because somebody cancelled, once done.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u64>,
}

/// Jobs of the caller's body, newest first.
#[utoipa::path(get, path = "/jobs", tag = "data",
    responses((status = 200, body = Vec<JobState>)))]
pub async fn jobs(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    lang: Lang,
) -> Result<Json<Vec<JobState>>, Failure> {
    let jobs = state.app.jobs(&session).await?;
    let jobs = jobs.into_iter().map(|job| job_state(&state, lang, job));
    Ok(Json(jobs.collect()))
}

/// Where a job stands.
#[utoipa::path(get, path = "/jobs/{n}", tag = "data", params(("n" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = JobState)))]
pub async fn job(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    lang: Lang,
    Named(number): Named<u64>,
) -> Result<Json<JobState>, Failure> {
    let view = state.app.job(&session, number).await?;
    Ok(Json(job_state(&state, lang, view)))
}

/// Asks a job to stop; nothing of it remains.
#[utoipa::path(delete, path = "/jobs/{n}", tag = "data", params(("n" = u64, Path, description = "Number of the job")),
    responses((status = 202, body = JobState)))]
pub async fn cancel_job(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    lang: Lang,
    Named(number): Named<u64>,
) -> Result<(StatusCode, Json<JobState>), Failure> {
    let view = state.app.cancel_job(&session, number).await?;
    Ok((StatusCode::ACCEPTED, Json(job_state(&state, lang, view))))
}

fn job_state(state: &WebState, Lang(language): Lang, view: JobView) -> JobState {
    let done = match &view.status {
        JobStatus::Opened(done) => Some(done.clone()),
        _ => None,
    };
    let counted = |count: fn(&BatchDone) -> u64| done.as_ref().map(count);
    let (status, made, refusal) = match view.status {
        JobStatus::Running => ("running", None, None),
        JobStatus::Done(made) => ("done", Some(made_view(made)), None),
        JobStatus::Refused(refusal) => ("refused", None, Some(RefusalView::new(state, language, refusal))),
        JobStatus::Failed => ("failed", None, None),
        JobStatus::Opened(_) | JobStatus::Reported(_) => ("done", None, None),
    };
    let batch = view.batch.map(|order| BatchState {
        procedure: order.procedure,
        upload: order.upload.to_string(),
        then: order.then,
        all: view.all,
        opened: counted(|done| done.opened),
        refused: counted(|done| done.refused),
        left: counted(|done| done.left),
    });
    JobState {
        job: view.job,
        table: view.table,
        rows: view.progress.rows,
        phase: view.progress.phase,
        bytes: view.progress.bytes,
        size_bytes: view.size_bytes,
        status,
        made,
        refusal,
        report: view.report,
        batch,
    }
}
