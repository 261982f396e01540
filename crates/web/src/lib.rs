//! The web edge: console pages, the programming interface `/api/v1`, and the headers that guard both.
//!
//! [`server::router`] is everything behind one address. Handlers never word a refusal: they return a
//! [`problem::Failure`], and one layer at the outside says it in the language of the reader, as a page or as
//! `application/problem+json`. What a handler needs comes through extractors: [`session::SignedIn`] for who asks,
//! [`session::Lang`] for the language, [`state::WebState`] for the use cases.

pub mod api;
pub mod console;
pub mod csrf;
pub mod headers;
pub mod i18n;
pub mod page;
pub mod peer;
pub mod problem;
pub mod server;
pub mod session;
pub mod state;
