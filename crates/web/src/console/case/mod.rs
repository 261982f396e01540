//! The page of a case: what it is, what is asked now, by when and why, what happened, how to prove it.

mod acts;
pub(crate) mod archive;
mod clock;
mod facts;
mod parties;
pub(crate) mod print;
#[cfg(test)]
mod sample;
mod timeline;

pub(crate) use acts::{ActLine, Waiting, hint, lane_name};
pub(crate) use clock::ClockCard;
pub(crate) use facts::{FactGroup, PaperRow, figure_label, value_text};
pub(crate) use parties::{Party, parties};
#[cfg(test)]
pub(crate) use sample::sample;
pub(crate) use timeline::{TimelineRow, kind_words};

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::{dispatch::Guarded, read::CaseView};
use shuyu_domain::{Case, case::LaneStatus, port::Committed};
use shuyu_kernel::{CaseId, Digest, Refusal};
use shuyu_profile::Procedure;

use super::posted::Posted;
use crate::page::{
    ConsoleError, Frame, Grounds, Visit,
    frame::role_title,
    ok,
    parts::{Status, query_escape, stage_status},
};

#[derive(Template)]
#[template(path = "case.html")]
pub(crate) struct CasePage {
    pub frame: Frame,
    pub id: String,
    pub number: String,
    pub title: String,
    pub procedure: String,
    pub stage: String,
    pub stage_class: &'static str,
    pub stage_shape: &'static str,
    pub turn: String,
    pub closed: bool,
    /// The visitor may take the case along as a package.
    pub archive: bool,
    pub version: u64,
    /// Where to see what the present rules would move; empty if the case is under them.
    pub version_href: String,
    pub parties: Vec<Party>,
    pub acts: Vec<ActLine>,
    pub waiting: Vec<Waiting>,
    pub clocks: Vec<ClockCard>,
    pub stopped_clocks: usize,
    pub permit: Option<PermitBox>,
    pub product_href: String,
    pub lanes: Vec<LaneRow>,
    pub objections: Vec<ObjectionRow>,
    pub datasets: Vec<DatasetLine>,
    pub papers: Vec<PaperRow>,
    pub groups: Vec<FactGroup>,
    pub timeline: Vec<TimelineRow>,
}

pub(crate) struct PermitBox {
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub expires_on: String,
    pub href: String,
}

pub(crate) struct LaneRow {
    pub title: String,
    pub grounds: Grounds,
    pub body: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub struck: Vec<String>,
}

pub(crate) struct ObjectionRow {
    pub label: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
}

pub(crate) struct DatasetLine {
    pub href: String,
    pub table: String,
    pub label: String,
}

/// Reads the id of a case out of an address.
pub(crate) fn case_id(text: &str) -> Result<CaseId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("case_unknown"))
}

/// `GET /cases/{id}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let view = visit.app().case_view(&visit.session, case_id(&id)?).await?;
    draw(&visit, &view, &BTreeMap::new())
}

