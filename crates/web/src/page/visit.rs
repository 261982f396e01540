//! One request of a signed-in person: session, language, frame, and the layer that turns stops into pages.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Uri, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shuyu_app::{App, Session, Stop};
use shuyu_kernel::Timestamp;
use shuyu_profile::Profile;

use super::{ConsoleError, Frame, frame, outcome::stop_page};
use crate::{
    headers::RequestId,
    i18n::Language,
    problem,
    session::{Lang, Sender, SignedIn},
    state::WebState,
};

/// A request of a signed-in person. Absent or expired sessions go to the sign-in page.
#[derive(Clone)]
pub struct Visit {
    /// Shared state.
    pub state: WebState,
    /// The session.
    pub session: Session,
    /// Language.
    pub lang: Language,
    /// Current rules.
    pub profile: Arc<Profile>,
    /// The frame, without breadcrumbs.
    pub frame: Frame,
}

impl Visit {
    /// The use cases.
    pub fn app(&self) -> &Arc<App> {
        &self.state.app
    }

    /// The frame with the entry of the rail marked.
    pub fn frame_at(&self, current: &'static str) -> Frame {
        self.frame.clone().at(current)
    }

    /// Checks the token of a form.
    ///
    /// # Errors
    /// The refusal of [`crate::csrf::check`].
    pub fn checked(&self, token: &str) -> Result<(), ConsoleError> {
        Ok(crate::csrf::check(&self.session, token)?)
    }
}

impl FromRequestParts<WebState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let SignedIn(session) = SignedIn::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let Lang(lang) = Lang::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let profile = state.app.profile();
        let who = state
            .app
            .who(&session)
            .await
            .map_err(|stop| ConsoleError::from(stop).into_response())?;
        let mut frame = bare_frame(state, lang, &parts.uri);
        frame.csrf.clone_from(&session.csrf);
        frame.identity = Some(frame::identity(lang, &profile, &who));
        Ok(Self {
            state: state.clone(),
            session,
            lang,
            profile,
            frame,
        })
    }
}

/// The frame for somebody who is not signed in.
pub fn bare_frame(state: &WebState, lang: Language, uri: &Uri) -> Frame {
    let profile = state.app.profile();
    let now: Timestamp = state.app.now();
    let (hour, minute) = profile.zone.time_of_day(now);
    Frame {
        texts: state.texts.clone(),
        lang,
        path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        current: "",
        csrf: String::new(),
        identity: None,
        jurisdiction: lang.pick(&profile.title, &profile.title_en).to_owned(),
        preview: profile.is_preview(),
        training: state.app.is_training(),
        today: profile.zone.date(now),
        time: format!("{hour:02}:{minute:02}"),
        crumbs: Vec::new(),
        refresh_seconds: 0,
    }
}

/// The outermost layer of the console: a stop becomes a page in the visitor's language.
pub async fn stops_become_pages(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut kept = {
        let mut copy = Request::new(()).into_parts().0;
        copy.method = parts.method.clone();
        copy.uri = parts.uri.clone();
        copy.headers = parts.headers.clone();
        copy.extensions = parts.extensions.clone();
        copy
    };
    let reference = parts
        .extensions
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(stop) = response.extensions_mut().remove::<Arc<Stop>>() else {
        return response;
    };
    let stop = problem::noted(&state, kept.extensions.get::<Sender>(), "page", stop).await;
    let frame = match Visit::from_request_parts(&mut kept, &state).await {
        Ok(visit) => visit.frame,
        Err(_) => {
            let lang = Lang::from_request_parts(&mut kept, &state)
                .await
                .map(|Lang(lang)| lang)
                .unwrap_or_default();
            bare_frame(&state, lang, &kept.uri)
        }
    };
    let back = parent(kept.uri.path());
    stop_page(frame, &state.app.profile(), &stop, &reference, &back)
}

/// The page above: a refused act leads back to its case, everything else to the desk.
fn parent(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(first @ ("cases" | "permits" | "products")), Some(id), Some(_)) => format!("/{first}/{id}"),
        (Some(first @ ("permits" | "products" | "datasets" | "ledger" | "law" | "registry")), Some(_), _) => {
            format!("/{first}")
        }
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::parent;

    #[test]
    fn a_stop_leads_back_to_the_page_above() {
        for (path, above) in [
            ("/cases/case_1/act/submit/submit", "/cases/case_1"),
            ("/cases/case_1", "/"),
            ("/ledger/7", "/ledger"),
            ("/permits/permit_1/ask", "/permits/permit_1"),
            ("/elsewhere", "/"),
        ] {
            assert_eq!(parent(path), above, "{path}");
        }
    }
}
