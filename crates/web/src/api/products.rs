//! Keys to delivered products, and how much they were used. The data itself is served by the gateway.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_kernel::CaseId;
use utoipa::ToSchema;

use super::input::{Body, Named};
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
    /// Calls allowed a day.
    daily_quota: i64,
}

/// Calls answered.
#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Key → calls.
    by_key: BTreeMap<String, i64>,
}

/// Makes a key for a delivery to the caller's body.
#[utoipa::path(post, path = "/products/{case}/keys", tag = "products", params(("case" = String, Path, description = "Product case")),
    request_body = KeyOrder,
    responses((status = 201, body = KeyMade)))]
pub async fn make_key(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
    Body(order): Body<KeyOrder>,
) -> Result<(StatusCode, Json<KeyMade>), Failure> {
    let made = state.app.make_key(&session, product, order.delivery).await?;
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
