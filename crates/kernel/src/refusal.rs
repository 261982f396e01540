//! A refusal is a correct "no"; a fault is the world failing. They never mix.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cite::ClauseId;

/// Which question the refusal answers; decides the HTTP status at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// This person may not do this (403).
    Forbidden,
    /// The state of the case, or somebody's newer act, does not allow it now (409).
    Conflict,
    /// What was handed in does not meet the rule (422).
    Unmet,
    /// There is no such thing for this person (404).
    Unknown,
    /// Who are you? (401)
    Unauthenticated,
    /// Too much or too often (413, 429).
    Limited,
}

/// A correct "no": stable code, clauses, facts, and what would make it pass.
///
/// `code` is snake_case, stable for ever, and is the key of the two messages
/// `refusal-<code>` (what is wrong) and `refusal-<code>-way-out` (how to mend it) in `locales/`,
/// with `_` written as `-`. `facts` are the arguments of these messages and never hold personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which question is answered with no.
    pub kind: RefusalKind,
    /// Stable code, snake_case.
    pub code: String,
    /// The clauses the refusal rests on; empty only where no regulation speaks (syntax, session).
    pub clauses: Vec<ClauseId>,
    /// Arguments of the message; never personal data.
    pub facts: BTreeMap<String, String>,
}

impl Refusal {
    /// A refusal of this kind with this code.
    pub fn new(kind: RefusalKind, code: &str) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            clauses: Vec::new(),
            facts: BTreeMap::new(),
        }
    }
    /// 403.
    pub fn forbidden(code: &str) -> Self {
        Self::new(RefusalKind::Forbidden, code)
    }
    /// 409.
    pub fn conflict(code: &str) -> Self {
        Self::new(RefusalKind::Conflict, code)
    }
    /// 422.
    pub fn unmet(code: &str) -> Self {
        Self::new(RefusalKind::Unmet, code)
    }
    /// 404.
    pub fn unknown(code: &str) -> Self {
        Self::new(RefusalKind::Unknown, code)
    }
    /// Adds clauses.
    #[must_use]
    pub fn citing<'a>(mut self, clauses: impl IntoIterator<Item = &'a ClauseId>) -> Self {
        self.clauses.extend(clauses.into_iter().cloned());
        self
    }
    /// Adds one fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused: {}", self.code)
    }
}
impl std::error::Error for Refusal {}

/// The world failed: disk, database, a broken file of ours. The operation did not take effect.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct Fault {
    /// What was being done, without personal data.
    pub doing: String,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    /// A fault while doing something, with its cause.
    pub fn new(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            doing: doing.into(),
            source: source.into(),
        }
    }
}
