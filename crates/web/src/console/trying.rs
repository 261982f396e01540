//! Trying a statement on made-up tables in the workbench: the way while it is written.

use shuyu_app::{Stop, budget::PermitMode};
use shuyu_kernel::PermitId;

use super::{
    permits::{AnswerView, cells},
    workbench::WorkbenchPage,
};
use crate::page::Visit;

/// The answer over made-up tables. It has no name: nothing left.
pub(crate) async fn tried(
    page: &mut WorkbenchPage,
    visit: &Visit,
    permit: PermitId,
    key: Option<String>,
    mode: Option<PermitMode>,
) -> Option<Stop> {
    let tried = visit
        .app()
        .try_query(&visit.session, permit, &page.sql, key, mode);
    match tried.await {
        Ok(answer) => {
            page.answer = Some(AnswerView {
                release: String::new(),
                read: page.frame.t("workbench-made-up"),
                rows: cells(&answer),
                columns: answer.columns,
            });
            None
        }
        Err(stop) => Some(stop),
    }
}
