//! The uses of a column (data-plane a.2), of which a grant is a set, and the kinds of permits.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refusal;

/// One use of a column. The empty set means sealed (封存): the column cannot be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// 可见: row-level output, only of public or own tables.
    Out,
    /// 分组: key of a released cell.
    Group,
    /// 筛选: compared with constants.
    Filter,
    /// 计算: argument of an allowed aggregate.
    Measure,
    /// 关联: equality within an identifier domain; counted distinct.
    Link,
    /// 作业: read by a job in the sandbox, whose outputs leave through the airlock only.
    Python,
}

/// How data is worked on under a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PermitKind {
    /// Gated answers over the columns granted to the application: the operator processes, and whoever the law lets
    /// work on data that was de-identified before.
    A,
    /// A developer uses delivered products.
    B,
    /// A developer explores raw data, assessed and limited in time, in the sandbox only.
    C,
}

impl PermitKind {
    /// Whether questions are answered under it.
    ///
    /// # Errors
    /// `permit_products_only` under B; `permit_sandbox_only` under C.
    pub fn asks(self) -> Result<(), Refusal> {
        match self {
            Self::A => Ok(()),
            Self::B => Err(Refusal::conflict("permit_products_only")),
            Self::C => Err(Refusal::conflict("permit_sandbox_only")),
        }
    }

    /// Whether jobs run under it.
    ///
    /// # Errors
    /// `permit_products_only` under B.
    pub fn runs(self) -> Result<(), Refusal> {
        match self {
            Self::A | Self::C => Ok(()),
            Self::B => Err(Refusal::conflict("permit_products_only")),
        }
    }
}

/// A word that is not a use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a use (out, group, filter, measure, link, python)")]
pub struct UseError(pub String);

impl Use {
    /// All uses in the order people read them.
    pub const ALL: [Use; 6] = [
        Use::Out,
        Use::Group,
        Use::Filter,
        Use::Measure,
        Use::Link,
        Use::Python,
    ];

    /// The stable name, as in permit files, URLs and refusals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Group => "group",
            Self::Filter => "filter",
            Self::Measure => "measure",
            Self::Link => "link",
            Self::Python => "python",
        }
    }
}

impl FromStr for Use {
    type Err = UseError;
    fn from_str(text: &str) -> Result<Self, UseError> {
        Self::ALL
            .into_iter()
            .find(|each| each.name() == text)
            .ok_or_else(|| UseError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_says_what_may_be_done_under_it() {
        let code = |done: Result<(), Refusal>| done.err().map(|refusal| refusal.code);
        let products = Some("permit_products_only".to_owned());
        let sandbox = Some("permit_sandbox_only".to_owned());
        for (kind, asks, runs) in [
            (PermitKind::A, None, None),
            (PermitKind::B, products.clone(), products),
            (PermitKind::C, sandbox, None),
        ] {
            assert_eq!((code(kind.asks()), code(kind.runs())), (asks, runs), "{kind:?}");
        }
    }
}
