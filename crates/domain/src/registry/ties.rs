//! Ties between bodies, as declared or found: holdings, legal representatives, findings of a regulator.
//!
//! A legal representative is a person: the name is a commitment, and what two bodies are compared by is a keyed
//! digest of the identity number, which stands nowhere else.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CivilDate, Digest, Refusal};

use super::Registry;
use crate::{
    event::{RegistryEvent, RegistryMeta},
    value::{Paper, Value},
};

/// A whole, in basis points.
pub const WHOLE_BP: u32 = 10_000;

/// Whoever holds or is held. Natural persons do not stand here: their names are personal data, and what they control
/// is shown by the legal representative or by a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A body of the platform.
    Body(BodyId),
    /// An organisation outside it, known by its credit code.
    Outside {
        /// 统一社会信用代码, checked at the edge.
        credit_code: String,
        /// Name.
        name: String,
    },
}

/// A share or control that one organisation has in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Number, from 1.
    pub number: u32,
    /// Who holds.
    pub owner: Owner,
    /// In whom.
    pub of: Owner,
    /// Share of the capital or the votes, in basis points.
    pub share_bp: u32,
    /// Control declared, whatever the share: by agreement, by votes, by appointing the board.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// The owner holds for the state: what it controls is not tied by that alone (company law, read in ADR 0070).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub state: bool,
    /// First day.
    pub from: CivilDate,
    /// Last day; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<CivilDate>,
    /// The paper it was entered from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
}

impl Holding {
    /// Whether it stands on that day; first and last day belong to it.
    pub fn stands(&self, on: CivilDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }
}

/// 法定代表人 of a body from a day on, until the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Representative {
    /// Body.
    pub body: BodyId,
    /// Commitment to the name and where the vault keeps it.
    pub name: Value,
    /// Keyed digest of the identity number.
    pub token: Digest,
    /// First day.
    pub from: CivilDate,
}

/// A regulator's finding that two bodies are affiliated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Number, from 1.
    pub number: u32,
    /// One.
    pub a: BodyId,
    /// The other.
    pub b: BodyId,
    /// First day.
    pub from: CivilDate,
    /// Last day; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<CivilDate>,
}

impl Finding {
    /// Whether it stands on that day.
    pub fn stands(&self, on: CivilDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }
}

/// All ties of the registry, in the order entered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ties {
    /// Holdings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<Holding>,
    /// Legal representatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub representatives: Vec<Representative>,
    /// Findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl Ties {
    /// Nothing is entered.
    pub fn is_empty(&self) -> bool {
        self.holdings.is_empty() && self.representatives.is_empty() && self.findings.is_empty()
    }

    /// Folds an event; others change nothing.
    pub(super) fn apply(&mut self, event: &RegistryEvent) {
        match event {
            RegistryEvent::HoldingEntered { holding, .. } => self.holdings.push(holding.clone()),
            RegistryEvent::HoldingEnded { number, on, .. } => {
                let known = self.holdings.iter_mut().find(|known| known.number == *number);
                if let Some(holding) = known {
                    holding.until = Some(*on);
                }
            }
            RegistryEvent::RepresentativeEntered { representative, .. } => {
                self.representatives.push(representative.clone());
            }
            RegistryEvent::AffiliationFound { finding, .. } => self.findings.push(finding.clone()),
            RegistryEvent::AffiliationLifted { number, on, .. } => {
                let known = self.findings.iter_mut().find(|known| known.number == *number);
                if let Some(finding) = known {
                    finding.until = Some(*on);
                }
            }
            _ => {}
        }
    }

    /// The legal representative of a body on a day: the latest one entered from a day not after it.
    pub fn representative(&self, body: BodyId, on: CivilDate) -> Option<&Representative> {
        let of_body = |one: &&Representative| one.body == body && one.from <= on;
        // Of two from the same day the one entered later counts.
        self.representatives
            .iter()
            .filter(of_body)
            .max_by_key(|one| one.from)
    }
}

