//! Batches: what a batch opens must fit into rows, and the act after it must be possible there.

use shuyu_kernel::Manner;

use super::references::References;
use crate::guard::Rule;

impl References<'_> {
    /// Checks the rule about batches, if there is one.
    pub(super) fn batch(&mut self) {
        let procedure = self.procedure;
        let Some(batch) = &procedure.open.batch else {
            return;
        };
        self.basis(&batch.basis, &batch.at);
        let asked = procedure.open.guards.iter().filter(|guard| guard.when.is_empty());
        let asked = asked.filter_map(|guard| match &guard.rule {
            Rule::Complete { fields } => Some(fields),
            _ => None,
        });
        let fields = asked.flatten().filter_map(|id| procedure.field(id));
        for field in fields.filter(|field| !field.fits_a_row()) {
            let message = format!(
                "open.batch: `{}` is asked at opening and fits into no row",
                field.id
            );
            self.error(&batch.at, message);
        }
        let Some(then) = &batch.then else { return };
        let first = procedure.stages.first().map(|stage| &stage.id);
        let possible = procedure.act(then).is_some_and(|act| {
            !act.in_lane
                && act.manners.contains(&Manner::InPerson)
                && first.is_some_and(|first| act.from.contains(first))
        });
        if !possible {
            let message = format!("open.batch: `{then}` is no act in person in the first stage");
            self.error(&batch.at, message);
        }
    }
}
