//! The airlock: how outputs of jobs leave.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shuyu_app::airlock::{AirlockInput, AirlockLine, AirlockView, FileView};
use shuyu_kernel::{AirlockId, PermitId, ReleaseId, RunId, SourceId};
use utoipa::ToSchema;

use super::input::{Body, Named, Repeatable};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A request that was opened.
#[derive(Serialize, ToSchema)]
pub struct OpenedAirlock {
    /// The request.
    airlock: String,
}

/// A request in a list.
#[derive(Serialize, ToSchema)]
pub struct AirlockRow {
    /// The request.
    airlock: String,
    /// The permit.
    permit: String,
    /// Where it stands.
    state: &'static str,
    /// Names of its files.
    files: Vec<String>,
    /// It waits for the caller's review.
    to_review: bool,
}

/// A request.
#[derive(Serialize, ToSchema)]
pub struct AirlockState {
    /// The request.
    airlock: String,
    /// The permit.
    permit: String,
    /// `pending`, `submitted`, `partially_reviewed`, `reviewed`, `consolidating`, `released`, `returned` or `withdrawn`.
    state: &'static str,
    /// Reviewers it needs.
    reviewers: usize,
    /// Reviewers that have finished.
    finished: usize,
    /// Files.
    files: Vec<AirlockFileState>,
    /// Why it went back last.
    #[serde(skip_serializing_if = "String::is_empty")]
    returned: String,
    /// It left by one reviewer and waits for somebody else to look again.
    awaits_spot_check: bool,
}

/// A file of a request.
#[derive(Serialize, ToSchema)]
pub struct AirlockFileState {
    /// Name.
    name: String,
    /// `table`, `plot`, `text` or `model`.
    kind: &'static str,
    /// From 1; one more with every change.
    version: u32,
    /// Its cells passed the disclosure gate before.
    gated: bool,
    /// They passed it, and are not perturbed: an answer of mode `review`.
    exact: bool,
    /// What its author says of it.
    note: String,
    /// For reviewers, and for the author once it is out: rows, columns, identifiers found, risk report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    evidence: Option<serde_json::Value>,
    /// Votes that the caller may see.
    votes: Vec<VoteState>,
}

/// A vote.
#[derive(Serialize, ToSchema)]
pub struct VoteState {
    /// It is the caller's own.
    own: bool,
    /// It may leave as it is.
    approve: bool,
    /// Why not.
    note: String,
}

/// A vote to be cast.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteOrder {
    /// It may leave as it is.
    approve: bool,
    /// Why not; must be there then.
    #[serde(default)]
    note: String,
}

/// What to do with a request.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum AirlockAct {
    /// The author puts the output of another run in the place of the file of that name.
    Replace {
        /// Source of the run.
        source: String,
        /// The run.
        run: String,
        /// The file.
        name: String,
    },
    /// The author takes a file out.
    Drop {
        /// The file.
        name: String,
    },
    /// The author hands it over.
    Submit {
        /// File → what it shows and how it was protected.
        notes: BTreeMap<String, String>,
    },
    /// A reviewer votes.
    Review {
        /// File → vote.
        votes: BTreeMap<String, VoteOrder>,
        /// No vote of this reviewer will follow.
        #[serde(default)]
        finish: bool,
    },
    /// A reviewer lets it out.
    Release {},
    /// A reviewer gives it back.
    Return {
        /// Why.
        note: String,
    },
    /// The author takes it back.
    Withdraw {},
    /// Somebody else looks again at what one reviewer let out.
    SpotCheck {
        /// It was right to let it out.
        sound: bool,
        /// What was found.
        note: String,
    },
}

/// Opens a request with all that a run on real data left.
#[utoipa::path(post, path = "/sources/{id}/runs/{run}/airlock", tag = "airlock",
    params(("id" = String, Path, description = "Source id"), ("run" = String, Path, description = "Run id")),
    responses((status = 201, body = OpenedAirlock)))]
pub async fn open_airlock(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((source, run)): Named<(SourceId, RunId)>,
) -> Result<(StatusCode, Json<OpenedAirlock>), Failure> {
    opened(state.app.open_airlock(&session, source, run).await?)
}

/// Opens a request with a gated answer; one reviewer is enough, and somebody looks again later.
#[utoipa::path(post, path = "/releases/{id}/airlock", tag = "airlock", params(("id" = String, Path, description = "Release id")),
    responses((status = 201, body = OpenedAirlock)))]
pub async fn open_airlock_of_release(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<ReleaseId>,
) -> Result<(StatusCode, Json<OpenedAirlock>), Failure> {
    opened(state.app.open_airlock_of_release(&session, id).await?)
}

/// A question whose exact answer is to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionForReview {
    /// SQL text.
    #[schema(example = "SELECT area, avg(income) FROM people GROUP BY area")]
    sql: String,
}

/// Asks in mode `review`: the answer is not perturbed, is shown to nobody but two reviewers, and leaves when both agree.
#[utoipa::path(post, path = "/permits/{id}/reviews", tag = "permits", params(("id" = String, Path, description = "Permit id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same request.")),
    request_body = QuestionForReview, responses((status = 201, body = OpenedAirlock)))]
pub async fn ask_for_review(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Repeatable(guarded): Repeatable,
    Body(question): Body<QuestionForReview>,
) -> Result<(StatusCode, Json<OpenedAirlock>), Failure> {
    let asked = state.app.ask_for_review(&session, id, &question.sql, guarded.key);
    opened(asked.await?)
}

