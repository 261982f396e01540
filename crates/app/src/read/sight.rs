//! Who sees which case: parties see theirs, overseers see all, catalogue and products are for everybody signed in.

use shuyu_domain::Case;
use shuyu_kernel::Refusal;
use shuyu_profile::Procedure;

use crate::{App, Session};

/// Sections of the console whose cases everybody on the platform may look at: what there is to use.
pub const PUBLIC_SECTIONS: [&str; 2] = ["catalogue", "product"];

impl App {
    /// Whether the session's role watches over all cases; the profile says which do.
    pub fn oversees(&self, session: &Session) -> bool {
        self.profile()
            .role(&session.actor.role)
            .is_some_and(|role| role.oversees)
    }

    /// Whether cases of this procedure are for everybody signed in.
    pub fn is_public(&self, procedure: &Procedure) -> bool {
        PUBLIC_SECTIONS.contains(&procedure.section.as_str())
    }

    /// Whether the session may look at a case.
    pub fn sees(&self, session: &Session, case: &Case) -> bool {
        case.has_party(session.actor.body)
            || self.oversees(session)
            || self
                .profile()
                .procedure(&case.procedure)
                .is_some_and(|procedure| self.is_public(procedure))
    }

    /// A case that is not visible is answered like one that does not exist.
    pub(crate) fn require_sight(&self, session: &Session, case: &Case) -> Result<(), Refusal> {
        if self.sees(session, case) {
            Ok(())
        } else {
            Err(Refusal::unknown("case_unknown"))
        }
    }
}
