//! What a permit is good for: whom it covers, and which ways of using it its kind and mode leave open.

use shuyu_kernel::{CivilDate, PersonId, Refusal};

use crate::permit::{Permit, PermitMode};

impl Permit {
    /// Whether `person` may use this permit on `today`.
    ///
    /// # Errors
    /// `permit_person_not_named` or `permit_expired`, both resting on the clauses about the scope.
    pub fn covers(&self, person: PersonId, today: CivilDate) -> Result<(), Refusal> {
        let scope = &self.citations.scope;
        if !self.people.contains(&person) {
            return Err(Refusal::forbidden("permit_person_not_named")
                .citing(scope)
                .fact("permit", self.id));
        }
        if today > self.expires_on {
            return Err(Refusal::conflict("permit_expired")
                .citing(scope)
                .fact("permit", self.id)
                .fact("expired_on", self.expires_on));
        }
        Ok(())
    }

    /// Whether questions are answered under it.
    ///
    /// # Errors
    /// What its kind refuses ([`shuyu_kernel::PermitKind::asks`]); `permit_verify_only` in mode `verify`.
    pub fn asks(&self) -> Result<(), Refusal> {
        self.kind.asks().map_err(|refusal| self.about(refusal))?;
        self.more_than_verifies()
    }

    /// Whether jobs run under it.
    ///
    /// # Errors
    /// What its kind refuses ([`shuyu_kernel::PermitKind::runs`]); `permit_verify_only` in mode `verify`.
    pub fn runs(&self) -> Result<(), Refusal> {
        self.kind.runs().map_err(|refusal| self.about(refusal))?;
        self.more_than_verifies()
    }

    /// Whether a register that verification products answer by is compiled under it (核验).
    ///
    /// # Errors
    /// `permit_not_for_verification` in every mode but `verify`.
    pub fn verifies(&self) -> Result<(), Refusal> {
        match self.mode {
            PermitMode::Verify => Ok(()),
            PermitMode::Stat | PermitMode::Dp | PermitMode::Review => {
                Err(self.about(Refusal::conflict("permit_not_for_verification")))
            }
        }
    }

    fn more_than_verifies(&self) -> Result<(), Refusal> {
        match self.mode {
            PermitMode::Stat | PermitMode::Dp | PermitMode::Review => Ok(()),
            PermitMode::Verify => Err(self.about(Refusal::conflict("permit_verify_only"))),
        }
    }

    fn about(&self, refusal: Refusal) -> Refusal {
        refusal.citing(&self.citations.scope).fact("permit", self.id)
    }
}
