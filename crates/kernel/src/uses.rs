//! The five uses of a column (data-plane a.2). A grant is a set of them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
