//! Commands: what somebody wants to happen in a case, and everything a decision may look at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, CivilDate, Manner};
use shuyu_profile::Profile;

use crate::{
    case::Case,
    registry::Registry,
    value::{Paper, Value},
};

/// What somebody wants to happen in a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open a case of this procedure.
    Open {
        /// Procedure id.
        procedure: String,
        /// First values.
        set: BTreeMap<String, Value>,
    },
    /// Take an act, or enter it as the first step of its route.
    Act(TakeAct),
    /// Take the next step of a waiting act.
    Advance {
        /// Number of the waiting act.
        number: u32,
    },
    /// Drop a waiting act.
    Drop {
        /// Number of the waiting act.
        number: u32,
    },
}

/// An act with everything that comes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakeAct {
    /// Act id.
    pub act: String,
    /// Lane key, for acts in a lane.
    pub lane: Option<String>,
    /// Values to set.
    pub set: BTreeMap<String, Value>,
    /// Columns struck, `table.column`.
    pub strike: Vec<String>,
    /// In person, or on behalf from a paper. Delegation follows from the actor.
    pub manner: Manner,
    /// 发生日 of an act entered from a paper; acts in person happen today.
    pub happened_on: Option<CivilDate>,
    /// The paper.
    pub paper: Option<Paper>,
}

/// Everything a decision may look at besides the case.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Rules the case is pinned to.
    pub profile: &'a Profile,
    /// Who acts.
    pub actor: &'a Actor,
    /// 登记日: today in the profile's zone.
    pub today: CivilDate,
    /// Bodies and people.
    pub registry: &'a Registry,
    /// Cases that the case or the command points at, and what these point at.
    pub linked: &'a BTreeMap<CaseId, Case>,
    /// Id for a case to be opened.
    pub new_case: CaseId,
    /// Next number for the case number (案号) of the procedure in this year.
    pub next_number: u64,
}

impl TakeAct {
    /// An act in person with nothing but its id.
    pub fn plain(act: &str) -> Self {
        Self {
            act: act.to_owned(),
            lane: None,
            set: BTreeMap::new(),
            strike: Vec::new(),
            manner: Manner::InPerson,
            happened_on: None,
            paper: None,
        }
    }
}
