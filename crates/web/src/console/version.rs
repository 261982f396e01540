//! A case under an older version of the rules: what the present version would move, and moving it there.

use askama::Template;
use axum::{
    extract::{Path, Request},
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::{read::CaseView, versions::NewMove};
use shuyu_domain::rehearsal::{DateMoved, OutcomeMoved, Rehearsal};
use shuyu_profile::Profile;

use super::{
    case::{case_id, guards_of, result_href},
    posted::Posted,
};
use crate::page::{Chip, ConsoleError, Frame, Visit, ok};

#[derive(Template)]
#[template(path = "version.html")]
pub(crate) struct VersionPage {
    pub frame: Frame,
    pub id: String,
    pub number: String,
    pub title: String,
    /// First digits of the version the case is under, and of the present one.
    pub under: String,
    pub present: String,
    pub bound_on: String,
    pub older: bool,
    /// The present version can take the case on.
    pub fits: bool,
    pub unfit: Vec<String>,
    pub dates: Vec<DateRow>,
    pub outcomes: Vec<OutcomeRow>,
    /// The visitor may move it.
    pub may_move: bool,
    pub key: String,
    pub version: u64,
}

pub(crate) struct DateRow {
    pub clock: String,
    pub lane: String,
    pub running: bool,
    pub before: String,
    pub after: String,
    pub chips: Vec<Chip>,
}

pub(crate) struct OutcomeRow {
    pub act: String,
    pub on: String,
    /// Code of the refusal; empty = it passes.
    pub before: String,
    pub after: String,
    pub chips: Vec<Chip>,
}

/// `GET /cases/{id}/version`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let id = case_id(&id)?;
    let (view, rehearsal) = visit.app().rehearse_case(&visit.session, id).await?;
    let case = &view.case;
    let present = &visit.profile;
    let frame = visit
        .frame_at("nav-authorisation")
        .crumb(&format!("/cases/{id}"), &case.number);
    let role = visit.session.actor.role.as_str();
    let older = case.profile != present.digest;
    let unfit = rehearsal
        .as_ref()
        .map(|found| found.unfit.clone())
        .unwrap_or_default();
    let page = VersionPage {
        id: id.to_string(),
        number: case.number.clone(),
        title: case.title.clone(),
        under: case.profile.short(),
        present: present.digest.short(),
        bound_on: case.bound_on().to_string(),
        older,
        fits: unfit.is_empty(),
        unfit,
        dates: dates(&frame, &view, present, rehearsal.as_ref()),
        outcomes: outcomes(&frame, &view, present, rehearsal.as_ref()),
        may_move: older && !case.closed && present.role(role).is_some_and(|role| role.moves_cases),
        key: visit.app().form_key(),
        version: case.version,
        frame,
    };
    Ok(ok(&page))
}

/// `POST /cases/{id}/version`: moves the case to the present version.
pub(crate) async fn submit(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let id = case_id(&id)?;
    let new = NewMove {
        reason: posted.one("reason").to_owned(),
        paper: posted.one("paper").to_owned(),
    };
    let done = visit
        .app()
        .move_case(&visit.session, id, new, guards_of(&posted))
        .await?;
    Ok(Redirect::to(&result_href(id, &done)).into_response())
}

fn dates(frame: &Frame, view: &CaseView, present: &Profile, found: Option<&Rehearsal>) -> Vec<DateRow> {
    let row = |moved: &DateMoved| {
        let rule = [present, &view.profile]
            .into_iter()
            .filter_map(|profile| profile.procedure(&view.case.procedure)?.clock(&moved.clock))
            .next();
        DateRow {
            clock: rule.map_or_else(
                || moved.clock.clone(),
                |rule| frame.pick(&rule.title, &rule.title_en).to_owned(),
            ),
            lane: super::case::lane_name(view, moved.lane.as_deref()),
            running: moved.running,
            before: moved.before.to_string(),
            after: moved.after.map(|day| day.to_string()).unwrap_or_default(),
            chips: Chip::all(frame, present, &moved.clauses),
        }
    };
    found
        .map(|found| found.dates.iter().map(row).collect())
        .unwrap_or_default()
}

fn outcomes(frame: &Frame, view: &CaseView, present: &Profile, found: Option<&Rehearsal>) -> Vec<OutcomeRow> {
    let title = |what: &str| {
        [present, &view.profile].into_iter().find_map(|profile| {
            let procedure = profile.procedure(&view.case.procedure)?;
            let act = procedure.act(what).map(|act| (&act.title, &act.title_en));
            let clock = || procedure.clock(what).map(|clock| (&clock.title, &clock.title_en));
            let (zh, en) = act.or_else(clock)?;
            Some(frame.pick(zh, en).to_owned())
        })
    };
    let row = |moved: &OutcomeMoved| OutcomeRow {
        act: title(&moved.what).unwrap_or_else(|| match moved.what.as_str() {
            "open" => frame.t("event-case-opened"),
            other => other.to_owned(),
        }),
        on: moved.on.map(|day| day.to_string()).unwrap_or_default(),
        before: moved.before.clone().unwrap_or_default(),
        after: moved.after.clone().unwrap_or_default(),
        chips: Chip::all(frame, present, &moved.clauses),
    };
    found
        .map(|found| found.outcomes.iter().map(row).collect())
        .unwrap_or_default()
}
