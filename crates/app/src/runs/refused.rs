//! Files that a run refused, in the form in which every refusal is told: code, clauses, facts; the sentence is made at
//! the edge.

use std::collections::BTreeMap;

use shuyu_domain::{
    Source,
    event::{RefusedFile, RunData},
};
use shuyu_kernel::{CaseId, Refusal, RunId};
use shuyu_profile::RightTo;

use super::LIMITS;
use crate::App;

impl App {
    /// Refusals of files in a case, resting on what the right to run jobs rests on.
    pub(crate) async fn refusals(&self, case: CaseId, files: &[RefusedFile]) -> Vec<Refusal> {
        if files.is_empty() {
            return Vec::new();
        }
        let clauses = self.clauses_of(case, RightTo::RunJobs).await;
        let refusal = |file: &RefusedFile| {
            Refusal::unmet(file.code.as_str())
                .citing(&clauses)
                .fact("file", file.name.as_deref().unwrap_or_default())
                .fact("limit_bytes", LIMITS.output_bytes)
        };
        files.iter().map(refusal).collect()
    }

    /// What the runs of a source on made-up tables refused. Of one on real tables its author is told nothing: what
    /// was refused can follow from a value.
    pub async fn refused_of(&self, source: &Source) -> BTreeMap<RunId, Vec<Refusal>> {
        let mut found = BTreeMap::new();
        let dummy = source.runs.iter().filter(|(_, run)| run.data == RunData::Dummy);
        for (id, ended) in dummy.filter_map(|(id, run)| Some((*id, run.ended.as_ref()?))) {
            let refusals = self.refusals(source.case, &ended.refused).await;
            if !refusals.is_empty() {
                found.insert(id, refusals);
            }
        }
        found
    }
}
