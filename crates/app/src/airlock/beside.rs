//! What the record says beside the files of a request, read once for all of them: what their runs read and refused, and
//! what left before.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Airlock,
    airlock::{ReadByRun, reads},
    event::{AirlockFile, AirlockOrigin, RefusedFile},
    port::AirlockFilter,
};
use shuyu_kernel::{CaseId, DatasetId, RunId};

use crate::{App, Stop};

/// What the record says beside the files of a request.
#[derive(Default)]
pub(super) struct Beside {
    runs: ReadByRun,
    refused: BTreeMap<RunId, Vec<RefusedFile>>,
    /// Of each request that left before: the datasets of which it holds figures that no ledger holds.
    left: Vec<BTreeSet<DatasetId>>,
}

impl Beside {
    /// How much of the same datasets left outside of the release ledger before; `None` for a file in the ledger.
    pub(super) fn left_outside(&self, file: &AirlockFile) -> Option<usize> {
        if file.in_ledger() {
            return None;
        }
        let own = reads(file, &self.runs);
        let same = self.left.iter().filter(|left| !left.is_disjoint(&own));
        Some(same.count())
    }

    /// Files that the run of this one refused.
    pub(super) fn refused(&self, file: &AirlockFile) -> &[RefusedFile] {
        match file.origin {
            AirlockOrigin::Run(run) => self.refused.get(&run).map_or(&[], Vec::as_slice),
            AirlockOrigin::Release(_) | AirlockOrigin::Held(_) => &[],
        }
    }

    fn add(&mut self, sources: Vec<shuyu_domain::Source>) {
        for (id, run) in sources.into_iter().flat_map(|source| source.runs) {
            let read = run.read.into_iter().map(|(dataset, _)| dataset);
            self.runs.insert(id, read.collect());
            if let Some(ended) = run.ended.filter(|ended| !ended.refused.is_empty()) {
                self.refused.insert(id, ended.refused);
            }
        }
    }
}

impl App {
    /// What runs under the permits of these cases read.
    pub(super) async fn read_by_runs(&self, cases: &BTreeSet<CaseId>) -> Result<ReadByRun, Stop> {
        let mut found = Beside::default();
        for case in cases {
            found.add(self.record.sources(Some(*case)).await?);
        }
        Ok(found.runs)
    }

    /// Reads what stands beside the files of a request. A program tells nobody which subjects its cells count:
    /// reviewers are the only ones who can compare them with what left before.
    pub(super) async fn beside(&self, airlock: &Airlock) -> Result<Beside, Stop> {
        let mut found = Beside::default();
        if airlock.files.values().all(|each| each.file.in_ledger()) {
            return Ok(found);
        }
        found.add(self.record.sources(Some(airlock.case)).await?);
        // They come in the order of their last entries, and for files of a program that is the entry by which they
        // left: what was let out after this request is no reason that was there when it was looked at.
        let released = self.record.airlocks(AirlockFilter::Released).await?;
        let earlier: Vec<Airlock> = released
            .into_iter()
            .take_while(|other| other.id != airlock.id)
            .collect();
        let unnamed = |other: &&Airlock| {
            let mut files = other.files.values().map(|each| &each.file);
            other.case != airlock.case && files.any(|file| !file.in_ledger() && file.reads.is_empty())
        };
        let cases: BTreeSet<CaseId> = earlier.iter().filter(unnamed).map(|other| other.case).collect();
        found.runs.extend(self.read_by_runs(&cases).await?);
        found.left = earlier
            .iter()
            .map(|other| other.outside_ledger(&found.runs))
            .collect();
        Ok(found)
    }
}
