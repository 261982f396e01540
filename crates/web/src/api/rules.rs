//! The rules in force, for clients that draw forms or check before they send.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;
use shuyu_kernel::{Basis, Refusal};
use shuyu_profile::{Act, Field, InstrumentStatus, Procedure, Stage};
use utoipa::ToSchema;

use super::input::Named;
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// The rules new cases are opened under.
#[derive(Serialize, ToSchema)]
pub struct ProfileView {
    /// Stable id.
    #[schema(example = "yunnan")]
    id: String,
    /// Chinese name.
    title: String,
    /// English name.
    title_en: String,
    /// Digest over all rules: cases are pinned to it.
    digest: String,
    /// At least one instrument is a draft that is rehearsed.
    preview: bool,
    /// The documents.
    instruments: Vec<InstrumentView>,
}

/// A document the rules come from.
#[derive(Serialize, ToSchema)]
pub struct InstrumentView {
    /// Prefix of its clause ids.
    id: String,
    /// Title.
    title: String,
    /// Short name.
    short: String,
    /// Number, if it has one.
    number: String,
    /// `draft`, `in_force` or `expired`.
    status: &'static str,
    /// First day in force.
    in_force_from: Option<String>,
    /// Last day in force, if it ends.
    last_day: Option<String>,
    /// The text was not held against an official one.
    unverified: bool,
    /// A draft that is rehearsed.
    preview: bool,
}

/// A procedure in a list.
#[derive(Serialize, ToSchema)]
pub struct ProcedureLine {
    /// Stable id.
    id: String,
    /// Chinese title.
    title: String,
    /// English title.
    title_en: String,
    /// Section of the console.
    section: String,
    /// Roles that may open a case.
    opened_by: Vec<String>,
}

/// A procedure with everything a client needs to draw its forms.
#[derive(Serialize, ToSchema)]
pub struct ProcedureView {
    /// Id, titles, who opens it.
    #[serde(flatten)]
    line: ProcedureLine,
    /// Stages in order.
    stages: Vec<StageView>,
    /// Acts.
    acts: Vec<ActView>,
    /// Fields in order.
    fields: Vec<FieldView>,
    /// Clauses it rests on.
    clauses: Vec<String>,
}

/// A stage.
#[derive(Serialize, ToSchema)]
pub struct StageView {
    /// Stable id.
    id: String,
    /// Chinese title.
    title: String,
    /// English title.
    title_en: String,
    /// Role whose turn it is.
    holder: Option<String>,
    /// Nothing follows.
    is_final: bool,
    /// Clauses.
    clauses: Vec<String>,
}

/// An act.
#[derive(Serialize, ToSchema)]
pub struct ActView {
    /// Stable id.
    id: String,
    /// Word of the vocabulary of acts.
    #[schema(value_type = String, example = "approve")]
    kind: Value,
    /// Chinese title.
    title: String,
    /// English title.
    title_en: String,
    /// Roles that may take it.
    by: Vec<String>,
    /// Stages in which it may be taken.
    from: Vec<String>,
    /// Stage it leads to.
    to: Option<String>,
    /// Manners allowed.
    #[schema(value_type = Vec<String>, example = json!(["in_person", "on_behalf"]))]
    manners: Value,
    /// Posts of the steps inside the body.
    route: Vec<String>,
    /// Taken in a lane.
    in_lane: bool,
    /// Fields that may be set with it.
    records: Vec<String>,
    /// Clauses.
    clauses: Vec<String>,
}

/// A field.
#[derive(Serialize, ToSchema)]
pub struct FieldView {
    /// Stable id: the key in `set`.
    id: String,
    /// Chinese title.
    title: String,
    /// English title.
    title_en: String,
    /// Type.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "date")]
    ty: Value,
    /// Group of the form; empty = set by acts only.
    group: String,
    /// Ids of the choices.
    choices: Vec<String>,
    /// Procedure of the other case, for case fields.
    procedure: Option<String>,
    /// Holds personal data: shown as a commitment only.
    personal: bool,
    /// Counted by the platform: a value given for it is refused.
    measured: bool,
    /// Clauses.
    clauses: Vec<String>,
}

