//! Holdings, legal representatives and findings: what makes bodies affiliated.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::ties::{Affiliated, NewEnding, NewFinding, NewHolding, NewOwner, NewRepresentative};
use shuyu_kernel::{BodyId, CivilDate};
use utoipa::ToSchema;

use super::{
    input::{Body, Key},
    output::Written,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// An organisation: a body of the platform, or another one by name and credit code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerOrder {
    /// Body of the platform.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    body: Option<BodyId>,
    /// Name of an organisation outside the platform.
    #[serde(default)]
    name: String,
    /// Its credit code.
    #[serde(default)]
    credit_code: String,
}

/// A holding to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldingOrder {
    /// Who holds.
    owner: OwnerOrder,
    /// In whom.
    of: OwnerOrder,
    /// Share in basis points: 5000 is a half.
    #[serde(default)]
    share_bp: u32,
    /// Control declared, whatever the share.
    #[serde(default)]
    control: bool,
    /// The owner holds for the state.
    #[serde(default)]
    state: bool,
    /// First day.
    #[schema(value_type = String, example = "2026-03-02")]
    from: CivilDate,
    /// Last day, if known.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    until: Option<CivilDate>,
    /// Digest of the paper, uploaded by the caller's body.
    paper: String,
}

/// A legal representative to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepresentativeOrder {
    /// Body.
    #[schema(value_type = String)]
    body: BodyId,
    /// Name: goes to the person vault.
    name: String,
    /// Number of the identity document: kept as a keyed digest only.
    identity: String,
    /// First day.
    #[schema(value_type = String, example = "2026-03-02")]
    from: CivilDate,
    /// Digest of the paper.
    paper: String,
}

/// Two bodies that a regulator found affiliated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingOrder {
    /// One.
    #[schema(value_type = String)]
    a: BodyId,
    /// The other.
    #[schema(value_type = String)]
    b: BodyId,
    /// Digest of the paper.
    paper: String,
}

/// The end of a holding or of a finding.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndingOrder {
    /// Its number.
    number: u32,
    /// Its last day.
    #[schema(value_type = String, example = "2026-03-31")]
    on: CivilDate,
    /// Digest of the paper.
    paper: String,
}

/// A body affiliated, or suspected to be, with one that may not re-develop.
#[derive(Serialize, ToSchema)]
pub struct AffiliatedView {
    /// Name of the body under the ban.
    body: String,
    /// Name of the other.
    other: String,
    /// `established` or `suspected`.
    weight: String,
    /// `control`, `common_control`, `representative` or `finding`.
    ground: String,
    /// The chain of holdings.
    chain: String,
    /// Clauses of the ban.
    clauses: Vec<String>,
}

impl From<OwnerOrder> for NewOwner {
    fn from(order: OwnerOrder) -> Self {
        Self {
            body: order.body,
            name: order.name,
            credit_code: order.credit_code,
        }
    }
}

impl From<EndingOrder> for NewEnding {
    fn from(order: EndingOrder) -> Self {
        Self {
            number: order.number,
            on: order.on,
            paper: order.paper,
        }
    }
}

impl From<Affiliated> for AffiliatedView {
    fn from(one: Affiliated) -> Self {
        Self {
            weight: one.tie.weight.word().to_owned(),
            ground: one.tie.ground.word().to_owned(),
            chain: one.tie.shown(),
            body: one.body,
            other: one.other,
            clauses: one.clauses.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Enters a holding from a paper.
#[utoipa::path(post, path = "/registry/holdings", tag = "registry", request_body = HoldingOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key enters it once.")),
    responses((status = 201, body = Written)))]
pub async fn enter_holding(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<HoldingOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let new = NewHolding {
        owner: order.owner.into(),
        of: order.of.into(),
        share_bp: order.share_bp,
        control: order.control,
        state: order.state,
        from: order.from,
        until: order.until,
        paper: order.paper,
    };
    let committed = state.app.enter_holding(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Ends a holding.
#[utoipa::path(post, path = "/registry/holdings/endings", tag = "registry", request_body = EndingOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key ends it once.")),
    responses((status = 201, body = Written)))]
pub async fn end_holding(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<EndingOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let committed = state.app.end_holding(&session, order.into(), &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Enters the legal representative of a body.
#[utoipa::path(post, path = "/registry/representatives", tag = "registry", request_body = RepresentativeOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key enters it once.")),
    responses((status = 201, body = Written)))]
pub async fn enter_representative(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<RepresentativeOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let new = NewRepresentative {
        body: order.body,
        name: order.name,
        identity: order.identity,
        from: order.from,
        paper: order.paper,
    };
    let committed = state.app.enter_representative(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// A regulator finds two bodies affiliated.
#[utoipa::path(post, path = "/registry/findings", tag = "registry", request_body = FindingOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key enters it once.")),
    responses((status = 201, body = Written)))]
pub async fn find_affiliated(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<FindingOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let FindingOrder { a, b, paper } = order;
    let new = NewFinding { a, b, paper };
    let committed = state.app.find_affiliated(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// A regulator lifts a finding.
#[utoipa::path(post, path = "/registry/findings/endings", tag = "registry", request_body = EndingOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key lifts it once.")),
    responses((status = 201, body = Written)))]
pub async fn lift_finding(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<EndingOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let committed = state.app.lift_finding(&session, order.into(), &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Who is affiliated, or suspected to be, with a body that may not re-develop; for those who watch over others.
#[utoipa::path(get, path = "/registry/affiliations", tag = "registry",
    responses((status = 200, body = [AffiliatedView])))]
pub async fn affiliations(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<AffiliatedView>>, Failure> {
    let found = state.app.affiliations(&session).await?;
    Ok(Json(found.into_iter().map(AffiliatedView::from).collect()))
}
