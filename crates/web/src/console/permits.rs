//! Permits of the body, and the answers that left the domain under them.

use askama::Template;
use axum::{extract::Path, response::Response};
use shuyu_app::{
    port::{Answer, Cell},
    product::cell_text,
    workbench::Released,
};
use shuyu_kernel::{Refusal, ReleaseId};

use super::case::permit_status;
use crate::page::{
    ConsoleError, Frame, Visit, ok,
    parts::{Openable, Status, openable, stage_status},
};

#[derive(Template)]
#[template(path = "permits.html")]
pub(crate) struct PermitsPage {
    pub frame: Frame,
    pub openable: Vec<Openable>,
    pub rows: Vec<Row>,
}

pub(crate) struct Row {
    pub case_href: String,
    pub number: String,
    pub title: String,
    pub purpose: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub expires_on: String,
    pub href: String,
}

#[derive(Template)]
#[template(path = "releases.html")]
pub(crate) struct ReleasesPage {
    pub frame: Frame,
    pub rows: Vec<ReleaseRow>,
}

pub(crate) struct ReleaseRow {
    pub href: String,
    pub id: String,
    pub case_href: String,
    pub number: String,
    pub title: String,
    pub rows: usize,
    pub columns: String,
}

#[derive(Template)]
#[template(path = "release.html")]
pub(crate) struct ReleasePage {
    pub frame: Frame,
    pub case_href: String,
    pub answer: AnswerView,
}

/// An answer as a table.
pub(crate) struct AnswerView {
    pub release: String,
    pub read: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<CellView>>,
}

pub(crate) struct CellView {
    pub missing: bool,
    pub text: String,
}

/// `GET /permits`
pub(crate) async fn page(visit: Visit) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-permits");
    let profile = &visit.profile;
    let rows = visit.app().permit_list(&visit.session).await?;
    let rows = rows.into_iter().map(|row| {
        let procedure = profile.procedure(&row.case.procedure);
        let status = match &row.permit {
            Some(permit) => permit_status(&frame, permit, frame.today),
            None => Status {
                class: "open",
                ..stage_status(&frame, procedure, &row.case.stage)
            },
        };
        Row {
            case_href: format!("/cases/{}", row.case.id),
            number: row.case.number,
            title: row.case.title,
            purpose: row.purpose,
            class: status.class,
            shape: status.shape,
            status: status.label,
            expires_on: row
                .permit
                .as_ref()
                .map(|permit| permit.expires_on.to_string())
                .unwrap_or_default(),
            href: row
                .permit
                .as_ref()
                .map(|permit| format!("/permits/{}", permit.id))
                .unwrap_or_default(),
        }
    });
    // Where work can be done stands first; the rest keeps its order.
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by_key(|row| row.class != "permitted");
    let openable = openable(&frame, profile, &visit.session.actor.role, Some("data_use"));
    Ok(ok(&PermitsPage {
        openable,
        rows,
        frame,
    }))
}

/// `GET /releases`
pub(crate) async fn releases(visit: Visit) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-release");
    let found = visit.app().releases(&visit.session).await?;
    let rows = found.into_iter().map(|(case, released)| ReleaseRow {
        href: format!("/releases/{}", released.release),
        id: released.release.to_string(),
        case_href: format!("/cases/{}", case.id),
        number: case.number,
        title: case.title,
        rows: released.answer.rows.len(),
        columns: released.answer.columns.join(", "),
    });
    Ok(ok(&ReleasesPage {
        rows: rows.collect(),
        frame,
    }))
}

/// `GET /releases/{id}`
pub(crate) async fn release(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let id: ReleaseId = id.parse().map_err(|_| Refusal::unknown("release_unknown"))?;
    let released = visit.app().released(&visit.session, id).await?;
    let frame = visit
        .frame_at("nav-release")
        .crumb("/releases", &visit.frame.t("nav-release"));
    let case_href = format!("/cases/{}", released.case);
    let answer = answer_view(&frame, &released);
    Ok(ok(&ReleasePage {
        frame,
        case_href,
        answer,
    }))
}

/// An answer as a table.
pub(crate) fn answer_view(frame: &Frame, released: &Released) -> AnswerView {
    let read: Vec<String> = released
        .answer
        .read
        .iter()
        .map(|(dataset, version)| {
            frame.tr(
                "answer-read",
                &[("dataset", dataset.to_string()), ("version", version.to_string())],
            )
        })
        .collect();
    AnswerView {
        release: released.release.to_string(),
        read: read.join(" · "),
        columns: released.answer.columns.clone(),
        rows: cells(&released.answer),
    }
}

pub(crate) fn cells(answer: &Answer) -> Vec<Vec<CellView>> {
    let cell = |cell: &Cell| CellView {
        missing: *cell == Cell::Missing,
        text: cell_text(cell),
    };
    let rows = answer.rows.iter();
    rows.map(|row| row.iter().map(cell).collect()).collect()
}
