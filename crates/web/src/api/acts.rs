//! Acting in a case: what could be done, doing it, the steps of its route, and what happened so far.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shuyu_app::{input::ActInput, read::ActNow, versions::NewMove};
use shuyu_domain::{
    Event,
    command::{WatchAct, WatchClock},
    port::Committed,
    rehearsal::Rehearsal,
};
use shuyu_kernel::{CaseId, CivilDate, Manner};
use shuyu_profile::Act;
use utoipa::ToSchema;

use super::{
    input::{Body, Named, Repeatable},
    output::{RefusalView, Written, etag, instant},
};
use crate::{
    problem::Failure,
    session::{Lang, SignedIn},
    state::WebState,
};

/// An act to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActOrder {
    /// Act id.
    act: String,
    /// Lane key, for acts in a lane.
    #[serde(default)]
    lane: Option<String>,
    /// Field → text. Dates `YYYY-MM-DD`, amounts `12.34`, papers by digest, cases and bodies by id.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Columns struck, each as `table.column`.
    #[serde(default)]
    strike: Vec<String>,
    /// `in_person` or `on_behalf`.
    #[serde(default = "in_person")]
    #[schema(value_type = String, default = "in_person")]
    manner: Manner,
    /// Day it happened, for an act entered from a paper.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-03-02")]
    happened_on: Option<CivilDate>,
    /// Digest of that paper.
    #[serde(default)]
    paper: Option<String>,
}

fn in_person() -> Manner {
    Manner::InPerson
}

impl From<ActOrder> for ActInput {
    fn from(order: ActOrder) -> Self {
        let ActOrder {
            act,
            lane,
            set,
            strike,
            manner,
            happened_on,
            paper,
        } = order;
        Self {
            act,
            lane,
            set,
            strike,
            manner,
            happened_on,
            paper,
        }
    }
}

/// An act of the caller's role in the present stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct PossibleView {
    /// Act id.
    act: String,
    /// Chinese title.
    title: String,
    /// English title.
    title_en: String,
    /// Lane key, for acts in a lane.
    lane: Option<String>,
    /// Fields it may set.
    records: Vec<String>,
    /// It may be taken now.
    open: bool,
    /// Else why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// Something that happened in a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Index in the proceedings: for the receipt.
    index: u64,
    /// When it was recorded.
    #[schema(example = "2026-03-02T09:00:00+08:00")]
    recorded_at: String,
    /// Type name with version.
    #[schema(example = "case.taken.v1")]
    kind: &'static str,
    /// The event as recorded.
    #[schema(value_type = Object)]
    event: serde_json::Value,
}

/// Acts of the caller's role in the present stage, with the reason where one may not be taken now.
#[utoipa::path(get, path = "/cases/{id}/acts", tag = "cases", params(("id" = String, Path, description = "Case id")),
    responses((status = 200, body = Vec<PossibleView>)))]
pub async fn possible(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    lang: Lang,
    Named(id): Named<CaseId>,
) -> Result<Json<Vec<PossibleView>>, Failure> {
    let view = state.app.case_view(&session, id).await?;
    let procedure = view.procedure()?;
    let acts = view
        .acts
        .iter()
        .filter_map(|now| Some((procedure.act(&now.act)?, now.clone())));
    Ok(Json(
        acts.map(|(act, now)| possible_view(&state, lang, act, now))
            .collect(),
    ))
}

fn possible_view(state: &WebState, Lang(language): Lang, act: &Act, now: ActNow) -> PossibleView {
    PossibleView {
        act: now.act,
        title: act.title.clone(),
        title_en: act.title_en.clone(),
        lane: now.lane,
        records: act.records.clone(),
        open: now.refusal.is_none(),
        refusal: now
            .refusal
            .map(|refusal| RefusalView::new(state, language, refusal)),
    }
}

/// Takes an act, or enters it as the first step of its route.
#[utoipa::path(post, path = "/cases/{id}/acts", tag = "cases", request_body = ActOrder,
    params(("id" = String, Path, description = "Case id"),
        ("If-Match" = Option<String>, Header, description = "Version the client saw; another one is refused."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer.")),
    responses((status = 200, body = Written, headers(("ETag" = String)))))]
pub async fn take(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<CaseId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<ActOrder>,
) -> Result<Response, Failure> {
    Ok(written(
        &state.app.act(&session, id, order.into(), guarded).await?,
    ))
}

