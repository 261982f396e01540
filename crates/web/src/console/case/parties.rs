//! Who takes part in a case, and what each is responsible for.

use shuyu_app::read::CaseView;

use crate::page::{Frame, Grounds, frame::role_title};

/// A role of the case and the bodies in it.
pub(crate) struct Party {
    pub role: String,
    pub bodies: String,
    /// 谁……谁负责, with the clause.
    pub responsible: Vec<(String, Grounds)>,
}

pub(crate) fn parties(frame: &Frame, view: &CaseView) -> Vec<Party> {
    view.case
        .parties
        .iter()
        .map(|(role, bodies)| Party {
            role: role_title(frame.lang, &view.profile, role),
            bodies: bodies
                .iter()
                .map(|body| view.registry.body_name(*body))
                .collect::<Vec<_>>()
                .join(" · "),
            responsible: responsible(frame, view, role),
        })
        .collect()
}

fn responsible(frame: &Frame, view: &CaseView, role: &str) -> Vec<(String, Grounds)> {
    let rules = view
        .profile
        .responsibilities
        .iter()
        .filter(|rule| rule.role == role);
    rules
        .map(|rule| {
            let text = frame.pick(&rule.title, &rule.title_en).to_owned();
            (text, Grounds::of(frame, &view.profile, &rule.basis))
        })
        .collect()
}
