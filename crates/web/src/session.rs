//! Who sends a request, and in which language they read.
//!
//! Pages use the session cookie. `/api/v1` takes `Authorization: Bearer <token>`, or the cookie together with
//! the `X-CSRF-Token` header for everything that changes something.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use shuyu_app::{Session, Stop};
use shuyu_kernel::{Refusal, RefusalKind};

use crate::{csrf, i18n::Language, problem::Failure, state::WebState};

/// Name of the cookie in which a person's choice of language is kept; its value is `zh` or `en`.
pub const LANGUAGE_COOKIE: &str = "shuyu-lang";

/// Seconds that the choice of language is remembered: a year.
const LANGUAGE_SECONDS: u64 = 365 * 24 * 3600;

/// Tokens are 64 hexadecimal digits; anything much longer is not looked up.
const LONGEST_TOKEN: usize = 128;

/// Name of the cookie that ties the sign-in form to the browser it was drawn for.
pub fn form_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-shuyu-form" } else { "shuyu-form" }
}

/// `Set-Cookie` value of that cookie; no other site can send it along.
pub fn form_cookie(secure: bool, token: &str) -> HeaderValue {
    cookie(
        secure,
        form_cookie_name(secure),
        token,
        "; HttpOnly; SameSite=Strict",
    )
}

/// Name of the session cookie. The `__Host-` prefix makes browsers refuse it from other hosts and without TLS.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-shuyu" } else { "shuyu" }
}

/// `Set-Cookie` value that hands a session's token to the browser; it ends with the browser's session.
pub fn session_cookie(secure: bool, token: &str) -> HeaderValue {
    cookie(secure, cookie_name(secure), token, "; HttpOnly; SameSite=Lax")
}

/// `Set-Cookie` value that makes the browser forget the token.
pub fn ended_cookie(secure: bool) -> HeaderValue {
    cookie(
        secure,
        cookie_name(secure),
        "",
        "; HttpOnly; SameSite=Lax; Max-Age=0",
    )
}

/// `Set-Cookie` value that remembers a language for a year.
pub fn language_cookie(secure: bool, language: Language) -> HeaderValue {
    let rest = format!("; HttpOnly; SameSite=Lax; Max-Age={LANGUAGE_SECONDS}");
    cookie(secure, LANGUAGE_COOKIE, language.code(), &rest)
}

fn cookie(secure: bool, name: &str, value: &str, rest: &str) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    // Tokens are hexadecimal; anything that is no header value gives an empty one, which no browser keeps.
    HeaderValue::from_str(&format!("{name}={value}; Path=/{rest}{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie of the request, if there is exactly that name.
pub fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// A signed-in person. On pages a missing session leads to `/sign-in?next=…`; in the API it is a 401.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Session);

/// Why there is no signed-in person.
#[derive(Debug)]
pub enum NotSignedIn {
    /// A page: the person is led to the sign-in page and back.
    Page(Uri, Method),
    /// The API, or a fault anywhere: says what is wrong.
    Said(Failure),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            NotSignedIn::Said(failure) => failure.into_response(),
            NotSignedIn::Page(uri, method) => {
                let next = uri.path_and_query().map_or("/", |path| path.as_str());
                // The way back must be a page that can be read; a form that was sent cannot be sent again.
                let target = match method {
                    Method::GET | Method::HEAD if way_back(next) != "/" => {
                        format!("/sign-in?next={}", escaped(next))
                    }
                    _ => "/sign-in".to_owned(),
                };
                (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response()
            }
        }
    }
}

impl FromRequestParts<WebState> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, NotSignedIn> {
        if let Some(known) = parts.extensions.get::<SignedIn>() {
            return Ok(known.clone());
        }
        let uri = original_uri(parts);
        let result = if is_api(uri.path()) {
            api_session(parts, state).await
        } else {
            page_session(parts, state).await
        };
        match result {
            Ok(session) => {
                let signed_in = SignedIn(session);
                parts.extensions.insert(signed_in.clone());
                Ok(signed_in)
            }
            Err(Stop::Refused(refusal))
                if refusal.kind == RefusalKind::Unauthenticated && !is_api(uri.path()) =>
            {
                Err(NotSignedIn::Page(uri, parts.method.clone()))
            }
            Err(stop) => Err(NotSignedIn::Said(stop.into())),
        }
    }
}

/// Whether a path belongs to the programming interface and not to the pages.
pub fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The address as the client sent it, before any nesting.
pub(crate) fn original_uri(parts: &Parts) -> Uri {
    parts
        .extensions
        .get::<OriginalUri>()
        .map_or_else(|| parts.uri.clone(), |uri| uri.0.clone())
}

async fn page_session(parts: &Parts, state: &WebState) -> Result<Session, Stop> {
    let token = read_cookie(&parts.headers, cookie_name(state.secure_cookies)).unwrap_or_default();
    session_of(parts, state, token).await
}

