//! Files as they come, the jobs that make datasets of them, and the datasets.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    body::Body as RawBody,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use shuyu_app::{
    arriving::{ArrivalMode, Arriving},
    files::{Upload, UploadKind},
    governance::Recipe,
    ingest::{DatasetMade, NewCorrection, NewDerive, NewIngest},
};
use shuyu_domain::{event::CorrectionReason, port::DatasetRow};
use shuyu_kernel::{BodyId, CaseId, DatasetId, Digest};
use utoipa::{IntoParams, ToSchema};

use super::{
    input::{Asked, Body, Key, Named},
    output::instant,
};
use crate::{
    problem::Failure,
    session::{SignedIn, escaped},
    state::WebState,
};

/// The name of a file, and what it is brought for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileName {
    /// Name of the file.
    name: String,
    /// `paper` (to be cited and read; the usual) or `data` (to be ingested, never handed out again).
    #[serde(default)]
    #[param(value_type = Option<String>)]
    kind: UploadKind,
}

/// An uploaded file.
#[derive(Serialize, ToSchema)]
pub struct UploadView {
    /// SM3 of the bytes: what papers and ingests name the file by.
    digest: String,
    /// Name as given.
    name: String,
    /// Length.
    size_bytes: u64,
    /// When it came.
    #[schema(example = "2026-03-02T09:00:00+08:00")]
    at: String,
}

/// An order to make a dataset of an uploaded file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestOrder {
    /// Catalogue entry the data belongs to.
    #[schema(value_type = String)]
    resource: CaseId,
    /// Table name: lower-case letters, digits, underscore.
    #[schema(example = "enterprises")]
    table: String,
    /// Digest of the uploaded file.
    #[schema(value_type = String)]
    upload: Digest,
    /// Columns that name the subject, if the table is personal.
    #[serde(default)]
    unit_columns: Vec<String>,
    /// Identifier domain of the subject: `person`, `enterprise`, `household`.
    #[serde(default)]
    domain: Option<String>,
    /// Rows that break a rule are set aside and counted, up to this share of all rows in hundredths of a percent.
    /// Left out: one of them refuses the file.
    #[serde(default)]
    #[schema(example = 100, maximum = 10000)]
    set_aside: Option<u32>,
    /// What the file corrects: the latest version of its table.
    #[serde(default)]
    correction: Option<CorrectionOrder>,
    /// How the rows meet those of the table: `replace` (the usual), `append`, or `upsert` by key.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "upsert")]
    mode: ArrivalMode,
    /// Columns that together differ in every row; a table that has a key keeps it.
    #[serde(default)]
    row_key: Vec<String>,
    /// Column → the only values it may have from now on; an empty list lifts an earlier one. A row with another value
    /// breaks a rule, and made-up tables take theirs from the list.
    #[serde(default)]
    codes: BTreeMap<String, BTreeSet<String>>,
    /// Changes of columns that lose something; without an order they are refused.
    #[serde(default)]
    changes: ChangesOrder,
}

/// Which columns may be lost, renamed, or take another type. Needs the whole table.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangesOrder {
    /// Columns that the file no longer has.
    #[serde(default)]
    drop: BTreeSet<String>,
    /// Name of a column before → its name in the file.
    #[serde(default)]
    rename: BTreeMap<String, String>,
    /// Columns that take the type their values have now.
    #[serde(default)]
    retype: BTreeSet<String>,
}

/// Why a version is corrected, and which case ordered it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionOrder {
    /// `subject_asked`, `authority_asked`, `user_found` or `provider_found`.
    #[schema(value_type = String, example = "subject_asked")]
    reason: CorrectionReason,
    /// The case that ordered it; the caller's body is a party of it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    case: Option<CaseId>,
}

/// An order to make a de-identified version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeriveOrder {
    /// Catalogue entry the result belongs to.
    #[schema(value_type = String)]
    resource: CaseId,
    /// Dataset to read.
    #[schema(value_type = String)]
    from: DatasetId,
    /// Table name of the result.
    table: String,
    /// Columns to leave out.
    #[serde(default)]
    drop: Vec<String>,
    /// Column → borders of its bands, growing.
    #[serde(default)]
    bands: BTreeMap<String, Vec<String>>,
    /// The recipe that goes first: `columns` with ordered `steps`, and how the result is marked.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    recipe: Option<Recipe>,
    /// Body the result is marked for, when the recipe marks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    recipient: Option<BodyId>,
}

/// A job that was started.
#[derive(Serialize, ToSchema)]
pub struct JobStarted {
    /// Number: for `/jobs/{n}`.
    pub(super) job: u64,
}

/// A dataset version that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeView {
    /// Dataset.
    dataset: String,
    /// Version.
    version: u64,
    /// Rows.
    rows: u64,
    /// Digest of the quality report.
    report: String,
}

/// Which datasets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DatasetQuery {
    /// Catalogue entry.
    #[param(value_type = Option<String>)]
    resource: Option<CaseId>,
}