impl Registry {
    /// Enters a holding; its number is the next one.
    ///
    /// # Errors
    /// `body_unknown`, `holding_of_oneself`, `holding_share_invalid` (above a whole, or neither share nor control),
    /// `holding_ends_before_start`.
    pub fn enter_holding(&self, mut holding: Holding, by: RegistryMeta) -> Result<RegistryEvent, Refusal> {
        for owner in [&holding.owner, &holding.of] {
            if let Owner::Body(body) = owner {
                self.known_body(*body)?;
            }
        }
        if self.node(&holding.owner) == self.node(&holding.of) {
            return Err(Refusal::unmet("holding_of_oneself"));
        }
        let says_nothing = holding.share_bp == 0 && !holding.control;
        if holding.share_bp > WHOLE_BP || says_nothing {
            return Err(Refusal::unmet("holding_share_invalid"));
        }
        if holding.until.is_some_and(|until| until < holding.from) {
            return Err(Refusal::unmet("holding_ends_before_start"));
        }
        holding.number = next(self.ties.holdings.len());
        Ok(RegistryEvent::HoldingEntered { holding, by })
    }

    /// Ends a holding: `on` is its last day.
    ///
    /// # Errors
    /// `holding_unknown`, `holding_ended` if it ended before that day already, `holding_ends_before_start`.
    pub fn end_holding(
        &self,
        number: u32,
        on: CivilDate,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        let known = self.ties.holdings.iter().find(|known| known.number == number);
        let known = known.ok_or_else(|| Refusal::unknown("holding_unknown").fact("number", number))?;
        if known.until.is_some_and(|until| until <= on) {
            return Err(Refusal::conflict("holding_ended").fact("number", number));
        }
        if on < known.from {
            return Err(Refusal::unmet("holding_ends_before_start"));
        }
        Ok(RegistryEvent::HoldingEnded { number, on, by })
    }

    /// Enters the legal representative of a body.
    ///
    /// # Errors
    /// `body_unknown`.
    pub fn enter_representative(
        &self,
        representative: Representative,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        self.known_body(representative.body)?;
        Ok(RegistryEvent::RepresentativeEntered { representative, by })
    }

    /// Enters a regulator's finding; its number is the next one.
    ///
    /// # Errors
    /// `body_unknown`, `holding_of_oneself`, `finding_entered` if the same stands already.
    pub fn find_affiliated(
        &self,
        (a, b): (BodyId, BodyId),
        from: CivilDate,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        self.known_body(a)?;
        self.known_body(b)?;
        if a == b {
            return Err(Refusal::unmet("holding_of_oneself"));
        }
        let same = |known: &&Finding| [(a, b), (b, a)].contains(&(known.a, known.b)) && known.stands(from);
        if let Some(known) = self.ties.findings.iter().find(same) {
            return Err(Refusal::conflict("finding_entered").fact("number", known.number));
        }
        let finding = Finding {
            number: next(self.ties.findings.len()),
            a,
            b,
            from,
            until: None,
        };
        Ok(RegistryEvent::AffiliationFound { finding, by })
    }

    /// Lifts a finding: `on` is its last day.
    ///
    /// # Errors
    /// `finding_unknown` if there is none or it was lifted before.
    pub fn lift_finding(
        &self,
        number: u32,
        on: CivilDate,
        by: RegistryMeta,
    ) -> Result<RegistryEvent, Refusal> {
        let open = |known: &&Finding| known.number == number && known.until.is_none();
        match self.ties.findings.iter().find(open) {
            Some(_) => Ok(RegistryEvent::AffiliationLifted { number, on, by }),
            None => Err(Refusal::unknown("finding_unknown").fact("number", number)),
        }
    }

    pub(super) fn known_body(&self, body: BodyId) -> Result<(), Refusal> {
        if self.bodies.contains_key(&body) {
            return Ok(());
        }
        Err(Refusal::unknown("body_unknown").fact("body", body))
    }
}

/// Numbers count what was entered, from 1.
fn next(entered: usize) -> u32 {
    u32::try_from(entered).unwrap_or(u32::MAX - 1) + 1
}
