//! The pages of a form: task list, group, check-your-answers.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::{Stop, files::UploadKind};
use shuyu_kernel::Refusal;

use super::{
    Form, answers,
    plan::{GroupPlan, Input},
    question::{Question, wrong},
};
use crate::{
    console::{case::result_href, posted::Posted},
    page::{
        ConsoleError, Frame, Grounds, RefusalCard, Visit, html, ok,
        parts::{Labelled, Link, Status},
    },
    problem::status,
};

#[derive(Template)]
#[template(path = "form_tasks.html")]
pub(crate) struct TasksPage {
    pub frame: Frame,
    pub title: String,
    pub lead: String,
    pub grounds: Grounds,
    pub done: usize,
    pub tasks: Vec<Task>,
    pub check_href: String,
    pub back: String,
    pub batch_href: String,
}

pub(crate) struct Task {
    pub href: String,
    pub title: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
}

#[derive(Template)]
#[template(path = "form_group.html")]
pub(crate) struct GroupPage {
    pub frame: Frame,
    pub title: String,
    pub group: String,
    pub action: String,
    pub batch_href: String,
    pub errors: Vec<FieldError>,
    pub questions: Vec<Question>,
}

pub(crate) struct FieldError {
    pub id: String,
    pub message: String,
}

#[derive(Template)]
#[template(path = "form_check.html")]
pub(crate) struct CheckPage {
    pub frame: Frame,
    pub title: String,
    pub card: Option<RefusalCard>,
    pub fixes: Vec<Link>,
    pub missing: Vec<Link>,
    pub sections: Vec<Section>,
    pub what_follows: String,
    pub grounds: Grounds,
    pub action: String,
    pub key: String,
    pub version: String,
    pub submit: String,
    pub back: String,
}

pub(crate) struct Section {
    pub id: String,
    pub title: String,
    pub href: String,
    pub answers: Vec<Labelled>,
}

/// The task list; forms of one page go straight to it, forms without questions to the check page.
pub(crate) fn tasks(form: Form) -> Response {
    let subject = &form.subject;
    match subject.plan.groups.as_slice() {
        [] => return Redirect::to(&subject.check_href()).into_response(),
        [only] => return Redirect::to(&subject.group_href(&only.id)).into_response(),
        _ => {}
    }
    let tasks: Vec<Task> = subject
        .plan
        .groups
        .iter()
        .map(|group| task(&form, group))
        .collect();
    let done = tasks.iter().filter(|task| task.class == "done").count();
    ok(&TasksPage {
        frame: subject.frame.clone(),
        title: subject.title.clone(),
        lead: subject.lead.clone(),
        grounds: subject.grounds.clone(),
        done,
        tasks,
        check_href: subject.check_href(),
        back: subject.back.clone(),
        batch_href: subject.batch_href.clone(),
    })
}

fn task(form: &Form, group: &GroupPlan) -> Task {
    let frame = &form.subject.frame;
    let answer = |input: &Input| form.subject.answer(&form.draft, input.key()).trim().to_owned();
    let seen = form.draft.seen.contains(&group.id);
    let status = if group
        .inputs
        .iter()
        .any(|input| wrong(input, &answer(input)).is_some())
    {
        Status::new("wrong", frame.t("task-wrong"))
    } else if !seen && group.inputs.iter().all(|input| answer(input).is_empty()) {
        Status::new("new", frame.t("task-new"))
    } else if group
        .inputs
        .iter()
        .any(|input| input.required() && answer(input).is_empty())
    {
        Status::new("running", frame.t("task-open"))
    } else {
        Status::new("done", frame.t("task-done"))
    };
    Task {
        href: form.subject.group_href(&group.id),
        title: group_title(form, group),
        class: status.class,
        shape: status.shape,
        status: status.label,
    }
}

fn group_title(form: &Form, group: &GroupPlan) -> String {
    let frame = &form.subject.frame;
    let title = frame.pick(&group.title, &group.title_en);
    if title.is_empty() {
        frame.t("form-group-only")
    } else {
        title.to_owned()
    }
}

fn group_of<'a>(form: &'a Form, id: &str) -> Result<&'a GroupPlan, Refusal> {
    form.subject
        .plan
        .group(id)
        .ok_or_else(|| Refusal::unknown("page_unknown"))
}

/// One group of questions.
pub(crate) fn group(form: &Form, id: &str, errors: bool) -> Result<Response, ConsoleError> {
    let group = group_of(form, id)?;
    let subject = &form.subject;
    let frame = &subject.frame;
    let mut found = Vec::new();
    let questions = group.inputs.iter().map(|input| {
        let mut question = question(form, input);
        if errors && let Some(key) = wrong(input, &question.value) {
            question.error = frame.tr(key, &[("field", &question.label)]);
            found.push(FieldError {
                id: question.id.clone(),
                message: question.error.clone(),
            });
        }
        question
    });
    let questions = questions.collect();
    let code = if found.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = GroupPage {
        batch_href: form.subject.batch_href.clone(),
        frame: frame.clone().crumb(&subject.base, &subject.title),
        title: subject.title.clone(),
        group: group_title(form, group),
        action: subject.group_href(id),
        errors: found,
        questions,
    };
    Ok(html(code, &page))
}

fn question(form: &Form, input: &Input) -> Question {
    let subject = &form.subject;
    let answer = subject.answer(&form.draft, input.key());
    Question::of(&subject.frame, &subject.profile, &form.material, input, answer)
}

