//! The console: pages for officers, operators and developers. Server-rendered, works without script.
//!
//! Each module is one place of the rail. A handler takes a [`Visit`](crate::page::Visit), asks `app`, turns the
//! answer into words and renders a template. What stops it becomes a page in
//! [`stops_become_pages`](crate::page::visit::stops_become_pages).

pub mod airlock;
mod arriving;
pub mod batch;
mod budget;
pub mod case;
pub mod dataset;
pub mod datasets;
pub mod desk;
mod explaining;
pub mod form;
pub mod governance;
pub mod identity;
pub mod law;
pub mod ledger;
pub mod lineage;
pub mod lists;
mod marginals;
pub mod monthly;
mod nearest;
mod own;
pub mod permits;
pub mod posted;
pub mod products;
mod quality;
pub mod registry;
mod report;
mod retention;
mod running;
pub mod runs;
pub mod sign_in;
pub mod supervision;
pub mod training;
mod trying;
pub mod version;
pub mod watch;
pub mod workbench;
mod zone;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod wellformed;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::Next,
    response::Response,
    routing::{get, post},
};
use shuyu_app::files::PAPER_LIMIT_BYTES;

use crate::{page::visit::stops_become_pages, state::WebState};

/// Room for the other fields of a form that carries papers: 1 MiB.
const FIELDS_BYTES: usize = 1024 * 1024;

/// All pages. Stops of handlers become pages here; the caller adds headers and assets.
pub fn router() -> Router<WebState> {
    let papers = usize::try_from(PAPER_LIMIT_BYTES)
        .unwrap_or(usize::MAX)
        .saturating_add(FIELDS_BYTES);
    let forms = Router::new()
        .route(
            "/open/{procedure}/{group}",
            get(form::opening::group).post(form::opening::save),
        )
        .route(
            "/cases/{id}/acts/{act}/{lane}/{group}",
            get(form::acting::group).post(form::acting::save),
        )
        .route("/cases/{id}/version", post(version::submit))
        .route("/registry/{what}", post(registry::submit))
        .route("/batches/{procedure}", get(batch::page).post(batch::upload))
        .layer(DefaultBodyLimit::max(papers));
    let lists = usize::try_from(shuyu_app::own::LIMIT_BYTES).unwrap_or(usize::MAX);
    let lists = Router::new()
        .route("/permits/{id}/own-lists", post(own::bring))
        .layer(DefaultBodyLimit::max(lists.saturating_add(2 * FIELDS_BYTES)));
    // Data files of departments are streamed; the lake limits them.
    let uploads = Router::new()
        .route("/uploads", post(datasets::upload))
        .layer(DefaultBodyLimit::disable());
    pages().merge(work()).merge(forms).merge(lists).merge(uploads)
}

/// Jobs of a permit and the airlock.
fn work() -> Router<WebState> {
    Router::new()
        .route("/permits/{id}/jobs", get(runs::page).post(runs::register))
        .route("/permits/{id}/dummy/{table}", get(runs::dummy))
        .route(
            "/permits/{id}/own-lists/{dataset}/take-back",
            post(own::take_back),
        )
        .route("/sources/{id}", get(runs::source))
        .route("/sources/{id}/runs", post(runs::start))
        .route("/sources/{id}/runs/{run}/cancel", post(runs::cancel))
        .route("/sources/{id}/runs/{run}/airlock", post(runs::open_airlock))
        .route("/releases/{id}/airlock", post(airlock::open_of_release))
        .route("/airlock", get(airlock::queue))
        .route("/airlock/{id}", get(airlock::request).post(airlock::act))
        .route("/airlock/{id}/files/{name}", get(airlock::file))
        .route("/airlock/{id}/plots/{name}", get(airlock::plot))
        .route("/airlock/{id}/receipt", get(airlock::receipt))
}

