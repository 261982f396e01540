//! Batches: many cases of one procedure from a workbook.

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
use shuyu_app::{
    batch::{BatchCheck, BatchOrder, RowFault, RowState, Shape},
    files::UploadKind,
};
use shuyu_office::column_letters;
use utoipa::{IntoParams, ToSchema};

use super::{
    data::JobStarted,
    input::{Asked, Named},
    output::RefusalView,
};
use crate::{
    problem::Failure,
    session::{Lang, SignedIn},
    state::WebState,
};

/// What is to be done with the workbook.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    /// `true`: look only, nothing is written. `false`: open the right rows in a job.
    check: bool,
    /// Take the act that the rule about batches names in each case after its opening.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    then: bool,
    /// Name of the file.
    #[param(example = "catalogue.xlsx")]
    name: String,
}

/// What is wrong with a row.
#[derive(Serialize, ToSchema)]
pub struct RowFaultView {
    /// Row from 1.
    row: u32,
    /// Letters of the column; absent when it is about the row as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "F")]
    column: Option<String>,
    /// Field of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What stands in the cell, without its value: `empty`, `text`, `number`, `date`, `moment`, `flag`, `error`,
    /// `formula`.
    shape: &'static str,
    /// Characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    characters: Option<usize>,
    /// Why it is wrong.
    refusal: RefusalView,
}

/// A row that was opened.
#[derive(Serialize, ToSchema)]
pub struct RowOpenedView {
    /// Row from 1.
    row: u32,
    /// Case.
    case: String,
}

/// A workbook that was looked at; nothing was written.
#[derive(Serialize, ToSchema)]
pub struct BatchCheckView {
    /// Digest of the file.
    upload: String,
    /// The sheet that was read.
    sheet: String,
    /// Rows with values.
    rows: usize,
    /// Rows that can be opened.
    right: usize,
    /// Rows that cannot be opened.
    wrong: usize,
    /// Rows that an earlier order of the same file opened.
    opened: Vec<RowOpenedView>,
    /// What is wrong, by row.
    faults: Vec<RowFaultView>,
}

/// Looks at a workbook, or opens its right rows in a job. The same file twice opens nothing twice.
#[utoipa::path(post, path = "/batches/{procedure}", tag = "cases", params(("procedure" = String, Path), BatchQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "The workbook (.xlsx)."),
    responses((status = 200, body = BatchCheckView, description = "Looked at."),
        (status = 202, body = JobStarted, description = "Started.")))]
pub async fn batch(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    lang: Lang,
    Named(procedure): Named<String>,
    Asked(query): Asked<BatchQuery>,
    body: RawBody,
) -> Result<Response, Failure> {
    // What may not be opened in batches is not taken in either.
    let form = state.app.batch_form(&session, &procedure)?;
    let bytes = body.into_data_stream().map_err(std::io::Error::other).boxed();
    let upload = state
        .app
        .upload(&session, &query.name, UploadKind::Paper, bytes)
        .await?;
    let order = BatchOrder {
        procedure: form.procedure,
        upload: upload.digest,
        then: query.then,
    };
    if query.check {
        let check = state.app.check_batch(&session, &order).await?;
        return Ok(Json(view(&state, lang, &order, &check)).into_response());
    }
    let job = state.app.start_batch(&session, order).await?;
    let location = (header::LOCATION, format!("/api/v1/jobs/{job}"));
    Ok((StatusCode::ACCEPTED, [location], Json(JobStarted { job })).into_response())
}

fn view(state: &WebState, lang: Lang, order: &BatchOrder, check: &BatchCheck) -> BatchCheckView {
    let opened = check.rows.iter().filter_map(|row| match row.state {
        RowState::Opened(case) => Some(RowOpenedView {
            row: row.row,
            case: case.to_string(),
        }),
        RowState::Right | RowState::Wrong(_) => None,
    });
    BatchCheckView {
        upload: order.upload.to_string(),
        sheet: check.sheet.clone(),
        rows: check.rows.len(),
        right: check.right(),
        wrong: check.wrong(),
        opened: opened.collect(),
        faults: check
            .faults()
            .map(|fault| fault_view(state, lang, fault))
            .collect(),
    }
}

fn fault_view(state: &WebState, Lang(language): Lang, fault: &RowFault) -> RowFaultView {
    RowFaultView {
        row: fault.row,
        column: fault.column.map(column_letters),
        field: fault.field.clone(),
        shape: word(fault.shape),
        characters: match fault.shape {
            Shape::Text(characters) => Some(characters),
            _ => None,
        },
        refusal: RefusalView::new(state, language, fault.refusal.clone()),
    }
}

/// The word of a shape in answers and keys of messages.
pub(crate) fn word(shape: Shape) -> &'static str {
    match shape {
        Shape::Empty => "empty",
        Shape::Text(_) => "text",
        Shape::Number => "number",
        Shape::Date => "date",
        Shape::Moment => "moment",
        Shape::Flag => "flag",
        Shape::Error => "error",
        Shape::Formula => "formula",
    }
}
