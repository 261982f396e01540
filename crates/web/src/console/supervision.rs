//! 监管: open duties by body, and what the record says today.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;
use shuyu_app::{
    disclosure::{Figure, Period},
    read::{BodyDuties, Granted, Urgency, WatchedOver, WatchedRow, desk::remaining_days},
    ties::Affiliated,
};
use shuyu_domain::registry::Weight;

use super::{
    case::figure_label,
    desk::{duty_grounds, duty_words},
    watch::{self, WatchForm, WatchNote, clock_title, row_forms},
};
use crate::page::{Chip, ConsoleError, Frame, Grounds, Visit, frame::role_title, ok, parts::shape};

#[derive(Template)]
#[template(path = "supervision.html")]
pub(crate) struct SupervisionPage {
    pub frame: Frame,
    pub watched: Vec<WatchedGroup>,
    pub bodies: Vec<BodyRow>,
    pub exceptions: Vec<ExceptionRow>,
    pub affiliations: Vec<AffiliationRow>,
    pub year: String,
    pub figures: Vec<FigureRow>,
}

/// Which year's figures; none = as it stands today.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    year: String,
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
    pub grounds: Grounds,
}

/// Clocks in one state: escalated, urged or expired.
pub(crate) struct WatchedGroup {
    pub id: &'static str,
    pub label: String,
    pub empty: String,
    pub rows: Vec<WatchedLine>,
}

pub(crate) struct WatchedLine {
    pub href: String,
    pub number: String,
    pub title: String,
    pub what: String,
    pub who: String,
    pub due: String,
    pub word: &'static str,
    pub shape: &'static str,
    pub remaining: String,
    pub notes: Vec<WatchNote>,
    pub forms: Vec<WatchForm>,
}

pub(crate) struct ExceptionRow {
    pub href: String,
    pub number: String,
    pub title: String,
    pub reason: String,
    pub on: String,
    pub chips: Vec<Chip>,
}

/// A body tied, or suspected to be, to one that may not re-develop.
pub(crate) struct AffiliationRow {
    pub word: &'static str,
    pub shape: &'static str,
    pub weight: String,
    pub words: String,
    pub chips: Vec<Chip>,
}

pub(crate) struct FigureRow {
    pub label: String,
    pub value: i64,
    pub rows: Vec<String>,
    pub chips: Vec<Chip>,
}

/// `GET /supervision`
pub(crate) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-supervision");
    let bodies = visit.app().supervision(&visit.session).await?;
    let watched = visit.app().watched_over(&visit.session).await?;
    let exceptions = visit.app().exceptions(&visit.session).await?;
    let affiliations = visit.app().affiliations(&visit.session).await?;
    let period = asked.year.trim().parse().ok().and_then(Period::year);
    let figures = visit.app().disclosure_figures(&visit.session, period).await?;
    let page = SupervisionPage {
        watched: watched_groups(&frame, &visit, &watched),
        bodies: bodies.iter().map(|body| row(&frame, &visit, body)).collect(),
        exceptions: exceptions
            .into_iter()
            .map(|granted| exception_row(&frame, &visit, granted))
            .collect(),
        affiliations: affiliations
            .into_iter()
            .map(|one| affiliation_row(&frame, &visit, one))
            .collect(),
        year: period.map(|_| asked.year.trim().to_owned()).unwrap_or_default(),
        figures: figures
            .into_iter()
            .map(|figure| figure_row(&frame, &visit, figure))
            .collect(),
        frame,
    };
    Ok(ok(&page))
}

fn watched_groups(frame: &Frame, visit: &Visit, watched: &WatchedOver) -> Vec<WatchedGroup> {
    [
        ("escalated", &watched.escalated),
        ("urged", &watched.urged),
        ("expired", &watched.expired),
    ]
    .into_iter()
    .map(|(id, rows)| WatchedGroup {
        id,
        label: frame.tr(&format!("supervision-{id}"), &[("n", rows.len())]),
        empty: frame.t(&format!("supervision-{id}-empty")),
        rows: rows
            .iter()
            .enumerate()
            .map(|(n, row)| watched_line(frame, visit, &format!("{id}-{n}"), row))
            .collect(),
    })
    .collect()
}

fn watched_line(frame: &Frame, visit: &Visit, place: &str, row: &WatchedRow) -> WatchedLine {
    let run = &row.clock.run;
    let remaining = remaining_days(&visit.profile, frame.today, run.due);
    let urgency = Urgency::of(Some(remaining));
    WatchedLine {
        href: format!("/cases/{}", row.case),
        number: row.number.clone(),
        title: row.title.clone(),
        what: clock_title(frame, &visit.profile, &row.procedure, &run.clock),
        who: row.holders.join(" · "),
        due: run.due.to_string(),
        word: urgency.word(),
        shape: shape(urgency.word()),
        remaining: frame.remaining(Some(remaining)),
        notes: watch::notes(frame, &row.clock, &[], |body| row.name(body)),
        forms: row_forms(visit, place, row),
    }
}

fn exception_row(frame: &Frame, visit: &Visit, granted: Granted) -> ExceptionRow {
    ExceptionRow {
        href: format!("/cases/{}", granted.case),
        number: granted.number,
        title: granted.title,
        reason: granted.reason,
        on: granted.on.to_string(),
        chips: Chip::all(frame, &visit.profile, &granted.clauses),
    }
}

fn affiliation_row(frame: &Frame, visit: &Visit, one: Affiliated) -> AffiliationRow {
    let urgency = match one.tie.weight {
        Weight::Established => Urgency::Severe,
        Weight::Suspected => Urgency::Soon,
    };
    let words = [
        ("body", one.body),
        ("other", one.other),
        ("ground", one.tie.ground.word().to_owned()),
        ("chain", one.tie.shown()),
    ];
    AffiliationRow {
        word: urgency.word(),
        shape: shape(urgency.word()),
        weight: frame.t(&format!("affiliation-{}", one.tie.weight.word())),
        words: frame.tr("affiliation-words", &words),
        chips: Chip::all(frame, &visit.profile, &one.clauses),
    }
}

fn figure_row(frame: &Frame, visit: &Visit, figure: Figure) -> FigureRow {
    let profile = &visit.profile;
    let rule = profile.figures.iter().find(|rule| rule.name == figure.name);
    let procedure = rule.and_then(|rule| profile.procedure(&rule.procedure));
    let label = |id: &str| {
        let field = procedure.and_then(|procedure| procedure.field(id));
        field.map_or_else(
            || id.to_owned(),
            |field| frame.pick(&field.title, &field.title_en).to_owned(),
        )
    };
    let items = figure.items.iter().map(|item| {
        let values = item
            .values
            .iter()
            .map(|(id, text)| format!("{}: {text}", label(id)));
        let mut parts = vec![format!("{} {}", item.number, item.title)];
        parts.extend(values);
        parts.join(" · ")
    });
    let mut rows: Vec<String> = items.collect();
    if rows.is_empty() {
        rows = figure.rows;
    }
    FigureRow {
        label: figure_label(frame, &figure.name),
        value: figure.value,
        rows,
        chips: Chip::all(frame, profile, &figure.clauses),
    }
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
        grounds: duty_grounds(frame, profile, duty),
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
