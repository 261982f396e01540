//! Signing in and out, the post a person acts in, the language.

use askama::Template;
use axum::{
    Form,
    extract::{OriginalUri, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shuyu_app::{Stop, read::TrainingPerson};
use shuyu_domain::registry::Membership;
use shuyu_kernel::Refusal;

use super::posted::Posted;
use crate::{
    i18n::Language,
    page::{
        ConsoleError, Frame, RefusalCard, Visit,
        frame::{post_title, role_title},
        html,
        visit::bare_frame,
    },
    problem::status,
    session::{Lang, ended_cookie, language_cookie, session_cookie, way_back},
    state::WebState,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    pub frame: Frame,
    pub refusal: Option<RefusalCard>,
    pub next: String,
    pub login: String,
    pub people: Vec<TrainingPerson>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub(crate) async fn page(
    State(state): State<WebState>,
    Lang(lang): Lang,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<Asked>,
) -> Result<Response, ConsoleError> {
    let frame = bare_frame(&state, lang, &uri);
    drawn(&state, frame, asked, None).await
}

/// `POST /sign-in`: another site cannot send it, since browsers say where a form comes from.
pub(crate) async fn submit(
    State(state): State<WebState>,
    Lang(lang): Lang,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, ConsoleError> {
    if from_elsewhere(&headers) {
        return Err(Refusal::forbidden("csrf_wrong").into());
    }
    match state.app.sign_in(given.login.trim(), &given.password).await {
        Ok(signed) => {
            let cookie = session_cookie(state.secure_cookies, &signed.token);
            Ok((
                [(header::SET_COOKIE, cookie)],
                Redirect::to(way_back(&given.next)),
            )
                .into_response())
        }
        Err(Stop::Refused(refusal)) => {
            let frame = bare_frame(&state, lang, &uri);
            drawn(
                &state,
                frame,
                Asked {
                    next: given.next,
                    login: given.login,
                },
                Some(refusal),
            )
            .await
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Browsers name the relation of the sending site; a missing header is an old browser or a program.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    site.is_some_and(|site| site == "cross-site" || site == "same-site")
}

async fn drawn(
    state: &WebState,
    frame: Frame,
    asked: Asked,
    refusal: Option<Refusal>,
) -> Result<Response, ConsoleError> {
    let profile = state.app.profile();
    let mut people = state.app.training_people().await?;
    for person in &mut people {
        person.role = role_title(frame.lang, &profile, &person.role);
        person.post = post_title(frame.lang, &profile, &person.post);
    }
    let code = refusal
        .as_ref()
        .map_or(StatusCode::OK, |refusal| status(&Stop::Refused(refusal.clone())));
    let card = refusal.map(|refusal| RefusalCard::of(&frame, &profile, &refusal));
    let page = SignInPage {
        frame,
        refusal: card,
        next: way_back(&asked.next).to_owned(),
        login: asked.login,
        people,
    };
    Ok(html(code, &page))
}

/// `POST /sign-out`
pub(crate) async fn out(visit: Visit, request: Request) -> Result<Response, ConsoleError> {
    Posted::read(&visit, request).await?;
    visit.app().sign_out(&visit.session).await?;
    let cookie = ended_cookie(visit.state.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

/// `POST /post`: acts from now on in another post, held or delegated.
pub(crate) async fn switch_post(visit: Visit, request: Request) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let unknown = || Refusal::forbidden("post_not_held");
    let mut parts = posted.one("post").splitn(4, '|');
    let mut next = || parts.next().ok_or_else(unknown);
    let body = next()?.parse().map_err(|_| unknown())?;
    let (role, post) = (next()?.to_owned(), next()?.to_owned());
    let paper = Some(next()?.to_owned()).filter(|paper| !paper.is_empty());
    visit
        .app()
        .switch_post(&visit.session, &Membership { body, role, post }, paper)
        .await?;
    Ok(Redirect::to("/"))
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    back: String,
}

/// `GET /language/{code}`: remembers the language and goes back.
pub(crate) async fn language(
    State(state): State<WebState>,
    Path(code): Path<String>,
    Query(Back { back }): Query<Back>,
) -> Response {
    let language = Language::from_code(&code).unwrap_or_default();
    let cookie = language_cookie(state.secure_cookies, language);
    ([(header::SET_COOKIE, cookie)], Redirect::to(way_back(&back))).into_response()
}
