//! Conditions on values and on other cases: under which a rule applies, and what guards compare.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

/// A condition under which a guard, a clock or a lane applies at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Field looked at.
    #[serde(default)]
    pub field: String,
    /// Case fields followed one after another before the field is looked at; any case reached will do.
    #[serde(default)]
    pub via: Vec<String>,
    /// Applies if the value, written as text, is one of these.
    #[serde(default)]
    pub is: Vec<String>,
    /// Applies if the value is none of these; a missing value is none of them.
    #[serde(default)]
    pub not: Vec<String>,
    /// Applies if the field is filled (`true`) or not (`false`).
    #[serde(default)]
    pub filled: Option<bool>,
    /// Applies if there is such a case.
    #[serde(default)]
    pub some_case: Option<CaseQuery>,
}

/// Cases of a procedure, found by what they say: nothing links to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    /// Procedure of the cases.
    pub procedure: String,
    /// Stages they are in; empty = any.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Their field → what it must equal here: a field of this case, `@actor` (the acting body), `@person`.
    #[serde(default, rename = "match")]
    pub matching: BTreeMap<String, String>,
    /// Their field → the values allowed.
    #[serde(default, rename = "where")]
    pub values: BTreeMap<String, Vec<String>>,
}

/// One or several conditions; all must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Whens {
    One(When),
    Several(Vec<When>),
}

impl Whens {
    pub(crate) fn list(&self) -> Vec<When> {
        match self {
            Self::One(when) => vec![when.clone()],
            Self::Several(list) => list.clone(),
        }
    }
}

impl When {
    /// What is wrong with it as written, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let asks = !self.is.is_empty() || !self.not.is_empty() || self.filled.is_some();
        match (&self.some_case, self.field.is_empty()) {
            (Some(_), true) if !asks && self.via.is_empty() => None,
            (None, false) if asks => None,
            _ => Some("`when` needs a field with `is`, `not` or `filled`, or `some_case` alone"),
        }
    }
}

/// What a guard compares: a value of this case, of a linked one, or of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// The day the act happens.
    Today,
    /// A field, after following case fields one after another.
    Field {
        /// Case fields followed.
        via: Vec<String>,
        /// Field of the case reached.
        field: String,
    },
}

impl FromStr for Operand {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "@today" {
            return Ok(Self::Today);
        }
        let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        match parts.pop() {
            Some(field)
                if !text.starts_with('@') && !field.is_empty() && parts.iter().all(|p| !p.is_empty()) =>
            {
                Ok(Self::Field { via: parts, field })
            }
            _ => Err(format!(
                "`{text}` is neither `@today` nor a field (`link.field` for one of a linked case)"
            )),
        }
    }
}
