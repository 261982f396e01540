//! Signing in, signing out, and the post a person acts in.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_domain::registry::Membership;
use shuyu_kernel::BodyId;
use utoipa::ToSchema;

use super::{
    input::Body,
    output::{ActorView, instant},
};
use crate::{peer::Peer, problem::Failure, session::SignedIn, state::WebState};

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Sign-in name.
    #[schema(example = "li.ming")]
    login: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionMade {
    /// Secret; goes into `Authorization: Bearer`.
    token: String,
    /// Who acts.
    actor: ActorView,
}

/// The caller.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Sign-in name.
    login: String,
    /// Who acts.
    actor: ActorView,
    /// Name of the body.
    body_name: String,
    /// Token for calls with the cookie.
    csrf: String,
    /// Today in the installation.
    #[schema(example = "2026-03-02")]
    today: String,
    /// The official instant.
    #[schema(example = "2026-03-02T09:00:00+08:00")]
    now: String,
    /// The clock can be wound here.
    training: bool,
}

/// A post the caller may act in.
#[derive(Serialize, ToSchema)]
pub struct PostView {
    /// Body.
    body: String,
    /// Role.
    role: String,
    /// Post.
    post: String,
    /// Number of the delegation paper it rests on.
    delegation: Option<String>,
}

/// The post to act in from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostChoice {
    /// Body.
    #[schema(value_type = String)]
    body: BodyId,
    /// Role.
    role: String,
    /// Post.
    post: String,
    /// Number of the delegation paper.
    #[serde(default)]
    delegation: Option<String>,
}

/// Signs in under the first post the person holds. Five failures in a row lock the name for a quarter of an hour.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = Credentials, security(()),
    responses((status = 201, body = SessionMade)))]
pub async fn sign_in(
    State(state): State<WebState>,
    Peer(source): Peer,
    Body(given): Body<Credentials>,
) -> Result<(StatusCode, Json<SessionMade>), Failure> {
    let made = state
        .app
        .sign_in_from(&given.login, &given.password, source)
        .await?;
    let actor = ActorView::from(&made.session);
    Ok((
        StatusCode::CREATED,
        Json(SessionMade {
            token: made.token,
            actor,
        }),
    ))
}

/// Ends the session of this call.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions",
    responses((status = 204)))]
pub async fn sign_out(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, Failure> {
    state.app.sign_out(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller, the post they act in, and the official time.
#[utoipa::path(get, path = "/me", tag = "sessions",
    responses((status = 200, body = Me)))]
pub async fn me(State(state): State<WebState>, SignedIn(session): SignedIn) -> Result<Json<Me>, Failure> {
    let who = state.app.me(&session).await?;
    Ok(Json(Me {
        login: session.login.clone(),
        actor: ActorView::from(&session),
        body_name: who.body,
        csrf: session.csrf,
        today: state.app.today().to_string(),
        now: instant(state.app.profile().zone, state.app.now()),
        training: state.app.is_training(),
    }))
}

/// The posts the caller may act in: held ones, and delegated ones in their term.
#[utoipa::path(get, path = "/me/posts", tag = "sessions",
    responses((status = 200, body = Vec<PostView>)))]
pub async fn posts(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<PostView>>, Failure> {
    state.app.look(&session, "posts").await?;
    let posts = state.app.posts(&session).await?;
    let views = posts.into_iter().map(|(post, delegation)| PostView {
        body: post.body.to_string(),
        role: post.role,
        post: post.post,
        delegation,
    });
    Ok(Json(views.collect()))
}

/// Acts from now on in another post.
#[utoipa::path(post, path = "/me/post", tag = "sessions", request_body = PostChoice,
    responses((status = 200, body = ActorView)))]
pub async fn switch_post(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Body(choice): Body<PostChoice>,
) -> Result<Json<ActorView>, Failure> {
    let post = Membership {
        body: choice.body,
        role: choice.role,
        post: choice.post,
    };
    let session = state.app.switch_post(&session, &post, choice.delegation).await?;
    Ok(Json(ActorView::from(&session)))
}
