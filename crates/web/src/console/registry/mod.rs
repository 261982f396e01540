//! 单位与人员: bodies, people, and what ties them; forms for whoever may enter what.

mod forms;
mod submit;

use askama::Template;
use axum::response::Response;
use shuyu_domain::{
    Registry,
    registry::{Handover, Holding, percent},
};
use shuyu_kernel::{BodyId, CivilDate, PersonId};

use crate::page::{
    ConsoleError, Frame, Visit,
    frame::{post_title, role_title},
    ok,
    parts::Choice,
};

pub(crate) use submit::submit;

#[derive(Template)]
#[template(path = "registry.html")]
pub(crate) struct RegistryPage {
    pub frame: Frame,
    pub key: String,
    pub bodies: Vec<BodyRow>,
    pub lists: Vec<ListView>,
    pub forms: Vec<FormView>,
}

pub(crate) struct BodyRow {
    pub name: String,
    pub roles: String,
    pub notes: Vec<String>,
}

/// Lines under a heading; one without lines says so.
pub(crate) struct ListView {
    pub id: &'static str,
    pub title: String,
    pub empty: String,
    pub rows: Vec<String>,
}

pub(crate) struct FormView {
    pub what: &'static str,
    pub title: String,
    pub lead: String,
    pub questions: Vec<QuestionView>,
}

pub(crate) struct QuestionView {
    /// Unique on the page.
    pub id: String,
    pub name: &'static str,
    pub label: String,
    /// `text`, `date`, `file`, `select`, `tick`.
    pub kind: &'static str,
    pub required: bool,
    pub options: Vec<Choice>,
}

/// `GET /registry`
pub(crate) async fn page(visit: Visit) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-registry");
    let registry = visit.app().registry_seen(&visit.session).await?;
    let page = RegistryPage {
        key: visit.app().form_key(),
        bodies: body_rows(&frame, &visit, &registry),
        lists: lists(&frame, &visit, &registry),
        forms: forms::of(&frame, &visit, &registry),
        frame,
    };
    Ok(ok(&page))
}

fn body_rows(frame: &Frame, visit: &Visit, registry: &Registry) -> Vec<BodyRow> {
    let joint = frame.t("list-joint");
    let mut rows: Vec<BodyRow> = registry
        .bodies
        .values()
        .map(|body| {
            let roles = body
                .roles
                .iter()
                .map(|role| role_title(frame.lang, &visit.profile, role));
            BodyRow {
                name: body.name.clone(),
                roles: roles.collect::<Vec<_>>().join(&joint),
                notes: notes(frame, registry, body.id),
            }
        })
        .collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// Former names, and what the body went into.
fn notes(frame: &Frame, registry: &Registry, body: BodyId) -> Vec<String> {
    let former = registry.succession.names.get(&body).into_iter().flatten();
    let mut notes: Vec<String> = former
        .map(|name| {
            let words = [("name", name.name.clone()), ("until", name.until.to_string())];
            frame.tr("registry-former-name", &words)
        })
        .collect();
    if let Some(merger) = registry.merged(body) {
        let words = [
            ("into", registry.body_name(merger.into)),
            ("on", merger.on.to_string()),
        ];
        notes.push(frame.tr("registry-merged", &words));
    }
    notes
}

fn handovers(frame: &Frame, visit: &Visit, registry: &Registry) -> Vec<String> {
    let login = |person: &PersonId| {
        let person = registry.people.get(person);
        person.map(|person| person.login.clone()).unwrap_or_default()
    };
    let joint = frame.t("list-joint");
    let words = |handover: &Handover| {
        let matters = handover.open_matters.iter().map(|matter| {
            let kind = frame.t(&format!("matter-{}", matter.kind));
            format!("{} {kind}", matter.number)
        });
        let matters = matters.collect::<Vec<_>>().join(&joint);
        let post = &handover.membership;
        let words = [
            ("body", registry.body_name(post.body)),
            ("role", role_title(frame.lang, &visit.profile, &post.role)),
            ("post", post_title(frame.lang, &visit.profile, &post.post)),
            ("from", login(&handover.from)),
            ("to", login(&handover.to)),
            ("on", handover.on.to_string()),
            (
                "matters",
                if matters.is_empty() {
                    NONE.to_owned()
                } else {
                    matters
                },
            ),
        ];
        frame.tr("registry-handover", &words)
    };
    registry.handovers.iter().map(words).collect()
}

fn lists(frame: &Frame, visit: &Visit, registry: &Registry) -> Vec<ListView> {
    let list = |id: &'static str, rows: Vec<String>| ListView {
        id,
        title: frame.t(&format!("registry-list-{id}")),
        empty: frame.t(&format!("registry-empty-{id}")),
        rows,
    };
    let holdings = &registry.ties.holdings;
    let findings = registry.ties.findings.iter().map(|finding| {
        let words = [
            ("number", finding.number.to_string()),
            ("a", registry.body_name(finding.a)),
            ("b", registry.body_name(finding.b)),
            ("from", finding.from.to_string()),
            ("until", last_day(finding.until)),
        ];
        frame.tr("registry-finding", &words)
    });
    vec![
        list(
            "holdings",
            holdings
                .iter()
                .map(|holding| holding_words(frame, registry, holding))
                .collect(),
        ),
        list("findings", findings.collect()),
        list("handovers", handovers(frame, visit, registry)),
    ]
}

/// What a sentence is told when there is nothing to say.
const NONE: &str = "none";

fn last_day(until: Option<CivilDate>) -> String {
    until.map_or_else(|| NONE.to_owned(), |day| day.to_string())
}

fn holding_words(frame: &Frame, registry: &Registry, holding: &Holding) -> String {
    let words = [
        ("number", holding.number.to_string()),
        ("owner", registry.owner_name(&holding.owner)),
        ("of", registry.owner_name(&holding.of)),
        ("share", percent(holding.share_bp)),
        ("control", holding.control.to_string()),
        ("from", holding.from.to_string()),
        ("until", last_day(holding.until)),
    ];
    frame.tr("registry-holding", &words)
}

#[cfg(test)]
pub(super) fn sample(frame: Frame, text: &str) -> RegistryPage {
    let question = |kind: &'static str| QuestionView {
        id: format!("sample-{kind}"),
        name: "sample",
        label: text.to_owned(),
        kind,
        required: kind == "date",
        options: vec![Choice {
            value: "a".to_owned(),
            label: text.to_owned(),
            selected: false,
        }],
    };
    let list = |id, rows| ListView {
        id,
        title: text.to_owned(),
        empty: text.to_owned(),
        rows,
    };
    RegistryPage {
        frame,
        key: "key".to_owned(),
        bodies: vec![BodyRow {
            name: text.to_owned(),
            roles: text.to_owned(),
            notes: vec![text.to_owned()],
        }],
        lists: vec![
            list("holdings", vec![text.to_owned()]),
            list("findings", Vec::new()),
        ],
        forms: vec![FormView {
            what: "holding",
            title: text.to_owned(),
            lead: text.to_owned(),
            questions: ["text", "date", "file", "select", "tick"].map(question).into(),
        }],
    }
}
