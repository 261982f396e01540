//! Identity checks on the page of a product: the index, consents, letting a subject be asked about again.

use axum::{
    extract::{Path, Request},
    response::Response,
};
use shuyu_app::{
    identity::{NewConsent, NewIndex, NewUnlock},
    read::CaseView,
};
use shuyu_kernel::{BodyId, Refusal};

use super::{case::case_id, posted::Posted, products};
use crate::page::{ConsoleError, Frame, Grounds, Visit, parts::Labelled};

/// The part of the page.
pub(crate) struct IdentityPanel {
    pub action: String,
    pub form_key: String,
    /// What the index is, once there is one.
    pub facts: Vec<Labelled>,
    /// Whether this body may compile.
    pub own: bool,
    /// Tables of the permit, for the owner.
    pub tables: Vec<String>,
    /// Customers a consent may be for: id and name. None for customers themselves.
    pub customers: Vec<(String, String)>,
    /// A token that was just made.
    pub token: Option<String>,
    /// What was just done, in words.
    pub done: Option<String>,
}

/// What was just done on the page.
#[derive(Default)]
pub(crate) struct Just {
    /// A token to show once.
    pub token: Option<String>,
    /// The message that says so.
    pub done: Option<&'static str>,
}

impl IdentityPanel {
    /// The panel, for a product of the kind 核验 or one with an index.
    pub fn of(visit: &Visit, frame: &Frame, view: &CaseView, just: Just) -> Option<Self> {
        let kind = view.case.fields.get("kind").map(|kind| kind.text());
        if view.case.index.is_none() && kind.as_deref() != Some("verification") {
            return None;
        }
        let body = visit.session.actor.body;
        let procedure = view.procedure().ok()?;
        let own = procedure.open.by.contains(&visit.session.actor.role) && view.case.has_party(body);
        let mut customers: Vec<BodyId> = view.case.deliveries.iter().map(|one| one.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        let speaks = !customers.contains(&body);
        let named = |id: &BodyId| (id.to_string(), view.registry.body_name(*id));
        let tables = view.linked.values().filter_map(|case| case.permit.as_ref());
        let mut tables: Vec<String> = tables
            .flat_map(|permit| permit.tables.iter().map(|table| table.table.clone()))
            .collect();
        tables.sort_unstable();
        tables.dedup();
        Some(Self {
            action: format!("/products/{}/identity", view.case.id),
            form_key: visit.app().form_key(),
            facts: facts(frame, view),
            own,
            tables,
            customers: if speaks && view.case.index.is_some() {
                customers.iter().map(named).collect()
            } else {
                Vec::new()
            },
            token: just.token,
            done: just.done.map(|key| frame.t(key)),
        })
    }
}

fn facts(frame: &Frame, view: &CaseView) -> Vec<Labelled> {
    let Some(index) = &view.case.index else {
        return Vec::new();
    };
    let fact = |key: &str, text: String| Labelled {
        label: frame.t(key),
        text,
        grounds: Grounds::default(),
    };
    vec![
        fact("identity-columns", index.columns.join(" · ")),
        fact("identity-pairs", index.pairs.to_string()),
        fact("identity-version", index.version.to_string()),
        fact("identity-compiled-on", index.compiled_on.to_string()),
        fact("identity-index", index.index.short()),
    ]
}

/// `POST /products/{id}/identity`
pub(crate) async fn submit(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let (app, session, product) = (visit.app(), &visit.session, case_id(&id)?);
    let just = match posted.one("what") {
        "compile" => {
            let attributes = posted.one("attributes").split([',', '，', '、', ' ']);
            let new = NewIndex {
                table: posted.one("table").to_owned(),
                identifier: posted.one("identifier").trim().to_owned(),
                attributes: attributes
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            };
            app.compile_index(session, product, new, posted.filled("key"))
                .await?;
            Just {
                done: Some("identity-compiled"),
                ..Just::default()
            }
        }
        "consent" => {
            let unset =
                || Refusal::unmet("consent_incomplete").fact("days", shuyu_app::identity::LONGEST_TERM);
            let new = NewConsent {
                customer: posted.one("customer").parse().map_err(|_| unset())?,
                identifier: posted.one("identifier").to_owned(),
                purpose: posted.one("purpose").to_owned(),
                until: posted.one("until").parse().map_err(|_| unset())?,
                paper: posted.one("paper").to_owned(),
            };
            let made = app
                .record_consent(session, product, new, posted.filled("key"))
                .await?;
            Just {
                token: Some(made.token),
                done: Some("identity-consented"),
            }
        }
        _ => {
            let new = NewUnlock {
                identifier: posted.one("identifier").to_owned(),
                paper: posted.one("paper").to_owned(),
            };
            app.unlock_subject(session, product, new).await?;
            Just {
                done: Some("identity-unlocked"),
                ..Just::default()
            }
        }
    };
    products::draw(&visit, &id, None, just).await
}
