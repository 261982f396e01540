//! Identity checks (核验) of a product: its index, consents of subjects, and letting a subject be asked about again.
//! The checks themselves are answered by the gateway.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::identity::{NewConsent, NewIndex, NewUnlock};
use shuyu_kernel::{BodyId, CaseId, CivilDate};
use utoipa::ToSchema;

use super::input::{Body, Named, Repeatable};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// From what the index is compiled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexOrder {
    /// Table of the permit that the product points at.
    #[schema(example = "people")]
    table: String,
    /// Column that names the subject.
    #[schema(example = "id_no")]
    identifier: String,
    /// Columns that are compared, in the order in which customers say them.
    attributes: Vec<String>,
}

/// The index that answers from now on.
#[derive(Serialize, ToSchema)]
pub struct IndexView {
    /// Digest.
    index: String,
    /// Dataset.
    dataset: String,
    /// Its version.
    version: u64,
    /// The column of the identifier, then those of the attributes.
    columns: Vec<String>,
    /// Different pairs in it.
    pairs: u64,
}

/// Who agreed to what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentOrder {
    /// Customer that may ask.
    #[schema(value_type = String)]
    customer: BodyId,
    /// The subject's identifier. Kept nowhere but as a keyed digest.
    identifier: String,
    /// What the answer is for.
    purpose: String,
    /// Last day.
    #[schema(value_type = String, example = "2026-12-31")]
    until: CivilDate,
    /// Digest of the subject's paper, uploaded before.
    paper: String,
}

/// The token for one question.
#[derive(Serialize, ToSchema)]
pub struct ConsentView {
    /// Digest of the token, by which the record knows it.
    consent: String,
    /// The token.
    token: String,
}

/// A subject that lets itself be asked about again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockOrder {
    /// The subject's identifier.
    identifier: String,
    /// Digest of the subject's paper, uploaded before.
    paper: String,
}

/// Compiles the register of the product's permit into keyed tags. The index before it answers no more.
#[utoipa::path(post, path = "/products/{case}/index", tag = "products", params(("case" = String, Path, description = "Product case"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key compiles once.")),
    request_body = IndexOrder, responses((status = 201, body = IndexView)))]
pub async fn compile(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<IndexOrder>,
) -> Result<(StatusCode, Json<IndexView>), Failure> {
    let new = NewIndex {
        table: order.table,
        identifier: order.identifier,
        attributes: order.attributes,
    };
    let made = state
        .app
        .compile_index(&session, product, new, guarded.key)
        .await?;
    let view = IndexView {
        index: made.index.to_string(),
        dataset: made.dataset.to_string(),
        version: made.version,
        columns: made.columns,
        pairs: made.pairs,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Records the consent of a subject to be asked about once. Never by the customer that is to ask.
#[utoipa::path(post, path = "/products/{case}/consents", tag = "products", params(("case" = String, Path, description = "Product case"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same token.")),
    request_body = ConsentOrder, responses((status = 201, body = ConsentView)))]
pub async fn consent(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<ConsentOrder>,
) -> Result<(StatusCode, Json<ConsentView>), Failure> {
    let new = NewConsent {
        customer: order.customer,
        identifier: order.identifier,
        purpose: order.purpose,
        until: order.until,
        paper: order.paper,
    };
    let made = state
        .app
        .record_consent(&session, product, new, guarded.key)
        .await?;
    let view = ConsentView {
        consent: made.consent.to_string(),
        token: made.token,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Lets a subject be asked about again after too many differing answers, from its own paper.
#[utoipa::path(post, path = "/products/{case}/unlocks", tag = "products", params(("case" = String, Path, description = "Product case")),
    request_body = UnlockOrder, responses((status = 204)))]
pub async fn unlock(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(product): Named<CaseId>,
    Body(order): Body<UnlockOrder>,
) -> Result<StatusCode, Failure> {
    let new = NewUnlock {
        identifier: order.identifier,
        paper: order.paper,
    };
    state.app.unlock_subject(&session, product, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
