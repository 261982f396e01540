//! Which grants would make a query legal, on the workbench.

use shuyu_app::explaining::Missing;

use super::workbench::{UseView, use_view};
use crate::page::{Frame, RefusalCard, Visit};

/// What a query lacks.
pub(crate) struct MissingView {
    /// One line for each column.
    pub columns: Vec<MissingColumn>,
    /// The assessment of joining is missing.
    pub join_risk: bool,
    /// That own lists may be joined is not granted.
    pub fusion: bool,
    /// What stands in the way even so.
    pub card: Option<RefusalCard>,
}

/// A column with what it would have to be granted.
pub(crate) struct MissingColumn {
    pub table: String,
    pub column: String,
    pub uses: Vec<UseView>,
    pub finer: bool,
}

impl MissingView {
    /// The query is legal as it is.
    pub fn nothing(&self) -> bool {
        !self.grants() && self.card.is_none()
    }
    /// Some grants are missing.
    pub fn grants(&self) -> bool {
        !self.columns.is_empty() || self.join_risk || self.fusion
    }
}

/// What a query lacks, as it is shown.
pub(crate) fn missing_view(frame: &Frame, visit: &Visit, found: Missing) -> MissingView {
    let Missing {
        grants,
        join_risk,
        fusion,
        refusal,
        first: _,
    } = found;
    let columns = grants.into_iter().map(|((table, column), grant)| MissingColumn {
        table,
        column,
        uses: grant.uses.iter().map(|each| use_view(frame, *each)).collect(),
        finer: grant.finer,
    });
    MissingView {
        columns: columns.collect(),
        join_risk,
        fusion,
        card: refusal.map(|refusal| RefusalCard::of(frame, &visit.profile, &refusal)),
    }
}
