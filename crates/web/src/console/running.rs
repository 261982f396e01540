//! Questions of one's own that run now: a list on the workbench, a button to cancel each, and what one may take.

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use shuyu_app::{Stop, read::Workbench, running::RunningQuery};
use shuyu_kernel::PermitId;

use super::{
    posted::Posted,
    workbench::{permit_href, permit_id, text_of},
};
use crate::page::{ConsoleError, Frame, Grounds, Visit, parts::instant};

/// A question that runs.
pub(crate) struct RunningView {
    pub name: String,
    pub line: String,
    pub cancelled: bool,
}

/// What one question may take.
#[derive(Default)]
pub(crate) struct LimitsView {
    pub line: String,
    pub grounds: Grounds,
    pub seconds: u32,
}

/// The questions of the visitor under a permit.
pub(crate) fn running(visit: &Visit, permit: PermitId) -> Result<Vec<RunningView>, Stop> {
    let queries = visit.app().running_queries(&visit.session, permit)?;
    let view = |query: RunningQuery| {
        let facts = [
            ("at", instant(&visit.profile, query.began_at)),
            ("most", query.most.as_secs().to_string()),
        ];
        RunningView {
            line: visit.frame.tr("running-since", &facts),
            name: query.name,
            cancelled: query.cancelled,
        }
    };
    Ok(queries.into_iter().map(view).collect())
}

/// What one question may take under the permit of a workbench.
pub(crate) fn limits(visit: &Visit, frame: &Frame, bench: &Workbench) -> LimitsView {
    let limits = &bench.limits;
    let facts = [
        ("rows", bench.max_rows.to_string()),
        ("memory", limits.memory_mib.value.to_string()),
        ("seconds", limits.seconds.value.to_string()),
        ("once", limits.at_once.value.to_string()),
    ];
    LimitsView {
        line: frame.tr("workbench-limits", &facts),
        grounds: Grounds::of(frame, &visit.profile, &limits.seconds.basis),
        seconds: limits.seconds.value,
    }
}

/// `POST /permits/{id}/cancellations`: by the name of a listed question, or by the key of a form and its text.
pub(crate) async fn cancel(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let permit = permit_id(&id)?;
    let name = match posted.filled("key") {
        Some(key) => visit.app().question_key(&key, &text_of(&posted)),
        None => posted.one("name").to_owned(),
    };
    visit.app().cancel_query(&visit.session, permit, &name).await?;
    Ok(Redirect::to(&permit_href(permit)))
}
