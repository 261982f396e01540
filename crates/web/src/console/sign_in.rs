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
    csrf,
    i18n::Language,
    page::{
        ConsoleError, Frame, RefusalCard, Visit,
        frame::{post_title, role_title},
        html,
        visit::bare_frame,
    },
    peer::Peer,
    problem::status,
    session::{
        Lang, ended_cookie, form_cookie, form_cookie_name, language_cookie, read_cookie, session_cookie,
        way_back,
    },
    state::WebState,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    pub frame: Frame,
    pub refusal: Option<RefusalCard>,
    pub next: String,
    pub login: String,
    pub token: String,
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
    #[serde(default)]
    csrf: String,
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

/// `POST /sign-in`: another site cannot send it. Browsers say where a form comes from; one that does not must bring
/// the token of the form together with the cookie the form was drawn with.
pub(crate) async fn submit(
    State(state): State<WebState>,
    Lang(lang): Lang,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Peer(source): Peer,
    Form(given): Form<Credentials>,
) -> Result<Response, ConsoleError> {
    let drawn_for = read_cookie(&headers, form_cookie_name(state.secure_cookies));
    if !from_here(&headers, drawn_for.unwrap_or_default(), &given.csrf) {
        return Err(Refusal::forbidden("csrf_wrong").into());
    }
    let signed = state
        .app
        .sign_in_from(given.login.trim(), &given.password, source);
    match signed.await {
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

/// Browsers name the relation of the sending site, except old ones and those that reach us without TLS.
fn from_here(headers: &HeaderMap, drawn_for: &str, given: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => csrf::same(drawn_for, given),
    }
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
    let token = state.app.form_key();
    let cookie = form_cookie(state.secure_cookies, &token);
    let page = SignInPage {
        token,
        frame,
        refusal: card,
        next: way_back(&asked.next).to_owned(),
        login: asked.login,
        people,
    };
    let mut response = html(code, &page);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
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
