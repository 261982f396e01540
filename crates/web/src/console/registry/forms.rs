//! The forms of the registry as data: which questions each asks, and who gets it.

use std::collections::BTreeMap;

use shuyu_domain::Registry;

use super::{FormView, QuestionView};
use crate::page::{
    Frame, Visit,
    frame::{post_title, role_title},
    parts::Choice,
};

/// How a question is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Text,
    Identity,
    Date,
    LaterDate,
    Paper,
    Tick,
    Body,
    MaybeBody,
    Holding,
    Finding,
    MergedBody,
    Role,
    Login,
    Post,
}

/// Who gets a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever keeps the registry, and everybody about their own body.
    Everybody,
    /// Those who watch over others.
    Overseers,
    /// Those two, but not the bodies themselves.
    Keepers,
}

struct Form {
    what: &'static str,
    whom: For,
    questions: &'static [(&'static str, Ask)],
}

const FORMS: &[Form] = &[
    Form {
        what: "holding",
        whom: For::Everybody,
        questions: &[
            ("owner", Ask::MaybeBody),
            ("owner_name", Ask::Text),
            ("owner_code", Ask::Text),
            ("of", Ask::MaybeBody),
            ("of_name", Ask::Text),
            ("of_code", Ask::Text),
            ("share", Ask::Text),
            ("control", Ask::Tick),
            ("state", Ask::Tick),
            ("from", Ask::Date),
            ("until", Ask::LaterDate),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "holding-end",
        whom: For::Keepers,
        questions: &[("number", Ask::Holding), ("on", Ask::Date), ("paper", Ask::Paper)],
    },
    Form {
        what: "representative",
        whom: For::Everybody,
        questions: &[
            ("body", Ask::Body),
            ("name", Ask::Identity),
            ("identity", Ask::Identity),
            ("from", Ask::Date),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "handover",
        whom: For::Everybody,
        questions: &[
            ("from_login", Ask::Login),
            ("to_login", Ask::Login),
            ("post", Ask::Post),
            ("first_day", Ask::Date),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "rename",
        whom: For::Keepers,
        questions: &[
            ("body", Ask::Body),
            ("new_name", Ask::Identity),
            ("first_day", Ask::Date),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "merger",
        whom: For::Keepers,
        questions: &[
            ("from_body", Ask::Body),
            ("into", Ask::Body),
            ("first_day", Ask::Date),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "succession",
        whom: For::Keepers,
        questions: &[
            ("from_body", Ask::MergedBody),
            ("role", Ask::Role),
            ("paper", Ask::Paper),
        ],
    },
    Form {
        what: "finding",
        whom: For::Overseers,
        questions: &[("a", Ask::Body), ("b", Ask::Body), ("paper", Ask::Paper)],
    },
    Form {
        what: "finding-end",
        whom: For::Overseers,
        questions: &[("number", Ask::Finding), ("on", Ask::Date), ("paper", Ask::Paper)],
    },
];

/// The forms this person gets. Whether an entry is taken is decided by `app`, whoever sends it.
pub(super) fn of(frame: &Frame, visit: &Visit, registry: &Registry) -> Vec<FormView> {
    let (app, session) = (visit.app(), &visit.session);
    let gets = |form: &&Form| match form.whom {
        For::Everybody => true,
        For::Overseers => app.oversees(session),
        For::Keepers => app.oversees(session) || app.keeps_registry(session),
    };
    FORMS
        .iter()
        .filter(gets)
        .map(|form| FormView {
            what: form.what,
            title: frame.t(&format!("registry-form-{}", form.what)),
            lead: frame.t(&format!("registry-lead-{}", form.what)),
            questions: form
                .questions
                .iter()
                .map(|(name, ask)| question(frame, visit, registry, form.what, (*name, *ask)))
                .collect(),
        })
        .collect()
}

fn question(
    frame: &Frame,
    visit: &Visit,
    registry: &Registry,
    what: &'static str,
    (name, ask): (&'static str, Ask),
) -> QuestionView {
    let kind = match ask {
        Ask::Text | Ask::Identity => "text",
        Ask::Date | Ask::LaterDate => "date",
        Ask::Paper => "file",
        Ask::Tick => "tick",
        Ask::Body
        | Ask::MaybeBody
        | Ask::Holding
        | Ask::Finding
        | Ask::MergedBody
        | Ask::Role
        | Ask::Login
        | Ask::Post => "select",
    };
    QuestionView {
        id: format!("{what}-{}", name.replace('_', "-")),
        name,
        label: frame.t(&format!("registry-q-{}", name.replace('_', "-"))),
        kind,
        required: !matches!(ask, Ask::Text | Ask::LaterDate | Ask::Tick | Ask::MaybeBody),
        options: options(frame, visit, registry, ask),
    }
}

fn options(frame: &Frame, visit: &Visit, registry: &Registry, ask: Ask) -> Vec<Choice> {
    let choice = |value: String, label: String| Choice {
        value,
        label,
        selected: false,
    };
    match ask {
        Ask::Body | Ask::MaybeBody => {
            let bodies = registry.bodies.values();
            let bodies = bodies.filter(|body| registry.still_there(body.id).is_ok());
            let mut all: Vec<Choice> = bodies
                .map(|body| choice(body.id.to_string(), body.name.clone()))
                .collect();
            all.sort_by(|a, b| a.label.cmp(&b.label));
            all
        }
        Ask::Holding => {
            let open = registry.ties.holdings.iter().filter(|one| one.until.is_none());
            open.map(|one| {
                let (owner, of) = (registry.owner_name(&one.owner), registry.owner_name(&one.of));
                choice(one.number.to_string(), format!("{}: {owner} → {of}", one.number))
            })
            .collect()
        }
        Ask::Finding => {
            let open = registry.ties.findings.iter().filter(|one| one.until.is_none());
            open.map(|one| {
                let (a, b) = (registry.body_name(one.a), registry.body_name(one.b));
                choice(one.number.to_string(), format!("{}: {a} – {b}", one.number))
            })
            .collect()
        }
        Ask::MergedBody => {
            let merged = registry.succession.mergers.keys();
            merged
                .map(|body| choice(body.to_string(), registry.body_name(*body)))
                .collect()
        }
        Ask::Role => {
            let roles = visit.profile.roles.iter();
            roles
                .map(|role| {
                    choice(
                        role.id.clone(),
                        frame.pick(&role.title, &role.title_en).to_owned(),
                    )
                })
                .collect()
        }
        Ask::Login => {
            let people = registry.people.values();
            people
                .map(|person| choice(person.login.clone(), person.login.clone()))
                .collect()
        }
        Ask::Post => posts(frame, visit, registry)
            .into_iter()
            .map(|(value, label)| choice(value, label))
            .collect(),
        Ask::Text | Ask::Identity | Ask::Date | Ask::LaterDate | Ask::Paper | Ask::Tick => Vec::new(),
    }
}

/// Every role and post somebody in sight holds today, as `role|post`.
fn posts(frame: &Frame, visit: &Visit, registry: &Registry) -> BTreeMap<String, String> {
    let held = registry
        .people
        .keys()
        .flat_map(|person| registry.posts_of(*person, frame.today));
    held.map(|post| {
        let role = role_title(frame.lang, &visit.profile, &post.role);
        let title = post_title(frame.lang, &visit.profile, &post.post);
        (
            format!("{}|{}", post.role, post.post),
            format!("{role} · {title}"),
        )
    })
    .collect()
}
