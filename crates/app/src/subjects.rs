//! Whom data is about: what must hold before a table stands under a catalogue entry.
//!
//! Permits follow the latest version of a table and take its thresholds from its subjects. A version that lost
//! them would be answered row by row, so losing them is refused: here by what the entry declares and by the
//! versions before, and once more in the lake.

use std::collections::BTreeSet;

use shuyu_domain::{
    Value,
    port::{DatasetRow, Loaded},
};
use shuyu_kernel::{Actor, CaseId, CivilDate, ClauseId, DatasetId, Refusal};
use shuyu_profile::{Meaning, RightTo};

use crate::{Profiles, right::right_of};

/// A table that is to get a version.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Catalogue entry.
    pub(crate) resource: CaseId,
    /// Name.
    pub(crate) name: String,
    /// Dataset.
    pub(crate) dataset: DatasetId,
    /// What the actor needs: bringing data, or deriving it.
    pub(crate) to: RightTo,
    /// Identifier domain of its subjects.
    pub(crate) domain: Option<String>,
    /// Columns that name the subject.
    pub(crate) unit_columns: Vec<String>,
}

impl Table {
    /// Everything that must hold; asked before the work and again in the recording transaction.
    ///
    /// # Errors
    /// `case_unknown`, `not_a_party`, `role_may_not_act`, `table_name_taken`, `unit_differs`, `subjects_not_named`, and what the
    /// registry refuses.
    pub(crate) fn check(
        &self,
        profiles: &Profiles,
        loaded: &Loaded,
        datasets: &[DatasetRow],
        (actor, today): (&Actor, CivilDate),
    ) -> Result<(), Refusal> {
        loaded.registry.admits(actor, today)?;
        provides(profiles, self.to, loaded, self.resource, actor)?;
        for row in datasets.iter().filter(|row| row.table == self.name) {
            if row.resource != self.resource || row.dataset != self.dataset {
                return Err(Refusal::conflict("table_name_taken").fact("table", &self.name));
            }
            if row.domain.is_some() && row.domain != self.domain {
                return Err(Refusal::conflict("unit_differs"));
            }
        }
        match about_subjects(profiles, loaded, datasets, self.resource)? {
            Some(clauses) if self.domain.is_none() => Err(Refusal::unmet("subjects_not_named")
                .citing(&clauses)
                .fact("table", &self.name)),
            _ => Ok(()),
        }
    }
}

/// The actor must have the right to this entry.
pub(crate) fn provides(
    profiles: &Profiles,
    to: RightTo,
    loaded: &Loaded,
    resource: CaseId,
    actor: &Actor,
) -> Result<(), Refusal> {
    let case = loaded
        .linked
        .get(&resource)
        .ok_or_else(|| Refusal::unknown("case_unknown"))?;
    let profile = profiles.get(case.profile)?;
    right_of(&profile, to, case, actor).map(|_| ())
}

/// Whether tables of an entry are about subjects, with the clauses that say so: it does not declare that they are
/// not, or it is made from an entry whose tables are.
fn about_subjects(
    profiles: &Profiles,
    loaded: &Loaded,
    datasets: &[DatasetRow],
    resource: CaseId,
) -> Result<Option<Vec<ClauseId>>, Refusal> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![(resource, Vec::new())]);
    while let Some((id, from)) = next.pop() {
        let Some(case) = loaded.linked.get(&id).filter(|_| seen.insert(id)) else {
            continue;
        };
        let has_subjects = |row: &&DatasetRow| row.resource == id && row.domain.is_some();
        if id != resource && datasets.iter().any(|row| has_subjects(&row)) {
            return Ok(Some(from));
        }
        let profile = profiles.get(case.profile)?;
        let fields = profile
            .procedure(&case.procedure)
            .map(|procedure| &procedure.fields);
        for field in fields.into_iter().flatten() {
            let value = case.fields.get(&field.id);
            let cited = field.basis.clauses().to_vec();
            match field.means {
                // What is not answered yet counts as yes.
                Some(Meaning::PersonalData) if value != Some(&Value::YesNo(false)) => return Ok(Some(cited)),
                Some(Meaning::SourceEntry) => {
                    let sources = value.map(Value::cases).unwrap_or_default();
                    next.extend(sources.into_iter().map(|source| (source, cited.clone())));
                }
                Some(Meaning::PersonalData | Meaning::Grade | Meaning::Retention) | None => {}
            }
        }
    }
    Ok(None)
}