fn pages() -> Router<WebState> {
    Router::new()
        .route("/", get(desk::page))
        .route("/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/sign-out", post(sign_in::out))
        .route("/post", post(sign_in::switch_post))
        .route("/language/{code}", get(sign_in::language))
        .route("/clock", post(training::wind))
        .route("/catalogue", get(lists::catalogue))
        .route("/cases", get(lists::cases))
        .route("/open", get(form::opening::index))
        .route("/open/{procedure}", get(form::opening::tasks))
        .route(
            "/open/{procedure}/check",
            get(form::opening::check).post(form::opening::submit),
        )
        .route("/batches/{procedure}/template.xlsx", get(batch::template))
        .route(
            "/batches/{procedure}/{digest}",
            get(batch::check).post(batch::start),
        )
        .route("/batches/{procedure}/{digest}/failed.xlsx", get(batch::failed))
        .route("/cases/{id}", get(case::page))
        .route("/cases/{id}/result", get(form::result::page))
        .route("/cases/{id}/archive.zip", get(case::archive::archive))
        .route(
            "/cases/{id}/print",
            get(case::print::print_case).post(case::print::print_case_in_clear),
        )
        .route(
            "/cases/{id}/acts/{act}/print",
            get(case::print::print_act).post(case::print::print_act_in_clear),
        )
        .route("/cases/{id}/reveal/{field}", post(case::reveal))
        .route("/cases/{id}/waiting/{number}/advance", post(case::advance))
        .route("/cases/{id}/waiting/{number}/return", post(case::send_back))
        .route("/cases/{id}/acts/{act}/{lane}", get(form::acting::tasks))
        .route(
            "/cases/{id}/acts/{act}/{lane}/check",
            get(form::acting::check).post(form::acting::submit),
        )
        .route("/cases/{id}/papers/{digest}", get(case::paper))
        .route("/cases/{id}/version", get(version::page))
        .route("/cases/{id}/clocks/{clock}/{act}", post(watch::act))
        .route("/reminders", post(watch::read))
        .route("/releases", get(permits::releases))
        .route("/releases/{id}", get(permits::release))
        .route("/permits", get(permits::page))
        .route("/permits/{id}", get(workbench::page).post(workbench::ask))
        .route("/permits/{id}/cancellations", post(running::cancel))
        .route("/permits/{id}/marginals", post(marginals::release))
        .route("/products", get(products::list))
        .route("/products/{id}", get(products::page).post(products::make_key))
        .route("/products/{id}/identity", post(identity::submit))
        .route("/datasets", get(datasets::page).post(datasets::ingest))
        .route("/datasets/{id}", get(dataset::page))
        .route("/datasets/{id}/erasures", post(dataset::erase))
        .route("/datasets/{id}/examine", post(governance::examine))
        .route("/datasets/{id}/assess", post(governance::assess))
        .route("/datasets/{id}/checks", post(quality::check))
        .route("/jobs/{number}", get(datasets::job))
        .route("/jobs/{number}/cancel", post(datasets::cancel))
        .merge(records())
}

/// The record, the rules, and what is drawn from both.
fn records() -> Router<WebState> {
    Router::new()
        .route("/ledger", get(ledger::proceedings))
        .route("/ledger/access", get(ledger::access))
        .route("/ledger/access/{index}", get(ledger::access_entry))
        .route("/ledger/verify", get(ledger::verify))
        .route("/ledger/{index}", get(ledger::entry))
        .route("/ledger/{index}/receipt", get(ledger::receipt))
        .route("/law", get(law::page))
        .route("/law/clauses", get(law::clauses))
        .route("/law/clauses/{id}", get(law::clause))
        .route("/law/procedures/{id}", get(law::procedure))
        .route("/supervision", get(supervision::page))
        .route("/registry", get(registry::page))
        .route("/supervision/report", get(monthly::page))
        .route("/supervision/report/rows", get(monthly::rows))
        .route("/supervision/report.xlsx", get(monthly::xlsx))
        .route("/supervision/report.docx", get(monthly::docx))
}

/// Layer for the console: see [`stops_become_pages`].
pub async fn pages_for_stops(state: State<WebState>, request: Request, next: Next) -> Response {
    stops_become_pages(state, request, next).await
}
