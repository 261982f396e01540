//! 监管: open duties by body, and what the record says today.

use askama::Template;
use axum::response::Response;
use shuyu_app::read::{BodyDuties, Urgency};

use super::{case::figure_label, desk::duty_words};
use crate::page::{Chip, ConsoleError, Frame, Visit, frame::role_title, ok, parts::shape};

#[derive(Template)]
#[template(path = "supervision.html")]
pub(crate) struct SupervisionPage {
    pub frame: Frame,
    pub bodies: Vec<BodyRow>,
    pub figures: Vec<FigureRow>,
}

pub(crate) struct BodyRow {
    pub name: String,
    pub role: String,
    pub severe: usize,
    pub overdue: usize,
    pub soon: usize,
    pub open: usize,
    pub rows: Vec<DutyRow>,
}

pub(crate) struct DutyRow {
    pub href: String,
    pub number: String,
    pub title: String,
    pub what: String,
    pub due: String,
    pub word: &'static str,
    pub shape: &'static str,
    pub remaining: String,
    pub chips: Vec<Chip>,
}

pub(crate) struct FigureRow {
    pub label: String,
    pub value: i64,
    pub rows: String,
}

/// `GET /supervision`
pub(crate) async fn page(visit: Visit) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-supervision");
    let bodies = visit.app().supervision(&visit.session).await?;
    let figures = visit.app().disclosure_figures(&visit.session).await?;
    let page = SupervisionPage {
        bodies: bodies.iter().map(|body| row(&frame, &visit, body)).collect(),
        figures: figures
            .into_iter()
            .map(|figure| FigureRow {
                label: figure_label(&frame, &figure.name),
                value: figure.value,
                rows: figure.rows.join(" · "),
            })
            .collect(),
        frame,
    };
    Ok(ok(&page))
}

fn row(frame: &Frame, visit: &Visit, body: &BodyDuties) -> BodyRow {
    let profile = &visit.profile;
    let rows = body.duties.iter().map(|(duty, urgency, remaining)| DutyRow {
        href: format!("/cases/{}", duty.case),
        number: duty.number.clone(),
        title: duty.title.clone(),
        what: duty_words(frame, profile, duty),
        due: duty.due.map(|due| due.to_string()).unwrap_or_default(),
        word: urgency.word(),
        shape: shape(urgency.word()),
        remaining: frame.remaining(*remaining),
        chips: Chip::all(frame, profile, &duty.clauses),
    });
    BodyRow {
        name: body.body.clone(),
        role: role_title(frame.lang, profile, &body.role),
        severe: body.count(Urgency::Severe),
        overdue: body.count(Urgency::Overdue),
        soon: body.count(Urgency::Soon),
        open: body.duties.len(),
        rows: rows.collect(),
    }
}
