//! Own lists brought under the permit of a case.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CivilDate, DatasetId, Digest, PersonId};

use super::Case;
use crate::event::{OwnEnd, OwnEvent};

/// An own list as the case keeps it. It stays after its end, so that everybody sees what was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnList {
    /// Dataset.
    pub dataset: DatasetId,
    /// Name of the table for queries.
    pub table: String,
    /// Its only version.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Different subjects.
    pub subjects: u64,
    /// Column that names the subject.
    pub subject: String,
    /// Identifier domain of the subject.
    pub domain: String,
    /// Columns that label the subject.
    pub labels: Vec<String>,
    /// Digest of each stored file.
    pub files: Vec<Digest>,
    /// Body that brought it; nobody else sees it.
    pub body: BodyId,
    /// Person who brought it.
    pub person: PersonId,
    /// Day it was brought.
    pub brought_on: CivilDate,
    /// Day it ended, and why.
    pub ended: Option<(CivilDate, OwnEnd)>,
    /// Day on which nothing of it was left.
    pub erased_on: Option<CivilDate>,
}

impl OwnList {
    /// Queries may read it.
    pub fn stands(&self) -> bool {
        self.ended.is_none() && self.erased_on.is_none()
    }
}

impl Case {
    /// Own lists of a body that queries may read.
    pub fn own_lists(&self, body: BodyId) -> impl Iterator<Item = &OwnList> {
        self.own
            .iter()
            .filter(move |list| list.body == body && list.stands())
    }

    /// An own list, whatever became of it.
    pub fn own_list(&self, dataset: DatasetId) -> Option<&OwnList> {
        self.own.iter().find(|list| list.dataset == dataset)
    }

    pub(super) fn apply_own(&mut self, event: &OwnEvent) {
        match event {
            OwnEvent::Brought {
                dataset,
                table,
                version,
                rows,
                subjects,
                subject,
                domain,
                labels,
                files,
                by,
                on,
                ..
            } => {
                if self.own_list(*dataset).is_none() {
                    self.own.push(OwnList {
                        dataset: *dataset,
                        table: table.clone(),
                        version: *version,
                        rows: *rows,
                        subjects: *subjects,
                        subject: subject.clone(),
                        domain: domain.clone(),
                        labels: labels.clone(),
                        files: files.clone(),
                        body: by.body,
                        person: by.person,
                        brought_on: *on,
                        ended: None,
                        erased_on: None,
                    });
                }
            }
            OwnEvent::Ended { dataset, why, on, .. } => {
                if let Some(list) = self.own.iter_mut().find(|list| list.dataset == *dataset) {
                    list.ended.get_or_insert((*on, *why));
                }
            }
            OwnEvent::Erased { dataset, on, .. } => {
                if let Some(list) = self.own.iter_mut().find(|list| list.dataset == *dataset) {
                    list.erased_on.get_or_insert(*on);
                }
            }
        }
    }
}