/// The latest version of a dataset.
#[derive(Serialize, ToSchema)]
pub struct DatasetView {
    /// Dataset.
    dataset: String,
    /// Table name.
    table: String,
    /// Catalogue entry.
    resource: String,
    /// Version.
    version: u64,
    /// Rows.
    rows: u64,
    /// Identifier domain, if personal.
    domain: Option<String>,
    /// Proven largest number of rows of one subject.
    rows_per_unit: u64,
    /// Columns.
    columns: Vec<String>,
    /// Index of its event in the proceedings.
    as_of: u64,
}

/// Takes a file in, streamed. The same bytes twice are one file; every body that brings them has its own upload.
#[utoipa::path(post, path = "/uploads", tag = "data", params(FileName),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes."),
    responses((status = 201, body = UploadView)))]
pub async fn upload(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Asked(query): Asked<FileName>,
    body: RawBody,
) -> Result<Response, Failure> {
    let bytes = body.into_data_stream().map_err(std::io::Error::other).boxed();
    let made = state.app.upload(&session, &query.name, query.kind, bytes).await?;
    let location = (header::LOCATION, format!("/api/v1/uploads/{}", made.digest));
    Ok((StatusCode::CREATED, [location], Json(upload_view(&state, made))).into_response())
}

fn upload_view(state: &WebState, upload: Upload) -> UploadView {
    UploadView {
        digest: upload.digest.to_string(),
        name: upload.name,
        size_bytes: upload.size_bytes,
        at: instant(state.app.profile().zone, upload.at),
    }
}

/// The bytes of a paper that the caller's body brought.
#[utoipa::path(get, path = "/uploads/{digest}", tag = "data", params(("digest" = String, Path, description = "SM3 of the bytes")),
    responses((status = 200, content_type = "application/octet-stream")))]
pub async fn download(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(digest): Named<Digest>,
) -> Result<Response, Failure> {
    let (upload, bytes) = state.app.download(&session, digest).await?;
    let mut response = bytes.into_response();
    let disposition = format!("attachment; filename*=UTF-8''{}", escaped(&upload.name));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Starts making a dataset version of an uploaded file.
#[utoipa::path(post, path = "/datasets/ingests", tag = "data", request_body = IngestOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key gives the same version.")),
    responses((status = 202, body = JobStarted)))]
pub async fn ingest(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<IngestOrder>,
) -> Result<Response, Failure> {
    let IngestOrder {
        resource,
        table,
        upload,
        unit_columns,
        domain,
        set_aside,
        correction,
        mode,
        row_key,
        codes,
        changes: ChangesOrder { drop, rename, retype },
    } = order;
    let new = NewIngest {
        resource,
        table,
        upload,
        unit_columns,
        domain,
        set_aside,
        arriving: Arriving {
            mode,
            row_key,
            codes,
            drop,
            rename,
            retype,
        },
        correction: correction.map(|CorrectionOrder { reason, case }| NewCorrection { reason, case }),
    };
    let job = state.app.start_ingest(&session, new, key).await?;
    let location = (header::LOCATION, format!("/api/v1/jobs/{job}"));
    Ok((StatusCode::ACCEPTED, [location], Json(JobStarted { job })).into_response())
}

/// Makes a de-identified version of a dataset of the same provider.
#[utoipa::path(post, path = "/datasets/derivations", tag = "data", request_body = DeriveOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key gives the same version.")),
    responses((status = 201, body = MadeView)))]
pub async fn derive(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<DeriveOrder>,
) -> Result<(StatusCode, Json<MadeView>), Failure> {
    let DeriveOrder {
        resource,
        from,
        table,
        drop,
        bands,
        recipe,
        recipient,
    } = order;
    let made = state
        .app
        .derive(
            &session,
            NewDerive {
                resource,
                from,
                table,
                drop,
                bands,
                recipe,
                recipient,
            },
            key,
        )
        .await?;
    Ok((StatusCode::CREATED, Json(made_view(made))))
}

/// Latest versions of the datasets of catalogue entries the caller may see.
#[utoipa::path(get, path = "/datasets", tag = "data", params(DatasetQuery),
    responses((status = 200, body = Vec<DatasetView>)))]
pub async fn datasets(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Asked(query): Asked<DatasetQuery>,
) -> Result<Json<Vec<DatasetView>>, Failure> {
    let rows = state.app.seen_datasets(&session, query.resource).await?;
    Ok(Json(rows.into_iter().map(dataset_view).collect()))
}

fn dataset_view(row: DatasetRow) -> DatasetView {
    DatasetView {
        dataset: row.dataset.to_string(),
        table: row.table,
        resource: row.resource.to_string(),
        version: row.version,
        rows: row.rows,
        domain: row.domain,
        rows_per_unit: row.rows_per_unit,
        columns: row.columns,
        as_of: row.as_of,
    }
}

pub(super) fn made_view(made: DatasetMade) -> MadeView {
    MadeView {
        dataset: made.dataset.to_string(),
        version: made.version,
        rows: made.rows,
        report: made.report.to_string(),
    }
}
