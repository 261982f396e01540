//! Keys to delivered products, and how much they were used. The data itself is served by the gateway.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_kernel::CaseId;
use utoipa::ToSchema;

use super::input::{Body, Named, Repeatable};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// Which delivery the key is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyOrder {
    /// Number of the delivery in the product's case.
    delivery: u32,
}

/// A new key. The secret is shown once.
#[derive(Serialize, ToSchema)]
pub struct KeyMade {
    /// Public part.
    #[schema(example = "pk_5f0c11d29a77b3e4")]
    key_id: String,
    /// Secret part.
    secret: String,
    /// Product.
    product: String,
    /// Delivery.
    delivery: u32,
    /// Agreement it rests on.
    agreement: String,
    /// Calls allowed a day, over all keys of the delivery.
    daily_quota: i64,
}

/// Calls answered.
#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Key → calls.
    by_key: BTreeMap<String, i64>,
}

/// Makes a key for a delivery to the caller's body. The same `Idempotency-Key` gives the same key again.
#[utoipa::path(post, path = "/products/{case}/keys", tag = "products", params(("case" = String, Path, description = "Product case"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same product key.")),
    request_body = KeyOrder,
    responses((status = 201, body = KeyMade)))]
pub async fn make_key(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<KeyOrder>,
) -> Result<(StatusCode, Json<KeyMade>), Failure> {
    let made = state
        .app
        .make_key(&session, product, order.delivery, guarded.key)
        .await?;
    let view = KeyMade {
        key_id: made.key.key_id,
        secret: made.secret,
        product: made.key.product.to_string(),
        delivery: made.key.delivery,
        agreement: made.key.agreement.to_string(),
        daily_quota: made.key.daily_quota,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revokes a key at once: the customer its own, the operator any of its product. Again is no mistake.
#[utoipa::path(delete, path = "/products/{case}/keys/{key}", tag = "products",
    params(("case" = String, Path, description = "Product case"), ("key" = String, Path, description = "Public part of the key")),
    responses((status = 204)))]
pub async fn revoke_key(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((product, key)): Named<(CaseId, String)>,
) -> Result<StatusCode, Failure> {
    state.app.revoke_key(&session, product, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls answered, by key: all keys for the operator, their own for customers.
#[utoipa::path(get, path = "/products/{case}/usage", tag = "products", params(("case" = String, Path, description = "Product case")),
    responses((status = 200, body = UsageView)))]
pub async fn usage(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
) -> Result<Json<UsageView>, Failure> {
    let usage = state.app.usage(&session, product).await?;
    Ok(Json(UsageView { by_key: usage.by_key }))
}
