//! Products: what is on offer, what was delivered, keys and their use.

use askama::Template;
use axum::{
    extract::{Path, Query, Request},
    response::Response,
};
use shuyu_app::{product::NewKey, read::CaseView};
use shuyu_kernel::Refusal;

use super::{
    case::case_id,
    identity::{IdentityPanel, Just},
    lineage::LineagePart,
    lists::{self, Asked},
    posted::Posted,
};
use crate::page::{
    Chip, ConsoleError, Frame, Grounds, Visit, ok,
    parts::{Labelled, stage_status},
};

#[derive(Template)]
#[template(path = "product.html")]
pub(crate) struct ProductPage {
    pub frame: Frame,
    pub title: String,
    pub number: String,
    pub case_href: String,
    pub stage: String,
    pub stage_class: &'static str,
    pub stage_shape: &'static str,
    pub facts: Vec<Labelled>,
    pub gateway_chips: Vec<Chip>,
    pub made: Option<MadeKey>,
    pub deliveries: Vec<DeliveryRow>,
    pub action: String,
    pub form_key: String,
    pub keys: Vec<KeyRow>,
    /// Identity checks, rendered.
    pub identity: Option<IdentityPanel>,
    pub lineage: LineagePart,
}

pub(crate) struct MadeKey {
    pub key_id: String,
    pub secret: String,
    pub example: String,
}

pub(crate) struct DeliveryRow {
    pub number: u32,
    pub label: String,
    pub href: String,
    pub agreement: String,
    pub own: bool,
}

pub(crate) struct KeyRow {
    pub key_id: String,
    pub customer: String,
    pub quota: i64,
    pub calls: i64,
}

/// `GET /products`
pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    lists::products(visit, asked).await
}

/// `GET /products/{id}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    draw(&visit, &id, None, Just::default()).await
}

/// `POST /products/{id}`: revokes a key, or makes one for a delivery; its secret is shown on this answer only.
pub(crate) async fn make_key(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    if let Some(key) = posted.filled("revoke") {
        let case = case_id(&id)?;
        visit.app().revoke_key(&visit.session, case, &key).await?;
        return draw(&visit, &id, None, Just::default()).await;
    }
    // Deliveries count from 1: whatever is no number is none of them, and is refused with the clause as such.
    let delivery: u32 = posted.one("delivery").parse().unwrap_or_default();
    let made = visit
        .app()
        .make_key(&visit.session, case_id(&id)?, delivery, posted.filled("key"))
        .await?;
    draw(&visit, &id, Some(made), Just::default()).await
}

pub(super) async fn draw(
    visit: &Visit,
    id: &str,
    made: Option<NewKey>,
    just: Just,
) -> Result<Response, ConsoleError> {
    let case = case_id(id)?;
    let view = visit.app().case_view(&visit.session, case).await?;
    let keys = visit.app().product_keys(&visit.session, case).await?;
    let usage = visit.app().usage(&visit.session, case).await?;
    let lineage = visit.app().lineage_of_product(&visit.session, &view.case).await?;
    let frame = visit
        .frame_at("nav-products")
        .crumb("/products", &visit.frame.t("nav-products"));
    let procedure = view.procedure()?;
    let stage = stage_status(&frame, Some(procedure), &view.case.stage);
    let keys = keys.into_iter().map(|key| KeyRow {
        customer: view.registry.body_name(key.customer),
        quota: key.daily_quota,
        calls: usage.by_key.get(&key.key_id).copied().unwrap_or(0),
        key_id: key.key_id,
    });
    let page = ProductPage {
        title: view.case.title.clone(),
        number: view.case.number.clone(),
        case_href: format!("/cases/{case}"),
        stage: stage.label,
        stage_class: stage.class,
        stage_shape: stage.shape,
        facts: facts(&frame, &view)?,
        gateway_chips: Chip::all(&frame, &view.profile, &visit.app().gateway_clauses()),
        made: made.map(|made| MadeKey {
            example: example(id, &made.key.key_id, &made.secret),
            key_id: made.key.key_id,
            secret: made.secret,
        }),
        deliveries: deliveries(visit, &frame, &view),
        action: format!("/products/{case}"),
        form_key: visit.app().form_key(),
        keys: keys.collect(),
        identity: IdentityPanel::of(visit, &frame, &view, just),
        lineage: LineagePart::made(&frame, &lineage),
        frame,
    };
    Ok(ok(&page))
}

/// A call with the key, as the gateway takes it (Bearer dialect).
fn example(product: &str, key_id: &str, secret: &str) -> String {
    format!("curl -H 'Authorization: Bearer {key_id}.{secret}' \"$GATEWAY/open/v1/products/{product}/data\"")
}

fn facts(frame: &Frame, view: &CaseView) -> Result<Vec<Labelled>, Refusal> {
    let procedure = view.procedure()?;
    let filled = procedure.fields.iter().filter_map(|field| {
        let value = view.case.fields.get(&field.id)?;
        let text = super::case::value_text(frame, view, Some(field), value);
        Some(Labelled {
            label: frame.pick(&field.title, &field.title_en).to_owned(),
            text,
            grounds: Grounds::of(frame, &view.profile, &field.basis),
        })
    });
    Ok(filled.collect())
}

fn deliveries(visit: &Visit, frame: &Frame, view: &CaseView) -> Vec<DeliveryRow> {
    view.case
        .deliveries
        .iter()
        .map(|delivery| DeliveryRow {
            number: delivery.number,
            label: frame.tr(
                "product-delivery",
                &[
                    ("n", delivery.number.to_string()),
                    ("customer", view.registry.body_name(delivery.customer)),
                ],
            ),
            href: format!("/cases/{}", delivery.agreement),
            agreement: view
                .linked
                .get(&delivery.agreement)
                .map_or_else(|| delivery.agreement.to_string(), |case| case.number.clone()),
            own: delivery.customer == visit.session.actor.body,
        })
        .collect()
}
