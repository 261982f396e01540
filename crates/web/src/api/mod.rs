//! The programming interface `/api/v1`, described by OpenAPI 3.1 at `/openapi.json`.
//!
//! A handler and its description are registered together with [`routes!`], so that no route is without one.
//! Requests that read badly are refused before any use case is asked; answers are plain data, dates are
//! `YYYY-MM-DD`, instants ISO 8601 in the profile's zone, money is decimal text.

mod acts;
mod airlock;
mod batches;
mod budget;
pub(crate) mod case_view;
mod cases;
mod data;
mod datasets;
mod explaining;
mod governance;
mod identity;
mod input;
mod jobs;
mod ledger;
mod marginals;
pub(crate) mod output;
mod own;
mod permits;
mod products;
mod quality;
mod registry;
mod rules;
mod running;
mod sessions;
mod succession;
mod supervision;
mod ties;
mod trials;
mod work;

pub(crate) use batches::word as shape_word;
pub(crate) use work::word as run_word;

use axum::{Json, Router, routing::get};
use shuyu_kernel::Refusal;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, ResponseBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    csrf,
    problem::{self, Failure},
    session,
    state::WebState,
};

/// Most lines of one page of a list.
const LARGEST_PAGE: u64 = 100;

#[derive(OpenApi)]
#[openapi(
    info(title = "Shuyu", description = "Authorised operation of public data: cases, data, permits, products, ledger."),
    components(schemas(problem::Problem, problem::ClauseRef)),
    security(("token" = []), ("cookie" = [], "csrf" = [])),
    modifiers(&Security),
    tags(
        (name = "sessions", description = "Signing in and acting in a post."),
        (name = "rules", description = "The rules in force: instruments, procedures, fields, acts."),
        (name = "cases", description = "Opening cases and acting in them."),
        (name = "data", description = "Files, datasets and the jobs that make them."),
        (name = "permits", description = "Asking under a permit; what was released."),
        (name = "jobs", description = "Python jobs under a permit, on made-up and on real data."),
        (name = "airlock", description = "Outputs of jobs leave only after people have looked at them."),
        (name = "products", description = "Keys and use of delivered products."),
        (name = "registry", description = "Bodies, people, delegations."),
        (name = "ledger", description = "The two logs, their checkpoints and receipts."),
        (name = "supervision", description = "Duties, disclosure figures, the training clock."),
    )
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(session::cookie_name(true)));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
        let header = ApiKey::Header(ApiKeyValue::new(csrf::HEADER));
        components.add_security_scheme("csrf", SecurityScheme::ApiKey(header));
    }
}

/// `/api/v1` and `/openapi.json`.
pub fn router() -> Router<WebState> {
    let (routes, openapi) = described().split_for_parts();
    let routes = routes.method_not_allowed_fallback(method_not_allowed);
    let document = get(|| async move { Json(openapi) });
    routes
        .route("/openapi.json", document)
        .route("/api", axum::routing::any(no_such_address))
        .route("/api/", axum::routing::any(no_such_address))
        .route("/api/{*rest}", axum::routing::any(no_such_address))
}

/// The description of `/api/v1`, for the file in the repository and for clients.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<WebState> {
    let v1 = OpenApiRouter::new()
        .merge(people())
        .merge(work())
        .merge(plane())
        .merge(work_and_airlock())
        .merge(oversight());
    let mut router = OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", v1);
    describe_failures(router.get_openapi_mut());
    router
}

/// Every operation can refuse and can meet a fault, and always says so in the same form.
fn describe_failures(openapi: &mut utoipa::openapi::OpenApi) {
    for item in openapi.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            for (status, meaning) in [
                ("4XX", "Refused, with the reason."),
                ("5XX", "The world failed; nothing changed."),
            ] {
                let content = Content::new(Some(Ref::from_schema_name("Problem")));
                let response = ResponseBuilder::new()
                    .description(meaning)
                    .content(problem::MEDIA_TYPE, content);
                operation
                    .responses
                    .responses
                    .insert(status.to_owned(), response.build().into());
            }
        }
    }
}

