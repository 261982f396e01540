//! Citations: which clause a rule, number, date or refusal rests on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The id of a requirement row, for example `YN-OP-057`: instrument prefix and three digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClauseId(String);

/// What a rule rests on. There is no fifth possibility: a rule without a basis does not load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Clauses of the instruments.
    Cite(Vec<ClauseId>),
    /// A step the law does not spell out, with the reason (平台补全，非法定).
    Inferred(String),
    /// An item of the agreement of the case.
    AgreementItem(String),
    /// A number the law leaves open (平台默认值，非法定), with the reason.
    PlatformDefault(String),
}

/// A text that is not a clause id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a clause id (like YN-OP-057)")]
pub struct ClauseIdError(pub String);

impl ClauseId {
    /// The instrument prefix, for example `YN-OP`.
    pub fn instrument(&self) -> &str {
        self.0.rsplit_once('-').map_or("", |(prefix, _)| prefix)
    }
    /// The whole id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClauseId {
    type Err = ClauseIdError;
    fn from_str(text: &str) -> Result<Self, ClauseIdError> {
        let well_formed = text.rsplit_once('-').is_some_and(|(prefix, number)| {
            number.len() == 3
                && number.bytes().all(|b| b.is_ascii_digit())
                && prefix.split('-').all(|word| {
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                })
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClauseIdError(text.to_owned()))
        }
    }
}
impl TryFrom<String> for ClauseId {
    type Error = ClauseIdError;
    fn try_from(text: String) -> Result<Self, ClauseIdError> {
        text.parse()
    }
}
impl From<ClauseId> for String {
    fn from(id: ClauseId) -> String {
        id.0
    }
}
impl fmt::Display for ClauseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Basis {
    /// The clauses cited, empty for a basis outside the law.
    pub fn clauses(&self) -> &[ClauseId] {
        match self {
            Self::Cite(clauses) => clauses,
            Self::Inferred(_) | Self::AgreementItem(_) | Self::PlatformDefault(_) => &[],
        }
    }
}
