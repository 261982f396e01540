//! Governance of datasets: examinations, assessments, lineage.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use shuyu_app::governance::NewAssessment;
use shuyu_kernel::{DatasetId, Digest, Refusal};
use utoipa::ToSchema;

use super::{
    data::JobStarted,
    input::{Body, Named},
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// An order to assess a dataset's latest version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessmentOrder {
    /// Columns that together may point at a person.
    quasi: Vec<String>,
    /// Columns nobody should learn about a person.
    #[serde(default)]
    sensitive: Vec<String>,
}

/// A leaked piece whose recipient is sought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// Digest of the piece, uploaded as a data file with a header.
    #[schema(value_type = String)]
    upload: Digest,
}

/// Names the body that a leaked piece was delivered to, among those for whom sets made from the dataset were marked;
/// nobody (`accused` is null) unless the chance of naming somebody innocent is below one in a million.
#[utoipa::path(post, path = "/datasets/{id}/traces", tag = "data", request_body = TraceRequest,
    params(("id" = String, Path, description = "Dataset that the delivered sets were made from")),
    responses((status = 200, body = Object)))]
pub async fn trace(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
    Body(order): Body<TraceRequest>,
) -> Result<Json<Value>, Failure> {
    let traced = state.app.trace(&session, dataset, order.upload).await?;
    Ok(Json(json!({
        "accused": traced.accused,
        "cells": traced.cells,
        "agreeing": traced.agreeing,
        "chance": traced.chance,
    })))
}

/// Looks for sensitive fields in the latest version of a dataset, and proposes a grade.
#[utoipa::path(post, path = "/datasets/{id}/examinations", tag = "data",
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 202, body = JobStarted)))]
pub async fn examine(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
) -> Result<(StatusCode, Json<JobStarted>), Failure> {
    let job = state.app.start_examination(&session, dataset).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted { job })))
}

/// Assesses the latest version of a dataset: k-anonymity, l-diversity, t-closeness, risk of single records.
#[utoipa::path(post, path = "/datasets/{id}/assessments", tag = "data", request_body = AssessmentOrder,
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 202, body = JobStarted)))]
pub async fn assess(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
    Body(order): Body<AssessmentOrder>,
) -> Result<(StatusCode, Json<JobStarted>), Failure> {
    let AssessmentOrder { quasi, sensitive } = order;
    let new = NewAssessment { quasi, sensitive };
    let job = state.app.start_assessment(&session, dataset, new).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted { job })))
}

/// The reports of a dataset's latest version: what it holds with the grade proposed, and how safe it is. Shares and
/// counts, never a value.
#[utoipa::path(get, path = "/datasets/{id}/governance", tag = "data",
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 200, body = Object)))]
pub async fn governance(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
) -> Result<Json<Value>, Failure> {
    let rows = state.app.all_datasets(&session).await?;
    let row = rows.into_iter().find(|row| row.dataset == dataset);
    let row = row.ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", dataset))?;
    let found = state.app.governance(&session, &row).await?;
    let zone = state.app.zone(&session, &row).await?;
    let rules: BTreeMap<&str, bool> = zone
        .rules
        .iter()
        .map(|(rule, holds)| (rule.word(), *holds))
        .collect();
    Ok(Json(json!({
        "examination": found.examination,
        "assessment": found.assessed,
        "zone": if zone.promoted { "workbench" } else { "governed" },
        "promotion": rules,
    })))
}

/// What the latest version of a dataset was made from, column by column (`facet` has the form of OpenLineage's
/// column lineage), and what was made of it.
#[utoipa::path(get, path = "/datasets/{id}/lineage", tag = "data",
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 200, body = Object)))]
pub async fn lineage(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
) -> Result<Json<Value>, Failure> {
    let found = state.app.lineage(&session, dataset).await?;
    let made = found.made.iter().map(|made| {
        json!({
            "dataset": made.dataset,
            "version": made.version,
            "table": made.table,
            "raw_files": made.raw,
            "from": made.from,
            "facet": made.facet(),
        })
    });
    Ok(Json(json!({
        "made": made.collect::<Vec<_>>(),
        "derived": found.derived,
        "releases": found.releases,
    })))
}
