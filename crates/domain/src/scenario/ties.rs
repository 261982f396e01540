//! Holdings, legal representatives and findings that a scenario gives: entered as the platform would enter them.

use shuyu_kernel::{Actor, BodyId, CivilDate, Digest, Manner, PersonId, Refusal};
use shuyu_profile::scenario::Scenario;

use super::world::{World, paper, sealed};
use crate::{
    event::RegistryMeta,
    registry::{Holding, Owner, Representative},
};

impl World {
    /// Enters what a scenario gives.
    pub(super) fn tie(&mut self, scenario: &Scenario) -> Result<(), Refusal> {
        for given in &scenario.holdings {
            let holding = Holding {
                number: 0,
                owner: Owner::Body(self.named(&given.owner)),
                of: Owner::Body(self.named(&given.of)),
                share_bp: given.share,
                control: given.control,
                state: given.state,
                from: given.from,
                until: given.until,
                paper: Some(paper("holding.pdf")),
            };
            let event = self.registry.enter_holding(holding, entered(given.from))?;
            self.register(&event);
        }
        for given in &scenario.representatives {
            let representative = Representative {
                body: self.named(&given.body),
                name: sealed("representative", &given.person),
                token: Digest::of(given.person.as_bytes()),
                from: given.from,
            };
            let event = self
                .registry
                .enter_representative(representative, entered(given.from))?;
            self.register(&event);
        }
        for given in &scenario.findings {
            let bodies = (self.named(&given.a), self.named(&given.b));
            let event = self
                .registry
                .find_affiliated(bodies, given.from, entered(given.from))?;
            self.register(&event);
        }
        Ok(())
    }
}

/// Entered by somebody who keeps the registry; who it is plays no part in a scenario.
fn entered(on: CivilDate) -> RegistryMeta {
    RegistryMeta {
        actor: Actor {
            person: PersonId::from_bits(0),
            body: BodyId::from_bits(0),
            role: "system_administrator".to_owned(),
            post: "clerk".to_owned(),
            delegation: None,
        },
        manner: Manner::OnBehalf,
        happened_on: on,
        recorded_on: on,
        paper: Some(paper("ties.pdf")),
    }
}