async fn api_session(parts: &Parts, state: &WebState) -> Result<Session, Stop> {
    if let Some(given) = parts.headers.get(header::AUTHORIZATION) {
        let text = given.to_str().unwrap_or_default();
        let token = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return session_of(parts, state, token.map_or("", |(_, token)| token.trim())).await;
    }
    let session = page_session(parts, state).await?;
    if csrf::is_needed(&parts.method) {
        let given = parts
            .headers
            .get(csrf::HEADER)
            .and_then(|value| value.to_str().ok());
        csrf::check(&session, given.unwrap_or_default())?;
    }
    Ok(session)
}

/// Who turned out to send a request; the layers around the handlers read it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender(Arc<OnceLock<Session>>);

impl Sender {
    /// The session, once a handler asked for it.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.0.get()
    }
}

async fn session_of(parts: &Parts, state: &WebState, token: &str) -> Result<Session, Stop> {
    if token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(Refusal::new(RefusalKind::Unauthenticated, "session_missing").into());
    }
    let session = state.app.session(token).await?;
    if let Some(Sender(sender)) = parts.extensions.get::<Sender>() {
        // A request has one sender; whoever was there first is the same.
        return Ok(sender.get_or_init(|| session).clone());
    }
    Ok(session)
}

/// The language of the answer: on pages the person's own choice, else what the client accepts, else Chinese.
#[derive(Debug, Clone, Copy)]
pub struct Lang(pub Language);

impl Lang {
    /// Reads the language from a request's headers; `api` leaves the cookie out of account.
    pub fn of(headers: &HeaderMap, api: bool) -> Self {
        let chosen = if api {
            None
        } else {
            read_cookie(headers, LANGUAGE_COOKIE)
        };
        Self(
            chosen
                .and_then(Language::from_code)
                .unwrap_or_else(|| accepted(headers)),
        )
    }
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers, is_api(original_uri(parts).path())))
    }
}

/// The better liked of the two languages; Chinese on a tie, and when neither is named.
fn accepted(headers: &HeaderMap) -> Language {
    let mut liked = (0.0, 0.0);
    for header in headers.get_all(header::ACCEPT_LANGUAGE) {
        for range in header.to_str().unwrap_or_default().split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            match Language::from_code(tag.trim()) {
                Some(Language::Zh) => liked.0 = f32::max(liked.0, weight),
                Some(Language::En) => liked.1 = f32::max(liked.1, weight),
                None => {}
            }
        }
    }
    if liked.1 > liked.0 {
        Language::En
    } else {
        Language::Zh
    }
}

/// Where to go after signing in: `next` if it is a path of this site, else the first page. An address like
/// `//elsewhere` or `/\\elsewhere` would lead a browser to another site.
pub fn way_back(next: &str) -> &str {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if local { next } else { "/" }
}

/// Percent-encodes everything but letters, digits, `-._~/` for use inside a query.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn language_follows_the_headers() {
        for (accept, english) in [
            ("", false),
            ("en", true),
            ("EN-gb", true),
            ("zh-CN,zh;q=0.9,en;q=0.8", false),
            ("en-US,en;q=0.9,zh;q=0.8", true),
            ("fr, en;q=0.1", true),
            ("fr", false),
            ("en;q=0", false),
            ("en;q=broken", false),
            ("zh;q=0.5,en;q=0.5", false),
            (";;;,,=", false),
        ] {
            let Lang(found) = Lang::of(&headers(header::ACCEPT_LANGUAGE, accept), true);
            assert_eq!(matches!(found, Language::En), english, "{accept:?}");
        }
    }

    #[test]
    fn the_own_choice_goes_before_the_browser_on_pages_only() {
        let mut both = headers(header::ACCEPT_LANGUAGE, "zh");
        both.insert(header::COOKIE, HeaderValue::from_static("a=b; shuyu-lang=en"));
        assert!(matches!(Lang::of(&both, false).0, Language::En));
        assert!(matches!(Lang::of(&both, true).0, Language::Zh));
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let map = headers(header::COOKIE, "xshuyu=1; shuyu=abc=; shuyu-lang=en");
        assert_eq!(read_cookie(&map, "shuyu"), Some("abc="));
        assert_eq!(read_cookie(&map, "shuy"), None);
    }

    #[test]
    fn a_secure_cookie_has_every_guard() {
        let value = session_cookie(true, "00ff");
        assert_eq!(value, "__Host-shuyu=00ff; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            session_cookie(false, "00ff"),
            "shuyu=00ff; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn the_way_back_stays_on_this_site() {
        for next in ["/cases?x=1", "/", "/a//b"] {
            assert_eq!(way_back(next), next);
        }
        for next in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "cases",
            "/\t/evil.example",
        ] {
            assert_eq!(way_back(next), "/", "{next:?}");
        }
    }

    #[test]
    fn the_way_back_is_escaped() {
        assert_eq!(
            escaped("/cases?text=授 权&a=b"),
            "/cases%3Ftext%3D%E6%8E%88%20%E6%9D%83%26a%3Db"
        );
    }
}