/// Takes the next step of a waiting act.
#[utoipa::path(post, path = "/cases/{id}/pending/{n}/advance", tag = "cases",
    params(("id" = String, Path, description = "Case id"), ("n" = u32, Path, description = "Number of the waiting act"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Written, headers(("ETag" = String)))))]
pub async fn advance(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, number)): Named<(CaseId, u32)>,
    Repeatable(guarded): Repeatable,
) -> Result<Response, Failure> {
    Ok(written(&state.app.advance(&session, id, number, guarded).await?))
}

/// Drops a waiting act.
#[utoipa::path(post, path = "/cases/{id}/pending/{n}/drop", tag = "cases",
    params(("id" = String, Path, description = "Case id"), ("n" = u32, Path, description = "Number of the waiting act"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Written, headers(("ETag" = String)))))]
pub async fn drop_waiting(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, number)): Named<(CaseId, u32)>,
    Repeatable(guarded): Repeatable,
) -> Result<Response, Failure> {
    Ok(written(
        &state.app.drop_waiting(&session, id, number, guarded).await?,
    ))
}

/// A move to the present version of the rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveOrder {
    /// Why.
    reason: String,
    /// Digest of the order it rests on, if there is one.
    #[serde(default)]
    paper: String,
}

/// Moves a case to the present version of the rules. It is an event of the case and cannot be undone.
#[utoipa::path(post, path = "/cases/{id}/version", tag = "cases", request_body = MoveOrder,
    params(("id" = String, Path, description = "Case id"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Written, headers(("ETag" = String)))))]
pub async fn move_case(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<CaseId>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<MoveOrder>,
) -> Result<Response, Failure> {
    let new = NewMove {
        reason: order.reason,
        paper: order.paper,
    };
    Ok(written(&state.app.move_case(&session, id, new, guarded).await?))
}

/// What the present version of the rules would move in a case that is under an older one; `null` if nothing.
#[utoipa::path(get, path = "/cases/{id}/version", tag = "cases", params(("id" = String, Path, description = "Case id")),
    responses((status = 200, body = Option<Object>)))]
pub async fn rehearse(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<CaseId>,
) -> Result<Json<Option<Rehearsal>>, Failure> {
    let (_, rehearsal) = state.app.rehearse_case(&session, id).await?;
    Ok(Json(rehearsal))
}

/// Something to do about a clock that is nearly due or late.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchOrder {
    /// `urge`, `answer_urge`, `escalate`, `instruct`, `report` or `close`.
    #[schema(value_type = String, example = "urge")]
    act: WatchAct,
    /// Lane key, for the clock of a lane.
    #[serde(default)]
    lane: Option<String>,
    /// What is said; no personal data.
    words: String,
    /// Last day to report, for `instruct`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-03-20")]
    report_by: Option<CivilDate>,
}

/// Urges the holder of a clock, answers, escalates, instructs, reports or closes. Moves no case.
#[utoipa::path(post, path = "/cases/{id}/clocks/{clock}", tag = "cases", request_body = WatchOrder,
    params(("id" = String, Path, description = "Case id"), ("clock" = String, Path, description = "Clock id"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Written, headers(("ETag" = String)))))]
pub async fn watch(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named((id, clock)): Named<(CaseId, String)>,
    Repeatable(guarded): Repeatable,
    Body(order): Body<WatchOrder>,
) -> Result<Response, Failure> {
    let command = WatchClock {
        clock,
        lane: order.lane,
        act: order.act,
        words: order.words,
        report_by: order.report_by,
    };
    Ok(written(&state.app.watch(&session, id, command, guarded).await?))
}

/// Everything that happened in a case, in order.
#[utoipa::path(get, path = "/cases/{id}/timeline", tag = "cases", params(("id" = String, Path, description = "Case id")),
    responses((status = 200, body = Vec<EventView>)))]
pub async fn timeline(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<CaseId>,
) -> Result<Json<Vec<EventView>>, Failure> {
    let zone = state.app.profile().zone;
    let view = state.app.case_view(&session, id).await?;
    let events = view.timeline.into_iter().map(|item| {
        let event = Event::Case(item.event);
        EventView {
            index: item.index,
            recorded_at: instant(zone, item.recorded_at),
            kind: event.kind(),
            event: serde_json::to_value(&event).unwrap_or_default(),
        }
    });
    Ok(Json(events.collect()))
}

fn written(committed: &Committed) -> Response {
    ([etag(committed.version)], Json(Written::from(committed))).into_response()
}
