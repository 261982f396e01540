//! Checks of quality of stored versions: self-checks and spot checks.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shuyu_app::quality::{CheckLine, NewCheck, RuleText};
use shuyu_kernel::{DatasetId, Refusal};
use utoipa::ToSchema;

use super::{
    data::JobStarted,
    input::{Body, Named},
    output::instant,
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// A rule of quality.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityRule {
    /// Column; empty for a rule about the whole version.
    #[serde(default)]
    column: String,
    /// `present`, `length`, `digits`, `resident_id`, `credit_code`, `division_code`, `one_of`, `between`, `days`,
    /// `not_after` or `fresh`.
    #[schema(example = "length")]
    rule: String,
    /// What the rule needs: `6-20` (length), `男,女` (one_of), `0..150` (between), `1900-01-01..2026-11-26` (days), another
    /// column (not_after), a number of days (fresh); empty for the others.
    #[serde(default)]
    #[schema(example = "6-20")]
    value: String,
    /// Up to this share of bad values the rule holds, in hundredths of a percent.
    #[serde(default)]
    at_most: u32,
}

/// An order to check the quality of a stored version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// Version; the latest one when not said.
    #[serde(default)]
    version: Option<u64>,
    /// The rules.
    rules: Vec<QualityRule>,
    /// Rows of the sample of a spot check, at most 100,000. Without it all rows are looked at: a self-check by the
    /// provider.
    #[serde(default)]
    sample: Option<u64>,
}

/// Checks the quality of a stored version: a self-check of the provider over all rows, or a spot check over a sample by
/// whoever has the right to, never of data of the own body. Rules, seed and size are recorded before a row is looked at.
#[utoipa::path(post, path = "/datasets/{id}/checks", tag = "data", request_body = CheckRequest,
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 202, body = JobStarted)))]
pub async fn check(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
    Body(order): Body<CheckRequest>,
) -> Result<(StatusCode, Json<JobStarted>), Failure> {
    let rule = |rule: QualityRule| RuleText {
        column: rule.column,
        rule: rule.rule,
        value: rule.value,
        at_most: rule.at_most,
    };
    let new = NewCheck {
        version: order.version,
        rules: order.rules.into_iter().map(rule).collect(),
        sample: order.sample,
    };
    let job = state.app.start_check(&session, dataset, new).await?;
    Ok((StatusCode::ACCEPTED, Json(JobStarted { job })))
}

/// The last checks of a dataset, newest first: counts by column and rule, scores of the four dimensions and, for a
/// sample, the share of bad rows that holds with a confidence of 95 % (Clopper and Pearson), all in hundredths of a
/// percent. `rules` are those a new check would begin with. Row numbers go to the provider only; values to nobody.
#[utoipa::path(get, path = "/datasets/{id}/checks", tag = "data",
    params(("id" = String, Path, description = "Dataset")),
    responses((status = 200, body = Object)))]
pub async fn checks(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
) -> Result<Json<Value>, Failure> {
    let rows = state.app.all_datasets(&session).await?;
    let row = rows.into_iter().find(|row| row.dataset == dataset);
    let row = row.ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", dataset))?;
    let found = state.app.checks(&session, &row).await?;
    let zone = state.app.profile().zone;
    let line = |line: CheckLine| {
        json!({
            "check": line.check,
            "version": line.version,
            "track": line.track,
            "rows": line.rows,
            "sample": line.sample,
            "rules": line.rules,
            "at": instant(zone, line.at),
            "by": line.by,
            "ordered": line.ordered,
            "recorded": line.ended.as_ref().map(|ended| ended.entry),
            "checked": line.ended.as_ref().map(|ended| &ended.checked),
            "bad_rows": line.ended.as_ref().map(|ended| {
                let first = ended.found.iter().filter(|own| !own.first.is_empty());
                first
                    .map(|own| json!({ "column": own.column, "rule": own.rule, "first": own.first }))
                    .collect::<Vec<_>>()
            }),
        })
    };
    Ok(Json(json!({
        "checks": found.lines.into_iter().map(line).collect::<Vec<_>>(),
        "may": found.tracks,
        "rules": found.rules,
    })))
}
