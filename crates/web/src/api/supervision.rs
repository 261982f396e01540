//! What is due, what is disclosed, and the clock of a training installation.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shuyu_app::disclosure::{Figure, Item, Period};
use shuyu_domain::port::Duty;
use shuyu_kernel::{CivilDate, Refusal};
use utoipa::{IntoParams, ToSchema};

use super::{
    input::{Asked, Body},
    output::instant,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A figure with the rows behind it.
#[derive(Serialize, ToSchema)]
pub struct FigureView {
    /// Stable name.
    #[schema(example = "permits")]
    name: String,
    /// The number.
    value: i64,
    /// What it was counted from: numbers of cases, or days with their counts.
    rows: Vec<String>,
    /// The cases it was counted from, with what the profile shows of them.
    items: Vec<FigureItem>,
    /// Clauses that ask for it.
    clauses: Vec<String>,
}

/// A case behind a figure.
#[derive(Serialize, ToSchema)]
pub struct FigureItem {
    /// Case.
    case: String,
    /// 案号
    number: String,
    /// Title.
    title: String,
    /// Field → text.
    values: BTreeMap<String, String>,
}

/// Of which period; without one, as it stands today.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// First day.
    #[param(value_type = Option<String>, example = "2025-01-01")]
    from: Option<CivilDate>,
    /// Last day.
    #[param(value_type = Option<String>, example = "2025-12-31")]
    to: Option<CivilDate>,
}

/// An open duty.
#[derive(Serialize, ToSchema)]
pub struct DutyView {
    /// Case.
    case: String,
    /// Procedure.
    procedure: String,
    /// 案号
    number: String,
    /// Title.
    title: String,
    /// Stage.
    stage: String,
    /// Clock; absent for a turn without a limit.
    clock: Option<String>,
    /// Lane key.
    lane: Option<String>,
    /// Start of the clock.
    started_on: Option<String>,
    /// Last day.
    due: Option<String>,
    /// Counted beyond the last published holiday notice.
    provisional: bool,
    /// Clauses of the limit.
    clauses: Vec<String>,
}

/// Where to wind the clock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockOrder {
    /// Day; the clock then stands at nine in the morning.
    #[schema(value_type = String, example = "2026-03-09")]
    to: CivilDate,
}

/// The official time.
#[derive(Serialize, ToSchema)]
pub struct ClockNow {
    /// Today.
    today: String,
    /// The instant.
    now: String,
}

/// What the record says about the authorised operation in a period, or today.
#[utoipa::path(get, path = "/disclosure/figures", tag = "supervision", params(FiguresQuery),
    responses((status = 200, body = Vec<FigureView>)))]
pub async fn figures(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Asked(query): Asked<FiguresQuery>,
) -> Result<Json<Vec<FigureView>>, Failure> {
    let period = match (query.from, query.to) {
        (None, None) => None,
        (Some(from), Some(to)) => Some(Period::new(from, to)?),
        (from, to) => {
            let text = |day: Option<CivilDate>| day.map(|day| day.to_string()).unwrap_or_default();
            return Err(Refusal::unmet("period_invalid")
                .fact("from", text(from))
                .fact("to", text(to))
                .into());
        }
    };
    let figures = state.app.disclosure_figures(&session, period).await?;
    Ok(Json(figures.into_iter().map(figure_view).collect()))
}

fn figure_view(figure: Figure) -> FigureView {
    let item = |item: Item| FigureItem {
        case: item.case.to_string(),
        number: item.number,
        title: item.title,
        values: item.values.into_iter().collect(),
    };
    FigureView {
        name: figure.name,
        value: figure.value,
        rows: figure.rows,
        items: figure.items.into_iter().map(item).collect(),
        clauses: figure.clauses.iter().map(ToString::to_string).collect(),
    }
}

/// Open duties of the caller's body under the caller's role, earliest due first.
#[utoipa::path(get, path = "/duties", tag = "supervision",
    responses((status = 200, body = Vec<DutyView>)))]
pub async fn duties(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<DutyView>>, Failure> {
    let duties = state.app.own_duties(&session).await?;
    Ok(Json(duties.into_iter().map(duty_view).collect()))
}

fn duty_view(duty: Duty) -> DutyView {
    DutyView {
        case: duty.case.to_string(),
        procedure: duty.procedure,
        number: duty.number,
        title: duty.title,
        stage: duty.stage,
        clock: duty.clock,
        lane: duty.lane,
        started_on: duty.started_on.map(|day| day.to_string()),
        due: duty.due.map(|day| day.to_string()),
        provisional: duty.provisional,
        clauses: duty.clauses.iter().map(ToString::to_string).collect(),
    }
}

/// Winds the clock of a training installation forward. Backwards is refused, elsewhere too.
#[utoipa::path(post, path = "/training/clock", tag = "supervision", request_body = ClockOrder,
    responses((status = 200, body = ClockNow)))]
pub async fn wind_clock(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Body(order): Body<ClockOrder>,
) -> Result<Json<ClockNow>, Failure> {
    let now = state.app.wind_clock(&session, order.to).await?;
    let zone = state.app.profile().zone;
    Ok(Json(ClockNow {
        today: zone.date(now).to_string(),
        now: instant(zone, now),
    }))
}
