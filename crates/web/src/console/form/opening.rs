//! Opening a case.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Request},
    response::Response,
};
use shuyu_kernel::{CaseId, Refusal};

use super::{Form, Subject, answers, pages, plan::Plan};
use crate::{
    console::{
        case::{guards_of, result_href},
        posted::Posted,
    },
    page::{
        ConsoleError, Frame, Grounds, Visit, ok,
        parts::{Openable, batch_href, openable},
    },
};

#[derive(Template)]
#[template(path = "openable.html")]
pub(crate) struct OpenablePage {
    pub frame: Frame,
    pub items: Vec<Openable>,
}

/// `GET /open`
pub(crate) async fn index(visit: Visit) -> Response {
    let frame = visit.frame_at("nav-desk");
    let items = openable(&frame, &visit.profile, &visit.session.actor.role, None);
    ok(&OpenablePage { frame, items })
}

async fn form(visit: &Visit, id: &str) -> Result<Form, ConsoleError> {
    let profile = visit.profile.clone();
    let unknown =
        || Refusal::unknown("procedure_unknown").fact("procedure", id.chars().take(60).collect::<String>());
    let procedure = profile.procedure(id).ok_or_else(unknown)?;
    let role = &visit.session.actor.role;
    if !procedure.open.by.contains(role) {
        let titles: Vec<&str> = procedure
            .open
            .by
            .iter()
            .map(|id| profile.role(id).map_or(id.as_str(), |role| role.title.as_str()))
            .collect();
        return Err(Refusal::forbidden("role_may_not_act")
            .citing(procedure.basis.clauses())
            .fact("act", &procedure.title)
            .fact("roles", titles.join("; "))
            .into());
    }
    let frame = visit
        .frame_at("nav-desk")
        .crumb("/open", &visit.frame.t("openable-title"));
    let title = frame.tr(
        "open-a-case",
        &[("title", frame.pick(&procedure.title, &procedure.title_en))],
    );
    let subject = Subject {
        base: format!("/open/{}", procedure.id),
        case: CaseId::from_bits(0),
        draft: format!("open-{}", procedure.id),
        lead: frame.t("opening-lead"),
        what_follows: frame.t("opening-follows"),
        submit: frame.t("opening-submit"),
        back: "/".to_owned(),
        batch_href: batch_href(procedure),
        version: String::new(),
        grounds: Grounds::of(&frame, &profile, &procedure.basis),
        plan: Plan::opening(procedure),
        existing: BTreeMap::new(),
        title,
        frame,
        profile: profile.clone(),
    };
    Form::load(visit, subject).await
}

/// `GET /open/{procedure}`
pub(crate) async fn tasks(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    Ok(pages::tasks(form(&visit, &id).await?))
}

/// `GET /open/{procedure}/{group}`
pub(crate) async fn group(
    visit: Visit,
    Path((id, group)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    pages::group(&form(&visit, &id).await?, &group, false)
}

/// `POST /open/{procedure}/{group}`
pub(crate) async fn save(
    visit: Visit,
    Path((id, group)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let form = form(&visit, &id).await?;
    pages::save(&visit, form, &group, posted).await
}

/// `GET /open/{procedure}/check`
pub(crate) async fn check(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    Ok(pages::check(&visit, &form(&visit, &id).await?, None))
}

/// `POST /open/{procedure}/check`
pub(crate) async fn submit(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let first = async {
        let form = form(&visit, &id).await?;
        let set = answers::fields_to_set(&form);
        let mut guarded = guards_of(&posted);
        guarded.expected_version = None;
        let result = visit.app().open(&visit.session, &id, &set, guarded).await;
        let result = result.map(|(case, done)| result_href(case, &done));
        pages::settle(&visit, form, result).await
    };
    pages::answered_once(&visit, &posted, first).await
}
