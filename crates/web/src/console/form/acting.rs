//! Taking an act in a case.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, Request},
    response::Response,
};
use shuyu_app::read::CaseView;
use shuyu_domain::Value;
use shuyu_kernel::Refusal;
use shuyu_profile::{Act, Procedure};

use super::{Form, Subject, answers, pages, plan::Plan};
use crate::{
    console::{
        case::{case_id, guards_of, hint, lane_name, result_href},
        posted::Posted,
    },
    page::{ConsoleError, Grounds, Visit},
};

/// Segment of the address for acts outside lanes.
const NO_LANE: &str = "-";

struct Acting {
    form: Form,
    act: Act,
    lane: Option<String>,
}

async fn load(visit: &Visit, id: &str, act: &str, lane: &str) -> Result<Acting, ConsoleError> {
    let view = visit.app().case_view(&visit.session, case_id(id)?).await?;
    let procedure = view.procedure()?;
    let rule = procedure
        .act(act)
        .ok_or_else(|| Refusal::unknown("act_unknown").fact("act", act.chars().take(60).collect::<String>()))?
        .clone();
    let lane = Some(lane.to_owned()).filter(|lane| lane != NO_LANE);
    lawful(&view, procedure, &rule, lane.as_deref())?;
    let form = Form::load(visit, subject(visit, &view, procedure, &rule, lane.as_deref())).await?;
    Ok(Acting {
        form,
        act: rule,
        lane,
    })
}

/// An act that cannot be taken now is refused before anything is typed.
fn lawful(view: &CaseView, procedure: &Procedure, act: &Act, lane: Option<&str>) -> Result<(), Refusal> {
    let now = view
        .acts
        .iter()
        .find(|now| now.act == act.id && now.lane.as_deref() == lane);
    if let Some(now) = now {
        return now.refusal.clone().map_or(Ok(()), Err);
    }
    let stage = procedure
        .stage(&view.case.stage)
        .map_or(view.case.stage.as_str(), |stage| stage.title.as_str());
    let stages: Vec<&str> = act
        .from
        .iter()
        .filter_map(|id| procedure.stage(id))
        .map(|stage| stage.title.as_str())
        .collect();
    Err(Refusal::conflict("act_not_in_stage")
        .citing(act.basis.clauses())
        .fact("act", &act.title)
        .fact("stage", stage)
        .fact("stages", stages.join("; ")))
}

fn subject(visit: &Visit, view: &CaseView, procedure: &Procedure, act: &Act, lane: Option<&str>) -> Subject {
    let case = &view.case;
    let href = format!("/cases/{}", case.id);
    let frame = visit
        .frame_at("nav-desk")
        .crumb(&href, &format!("{} {}", case.number, case.title));
    let act_title = frame.pick(&act.title, &act.title_en).to_owned();
    let body = lane_name(view, lane);
    let title = if body.is_empty() {
        act_title.clone()
    } else {
        format!("{act_title} · {body}")
    };
    let key = if act.route.is_empty() {
        "acting-follows"
    } else {
        "acting-follows-route"
    };
    Subject {
        batch_href: String::new(),
        base: format!("{href}/acts/{}/{}", act.id, lane.unwrap_or(NO_LANE)),
        case: case.id,
        draft: lane.map_or_else(|| act.id.clone(), |lane| format!("{}@{lane}", act.id)),
        lead: hint(&frame, view, act),
        what_follows: frame.t(key),
        submit: frame.tr("acting-submit", &[("act", act_title)]),
        back: href,
        version: case.version.to_string(),
        grounds: Grounds::of(&frame, &view.profile, &act.basis),
        plan: Plan::acting(procedure, act, case, lane),
        existing: existing(view, act),
        title,
        frame,
        profile: Arc::clone(&view.profile),
    }
}

/// Values the case has already; personal ones are not shown, lists that grow start empty.
fn existing(view: &CaseView, act: &Act) -> BTreeMap<String, String> {
    act.records
        .iter()
        .filter_map(|id| {
            let text = match view.case.fields.get(id)? {
                Value::Sealed { .. } | Value::Cases(_) => return None,
                Value::File(paper) => paper.digest.to_string(),
                other => other.text(),
            };
            Some((id.clone(), text))
        })
        .collect()
}

type Address = (String, String, String);

/// `GET /cases/{id}/acts/{act}/{lane}`
pub(crate) async fn tasks(
    visit: Visit,
    Path((id, act, lane)): Path<Address>,
) -> Result<Response, ConsoleError> {
    Ok(pages::tasks(load(&visit, &id, &act, &lane).await?.form))
}

/// `GET /cases/{id}/acts/{act}/{lane}/{group}`
pub(crate) async fn group(
    visit: Visit,
    Path((id, act, lane, group)): Path<(String, String, String, String)>,
) -> Result<Response, ConsoleError> {
    pages::group(&load(&visit, &id, &act, &lane).await?.form, &group, false)
}

/// `POST /cases/{id}/acts/{act}/{lane}/{group}`
pub(crate) async fn save(
    visit: Visit,
    Path((id, act, lane, group)): Path<(String, String, String, String)>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let acting = load(&visit, &id, &act, &lane).await?;
    pages::save(&visit, acting.form, &group, posted).await
}

/// `GET /cases/{id}/acts/{act}/{lane}/check`
pub(crate) async fn check(
    visit: Visit,
    Path((id, act, lane)): Path<Address>,
) -> Result<Response, ConsoleError> {
    let acting = load(&visit, &id, &act, &lane).await?;
    Ok(pages::check(&visit, &acting.form, None))
}

/// `POST /cases/{id}/acts/{act}/{lane}/check`
pub(crate) async fn submit(
    visit: Visit,
    Path((id, act, lane)): Path<Address>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let first = async {
        let case = case_id(&id)?;
        let acting = load(&visit, &id, &act, &lane).await?;
        let input = answers::act_input(&acting.form, &acting.act, acting.lane)?;
        let result = visit
            .app()
            .act(&visit.session, case, input, guards_of(&posted))
            .await;
        let result = result.map(|done| result_href(case, &done));
        pages::settle(&visit, acting.form, result).await
    };
    pages::answered_once(&visit, &posted, first).await
}
