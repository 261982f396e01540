//! The result page: number, date, what happens next, receipt.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use serde::Deserialize;
use shuyu_app::read::CaseView;
use shuyu_domain::event::CaseEvent;
use shuyu_kernel::calendar::Bound;

use crate::{
    console::case::{case_id, kind_words},
    page::{
        ConsoleError, Frame, Visit,
        frame::{post_title, role_title},
        ok,
        parts::stage_status,
    },
};

#[derive(Template)]
#[template(path = "result.html")]
pub(crate) struct ResultPage {
    pub frame: Frame,
    pub id: String,
    pub headline: String,
    pub number: String,
    pub title: String,
    pub stage: String,
    pub next: Vec<String>,
    pub entries: Vec<EntryLine>,
}

pub(crate) struct EntryLine {
    pub index: u64,
    pub what: String,
}

/// Ledger indices of what was just written: `first..next`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Written {
    #[serde(default)]
    first: u64,
    #[serde(default)]
    next: u64,
}

/// `GET /cases/{id}/result?first=…&next=…`
pub(crate) async fn page(
    visit: Visit,
    Path(id): Path<String>,
    Query(written): Query<Written>,
) -> Result<Response, ConsoleError> {
    let view = visit.app().case_view(&visit.session, case_id(&id)?).await?;
    let frame = visit
        .frame_at("nav-desk")
        .crumb(&format!("/cases/{id}"), &view.case.number);
    let new: Vec<_> = view
        .timeline
        .iter()
        .filter(|item| (written.first..written.next).contains(&item.index))
        .collect();
    let procedure = view.procedure()?;
    let headline = new.iter().find_map(|item| {
        let act = |id: &str| {
            procedure
                .act(id)
                .map_or(id, |act| frame.pick(&act.title, &act.title_en))
                .to_owned()
        };
        match &item.event {
            CaseEvent::Opened { .. } => Some(frame.t("result-opened")),
            CaseEvent::Taken { meta, .. } => Some(frame.tr("result-taken", &[("act", act(&meta.act))])),
            CaseEvent::Entered { pending, .. } => {
                Some(frame.tr("result-entered", &[("act", act(&pending.act))]))
            }
            CaseEvent::Advanced { .. } => Some(frame.t("result-advanced")),
            CaseEvent::Dropped { .. } => Some(frame.t("result-dropped")),
            _ => None,
        }
    });
    let entries = new.iter().map(|item| {
        let kind = shuyu_domain::Event::Case(item.event.clone()).kind();
        EntryLine {
            index: item.index,
            what: kind_words(&frame, kind),
        }
    });
    let page = ResultPage {
        entries: entries.collect(),
        id,
        headline: headline.unwrap_or_else(|| frame.t("result-done")),
        number: view.case.number.clone(),
        title: view.case.title.clone(),
        stage: stage_status(&frame, Some(procedure), &view.case.stage).label,
        next: next(&frame, &view),
        frame,
    };
    Ok(ok(&page))
}

/// What happens next: waiting steps, running clocks, whose turn it is.
fn next(frame: &Frame, view: &CaseView) -> Vec<String> {
    let mut lines = Vec::new();
    for pending in &view.case.pending {
        let post = pending.next.first().map_or("checker", String::as_str);
        let post = if post == "checker" {
            frame.t("post-checker")
        } else {
            post_title(frame.lang, &view.profile, post)
        };
        lines.push(frame.tr("case-waiting-for", &[("post", post)]));
    }
    if let Some(holder) = &view.case.holder {
        let who = role_title(frame.lang, &view.profile, &holder.role);
        lines.push(frame.tr("case-turn", &[("who", who)]));
    }
    let procedure = view.profile.procedure(&view.case.procedure);
    for clock in view.case.clocks.iter().filter(|clock| clock.stopped_on.is_none()) {
        let rule = procedure.and_then(|procedure| procedure.clock(&clock.run.clock));
        let title = rule.map_or(clock.run.clock.as_str(), |rule| {
            frame.pick(&rule.title, &rule.title_en)
        });
        let key = if clock.run.bound == Bound::AtMost {
            "result-clock-due"
        } else {
            "result-clock-until"
        };
        lines.push(frame.tr(
            key,
            &[("clock", title.to_owned()), ("date", clock.run.due.to_string())],
        ));
    }
    if lines.is_empty() {
        lines.push(frame.t("result-nothing-next"));
    }
    lines
}