fn people() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(sessions::sign_in))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::me))
        .routes(routes!(sessions::posts))
        .routes(routes!(sessions::switch_post))
        .routes(routes!(registry::register_body))
        .routes(routes!(registry::enrol))
        .routes(routes!(registry::delegate))
        .routes(routes!(registry::withdraw_delegation))
        .routes(routes!(registry::erase))
        .routes(routes!(ties::enter_holding))
        .routes(routes!(ties::end_holding))
        .routes(routes!(ties::enter_representative))
        .routes(routes!(ties::find_affiliated))
        .routes(routes!(ties::lift_finding))
        .routes(routes!(ties::affiliations))
        .routes(routes!(succession::rename))
        .routes(routes!(succession::merge))
        .routes(routes!(succession::role_succeeds))
        .routes(routes!(succession::hand_over, succession::handovers))
}

fn work() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(rules::profile))
        .routes(routes!(rules::procedures))
        .routes(routes!(rules::procedure))
        .routes(routes!(cases::list, cases::open))
        .routes(routes!(cases::show))
        .routes(routes!(batches::batch))
        .routes(routes!(acts::possible, acts::take))
        .routes(routes!(acts::advance))
        .routes(routes!(acts::drop_waiting))
        .routes(routes!(acts::rehearse, acts::move_case))
        .routes(routes!(acts::watch))
        .routes(routes!(acts::timeline))
}

fn plane() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(data::upload))
        .routes(routes!(data::download))
        .routes(routes!(data::ingest))
        .routes(routes!(data::derive))
        .routes(routes!(data::datasets))
        .routes(routes!(datasets::history))
        .routes(routes!(datasets::impact))
        .routes(routes!(datasets::erase_rows))
        .routes(routes!(governance::examine))
        .routes(routes!(governance::assess))
        .routes(routes!(quality::check, quality::checks))
        .routes(routes!(governance::governance))
        .routes(routes!(governance::lineage))
        .routes(routes!(governance::trace))
        .routes(routes!(jobs::jobs))
        .routes(routes!(jobs::job, jobs::cancel_job))
        .routes(routes!(permits::permit))
        .routes(routes!(budget::budget))
        .routes(routes!(permits::ask, running::running))
        .routes(routes!(running::cancel_query))
        .routes(routes!(own::own_lists, own::bring_own_list))
        .routes(routes!(own::take_back_own_list))
        .routes(routes!(explaining::missing_grants))
        .routes(routes!(trials::try_query))
        .routes(routes!(marginals::marginals, marginals::release_marginals))
        .routes(routes!(permits::release))
        .routes(routes!(products::make_key))
        .routes(routes!(products::revoke_key))
        .routes(routes!(identity::compile))
        .routes(routes!(identity::consent))
        .routes(routes!(identity::unlock))
        .routes(routes!(products::usage))
}

fn work_and_airlock() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(work::sources, work::register_source))
        .routes(routes!(work::source))
        .routes(routes!(work::start_run))
        .routes(routes!(work::run, work::cancel_run))
        .routes(routes!(work::dummy))
        .routes(routes!(airlock::open_airlock))
        .routes(routes!(airlock::open_airlock_of_release))
        .routes(routes!(airlock::ask_for_review))
        .routes(routes!(airlock::airlocks))
        .routes(routes!(airlock::airlock))
        .routes(routes!(airlock::airlock_act))
        .routes(routes!(airlock::airlock_file))
        .routes(routes!(airlock::airlock_receipt))
}

fn oversight() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(supervision::figures))
        .routes(routes!(supervision::duties))
        .routes(routes!(supervision::wind_clock))
        .routes(routes!(ledger::logs))
        .routes(routes!(ledger::entries))
        .routes(routes!(ledger::receipt))
}

async fn no_such_address() -> Failure {
    Refusal::unknown("route_unknown").into()
}

async fn method_not_allowed() -> Failure {
    Refusal::unmet("method_not_allowed").into()
}
