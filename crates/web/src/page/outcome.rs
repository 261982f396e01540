//! Refusals and faults as pages: what did not happen, why, by which clause, and what to do.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Response};
use shuyu_app::Stop;
use shuyu_kernel::{Fault, Refusal};
use shuyu_profile::Profile;

use super::{Chip, Frame, html};
use crate::problem::status;

/// A handler that stopped. The router's last layer turns it into a page in the visitor's language.
#[derive(Debug, Clone)]
pub struct ConsoleError(pub Arc<Stop>);

impl<E: Into<Stop>> From<E> for ConsoleError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl IntoResponse for ConsoleError {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// A refusal in words with its clauses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalCard {
    /// Stable code.
    pub code: String,
    /// What was refused and why.
    pub what: String,
    /// What would make it pass.
    pub way_out: String,
    /// Clauses.
    pub chips: Vec<Chip>,
}

impl RefusalCard {
    /// The card of a refusal under the rules it was decided by.
    pub fn of(frame: &Frame, profile: &Profile, refusal: &Refusal) -> Self {
        let words = frame
            .texts
            .refusal(frame.lang, &frame.texts.localised(frame.lang, profile, refusal));
        Self {
            code: refusal.code.clone(),
            what: words.what,
            way_out: words.way_out,
            chips: Chip::all(frame, profile, &refusal.clauses),
        }
    }
}

/// The page of a stop.
#[derive(Template)]
#[template(path = "stop.html")]
pub struct StopPage {
    /// Frame.
    pub frame: Frame,
    /// The refusal; `None` for a fault.
    pub refusal: Option<RefusalCard>,
    /// Reference number of a fault.
    pub reference: String,
    /// Where "back" leads.
    pub back: String,
}

/// The page of a stop: a refusal with reason, clauses and way out, or a fault with its reference number.
/// Faults are logged here, once, under the reference.
pub fn stop_page(frame: Frame, profile: &Profile, stop: &Stop, reference: &str, back: &str) -> Response {
    let refusal = match stop {
        Stop::Refused(refusal) => Some(RefusalCard::of(&frame, profile, refusal)),
        Stop::Fault(fault) => {
            log(fault, reference);
            None
        }
    };
    let page = StopPage {
        frame,
        refusal,
        reference: reference.to_owned(),
        back: back.to_owned(),
    };
    html(status(stop), &page)
}

fn log(fault: &Fault, reference: &str) {
    tracing::error!(reference, doing = %fault.doing, cause = %fault.source, "an operation did not take effect");
}
