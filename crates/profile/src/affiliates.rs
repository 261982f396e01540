//! What a rule about affiliates may say: whom it asks about, and which operators count.

use std::str::FromStr;

use crate::{condition::Operand, settings::Setting};

/// The body a rule asks about.
#[derive(Debug, Clone, PartialEq)]
pub enum BodyRef {
    /// Whoever acts: `@actor`.
    Actor,
    /// The parties of this case with a role: `party:developer`.
    Party(String),
    /// A body field, here or in a case reached by links.
    Field(Operand),
}

impl FromStr for BodyRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(role) = text.strip_prefix("party:") {
            return Ok(Self::Party(role.to_owned()));
        }
        if text == "@actor" {
            return Ok(Self::Actor);
        }
        match text.parse::<Operand>()? {
            Operand::Today => Err("`@today` is no body".to_owned()),
            field => Ok(Self::Field(field)),
        }
    }
}

/// What the ban on re-development by the operator covers: the value of the setting that jurisdictions answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches {
    /// Everything in the authorised scope: every operator that is a party counts.
    Scope,
    /// Delivered products only: an operator counts once it has delivered one.
    Delivered,
    /// There is no ban.
    Nothing,
}

impl FromStr for Touches {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "scope" => Ok(Self::Scope),
            "delivered" => Ok(Self::Delivered),
            "none" => Ok(Self::Nothing),
            other => Err(format!("`touches` is scope, delivered or none, not `{other}`")),
        }
    }
}

/// From which share on a holding counts, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AffiliationShares {
    /// From here on it is control: refused.
    pub block_bp: u32,
    /// From here on it is suspected: listed for supervision.
    pub suspect_bp: u32,
}

/// Platform default. Half of the capital or the votes is where company law sees a controlling shareholder; a quarter
/// is where tax practice begins to call companies related. The regulations themselves give no number (reading G3).
impl Default for AffiliationShares {
    fn default() -> Self {
        Self {
            block_bp: 5_000,
            suspect_bp: 2_500,
        }
    }
}

/// Setting with [`AffiliationShares::block_bp`].
pub const BLOCK_SETTING: &str = "affiliation_block_share";
/// Setting with [`AffiliationShares::suspect_bp`].
pub const SUSPECT_SETTING: &str = "affiliation_suspect_share";

impl AffiliationShares {
    /// From the settings of a profile; what is not set keeps the platform default.
    pub(crate) fn of(settings: &[Setting]) -> Self {
        let read = |id: &str| {
            let setting = settings.iter().find(|setting| setting.id == id);
            setting.and_then(|setting| setting.value.trim().parse().ok())
        };
        let default = Self::default();
        Self {
            block_bp: read(BLOCK_SETTING).unwrap_or(default.block_bp),
            suspect_bp: read(SUSPECT_SETTING).unwrap_or(default.suspect_bp),
        }
    }

    /// Both are shares, the lower one is not above the other, and nothing is suspected of everybody.
    pub(crate) fn sound(self) -> bool {
        0 < self.suspect_bp && self.suspect_bp <= self.block_bp && self.block_bp <= 10_000
    }
}