/// Saves a group, then goes on; what was typed is kept even if it is wrong.
pub(crate) async fn save(
    visit: &Visit,
    mut form: Form,
    id: &str,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let answers = answers::collect(&form, group_of(&form, id)?, &posted);
    let (case, name) = (form.subject.case, form.subject.draft.clone());
    form.draft = visit
        .app()
        .save_draft(&visit.session, case, &name, id, answers)
        .await?;
    // A paper that just came in belongs to the choices now.
    form.material.uploads = visit.app().uploads(&visit.session, UploadKind::Paper).await?;
    let bad = group_of(&form, id)?
        .inputs
        .iter()
        .any(|input| wrong(input, form.subject.answer(&form.draft, input.key())).is_some());
    if bad {
        return group(&form, id, true);
    }
    let subject = &form.subject;
    let target = match posted.one("then") {
        "leave" => subject.back.clone(),
        _ => next_href(&form, id),
    };
    Ok(Redirect::to(&target).into_response())
}

/// The next page nobody has seen yet, else the check page.
fn next_href(form: &Form, id: &str) -> String {
    let subject = &form.subject;
    let groups = &subject.plan.groups;
    let at = groups.iter().position(|group| group.id == id).unwrap_or(0);
    let rest = groups.iter().skip(at + 1).chain(groups.iter().take(at));
    let next = rest
        .into_iter()
        .find(|group| !form.draft.seen.contains(&group.id));
    next.map_or_else(|| subject.check_href(), |group| subject.group_href(&group.id))
}

/// Check-your-answers, with the refusal of a try on top.
pub(crate) fn check(visit: &Visit, form: &Form, refusal: Option<&Refusal>) -> Response {
    let subject = &form.subject;
    let frame = &subject.frame;
    let sections = subject.plan.groups.iter().map(|group| Section {
        id: group.id.clone(),
        title: group_title(form, group),
        href: subject.group_href(&group.id),
        answers: group.inputs.iter().map(|input| answer(form, input)).collect(),
    });
    let missing = subject.plan.groups.iter().flat_map(|group| {
        let open = group
            .inputs
            .iter()
            .filter(|input| input.required() && subject.answer(&form.draft, input.key()).trim().is_empty());
        open.map(|input| subject.fix(&group.id, input))
    });
    let code = refusal.map_or(StatusCode::OK, |refusal| status(&Stop::Refused(refusal.clone())));
    let page = CheckPage {
        title: subject.title.clone(),
        card: refusal.map(|refusal| RefusalCard::of(frame, &subject.profile, refusal)),
        fixes: refusal.map(|refusal| fixes(form, refusal)).unwrap_or_default(),
        missing: missing.collect(),
        sections: sections.collect(),
        what_follows: subject.what_follows.clone(),
        grounds: subject.grounds.clone(),
        action: subject.check_href(),
        key: visit.app().form_key(),
        version: subject.version.clone(),
        submit: subject.submit.clone(),
        back: subject.back.clone(),
        frame: frame.clone().crumb(&subject.base, &subject.title),
    };
    html(code, &page)
}

fn answer(form: &Form, input: &Input) -> Labelled {
    let question = question(form, input);
    let text = question.answer_text();
    Labelled {
        label: question.label,
        text,
        ..Labelled::default()
    }
}

/// Links to the fields a refusal names.
fn fixes(form: &Form, refusal: &Refusal) -> Vec<Link> {
    let named = ["field", "missing"]
        .into_iter()
        .filter_map(|name| refusal.facts.get(name));
    named
        .flat_map(|titles| titles.split("; "))
        .filter_map(|title| form.subject.find_by_title(title))
        .map(|(group, input)| form.subject.fix(group, input))
        .collect()
}

/// Answers a submitted form. A form that was sent before (twice pressed, sent again by the browser) leads to the
/// result page of the first time, whatever the second try met: the case has moved on, the draft is gone.
pub(crate) async fn answered_once(
    visit: &Visit,
    posted: &Posted,
    answer: impl Future<Output = Result<Response, ConsoleError>>,
) -> Result<Response, ConsoleError> {
    if let Some(result) = first_result(visit, posted).await? {
        return Ok(result);
    }
    let answer = answer.await;
    let stopped = match &answer {
        Ok(response) => response.status().is_client_error(),
        Err(_) => true,
    };
    match stopped {
        true => Ok(first_result(visit, posted).await?.map_or(answer, Ok)?),
        false => answer,
    }
}

async fn first_result(visit: &Visit, posted: &Posted) -> Result<Option<Response>, ConsoleError> {
    let Some(key) = posted.filled("key") else {
        return Ok(None);
    };
    let earlier = visit.app().earlier(&visit.session, &key).await?;
    Ok(earlier.map(|(case, done)| Redirect::to(&result_href(case, &done)).into_response()))
}

/// Settles a try to submit: success leads on and throws the draft away, a refusal stands on the check page.
pub(crate) async fn settle(
    visit: &Visit,
    form: Form,
    result: Result<String, Stop>,
) -> Result<Response, ConsoleError> {
    match result {
        Ok(href) => {
            visit
                .app()
                .drop_draft(&visit.session, form.subject.case, &form.subject.draft)
                .await?;
            Ok(Redirect::to(&href).into_response())
        }
        Err(Stop::Refused(refusal)) => Ok(check(visit, &form, Some(&refusal))),
        Err(fault) => Err(fault.into()),
    }
}