/// The rules in force and the documents they come from.
#[utoipa::path(get, path = "/profile", tag = "rules",
    responses((status = 200, body = ProfileView)))]
pub async fn profile(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<ProfileView>, Failure> {
    state.app.look(&session, "rules").await?;
    let profile = state.app.profile();
    let instruments = profile.instruments.iter().map(|instrument| InstrumentView {
        id: instrument.id.clone(),
        title: instrument.title.clone(),
        short: instrument.short.clone(),
        number: instrument.number.clone(),
        status: match instrument.status {
            InstrumentStatus::Draft => "draft",
            InstrumentStatus::InForce => "in_force",
            InstrumentStatus::Expired => "expired",
        },
        in_force_from: instrument.in_force_from.map(|day| day.to_string()),
        last_day: instrument.last_day().map(|day| day.to_string()),
        unverified: instrument.unverified,
        preview: instrument.preview,
    });
    Ok(Json(ProfileView {
        id: profile.id.clone(),
        title: profile.title.clone(),
        title_en: profile.title_en.clone(),
        digest: profile.digest.to_string(),
        preview: profile.instruments.iter().any(|instrument| instrument.preview),
        instruments: instruments.collect(),
    }))
}

/// All procedures.
#[utoipa::path(get, path = "/procedures", tag = "rules",
    responses((status = 200, body = Vec<ProcedureLine>)))]
pub async fn procedures(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<ProcedureLine>>, Failure> {
    state.app.look(&session, "rules").await?;
    Ok(Json(state.app.profile().procedures.iter().map(line).collect()))
}

/// One procedure: stages, acts and fields.
#[utoipa::path(get, path = "/procedures/{id}", tag = "rules", params(("id" = String, Path, description = "Procedure id")),
    responses((status = 200, body = ProcedureView)))]
pub async fn procedure(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<String>,
) -> Result<Json<ProcedureView>, Failure> {
    let profile = state.app.profile();
    let unknown =
        || Refusal::unknown("procedure_unknown").fact("procedure", id.chars().take(60).collect::<String>());
    let procedure = profile.procedure(&id).ok_or_else(unknown)?;
    state.app.look(&session, "rules").await?;
    Ok(Json(ProcedureView {
        line: line(procedure),
        stages: procedure.stages.iter().map(stage).collect(),
        acts: procedure.acts.iter().map(act).collect(),
        fields: procedure.fields.iter().map(field).collect(),
        clauses: clauses(&procedure.basis),
    }))
}

fn line(procedure: &Procedure) -> ProcedureLine {
    ProcedureLine {
        id: procedure.id.clone(),
        title: procedure.title.clone(),
        title_en: procedure.title_en.clone(),
        section: procedure.section.clone(),
        opened_by: procedure.open.by.clone(),
    }
}

fn stage(stage: &Stage) -> StageView {
    StageView {
        id: stage.id.clone(),
        title: stage.title.clone(),
        title_en: stage.title_en.clone(),
        holder: stage.holder.clone(),
        is_final: stage.is_final,
        clauses: clauses(&stage.basis),
    }
}

fn act(act: &Act) -> ActView {
    ActView {
        id: act.id.clone(),
        kind: serde_json::to_value(act.kind).unwrap_or_default(),
        title: act.title.clone(),
        title_en: act.title_en.clone(),
        by: act.by.clone(),
        from: act.from.clone(),
        to: act.to.clone(),
        manners: serde_json::to_value(&act.manners).unwrap_or_default(),
        route: act.route.iter().map(|step| step.post.clone()).collect(),
        in_lane: act.in_lane,
        records: act.records.clone(),
        clauses: clauses(&act.basis),
    }
}

fn field(field: &Field) -> FieldView {
    FieldView {
        id: field.id.clone(),
        title: field.title.clone(),
        title_en: field.title_en.clone(),
        ty: serde_json::to_value(field.ty).unwrap_or_default(),
        group: field.group.clone(),
        choices: field.choices.iter().map(|choice| choice.id.clone()).collect(),
        procedure: field.procedure.clone(),
        personal: field.personal,
        measured: field.measured.is_some(),
        clauses: clauses(&field.basis),
    }
}

fn clauses(basis: &Basis) -> Vec<String> {
    basis.clauses().iter().map(ToString::to_string).collect()
}
