//! Renames, mergers, and the handover of posts.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::{
    handover::NewHandover,
    succession::{NewMerger, NewRename, NewSuccession},
};
use shuyu_kernel::{BodyId, CivilDate, PersonId};
use utoipa::ToSchema;

use super::{
    input::{Body, Key},
    output::Written,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A rename to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameOrder {
    /// Body.
    #[schema(value_type = String)]
    body: BodyId,
    /// New name.
    name: String,
    /// First day of the new name.
    #[schema(value_type = String, example = "2026-03-02")]
    on: CivilDate,
    /// Digest of the paper.
    paper: String,
}

/// A merger to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergerOrder {
    /// The body that ends.
    #[schema(value_type = String)]
    from: BodyId,
    /// The body it goes into.
    #[schema(value_type = String)]
    into: BodyId,
    /// From this day on.
    #[schema(value_type = String, example = "2026-03-02")]
    on: CivilDate,
    /// Digest of the paper.
    paper: String,
}

/// A role that passes by a supplementary agreement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessionOrder {
    /// The body that ended.
    #[schema(value_type = String)]
    from: BodyId,
    /// Role id.
    role: String,
    /// Digest of the agreement.
    paper: String,
}

/// A handover to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverOrder {
    /// Sign-in name of the holder.
    from: String,
    /// Sign-in name of the other.
    to: String,
    /// Role of the post; may be left out by whoever holds one post only.
    #[serde(default)]
    role: Option<String>,
    /// The post; together with the role.
    #[serde(default)]
    post: Option<String>,
    /// First day of the new holder, today or later.
    #[schema(value_type = String, example = "2026-03-02")]
    on: CivilDate,
    /// Digest of the paper both signed.
    paper: String,
}

/// A post that was handed over.
#[derive(Serialize, ToSchema)]
pub struct HandoverView {
    /// Sign-in name of the old holder.
    from: String,
    /// Sign-in name of the new one.
    to: String,
    /// Name of the body.
    body: String,
    /// Role id.
    role: String,
    /// Post id.
    post: String,
    /// First day of the new holder.
    on: String,
    /// What was open then.
    open_matters: Vec<MatterView>,
}

/// Something that was open.
#[derive(Serialize, ToSchema)]
pub struct MatterView {
    /// The case.
    case: String,
    /// 案号
    number: String,
    /// `step`, `entered`, `draft` or `duty`.
    kind: String,
    /// Act id, if it is about one.
    act: String,
}

/// Gives a body another name.
#[utoipa::path(post, path = "/registry/renames", tag = "registry", request_body = RenameOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key renames once.")),
    responses((status = 201, body = Written)))]
pub async fn rename(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<RenameOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let RenameOrder {
        body,
        name,
        on,
        paper,
    } = order;
    let new = NewRename {
        body,
        name,
        on,
        paper,
    };
    let committed = state.app.rename_body(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Merges a body into another.
#[utoipa::path(post, path = "/registry/mergers", tag = "registry", request_body = MergerOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key merges once.")),
    responses((status = 201, body = Written)))]
pub async fn merge(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<MergerOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let MergerOrder {
        from,
        into,
        on,
        paper,
    } = order;
    let new = NewMerger {
        from,
        into,
        on,
        paper,
    };
    let committed = state.app.merge_bodies(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Passes a role that the merger alone did not pass.
#[utoipa::path(post, path = "/registry/successions", tag = "registry", request_body = SuccessionOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key enters it once.")),
    responses((status = 201, body = Written)))]
pub async fn role_succeeds(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<SuccessionOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let SuccessionOrder { from, role, paper } = order;
    let new = NewSuccession { from, role, paper };
    let committed = state.app.role_succeeds(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Hands a post over to another person of the same body.
#[utoipa::path(post, path = "/registry/handovers", tag = "registry", request_body = HandoverOrder,
    params(("Idempotency-Key" = String, Header, description = "The same key hands over once.")),
    responses((status = 201, body = Written)))]
pub async fn hand_over(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Key(key): Key,
    Body(order): Body<HandoverOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let new = NewHandover {
        from: order.from,
        to: order.to,
        post: order.role.zip(order.post),
        on: order.on,
        paper: order.paper,
    };
    let committed = state.app.hand_over(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

/// Posts handed over in the caller's body; all, for those who keep the registry or watch over others.
#[utoipa::path(get, path = "/registry/handovers", tag = "registry",
    responses((status = 200, body = [HandoverView])))]
pub async fn handovers(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<HandoverView>>, Failure> {
    let registry = state.app.registry_seen(&session).await?;
    let login = |person: &PersonId| {
        let person = registry.people.get(person);
        person.map(|person| person.login.clone()).unwrap_or_default()
    };
    let views = registry.handovers.iter().map(|handover| HandoverView {
        from: login(&handover.from),
        to: login(&handover.to),
        body: registry.body_name(handover.membership.body),
        role: handover.membership.role.clone(),
        post: handover.membership.post.clone(),
        on: handover.on.to_string(),
        open_matters: handover
            .open_matters
            .iter()
            .map(|matter| MatterView {
                case: matter.case.to_string(),
                number: matter.number.clone(),
                kind: matter.kind.clone(),
                act: matter.act.clone(),
            })
            .collect(),
    });
    Ok(Json(views.collect()))
}
