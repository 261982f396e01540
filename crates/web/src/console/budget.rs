//! What remains of a permit's budgets, and what a query will cost, on the workbench.

use shuyu_app::{
    Stop,
    budget::{DatasetBudget, PermitMode, Statistic, Told},
};
use shuyu_kernel::PermitId;

use super::workbench::WorkbenchPage;
use crate::page::{Frame, Visit};

/// What remains, above the editor.
#[derive(Default)]
pub(crate) struct BudgetView {
    /// The permit answers in mode `dp` only.
    pub locked: bool,
    /// A query may ask for mode `dp`.
    pub offered: bool,
    /// The present query does.
    pub chosen: bool,
    /// One bar for each table.
    pub bars: Vec<BarView>,
    /// What was answered so far, in mode `stat`.
    pub answered: String,
}

/// The budget of one table.
pub(crate) struct BarView {
    pub table: String,
    /// Per mille that is left.
    pub left: u64,
    pub queries: String,
    pub epsilon: String,
}

/// A query in mode `dp`, before it runs.
pub(crate) struct ToldView {
    pub figures: Vec<FigureView>,
    pub cost: String,
    pub epsilon: String,
    pub left: String,
    pub least: String,
}

/// How exact one figure will be.
pub(crate) struct FigureView {
    pub name: String,
    pub error: String,
}

/// Reads what remains under a permit that holds.
pub(crate) async fn budget(
    visit: &Visit,
    frame: &Frame,
    permit: PermitId,
    mode: Option<PermitMode>,
) -> Result<BudgetView, Stop> {
    let remaining = visit.app().remaining(&visit.session, permit).await?;
    let answered = remaining.answered.map(|(sums, splits)| {
        let facts = [("sums", sums.to_string()), ("splits", splits.to_string())];
        frame.tr("budget-answered", &facts)
    });
    Ok(BudgetView {
        locked: remaining.mode == PermitMode::Dp,
        offered: remaining.dp_offered && remaining.mode == PermitMode::Stat && !remaining.budgets.is_empty(),
        chosen: mode.is_some(),
        bars: remaining.budgets.iter().map(|one| bar(frame, one)).collect(),
        answered: answered.unwrap_or_default(),
    })
}

/// Checks the query of a page: in mode `dp` with what it would cost.
pub(crate) async fn check(
    page: &mut WorkbenchPage,
    visit: &Visit,
    permit: PermitId,
    mode: Option<PermitMode>,
) -> Option<Stop> {
    let (app, session) = (visit.app(), &visit.session);
    let result = if page.budget.locked || mode.is_some() {
        app.estimate(session, permit, &page.sql, mode).await
    } else {
        let checked = app.check_query(session, permit, &page.sql).await;
        checked.map(|()| None)
    };
    page.checked = result.is_ok();
    match result {
        Ok(told) => {
            page.told = told.map(|told| told_view(&page.frame, &told));
            None
        }
        Err(stop) => Some(stop),
    }
}

fn bar(frame: &Frame, budget: &DatasetBudget) -> BarView {
    let left = budget.budget.saturating_sub(budget.spent);
    let epsilon = budget.epsilon.map(|(spent, all)| {
        let facts = [("spent", format!("{spent:.2}")), ("all", format!("{all:.2}"))];
        frame.tr("budget-epsilon", &facts)
    });
    BarView {
        table: budget.table.clone(),
        left: left * 1000 / budget.budget.max(1),
        queries: frame.tr("budget-queries", &[("n", budget.queries_left)]),
        epsilon: epsilon.unwrap_or_default(),
    }
}

/// The estimate of a query.
fn told_view(frame: &Frame, told: &Told) -> ToldView {
    let figures = told.estimate.expected.iter().map(|figure| {
        let name = frame.t(&format!("statistic-{}", word(figure.statistic)));
        let width = number(figure.error.half_width);
        FigureView {
            name: match &figure.column {
                Some(column) => format!("{name} {column}"),
                None => name,
            },
            error: match figure.error.among {
                None => frame.tr("told-error", &[("width", width)]),
                Some(among) => frame.tr("told-error-among", &[("width", width), ("n", among.to_string())]),
            },
        }
    });
    let parts = told.estimate.rho as f64 / 1e6;
    let epsilon = told
        .epsilon
        .map(|epsilon| frame.tr("told-epsilon", &[("epsilon", format!("{epsilon:.2}"))]));
    let least = told.estimate.least_subjects;
    ToldView {
        figures: figures.collect(),
        cost: frame.tr("told-cost", &[("rho", parts.to_string())]),
        epsilon: epsilon.unwrap_or_default(),
        left: frame.tr("budget-queries", &[("n", told.queries_left)]),
        least: least.map_or_else(String::new, |n| frame.tr("told-least", &[("n", n)])),
    }
}

/// Three digits, so that small errors of shares show too.
fn number(value: f64) -> String {
    let places = if value >= 100.0 {
        0
    } else if value >= 1.0 {
        1
    } else {
        4
    };
    format!("{value:.places$}")
}

fn word(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Rows => "rows",
        Statistic::Values => "values",
        Statistic::Sum => "sum",
        Statistic::Mean => "mean",
        Statistic::Share => "share",
        // Others do not exist in mode `dp` but for subjects.
        _ => "subjects",
    }
}
