//! Clocks that somebody watches: what the sweep of the day, the desk and the supervision page look for.

use std::collections::BTreeMap;

use super::CaseFile;
use crate::database::Cell;

type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// The rows of a case, without `as_of`. A clock leaves the table when it stops or stands still, unless the superior
/// body still has the matter.
pub(crate) fn rows(file: &CaseFile) -> Rows {
    let mut rows = Rows::new();
    for (ordinal, clock) in (0i64..).zip(&file.case.clocks) {
        let escalation = clock.watch.open_escalation();
        if !clock.binds() && escalation.is_none() {
            continue;
        }
        let key = vec![Cell::shown(file.case.id), ordinal.into()];
        let run = &clock.run;
        let values = vec![
            run.clock.as_str().into(),
            Cell::maybe_text(run.lane.as_deref()),
            run.holder.role.as_str().into(),
            Cell::shown(run.due),
            Cell::flag(clock.binds()),
            Cell::flag(clock.expired()),
            Cell::flag(clock.escalates()),
            Cell::flag(clock.open_urge().is_some()),
            Cell::maybe_text(escalation.map(|escalation| escalation.to.role.as_str())),
        ];
        rows.insert(key, values);
    }
    rows
}
