//! Corrections (更正, YN-DM-068): a file that replaces a wrong version says why, and for which case.

use serde::{Deserialize, Serialize};
use shuyu_domain::event::{Correction, CorrectionReason};
use shuyu_kernel::{CaseId, Refusal};

use crate::{App, Session, Stop, subjects::Table};

/// That the file corrects the latest version of its table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// Why.
    pub reason: CorrectionReason,
    /// The case that ordered it, if one did; the session's body is a party of it.
    #[serde(default)]
    pub case: Option<CaseId>,
}

impl App {
    /// What a new version corrects: the latest version of its table, for a case that the session's body is a party of.
    pub(crate) async fn correction(
        &self,
        session: &Session,
        table: &Table,
        new: Option<&NewCorrection>,
    ) -> Result<Option<Correction>, Stop> {
        let Some(new) = new else { return Ok(None) };
        let known = self.record.datasets(Some(table.resource)).await?;
        let row = known.iter().find(|row| row.dataset == table.dataset);
        let corrects = row
            .map(|row| row.version)
            .ok_or_else(|| Refusal::unmet("correction_of_nothing").fact("table", &table.name))?;
        if let Some(case) = new.case {
            let loaded = self.record.load(&[case].into()).await?;
            let party = loaded
                .linked
                .get(&case)
                .is_some_and(|case| case.has_party(session.actor.body));
            if !party {
                return Err(Refusal::unknown("correction_case_unknown")
                    .fact("case", case)
                    .into());
            }
        }
        Ok(Some(Correction {
            reason: new.reason,
            corrects,
            case: new.case,
        }))
    }
}
