//! Holdings, legal representatives and findings: who declares them, and who is affiliated with an operator.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Registry,
    event::RegistryEvent,
    port::{Committed, Loaded, Request},
    registry::{Affiliation, Holding, Owner, Representative, affiliates},
};
use shuyu_kernel::{
    BodyId, CivilDate, ClauseId, Digest, Refusal,
    cn::{CreditCode, ResidentId},
};
use shuyu_profile::Rule;

use crate::{
    App, Session, Stop,
    noting::echo,
    registry::{ADMINISTRATOR, proposal},
};

/// An organisation as somebody names it: a body of the platform, or another one by name and credit code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOwner {
    /// Body of the platform.
    #[serde(default)]
    pub body: Option<BodyId>,
    /// Name of an organisation outside.
    #[serde(default)]
    pub name: String,
    /// Its credit code.
    #[serde(default)]
    pub credit_code: String,
}

/// A holding to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewHolding {
    /// Who holds.
    pub owner: NewOwner,
    /// In whom.
    pub of: NewOwner,
    /// Share in basis points.
    pub share_bp: u32,
    /// Control declared.
    pub control: bool,
    /// The owner holds for the state.
    pub state: bool,
    /// First day.
    pub from: CivilDate,
    /// Last day, if known.
    pub until: Option<CivilDate>,
    /// Digest of the paper.
    pub paper: String,
}

/// A legal representative to enter. Name and number go no further than the vault and a keyed digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRepresentative {
    /// Body.
    pub body: BodyId,
    /// Name.
    pub name: String,
    /// Number of the identity document.
    pub identity: String,
    /// First day.
    pub from: CivilDate,
    /// Digest of the paper.
    pub paper: String,
}

/// A finding to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewFinding {
    /// One body.
    pub a: BodyId,
    /// The other.
    pub b: BodyId,
    /// Digest of the paper.
    pub paper: String,
}

/// A holding or a finding to end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewEnding {
    /// Its number.
    pub number: u32,
    /// Its last day.
    pub on: CivilDate,
    /// Digest of the paper.
    pub paper: String,
}

/// A body affiliated, or suspected to be, with one that may not re-develop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affiliated {
    /// Name of the body under the ban.
    pub body: String,
    /// Name of the other.
    pub other: String,
    /// Why.
    pub tie: Affiliation,
    /// Clauses of the ban.
    pub clauses: Vec<ClauseId>,
}

impl App {
    /// Enters a holding from a paper: one of the two bodies declares it, or an administrator enters it.
    ///
    /// # Errors
    /// `tie_not_yours`, `credit_code_invalid`, `paper_unknown`, and what [`Registry::enter_holding`] refuses.
    pub async fn enter_holding(
        &self,
        session: &Session,
        new: NewHolding,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.enter_holding_inner(session, new, key).await;
        self.noted(session, "registry/holding", result).await
    }

    async fn enter_holding_inner(
        &self,
        session: &Session,
        new: NewHolding,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.may_declare(session, [new.owner.body, new.of.body])?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("enter-holding", Some(key), &new);
        let holding = Holding {
            number: 0,
            owner: owner(&new.owner)?,
            of: owner(&new.of)?,
            share_bp: new.share_bp,
            control: new.control,
            state: new.state,
            from: new.from,
            until: new.until,
            paper: by.paper.clone(),
        };
        self.tie(request, move |registry| registry.enter_holding(holding, by))
            .await
    }

    /// Ends a holding: an administrator or an overseer from a paper, never the bodies themselves.
    ///
    /// # Errors
    /// `tie_not_yours`, `paper_unknown`, and what [`Registry::end_holding`] refuses.
    pub async fn end_holding(&self, session: &Session, new: NewEnding, key: &str) -> Result<Committed, Stop> {
        let result = self.end_holding_inner(session, new, key).await;
        self.noted(session, "registry/holding-end", result).await
    }

    async fn end_holding_inner(
        &self,
        session: &Session,
        new: NewEnding,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        if !self.oversees(session) {
            self.may_declare(session, [None, None])?;
        }
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("end-holding", Some(key), &new);
        self.tie(request, move |registry| {
            registry.end_holding(new.number, new.on, by)
        })
        .await
    }

    /// Enters the legal representative of a body: the body declares, or an administrator enters it.
    ///
    /// # Errors
    /// `tie_not_yours`, `representative_incomplete`, `paper_unknown`, `body_unknown`.
    pub async fn enter_representative(
        &self,
        session: &Session,
        new: NewRepresentative,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.enter_representative_inner(session, new, key).await;
        self.noted(session, "registry/representative", result).await
    }

    async fn enter_representative_inner(
        &self,
        session: &Session,
        new: NewRepresentative,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.may_declare(session, [Some(new.body), None])?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let token = self.token_of(&new.name, &new.identity)?;
        let (name, item) = self.seal_personal(&representative_subject(new.body), "name", new.name.trim());
        // Name and number are part of what was asked, but a plain digest of them could be guessed.
        let asked = serde_json::to_vec(&new).unwrap_or_default();
        let request = Request {
            fingerprint: self.secrets.keyed_digest(&asked),
            ..self.registry_request("enter-representative", Some(key), &())
        };
        let representative = Representative {
            body: new.body,
            name,
            token,
            from: new.from,
        };
        let decide = Box::new(move |loaded: &Loaded| {
            let event = loaded.registry.enter_representative(representative, by)?;
            let mut proposal = proposal(event, serde_json::json!({}));
            proposal.vault.push(item);
            Ok(proposal)
        });
        self.enter_in_registry(request, decide).await
    }

