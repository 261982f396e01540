//! What remains of a permit's budgets, and what a question would cost.

use axum::{Json, extract::State};
use serde::Serialize;
use shuyu_app::budget::{DatasetBudget, Statistic, Told};
use shuyu_kernel::PermitId;
use utoipa::ToSchema;

use super::input::Named;
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// What a question in mode `dp` would cost and how exact its answer would be. It follows from the question, the permit
/// and public sizes alone.
#[derive(Serialize, ToSchema)]
pub struct EstimateView {
    /// How exact each figure would be, in the order of the question.
    figures: Vec<EstimatedFigureView>,
    /// Millionths of ρ, on each dataset.
    cost: u64,
    /// ε of this question alone; only where no other mode may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon: Option<f64>,
    /// Fewest subjects, counted with noise, of a cell that leaves; absent if all cells leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_subjects: Option<u64>,
    /// Questions like this one that the budgets pay for.
    queries_left: u64,
    /// The budgets it is charged to.
    budgets: Vec<BudgetView>,
}

/// How exact a figure would be.
#[derive(Serialize, ToSchema)]
pub struct EstimatedFigureView {
    /// `rows`, `values`, `sum`, `mean`, `share`, or `distinct` for subjects.
    #[schema(value_type = String)]
    statistic: Statistic,
    /// Of which column, if of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Half of the width of the interval that holds the truth in 95 of 100 cells.
    half_width: f64,
    /// For cells of so many subjects; absent if it is the same for every cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    among: Option<u64>,
}

/// What remains of the budget of one dataset for the body that asks, over all its permits. It is never set back.
#[derive(Serialize, ToSchema)]
pub struct BudgetView {
    /// Table.
    table: String,
    /// Dataset.
    dataset: String,
    /// Millionths of ρ spent.
    spent: u64,
    /// Millionths of ρ in all.
    budget: u64,
    /// Questions that the rest pays for.
    queries_left: u64,
    /// ε of what was spent; only where no other mode may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon_spent: Option<f64>,
    /// ε of all of it; only where no other mode may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon: Option<f64>,
}

/// What remains under a permit.
#[derive(Serialize, ToSchema)]
pub struct RemainingView {
    /// `stat` or `dp`.
    #[schema(value_type = String)]
    mode: shuyu_app::budget::PermitMode,
    /// A question may ask for mode `dp`.
    dp_offered: bool,
    /// Budgets of mode `dp`, by table.
    budgets: Vec<BudgetView>,
    /// Sums that were answered to the body so far, in mode `stat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<u64>,
    /// Further groups into which its smallest answered group can be split.
    #[serde(skip_serializing_if = "Option::is_none")]
    splits_left: Option<u64>,
}

impl EstimateView {
    pub(super) fn of(told: Told) -> Self {
        let figures = told
            .estimate
            .expected
            .into_iter()
            .map(|figure| EstimatedFigureView {
                statistic: figure.statistic,
                column: figure.column,
                half_width: figure.error.half_width,
                among: figure.error.among,
            });
        Self {
            figures: figures.collect(),
            cost: told.estimate.rho,
            epsilon: told.epsilon,
            least_subjects: told.estimate.least_subjects,
            queries_left: told.queries_left,
            budgets: told.budgets.into_iter().map(BudgetView::of).collect(),
        }
    }
}

impl BudgetView {
    fn of(budget: DatasetBudget) -> Self {
        Self {
            table: budget.table,
            dataset: budget.dataset.to_string(),
            spent: budget.spent,
            budget: budget.budget,
            queries_left: budget.queries_left,
            epsilon_spent: budget.epsilon.map(|(spent, _)| spent),
            epsilon: budget.epsilon.map(|(_, all)| all),
        }
    }
}

/// What remains under a permit, for the caller's body.
#[utoipa::path(get, path = "/permits/{id}/budget", tag = "permits", params(("id" = String, Path, description = "Permit id")),
    responses((status = 200, body = RemainingView)))]
pub async fn budget(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(id): Named<PermitId>,
) -> Result<Json<RemainingView>, Failure> {
    let remaining = state.app.remaining(&session, id).await?;
    Ok(Json(RemainingView {
        mode: remaining.mode,
        dp_offered: remaining.dp_offered,
        budgets: remaining.budgets.into_iter().map(BudgetView::of).collect(),
        answered: remaining.answered.map(|(sums, _)| sums),
        splits_left: remaining.answered.map(|(_, splits)| splits),
    }))
}
