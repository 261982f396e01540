//! Bodies, people and delegations.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::registry::{NewBody, NewDelegation, NewPerson};
use shuyu_domain::registry::Membership;
use shuyu_kernel::{BodyId, CivilDate};
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

/// Enters a delegation paper: the post of one person may be exercised by another within a term.
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
    } = order;
    let new = NewDelegation {
        number,
        from,
        to,
        starts_on,
        ends_on,
    };
    let committed = state.app.delegate(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}
