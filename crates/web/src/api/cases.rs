//! Cases the caller may see: list, open, show.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use shuyu_app::Session;
use shuyu_domain::port::{CaseFilter, CaseRow};
use shuyu_kernel::{CaseId, Refusal};
use utoipa::{IntoParams, ToSchema};

use super::{
    LARGEST_PAGE,
    case_view::CaseView,
    input::{Asked, Body, Named, Repeatable},
    output::{Written, etag},
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// Lines of a page if the client names no number.
const USUAL_PAGE: u64 = 50;

/// Which cases.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Procedure id.
    procedure: Option<String>,
    /// Stage id.
    stage: Option<String>,
    /// Text in number or title.
    text: Option<String>,
    /// Open cases only.
    #[serde(default)]
    open: bool,
    /// Where the page starts: from the `next` link of the page before.
    cursor: Option<String>,
    /// At most so many lines, 1 to 100.
    limit: Option<u64>,
}

/// A page of cases, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CasePage {
    /// The lines.
    cases: Vec<CaseLine>,
    /// Lines on all pages.
    total: u64,
    /// Cursor of the next page; absent on the last one. The `Link` header holds the whole address.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A case in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseLine {
    /// Id.
    id: String,
    /// Procedure.
    procedure: String,
    /// 案号
    number: String,
    /// Title.
    title: String,
    /// Stage.
    stage: String,
    /// Role whose turn it is.
    holder_role: Option<String>,
    /// The stage is final.
    closed: bool,
    /// Day of opening.
    opened_on: String,
    /// Earliest due date of its open duties.
    next_due: Option<String>,
    /// Version.
    version: u64,
}

/// A case to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// Procedure id.
    procedure: String,
    /// Field → text. Dates `YYYY-MM-DD`, amounts `12.34`, papers by digest, cases and bodies by id.
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// Cases the caller may see, newest first: of the own body; of one public procedure, or for overseers, all.
#[utoipa::path(get, path = "/cases", tag = "cases", params(CaseQuery),
    responses((status = 200, body = CasePage, headers(("Link" = String, description = "`rel=\"next\"`")))))]
pub async fn list(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Asked(query): Asked<CaseQuery>,
) -> Result<Response, Failure> {
    let limit = query.limit.unwrap_or(USUAL_PAGE);
    if limit == 0 || limit > LARGEST_PAGE {
        return Err(Refusal::unmet("limit_invalid")
            .fact("largest", LARGEST_PAGE)
            .into());
    }
    let cursor = query.cursor.as_deref().map(Cursor::read).transpose()?;
    let (rows, total, offset) = page(&state, &session, &query, cursor, limit).await?;
    let end = offset + rows.len() as u64;
    let next = (end < total && !rows.is_empty()).then(|| Cursor { offset: end, total }.text());
    let link = next
        .as_ref()
        .map(|next| format!("<{}>; rel=\"next\"", address(&query, next, limit)));
    let mut response = Json(CasePage {
        cases: rows.iter().map(line).collect(),
        total,
        next,
    })
    .into_response();
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// A page, and where it starts. New cases stand in front: what came since the page before moves the start, so
/// that no line is shown twice for that reason and none is left out.
async fn page(
    state: &WebState,
    session: &Session,
    query: &CaseQuery,
    cursor: Option<Cursor>,
    limit: u64,
) -> Result<(Vec<CaseRow>, u64, u64), Failure> {
    let offset = cursor.map_or(0, |cursor| cursor.offset);
    let filter = |offset| CaseFilter {
        procedures: query.procedure.iter().cloned().collect(),
        stages: query.stage.iter().cloned().collect(),
        text: query.text.clone().filter(|text| !text.trim().is_empty()),
        open_only: query.open,
        offset,
        limit,
        ..CaseFilter::default()
    };
    let (rows, total) = state.app.seen_cases(session, filter(offset)).await?;
    let moved = cursor.map_or(offset, |cursor| (offset + total).saturating_sub(cursor.total));
    if moved == offset {
        return Ok((rows, total, offset));
    }
    let (rows, total) = state.app.seen_cases(session, filter(moved)).await?;
    Ok((rows, total, moved))
}

/// Where a page starts, and how many lines there were when that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    offset: u64,
    total: u64,
}

