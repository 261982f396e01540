//! Which grants would make a question legal under a permit.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shuyu_app::explaining::Missing;
use shuyu_kernel::{PermitId, Use};
use utoipa::ToSchema;

use super::{
    input::{Body, Named},
    output::RefusalView,
    permits::StricterMode,
};
use crate::{
    problem::Failure,
    session::{Lang, SignedIn},
    state::WebState,
};

/// A question whose missing grants are looked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// SQL text.
    #[schema(example = "SELECT area, avg(income) FROM people GROUP BY area")]
    sql: String,
    /// The mode it would be asked in, as for a question.
    #[serde(default)]
    mode: Option<StricterMode>,
}

/// What a question lacks. No data is touched.
#[derive(Serialize, ToSchema)]
pub struct MissingView {
    /// It is legal with the grants of the permit.
    legal: bool,
    /// By table and column, what would have to be granted in addition.
    grants: Vec<MissingGrantView>,
    /// The assessment of the risk of joining is missing.
    join_risk: bool,
    /// That own lists may be joined with personal rows is not granted.
    fusion: bool,
    /// What stands in the way even with all of these; absent if they are enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// What one column lacks.
#[derive(Serialize, ToSchema)]
pub struct MissingGrantView {
    /// Table.
    table: String,
    /// Column.
    column: String,
    /// Uses: `out`, `group`, `filter`, `measure`, `link`, `python`.
    #[schema(value_type = Vec<String>)]
    uses: Vec<Use>,
    /// Values finer than its grain.
    finer: bool,
}

/// Which grants would make a question legal. Nothing runs.
#[utoipa::path(post, path = "/permits/{id}/missing-grants", tag = "permits",
    params(("id" = String, Path, description = "Permit id")), request_body = Explained,
    responses((status = 200, body = MissingView)))]
pub async fn missing_grants(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Lang(language): Lang,
    Named(id): Named<PermitId>,
    Body(explained): Body<Explained>,
) -> Result<Json<MissingView>, Failure> {
    let mode = explained.mode.map(StricterMode::permit_mode);
    let found = state
        .app
        .explain_permit(&session, id, &explained.sql, mode)
        .await?;
    let legal = found.is_nothing();
    let Missing {
        grants,
        join_risk,
        fusion,
        refusal,
        first: _,
    } = found;
    let grants = grants
        .into_iter()
        .map(|((table, column), grant)| MissingGrantView {
            table,
            column,
            uses: grant.uses.into_iter().collect(),
            finer: grant.finer,
        });
    Ok(Json(MissingView {
        legal,
        grants: grants.collect(),
        join_risk,
        fusion,
        refusal: refusal.map(|refusal| RefusalView::new(&state, language, refusal)),
    }))
}
