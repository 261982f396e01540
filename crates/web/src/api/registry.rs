//! Bodies, people and delegations.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::{
    erasure::{NewErasure, Subject},
    registry::{NewBody, NewDelegation, NewPerson, NewWithdrawal},
};
use shuyu_domain::{event::ErasureReason, registry::Membership};
use shuyu_kernel::{BodyId, CaseId, CivilDate, PersonId, Refusal};
use utoipa::ToSchema;

use super::{
    input::{Body, Key},
    output::Written,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A body to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyOrder {
    /// Name.
    name: String,
    /// 统一社会信用代码, or empty.
    #[serde(default)]
    credit_code: String,
    /// Role ids of the profile.
    roles: Vec<String>,
}

/// A person to enrol.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonOrder {
    /// Name: goes to the person vault.
    name: String,
    /// Sign-in name: a work identifier, no personal data.
    login: String,
    /// First password.
    #[schema(format = Password)]
    password: String,
    /// Posts.
    posts: Vec<PostOrder>,
}

/// A post.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostOrder {
    /// Body.
    #[schema(value_type = String)]
    body: BodyId,
    /// Role of the body.
    role: String,
    /// Post in the body.
    post: String,
}

/// A delegation paper to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationOrder {
    /// Number of the paper.
    number: String,
    /// Sign-in name of the person who delegates.
    from: String,
    /// Sign-in name of the other.
    to: String,
    /// First day.
    #[schema(value_type = String, example = "2026-03-02")]
    starts_on: CivilDate,
    /// Last day.
    #[schema(value_type = String, example = "2026-03-31")]
    ends_on: CivilDate,
    /// Digest of the paper, uploaded by the caller's body.
    paper: String,
    /// Role of the post delegated; may be left out by whoever holds one post only.
    #[serde(default)]
    role: Option<String>,
    /// The post delegated; together with the role.
    #[serde(default)]
    post: Option<String>,
}

/// A delegation to take back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalOrder {
    /// Number of the delegation paper.
    number: String,
    /// Digest of the paper that takes it back; whoever delegated needs none.
    #[serde(default)]
    paper: String,
}

/// Whose personal fields to erase, and why: a person enrolled here, or whoever a field of a case is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureOrder {
    /// The person.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    /// The body whose legal representative is meant.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    representative_of: Option<BodyId>,
    /// The case.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    case: Option<CaseId>,
    /// The field of the case.
    #[serde(default)]
    field: Option<String>,
    /// `purpose_ended`, `term_over`, `consent_withdrawn` or `unlawful`.
    #[schema(value_type = String, example = "term_over")]
    reason: ErasureReason,
    /// Digest of the decision, uploaded by the caller's body; may be left out.
    #[serde(default)]
    paper: String,
}

/// A body that was registered.
#[derive(Serialize, ToSchema)]
pub struct BodyMade {
    /// Its id.
    body: String,
}

/// A person who was enrolled.
#[derive(Serialize, ToSchema)]
pub struct PersonMade {
    /// Their id.
    person: String,
}

/// Registers a body.
#[utoipa::path(post, path = "/registry/bodies", tag = "registry", request_body = BodyOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key gives the same body.")),
    responses((status = 201, body = BodyMade)))]
pub async fn register_body(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<BodyOrder>,
) -> Result<(StatusCode, Json<BodyMade>), Failure> {
    let new = NewBody {
        name: order.name,
        credit_code: order.credit_code,
        roles: order.roles,
    };
    let (body, _) = state.app.register_body(&session, new, &key).await?;
    Ok((
        StatusCode::CREATED,
        Json(BodyMade {
            body: body.to_string(),
        }),
    ))
}

/// Enrols a person and opens an account.
#[utoipa::path(post, path = "/registry/people", tag = "registry", request_body = PersonOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key gives the same person.")),
    responses((status = 201, body = PersonMade)))]
pub async fn enrol(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<PersonOrder>,
) -> Result<(StatusCode, Json<PersonMade>), Failure> {
    let post = |post: PostOrder| Membership {
        body: post.body,
        role: post.role,
        post: post.post,
    };
    let new = NewPerson {
        name: order.name,
        login: order.login,
        password: order.password,
        posts: order.posts.into_iter().map(post).collect(),
    };
    let person = state.app.enrol(&session, new, &key).await?;
    Ok((
        StatusCode::CREATED,
        Json(PersonMade {
            person: person.to_string(),
        }),
    ))
}

/// Enters a delegation paper: a post of one person may be exercised by another of the same body within a term.
#[utoipa::path(post, path = "/registry/delegations", tag = "registry", request_body = DelegationOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key enters the paper once.")),
    responses((status = 201, body = Written)))]
pub async fn delegate(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<DelegationOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let DelegationOrder {
        number,
        from,
        to,
        starts_on,
        ends_on,
        paper,
        role,
        post,
    } = order;
    let new = NewDelegation {
        number,
        from,
        to,
        starts_on,
        ends_on,
        paper,
        post: role.zip(post),
    };
    let committed = state.app.delegate(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Takes a delegation back, at once.
#[utoipa::path(post, path = "/registry/delegations/withdrawals", tag = "registry", request_body = WithdrawalOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key takes it back once.")),
    responses((status = 201, body = Written)))]
pub async fn withdraw_delegation(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<WithdrawalOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let WithdrawalOrder { number, paper } = order;
    let new = NewWithdrawal { number, paper };
    let committed = state.app.withdraw_delegation(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Makes the personal fields of one person unreadable for ever. Entries keep their commitments.
#[utoipa::path(post, path = "/registry/erasures", tag = "registry", request_body = ErasureOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key erases once.")),
    responses((status = 201, body = Written)))]
pub async fn erase(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<ErasureOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let subject = match (order.person, order.representative_of, order.case, order.field) {
        (Some(person), None, None, None) => Subject::Person(person),
        (None, Some(body), None, None) => Subject::Representative(body),
        (None, None, Some(case), Some(field)) => Subject::Field { case, field },
        _ => return Err(Refusal::unmet("erasure_without_subject").into()),
    };
    let new = NewErasure {
        subject,
        reason: order.reason,
        paper: order.paper,
    };
    let committed = state.app.erase(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}