impl Cursor {
    fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.offset, self.total))
    }

    fn read(text: &str) -> Result<Self, Refusal> {
        let decoded = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = decoded.as_deref().and_then(|text| text.split_once('.'));
        // Both numbers go into SQL as signed ones.
        let number = |text: &str| text.parse().ok().filter(|n: &u64| *n < 1 << 40);
        let cursor = parts.and_then(|(offset, total)| {
            Some(Self {
                offset: number(offset)?,
                total: number(total)?,
            })
        });
        cursor.ok_or_else(|| Refusal::unmet("cursor_invalid"))
    }
}

fn address(query: &CaseQuery, cursor: &str, limit: u64) -> String {
    let mut pairs = vec![("cursor", cursor.to_owned()), ("limit", limit.to_string())];
    pairs.extend(query.procedure.clone().map(|value| ("procedure", value)));
    pairs.extend(query.stage.clone().map(|value| ("stage", value)));
    pairs.extend(query.text.clone().map(|value| ("text", value)));
    if query.open {
        pairs.push(("open", "true".to_owned()));
    }
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::session::escaped(value)))
        .collect();
    format!("/api/v1/cases?{}", encoded.join("&"))
}

fn line(row: &CaseRow) -> CaseLine {
    CaseLine {
        id: row.id.to_string(),
        procedure: row.procedure.clone(),
        number: row.number.clone(),
        title: row.title.clone(),
        stage: row.stage.clone(),
        holder_role: row.holder_role.clone(),
        closed: row.closed,
        opened_on: row.opened_on.to_string(),
        next_due: row.next_due.map(|day| day.to_string()),
        version: row.version,
    }
}

/// Opens a case.
#[utoipa::path(post, path = "/cases", tag = "cases", request_body = NewCase,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same case.")),
    responses((status = 201, body = Written, headers(("Location" = String), ("ETag" = String)))))]
pub async fn open(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Repeatable(guarded): Repeatable,
    Body(new): Body<NewCase>,
) -> Result<Response, Failure> {
    // A case that does not exist yet has no version to match.
    let guarded = shuyu_app::dispatch::Guarded {
        expected_version: None,
        ..guarded
    };
    let (id, committed) = state
        .app
        .open(&session, &new.procedure, &new.set, guarded)
        .await?;
    let location = (header::LOCATION, format!("/api/v1/cases/{id}"));
    let body = Json(Written::from(&committed));
    Ok((StatusCode::CREATED, [etag(committed.version)], [location], body).into_response())
}

/// The state of a case the caller may see.
#[utoipa::path(get, path = "/cases/{id}", tag = "cases", params(("id" = String, Path, description = "Case id")),
    responses((status = 200, body = CaseView, headers(("ETag" = String)))))]
pub async fn show(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<CaseId>,
) -> Result<Response, Failure> {
    let seen = state.app.case_view(&session, id).await?;
    Ok(([etag(seen.case.version)], Json(CaseView::from(&seen))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_foreign_ones_are_refused() {
        let cursor = Cursor {
            offset: 50,
            total: 130,
        };
        assert_eq!(Cursor::read(&cursor.text()), Ok(cursor));
        let huge = URL_SAFE_NO_PAD.encode("18446744073709551615.1");
        let signed = URL_SAFE_NO_PAD.encode("-1.1");
        for bad in ["", "50", "!!", huge.as_str(), signed.as_str()] {
            assert_eq!(Cursor::read(bad).unwrap_err().code, "cursor_invalid", "{bad:?}");
        }
    }

    #[test]
    fn the_next_address_keeps_the_filter() {
        let query = CaseQuery {
            text: Some("授权 &".to_owned()),
            open: true,
            ..CaseQuery::default()
        };
        assert_eq!(
            address(&query, "abc", 20),
            "/api/v1/cases?cursor=abc&limit=20&text=%E6%8E%88%E6%9D%83%20%26&open=true"
        );
    }
}
