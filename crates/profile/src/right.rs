//! Rights: what the party of a case may do outside the acts of its procedure.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Basis, PermitKind};

use crate::{load::Profile, place::Place, procedure::Effect};

/// The closed vocabulary of rights. A new one is code with an ADR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightTo {
    /// Asks queries under the permit that the case issued.
    UsePermit,
    /// Brings files for the catalogue entry; it is the one whose data it is.
    BringData,
    /// Makes de-identified versions of and for the catalogue entry.
    DeriveData,
    /// Gets products that are delivered under the agreement.
    ReceiveProduct,
    /// Registers sources and runs them under the permit that the case issued.
    RunJobs,
    /// Reviews what jobs under the permit want to let out.
    ReviewOutput,
    /// Spot-checks the quality of what stands under the catalogue entry; never of its own data.
    SpotCheck,
}

/// A right of the party of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// To what.
    pub to: RightTo,
    /// Procedure of the case.
    pub procedure: String,
    /// Role id of the party.
    pub party: String,
    /// How data is worked on, for [`RightTo::UsePermit`] and only there.
    pub kind: Option<PermitKind>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

impl Profile {
    /// Who has a right in cases of a procedure, in order of the text.
    pub fn rights(&self, to: RightTo, procedure: &str) -> impl Iterator<Item = &Right> {
        self.rights
            .iter()
            .filter(move |right| right.to == to && right.procedure == procedure)
    }

    /// Whether a role has the right in cases of any procedure.
    pub fn has_right(&self, to: RightTo, role: &str) -> bool {
        self.rights
            .iter()
            .any(|right| right.to == to && right.party == role)
    }
}

/// What is wrong with the rights of a profile: unknown names, a kind where none belongs, and effects that would
/// leave something nobody may use.
pub(crate) fn problems(profile: &Profile) -> Vec<(&Place, String)> {
    let mut found = Vec::new();
    for right in &profile.rights {
        let known = profile.procedure(&right.procedure).is_some() && profile.role(&right.party).is_some();
        if !known {
            let message = format!(
                "right of `{}` in `{}`: unknown procedure or role",
                right.party, right.procedure
            );
            found.push((&right.at, message));
        }
        if right.kind.is_some() != (right.to == RightTo::UsePermit) {
            let message = "`kind` is said of the right to use a permit, and only of it".to_owned();
            found.push((&right.at, message));
        }
    }
    for procedure in &profile.procedures {
        let effects = procedure.acts.iter().flat_map(|act| &act.effects);
        let issues = effects.into_iter().any(|effect| *effect == Effect::IssuePermit);
        if issues && profile.rights(RightTo::UsePermit, &procedure.id).next().is_none() {
            let message = format!("no right says who uses the permits of `{}`", procedure.id);
            found.push((&procedure.at, message));
        }
        let has = |to| profile.rights(to, &procedure.id).next().is_some();
        if has(RightTo::RunJobs) && !has(RightTo::ReviewOutput) {
            let message = format!(
                "jobs run in `{}`, but no right says who reviews their outputs",
                procedure.id
            );
            found.push((&procedure.at, message));
        }
    }
    found
}