fn opened(id: AirlockId) -> Result<(StatusCode, Json<OpenedAirlock>), Failure> {
    let airlock = id.to_string();
    Ok((StatusCode::CREATED, Json(OpenedAirlock { airlock })))
}

/// Requests that the caller's body made or may review; those that wait for the caller first.
#[utoipa::path(get, path = "/airlock", tag = "airlock", responses((status = 200, body = Vec<AirlockRow>)))]
pub async fn airlocks(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<AirlockRow>>, Failure> {
    let lines = state.app.airlocks(&session).await?;
    let row = |line: AirlockLine| AirlockRow {
        airlock: line.airlock.id.to_string(),
        permit: line.airlock.permit.to_string(),
        state: line.airlock.state.name(),
        files: line.airlock.files.keys().cloned().collect(),
        to_review: line.to_review,
    };
    Ok(Json(lines.into_iter().map(row).collect()))
}

/// A request with what there is to know of each file.
#[utoipa::path(get, path = "/airlock/{id}", tag = "airlock", params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = AirlockState)))]
pub async fn airlock(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<AirlockId>,
) -> Result<Json<AirlockState>, Failure> {
    Ok(Json(airlock_state(state.app.airlock_view(&session, id).await?)))
}

/// Does something with a request: hands it over, votes, lets it out, gives it back.
#[utoipa::path(post, path = "/airlock/{id}/acts", tag = "airlock", params(("id" = String, Path, description = "Request id")),
    request_body = AirlockAct, responses((status = 200, body = AirlockState)))]
pub async fn airlock_act(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<AirlockId>,
    Body(act): Body<AirlockAct>,
) -> Result<Json<AirlockState>, Failure> {
    state.app.airlock_act(&session, id, input(act)?).await?;
    Ok(Json(airlock_state(state.app.airlock_view(&session, id).await?)))
}

/// The bytes of a file: for reviewers, and for the author once it is out.
#[utoipa::path(get, path = "/airlock/{id}/files/{name}", tag = "airlock",
    params(("id" = String, Path, description = "Request id"), ("name" = String, Path, description = "File name")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn airlock_file(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, name)): Named<(AirlockId, String)>,
) -> Result<Response, Failure> {
    let (_, bytes) = state.app.airlock_file(&session, id, &name).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// The receipt of the entry by which a request left.
#[utoipa::path(get, path = "/airlock/{id}/receipt", tag = "airlock", params(("id" = String, Path, description = "Request id")),
    responses((status = 200, content_type = "application/json", body = String)))]
pub async fn airlock_receipt(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<AirlockId>,
) -> Result<Response, Failure> {
    let receipt = state.app.airlock_receipt(&session, id).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], receipt).into_response())
}

fn input(act: AirlockAct) -> Result<AirlockInput, Failure> {
    let unknown = |_| shuyu_kernel::Refusal::unknown("run_unknown");
    Ok(match act {
        AirlockAct::Replace { source, run, name } => AirlockInput::Replace {
            source: source.parse().map_err(unknown)?,
            run: run.parse().map_err(unknown)?,
            name,
        },
        AirlockAct::Drop { name } => AirlockInput::Drop(name),
        AirlockAct::Submit { notes } => AirlockInput::Submit(notes),
        AirlockAct::Review { votes, finish } => {
            let vote = |(name, vote): (String, VoteOrder)| (name, (vote.approve, vote.note));
            AirlockInput::Review {
                votes: votes.into_iter().map(vote).collect(),
                finish,
            }
        }
        AirlockAct::Release {} => AirlockInput::Release,
        AirlockAct::Return { note } => AirlockInput::Return(note),
        AirlockAct::Withdraw {} => AirlockInput::Withdraw,
        AirlockAct::SpotCheck { sound, note } => AirlockInput::SpotCheck { sound, note },
    })
}

fn airlock_state(view: AirlockView) -> AirlockState {
    AirlockState {
        airlock: view.airlock.id.to_string(),
        permit: view.airlock.permit.to_string(),
        state: view.airlock.state.name(),
        reviewers: view.airlock.reviewers(),
        finished: view.finished,
        awaits_spot_check: view.airlock.awaits_spot_check(),
        files: view.files.into_iter().map(file_state).collect(),
        returned: view.returned,
    }
}

fn file_state(file: FileView) -> AirlockFileState {
    let evidence = file.evidence.map(|found| {
        let finds: BTreeMap<&str, &Vec<u64>> = found
            .finds
            .iter()
            .map(|(kind, lines)| (kind.name(), lines))
            .collect();
        let risk: BTreeMap<&str, &str> = found
            .risk
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let refused: Vec<_> = found
            .refused
            .iter()
            .map(|refusal| serde_json::json!({ "code": refusal.code, "file": refusal.facts.get("file") }))
            .collect();
        serde_json::json!({
            "size_bytes": found.size_bytes, "rows": found.rows, "columns": found.summary,
            "identifiers": finds, "risk": risk, "high_risk": found.high_risk,
            "left_outside_ledger": found.outside_ledger, "refused": refused,
        })
    });
    let votes = file.votes.into_iter().map(|vote| VoteState {
        own: vote.own,
        approve: vote.approve,
        note: vote.note,
    });
    AirlockFileState {
        name: file.name,
        kind: file.kind.name(),
        version: file.version,
        gated: file.gated,
        exact: file.exact,
        note: file.note,
        evidence,
        votes: votes.collect(),
    }
}
