//! Own lists (自带名单) under a permit that grants fusion.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use axum::{
    Json,
    body::Body as RawBody,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use shuyu_app::own::NewOwnList;
use shuyu_domain::case::OwnList;
use shuyu_kernel::{DatasetId, PermitId};
use utoipa::{IntoParams, ToSchema};

use super::input::{Asked, Named, Repeatable};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// What a file of a list is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnListOrder {
    /// Name of the table for queries: lower-case letters, digits, underscore.
    #[param(example = "cohort")]
    name: String,
    /// Column that names the subject, as the first row of the file has it.
    #[param(example = "id_no")]
    subject: String,
    /// Identifier domain of the subject; may be left out where the permit has one.
    #[serde(default)]
    domain: Option<String>,
}

/// An own list.
#[derive(Serialize, ToSchema)]
pub struct OwnListView {
    /// Its dataset.
    dataset: String,
    /// Name of the table for queries.
    table: String,
    /// Its only version.
    version: u64,
    /// Rows.
    rows: u64,
    /// Different subjects.
    subjects: u64,
    /// Column that names the subject. Its values are not kept: in their place stand numbers.
    subject: String,
    /// Identifier domain of the subject.
    domain: String,
    /// Columns that label the subject.
    labels: Vec<String>,
    /// Day it was brought.
    #[schema(example = "2026-03-02")]
    brought_on: String,
    /// Day it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_on: Option<String>,
    /// Why: `taken_back`, `permit_ended`, `permit_expired`, `chain_ended` or `subject_erased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'static str>,
    /// Day on which nothing of it was left in the lake.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_on: Option<String>,
}

impl OwnListView {
    fn of(list: OwnList) -> Self {
        Self {
            dataset: list.dataset.to_string(),
            table: list.table,
            version: list.version,
            rows: list.rows,
            subjects: list.subjects,
            subject: list.subject,
            domain: list.domain,
            labels: list.labels,
            brought_on: list.brought_on.to_string(),
            ended_on: list.ended.map(|(on, _)| on.to_string()),
            ended: list.ended.map(|(_, why)| why.word()),
            erased_on: list.erased_on.map(|on| on.to_string()),
        }
    }
}

/// The own lists of the caller's body under a permit.
#[derive(Serialize, ToSchema)]
pub struct OwnListsView {
    /// Whether lists can be brought: the permit holds and grants fusion, and the risk is assessed.
    open: bool,
    /// Fewest subjects of a list, and of every value of a label; nothing while the permit does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<u32>,
    /// Identifier domains that a list can be of.
    domains: Vec<String>,
    /// Lists, newest first, those that ended included.
    lists: Vec<OwnListView>,
}

/// The own lists of the caller's body under a permit; those of others are unknown to it. They are listed
/// whether or not the permit holds.
#[utoipa::path(get, path = "/permits/{id}/own-lists", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = OwnListsView)))]
pub async fn own_lists(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<OwnListsView>, Failure> {
    let found = state.app.own_lists(&session, id).await?;
    Ok(Json(OwnListsView {
        open: found.open,
        least: found.least,
        domains: found.domains,
        lists: found.lists.into_iter().map(OwnListView::of).collect(),
    }))
}

/// Brings a list: delimited text in UTF-8 or GB18030, one column of subjects and some of labels. The file is not kept.
#[utoipa::path(post, path = "/permits/{id}/own-lists", tag = "permits", params(("id" = String, Path, description = "Permit id"),
        OwnListOrder, ("Idempotency-Key" = Option<String>, Header, description = "The same key brings one list.")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = OwnListView, headers(("Location" = String)))))]
pub async fn bring_own_list(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
    Asked(order): Asked<OwnListOrder>,
    Repeatable(guarded): Repeatable,
    body: RawBody,
) -> Result<Response, Failure> {
    let bytes = body.into_data_stream().map_err(std::io::Error::other).boxed();
    let new = NewOwnList {
        name: order.name,
        subject: order.subject,
        domain: order.domain,
    };
    let brought = state.app.bring_own_list(&session, id, new, bytes, guarded.key);
    let list = brought.await?;
    let location = (header::LOCATION, format!("/api/v1/permits/{id}/own-lists"));
    Ok((StatusCode::CREATED, [location], Json(OwnListView::of(list))).into_response())
}

/// Takes a list back: no query reads it from now on, and it is destroyed.
#[utoipa::path(delete, path = "/permits/{id}/own-lists/{dataset}", tag = "permits", params(("id" = String, Path, description = "Permit id"),
        ("dataset" = String, Path, description = "Dataset of the list")),
    responses((status = 200, body = OwnListView)))]
pub async fn take_back_own_list(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, dataset)): Named<(PermitId, DatasetId)>,
) -> Result<Json<OwnListView>, Failure> {
    let list = state.app.take_back_own_list(&session, id, dataset).await?;
    Ok(Json(OwnListView::of(list)))
}
