//! Who acts, for whom, and in which manner.

use serde::{Deserialize, Serialize};

use crate::id::{BodyId, PersonId};

/// How an act was done (story-yunnan, 动作方式). Recorded on every receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// 本人
    InPerson,
    /// 代理: under a delegation paper with a term.
    Delegate,
    /// 代录: entered from a paper by clerk and checker; the deciding body never logs in.
    OnBehalf,
    /// 系统
    System,
}

/// A signed-in person in one role of one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// The body on whose behalf they act.
    pub body: BodyId,
    /// Role id of the profile, for example `implementing_agency`.
    pub role: String,
    /// Post inside the body for internal routing, for example `clerk`, `chief`, `leader`.
    pub post: String,
    /// Set when acting under a delegation: the number of the delegation paper.
    pub delegation: Option<String>,
}