/// `POST /cases/{id}/reveal/{field}`: opens a personal field; the look is noted before it is shown.
pub(crate) async fn reveal(
    visit: Visit,
    Path((id, field)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ConsoleError> {
    Posted::read(&visit, request).await?;
    let id = case_id(&id)?;
    let clear = visit.app().reveal_field(&visit.session, id, &field).await?;
    let view = visit.app().case_view(&visit.session, id).await?;
    let clear = clear.unwrap_or_else(|| visit.frame.t("fact-erased"));
    draw(&visit, &view, &[(field, clear)].into())
}

/// `POST /cases/{id}/waiting/{number}/advance`: the next step of a waiting act.
pub(crate) async fn advance(
    visit: Visit,
    Path((id, number)): Path<(String, u32)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let (id, guarded) = guarded(&visit, &id, request).await?;
    let done = visit.app().advance(&visit.session, id, number, guarded).await?;
    Ok(Redirect::to(&result_href(id, &done)))
}

/// `POST /cases/{id}/waiting/{number}/return`: sends a waiting act back to the desk.
pub(crate) async fn send_back(
    visit: Visit,
    Path((id, number)): Path<(String, u32)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let (id, guarded) = guarded(&visit, &id, request).await?;
    let done = visit
        .app()
        .drop_waiting(&visit.session, id, number, guarded)
        .await?;
    Ok(Redirect::to(&result_href(id, &done)))
}

async fn guarded(visit: &Visit, id: &str, request: Request) -> Result<(CaseId, Guarded), ConsoleError> {
    let posted = Posted::read(visit, request).await?;
    Ok((case_id(id)?, guards_of(&posted)))
}

/// Idempotency key and expected version of a form.
pub(crate) fn guards_of(posted: &Posted) -> Guarded {
    Guarded {
        key: posted.filled("key"),
        expected_version: posted.one("version").parse().ok(),
        ..Guarded::default()
    }
}

/// Where a committed act leads.
pub(crate) fn result_href(id: CaseId, done: &Committed) -> String {
    format!("/cases/{id}/result?first={}&next={}", done.first, done.next)
}

/// `GET /cases/{id}/papers/{digest}`
pub(crate) async fn paper(
    visit: Visit,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    let unknown = |_| Refusal::unknown("paper_unknown").fact("digest", "?");
    let digest: Digest = digest.parse().map_err(unknown)?;
    let (upload, bytes) = visit
        .app()
        .case_paper(&visit.session, case_id(&id)?, digest)
        .await?;
    Ok(attachment(&upload.name, bytes))
}

/// Always saved, never shown: a paper of others must not run in our origin.
fn attachment(name: &str, bytes: Vec<u8>) -> Response {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let safe: String = name.chars().map(plain).collect();
    let named = query_escape(name);
    let disposition = format!("attachment; filename=\"{safe}\"; filename*=UTF-8''{named}");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, bytes).into_response()
}

fn draw(visit: &Visit, view: &CaseView, clear: &BTreeMap<String, String>) -> Result<Response, ConsoleError> {
    let procedure = view.procedure()?;
    let (current, href, label) = section_of(visit, procedure);
    let frame = visit.frame_at(current).crumb(href, &label);
    let case = &view.case;
    let stage = stage_status(&frame, Some(procedure), &case.stage);
    let page = CasePage {
        id: case.id.to_string(),
        number: case.number.clone(),
        title: case.title.clone(),
        procedure: frame.pick(&procedure.title, &procedure.title_en).to_owned(),
        stage: stage.label,
        stage_class: stage.class,
        stage_shape: stage.shape,
        turn: turn(&frame, view),
        closed: case.closed,
        archive: visit.app().may_archive(&visit.session, view),
        version: case.version,
        version_href: if case.closed || case.profile == visit.profile.digest {
            String::new()
        } else {
            format!("/cases/{}/version", case.id)
        },
        parties: parties(&frame, view),
        acts: acts::lines(&frame, view, procedure),
        waiting: acts::waiting(&frame, visit, view, procedure),
        clocks: clock::cards(&frame, visit, view, procedure),
        stopped_clocks: case
            .clocks
            .iter()
            .filter(|clock| clock.stopped_on.is_some())
            .count(),
        permit: permit(&frame, view),
        product_href: if procedure.section == "product" {
            format!("/products/{}", case.id)
        } else {
            String::new()
        },
        lanes: lanes(&frame, view, procedure),
        objections: objections(&frame, case),
        datasets: datasets(&frame, view),
        papers: facts::papers(&frame, view, procedure),
        groups: facts::groups(&frame, visit, view, procedure, &case.fields, clear),
        timeline: timeline::rows(&frame, view, procedure),
        frame,
    };
    Ok(ok(&page))
}

fn section_of(visit: &Visit, procedure: &Procedure) -> (&'static str, &'static str, String) {
    let (key, href) = match procedure.section.as_str() {
        "catalogue" => ("nav-catalogue", "/catalogue"),
        "data_use" => ("nav-permits", "/permits"),
        "release" => ("nav-release", "/releases"),
        "product" => ("nav-products", "/products"),
        "supervision" => ("nav-supervision", "/supervision"),
        _ => ("nav-authorisation", "/cases?section=authorisation"),
    };
    (key, href, visit.frame.t(key))
}

fn turn(frame: &Frame, view: &CaseView) -> String {
    let Some(holder) = &view.case.holder else {
        return String::new();
    };
    let bodies: Vec<String> = holder
        .bodies
        .iter()
        .map(|body| view.registry.body_name(*body))
        .collect();
    let role = role_title(frame.lang, &view.profile, &holder.role);
    if bodies.is_empty() {
        role
    } else {
        format!("{role} · {}", bodies.join(" · "))
    }
}

fn permit(frame: &Frame, view: &CaseView) -> Option<PermitBox> {
    let permit = view.case.permit.as_ref()?;
    let status = permit_status(frame, permit, view.today);
    Some(PermitBox {
        class: status.class,
        shape: status.shape,
        status: status.label,
        expires_on: permit.expires_on.to_string(),
        href: format!("/permits/{}", permit.id),
    })
}

/// Whether a permit can still be used, as far as its own record says.
pub(crate) fn permit_status(
    frame: &Frame,
    permit: &shuyu_domain::case::Permit,
    today: shuyu_kernel::CivilDate,
) -> Status {
    if permit.ended {
        Status::new("refused", frame.t("permit-ended"))
    } else if permit.expires_on < today {
        Status::new("expired", frame.t("permit-expired"))
    } else {
        Status::new("permitted", frame.t("permit-in-force"))
    }
}

fn lanes(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<LaneRow> {
    view.case
        .lanes
        .values()
        .map(|lane| {
            let rule = procedure.lane(&lane.rule);
            let status = match lane.status {
                LaneStatus::Open => Status::new("running", frame.t("lane-open")),
                LaneStatus::Returned => Status::new("returned", frame.t("lane-returned")),
                LaneStatus::Approved => Status::new("approved", frame.t("lane-approved")),
                LaneStatus::Refused => Status::new("refused", frame.t("lane-refused")),
            };
            LaneRow {
                title: rule
                    .map_or(lane.rule.as_str(), |rule| frame.pick(&rule.title, &rule.title_en))
                    .to_owned(),
                grounds: rule
                    .map(|rule| Grounds::of(frame, &view.profile, &rule.basis))
                    .unwrap_or_default(),
                body: view.registry.body_name(lane.body),
                class: status.class,
                shape: status.shape,
                status: status.label,
                struck: lane.struck.clone(),
            }
        })
        .collect()
}

fn objections(frame: &Frame, case: &Case) -> Vec<ObjectionRow> {
    case.objections
        .iter()
        .map(|objection| {
            let status = match objection.upheld {
                None => Status::new("soon", frame.t("objection-open")),
                Some(true) => Status::new("approved", frame.t("objection-upheld")),
                Some(false) => Status::new("done", frame.t("objection-not-upheld")),
            };
            ObjectionRow {
                label: frame.tr("objection-number", &[("n", objection.number)]),
                class: status.class,
                shape: status.shape,
                status: status.label,
            }
        })
        .collect()
}

fn datasets(frame: &Frame, view: &CaseView) -> Vec<DatasetLine> {
    view.datasets
        .iter()
        .map(|row| DatasetLine {
            href: format!("/datasets/{}", row.dataset),
            table: row.table.clone(),
            label: frame.tr("dataset-line", &[("version", row.version), ("rows", row.rows)]),
        })
        .collect()
}
