//! Marginals on the workbench: which columns have one, and releasing those of others.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use shuyu_app::{
    Stop,
    marginals::{ColumnOf, Marginal, Marginals},
};
use shuyu_kernel::PermitId;

use super::{
    posted::Posted,
    workbench::{permit_href, permit_id},
};
use crate::page::{ConsoleError, Frame, RefusalCard, Visit};

/// The section of the workbench.
#[derive(Default)]
pub(crate) struct MarginalsView {
    pub shown: bool,
    /// Why none can be released.
    pub closed: Option<RefusalCard>,
    pub action: String,
    pub form_key: String,
    pub cost: String,
    /// From how many subjects on a value leaves.
    pub least: String,
    /// What the budgets pay for, by table.
    pub left: Vec<String>,
    pub rows: Vec<MarginalRow>,
}

pub(crate) struct MarginalRow {
    pub table: String,
    pub column: String,
    /// What is known of it, in words.
    pub state: String,
    /// Where it left; empty before.
    pub release_href: String,
}

/// What stands under a permit that holds.
pub(crate) async fn section(visit: &Visit, frame: &Frame, permit: PermitId) -> Result<MarginalsView, Stop> {
    let found = visit.app().marginals(&visit.session, permit).await?;
    let closed = found.closed.as_ref();
    let least = found.least_subjects;
    let least = least.map(|n| frame.tr("told-least", &[("n", n)]));
    Ok(MarginalsView {
        shown: true,
        closed: closed.map(|refusal| RefusalCard::of(frame, &visit.profile, refusal)),
        action: format!("{}/marginals", permit_href(permit)),
        form_key: visit.app().form_key(),
        cost: frame.tr(
            "marginals-cost",
            &[("rho", (found.cost as f64 / 1e6).to_string())],
        ),
        least: least.unwrap_or_default(),
        left: left(frame, &found),
        rows: found
            .columns
            .iter()
            .map(|(of, known)| row(frame, of, known.as_ref()))
            .collect(),
    })
}

fn left(frame: &Frame, found: &Marginals) -> Vec<String> {
    let budgets = found.budgets.iter().map(|budget| {
        let left = frame.tr("marginals-left", &[("n", budget.queries_left)]);
        format!("{} {left}", budget.table)
    });
    budgets.collect()
}

fn row(frame: &Frame, of: &ColumnOf, known: Option<&Marginal>) -> MarginalRow {
    MarginalRow {
        table: of.table.clone(),
        column: of.column.clone(),
        state: match known {
            Some(known) => frame.tr("marginal-known", &[("n", known.values())]),
            None => frame.t("marginal-unknown"),
        },
        release_href: match known {
            Some(known) => format!("/releases/{}", known.release),
            None => String::new(),
        },
    }
}

/// `POST /permits/{id}/marginals`: releases those of the chosen columns.
pub(crate) async fn release(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let permit = permit_id(&id)?;
    // No name of a table has a point in it.
    let chosen = posted.all("column").filter_map(|word| {
        let (table, column) = word.split_once('.')?;
        Some(ColumnOf {
            table: table.to_owned(),
            column: column.to_owned(),
        })
    });
    let chosen: BTreeSet<ColumnOf> = chosen.collect();
    let key = posted.filled("key");
    visit
        .app()
        .release_marginals(&visit.session, permit, &chosen, key.as_deref())
        .await?;
    Ok(Redirect::to(&format!("{}#marginals", permit_href(permit))))
}

#[cfg(test)]
pub(super) fn sample(text: &str) -> MarginalsView {
    let row = |release_href: &str| MarginalRow {
        table: "people".to_owned(),
        column: format!("area{}", release_href.len()),
        state: text.to_owned(),
        release_href: release_href.to_owned(),
    };
    MarginalsView {
        shown: true,
        closed: None,
        action: "/permits/x/marginals".to_owned(),
        form_key: "k".to_owned(),
        cost: text.to_owned(),
        least: text.to_owned(),
        left: vec![text.to_owned()],
        rows: vec![row(""), row("/releases/x")],
    }
}