    /// What two bodies are compared by. The number is normalised, so that the same person is the same however typed.
    fn token_of(&self, name: &str, identity: &str) -> Result<Digest, Refusal> {
        let number: String = identity
            .split_whitespace()
            .collect::<String>()
            .to_ascii_uppercase();
        let plain = number.len() >= SHORTEST_IDENTITY && number.bytes().all(|b| b.is_ascii_alphanumeric());
        let sound = number.len() != RESIDENT_ID_LENGTH || number.parse::<ResidentId>().is_ok();
        if name.trim().is_empty() || !plain || !sound {
            return Err(Refusal::unmet("representative_incomplete"));
        }
        Ok(self
            .secrets
            .keyed_digest(format!("legal-representative/{number}").as_bytes()))
    }

    /// A regulator finds two bodies affiliated.
    ///
    /// # Errors
    /// `supervision_not_for_role`, `paper_unknown`, and what [`Registry::find_affiliated`] refuses.
    pub async fn find_affiliated(
        &self,
        session: &Session,
        new: NewFinding,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.find_affiliated_inner(session, new, key).await;
        self.noted(session, "registry/finding", result).await
    }

    async fn find_affiliated_inner(
        &self,
        session: &Session,
        new: NewFinding,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_overseer(session)?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("find-affiliated", Some(key), &new);
        let today = self.today();
        self.tie(request, move |registry| {
            registry.find_affiliated((new.a, new.b), today, by)
        })
        .await
    }

    /// A regulator lifts a finding.
    ///
    /// # Errors
    /// `supervision_not_for_role`, `paper_unknown`, `finding_unknown`.
    pub async fn lift_finding(
        &self,
        session: &Session,
        new: NewEnding,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.lift_finding_inner(session, new, key).await;
        self.noted(session, "registry/finding-lifted", result).await
    }

    async fn lift_finding_inner(
        &self,
        session: &Session,
        new: NewEnding,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_overseer(session)?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("lift-finding", Some(key), &new);
        self.tie(request, move |registry| {
            registry.lift_finding(new.number, new.on, by)
        })
        .await
    }

    pub(crate) async fn tie(
        &self,
        request: Request,
        decide: impl FnOnce(&Registry) -> Result<RegistryEvent, Refusal> + Send + 'static,
    ) -> Result<Committed, Stop> {
        let decide =
            Box::new(move |loaded: &Loaded| Ok(proposal(decide(&loaded.registry)?, serde_json::json!({}))));
        self.enter_in_registry(request, decide).await
    }

    /// Bodies affiliated, or suspected to be, with those that some rule bars from re-developing; for overseers. The
    /// suspected ones are never refused: whether they are affiliated is for a regulator to find.
    ///
    /// # Errors
    /// `supervision_not_for_role`.
    pub async fn affiliations(&self, session: &Session) -> Result<Vec<Affiliated>, Stop> {
        let result = self.affiliations_inner(session).await;
        self.looked(session, "view", "affiliations", result).await
    }

    async fn affiliations_inner(&self, session: &Session) -> Result<Vec<Affiliated>, Stop> {
        self.require_overseer(session)?;
        let (profile, registry, today) = (self.profile(), self.registry().await?, self.today());
        let guards = profile.procedures.iter().flat_map(|procedure| {
            let acting = procedure.acts.iter().flat_map(|act| &act.guards);
            procedure.open.guards.iter().chain(acting)
        });
        let mut clauses: BTreeSet<ClauseId> = BTreeSet::new();
        let mut banned: BTreeSet<BodyId> = BTreeSet::new();
        for guard in guards {
            if let Rule::Unaffiliated { role, .. } = &guard.rule {
                clauses.extend(guard.basis.clauses().iter().cloned());
                banned.extend(registry.bodies_with(role));
            }
        }
        let clauses: Vec<ClauseId> = clauses.into_iter().collect();
        let mut found = Vec::new();
        for body in banned {
            for (other, tie) in affiliates(&registry, body, today, profile.affiliation_shares()) {
                found.push(Affiliated {
                    body: registry.body_name(body),
                    other: registry.body_name(other),
                    tie,
                    clauses: clauses.clone(),
                });
            }
        }
        // What has still to be judged stands first.
        found.sort_by(|a, b| (b.tie.weight, &a.body, &a.other).cmp(&(a.tie.weight, &b.body, &b.other)));
        Ok(found)
    }

    /// Whoever keeps the registry, and the bodies themselves about themselves.
    fn may_declare(&self, session: &Session, own: [Option<BodyId>; 2]) -> Result<(), Refusal> {
        self.require_signed_in(session)?;
        if session.actor.role == ADMINISTRATOR || own.contains(&Some(session.actor.body)) {
            return Ok(());
        }
        Err(Refusal::forbidden("tie_not_yours"))
    }

    pub(crate) fn require_overseer(&self, session: &Session) -> Result<(), Refusal> {
        self.require_signed_in(session)?;
        if self.oversees(session) {
            return Ok(());
        }
        Err(Refusal::forbidden("supervision_not_for_role"))
    }
}

/// Characters of a resident identity number.
const RESIDENT_ID_LENGTH: usize = 18;
/// Fewest characters of the number of another document (platform default: shorter ones are slips).
const SHORTEST_IDENTITY: usize = 6;

/// Under which subject of the vault the name of a body's legal representative lies.
pub(crate) fn representative_subject(body: BodyId) -> String {
    format!("{body}/legal_representative")
}

fn owner(new: &NewOwner) -> Result<Owner, Refusal> {
    if let Some(body) = new.body {
        return Ok(Owner::Body(body));
    }
    let code = new.credit_code.trim();
    if new.name.trim().is_empty() || code.parse::<CreditCode>().is_err() {
        return Err(Refusal::unmet("credit_code_invalid").fact("code", echo(code)));
    }
    Ok(Owner::Outside {
        credit_code: code.to_owned(),
        name: new.name.trim().to_owned(),
    })
}
