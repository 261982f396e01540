//! The next-act panel: what is lawful now, and for everything else one line why not.

use shuyu_app::read::{ActNow, CaseView};
use shuyu_domain::event::Pending;
use shuyu_kernel::{Manner, Refusal};
use shuyu_profile::{Act, ActKind, Procedure};

use super::facts::value_text;
use crate::page::{
    Chip, Frame, RefusalCard, Visit,
    frame::{post_title, role_title},
    parts::Labelled,
};

pub(crate) struct ActLine {
    pub title: String,
    pub href: String,
    pub open: bool,
    pub leads: bool,
    pub lane: String,
    pub hint: String,
    pub chips: Vec<Chip>,
    pub card: Option<RefusalCard>,
}

pub(crate) struct Waiting {
    pub number: u32,
    pub act: String,
    pub lane: String,
    pub next: String,
    pub happened_on: String,
    pub steps: Vec<String>,
    pub values: Vec<Labelled>,
    pub own: bool,
    pub can_advance: bool,
    pub advance_label: String,
    pub why_not: String,
    pub key: String,
}

/// Lawful acts first, and among them those that lead on before those that send back or end.
pub(super) fn lines(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<ActLine> {
    let mut lines: Vec<ActLine> = view
        .acts
        .iter()
        .filter_map(|now| Some(line(frame, view, procedure.act(&now.act)?, now)))
        .collect();
    lines.sort_by_key(|line| (!line.open, !line.leads));
    lines
}

/// Whether an act leads on rather than sending back, refusing or ending.
fn leads_on(kind: ActKind) -> bool {
    !matches!(
        kind,
        ActKind::Refuse
            | ActKind::Return
            | ActKind::Terminate
            | ActKind::Revoke
            | ActKind::Suspend
            | ActKind::Object
    )
}

fn line(frame: &Frame, view: &CaseView, act: &Act, now: &ActNow) -> ActLine {
    let waits = view
        .case
        .pending
        .iter()
        .any(|pending| pending.act == act.id && pending.lane == now.lane);
    let entered = || {
        Refusal::conflict("act_already_entered")
            .citing(act.basis.clauses())
            .fact("act", &act.title)
    };
    let refusal = if waits {
        Some(entered())
    } else {
        now.refusal.clone()
    };
    ActLine {
        title: frame.pick(&act.title, &act.title_en).to_owned(),
        href: format!(
            "/cases/{}/acts/{}/{}",
            view.case.id,
            act.id,
            now.lane.as_deref().unwrap_or("-")
        ),
        open: refusal.is_none(),
        leads: leads_on(act.kind),
        lane: lane_name(view, now.lane.as_deref()),
        hint: hint(frame, view, act),
        chips: Chip::all(frame, &view.profile, act.basis.clauses()),
        card: refusal.map(|refusal| RefusalCard::of(frame, &view.profile, &refusal)),
    }
}

/// Name of the body of a lane.
pub(crate) fn lane_name(view: &CaseView, lane: Option<&str>) -> String {
    let state = lane.and_then(|key| view.case.lanes.get(key));
    state
        .map(|state| view.registry.body_name(state.body))
        .unwrap_or_default()
}

/// How many people the act needs, and whether it is entered from a paper of somebody who never signs in.
pub(crate) fn hint(frame: &Frame, view: &CaseView, act: &Act) -> String {
    let mut parts = Vec::new();
    if let Some(role) = &act.decided_by {
        parts.push(frame.tr(
            "act-decided-by",
            &[("who", role_title(frame.lang, &view.profile, role))],
        ));
    } else if act.manners == [Manner::OnBehalf] {
        parts.push(frame.t("act-on-behalf"));
    }
    if !act.route.is_empty() {
        let steps: Vec<String> = act
            .route
            .iter()
            .map(|step| post_name(frame, view, &step.post))
            .collect();
        parts.push(frame.tr("act-route", &[("steps", steps.join(" → "))]));
    }
    parts.join(" · ")
}

fn post_name(frame: &Frame, view: &CaseView, post: &str) -> String {
    if post == "checker" {
        frame.t("post-checker")
    } else {
        post_title(frame.lang, &view.profile, post)
    }
}

/// Acts that wait for a step of their route.
pub(super) fn waiting(frame: &Frame, visit: &Visit, view: &CaseView, procedure: &Procedure) -> Vec<Waiting> {
    view.case
        .pending
        .iter()
        .map(|pending| one_waiting(frame, visit, view, procedure, pending))
        .collect()
}

fn one_waiting(
    frame: &Frame,
    visit: &Visit,
    view: &CaseView,
    procedure: &Procedure,
    pending: &Pending,
) -> Waiting {
    let actor = &visit.session.actor;
    let post = pending.next.first().map_or("checker", String::as_str);
    let name = post_name(frame, view, post);
    let took = pending.steps.iter().any(|step| step.person == actor.person);
    let fits = post == "checker" || actor.post == post;
    let act = procedure.act(&pending.act);
    let steps = pending.steps.iter().map(|step| {
        let person = view
            .registry
            .people
            .get(&step.person)
            .map_or("?", |person| person.login.as_str());
        let by = step
            .delegation
            .as_deref()
            .map(|paper| format!(" ({paper})"))
            .unwrap_or_default();
        format!(
            "{} · {person}{by} · {}",
            post_name(frame, view, &step.post),
            step.on
        )
    });
    let values = pending.set.iter().map(|(id, value)| {
        let field = procedure.field(id);
        Labelled {
            label: field
                .map_or(id.as_str(), |field| frame.pick(&field.title, &field.title_en))
                .to_owned(),
            text: value_text(frame, view, field, value),
            ..Labelled::default()
        }
    });
    Waiting {
        number: pending.number,
        act: act
            .map_or(pending.act.as_str(), |act| frame.pick(&act.title, &act.title_en))
            .to_owned(),
        lane: lane_name(view, pending.lane.as_deref()),
        happened_on: pending.happened_on.map(|day| day.to_string()).unwrap_or_default(),
        steps: steps.collect(),
        values: values.collect(),
        own: actor.body == pending.body,
        can_advance: fits && !took,
        advance_label: frame.t(if pending.next.len() > 1 {
            "case-waiting-advance"
        } else {
            "case-waiting-finish"
        }),
        why_not: if took {
            frame.t("case-waiting-took-part")
        } else {
            frame.tr("case-waiting-needs-post", &[("post", &name)])
        },
        next: name,
        key: visit.app().form_key(),
    }
}
