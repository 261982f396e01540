//! Commands: what somebody wants to happen in a case, and everything a decision may look at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, BodyId, CaseId, CivilDate, Manner, PersonId};
use shuyu_profile::Profile;

use crate::{
    case::Case,
    port::Loaded,
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
    /// By the platform: a clock ran out. Records the fact and decides nothing in the holder's place.
    Expire {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
    },
    /// By the platform: a clock that ran out was left so for as many days as the rules allow.
    EscalateLate {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
    },
    /// Something about a clock that is nearly due or late.
    Watch(WatchClock),
}

/// What somebody does about a clock that is nearly due or late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchClock {
    /// Clock id.
    pub clock: String,
    /// Lane key.
    pub lane: Option<String>,
    /// What.
    pub act: WatchAct,
    /// What is said; never personal data.
    pub words: String,
    /// Last day to report, for [`WatchAct::Instruct`].
    pub report_by: Option<CivilDate>,
}

/// What can be done about a clock that is nearly due or late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchAct {
    /// 催办, by an overseer or a party that waits.
    Urge,
    /// 答复催办, by the holder.
    AnswerUrge,
    /// 提交督办, by an overseer.
    Escalate,
    /// 督办意见, by the superior body.
    Instruct,
    /// 报告办理情况, by the holder.
    Report,
    /// 办结督办, by the superior body.
    Close,
}

impl WatchAct {
    /// All of them, in the order in which they follow each other.
    pub const ALL: [Self; 6] = [
        Self::Urge,
        Self::AnswerUrge,
        Self::Escalate,
        Self::Instruct,
        Self::Report,
        Self::Close,
    ];

    /// Stable word, for addresses and keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Urge => "urge",
            Self::AnswerUrge => "answer-urge",
            Self::Escalate => "escalate",
            Self::Instruct => "instruct",
            Self::Report => "report",
            Self::Close => "close",
        }
    }

    /// From the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }
}

/// Who stands in the context of commands that the platform issues itself. Nobody in the registry has these ids, so
/// that every command of a person is refused to it; it is never written into an event.
pub fn platform() -> Actor {
    Actor {
        person: PersonId::from_bits(0),
        body: BodyId::from_bits(0),
        role: String::new(),
        post: String::new(),
        delegation: None,
    }
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

impl<'a> Context<'a> {
    /// What a decision about an open case may look at: nothing is opened, so nothing is numbered.
    pub fn about(
        case: CaseId,
        profile: &'a Profile,
        actor: &'a Actor,
        today: CivilDate,
        loaded: &'a Loaded,
    ) -> Self {
        Self {
            profile,
            actor,
            today,
            registry: &loaded.registry,
            linked: &loaded.linked,
            new_case: case,
            next_number: 0,
        }
    }
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
