//! What happens to a clock that is nearly due or late: it runs out, its holder is urged (催办), it goes to the
//! superior body (督办). None of it moves the case.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CivilDate, ClauseId};
use shuyu_profile::Consequence;

use super::Holder;

/// Why a matter went to the superior body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// The rule of the clock says so for the day it runs out.
    AtExpiry,
    /// It was left late for as many working days as the profile allows.
    LeftLate,
    /// An overseer decided so.
    ByOverseer,
}

/// Events about a clock, named by clock id and lane key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchEvent {
    /// 到期: the last day passed and the clock still runs.
    ClockExpired {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// The last day that passed.
        due: CivilDate,
        /// Day on which it was found.
        on: CivilDate,
        /// What the rule says for this.
        consequence: Consequence,
        /// Clauses of the limit; empty for a platform default.
        clauses: Vec<ClauseId>,
    },
    /// 催办: somebody who waits, or who watches, asks the holder to act.
    Urged {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// What was said.
        words: String,
        /// Last day to answer.
        answer_by: CivilDate,
    },
    /// 答复催办: the holder says how the matter stands.
    UrgeAnswered {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// What was said.
        words: String,
    },
    /// 督办: the matter went to the superior body.
    Escalated {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// The superior body.
        to: Holder,
        /// Why.
        why: EscalationReason,
        /// Who decided it; nobody when the rules did.
        by: Option<Actor>,
        /// Day.
        on: CivilDate,
        /// The last day that had passed.
        due: CivilDate,
        /// What was said.
        words: String,
        /// Clauses that make it the superior; empty for a platform default.
        clauses: Vec<ClauseId>,
    },
    /// 督办意见: what the superior body asks of the holder.
    Instructed {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// What was asked.
        words: String,
        /// Last day to report.
        report_by: CivilDate,
    },
    /// 报告办理情况: the holder answers the instruction.
    InstructionReported {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// What was said.
        words: String,
    },
    /// 办结督办: the superior body is done with it. The clock goes on if the holder did not act.
    EscalationClosed {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Who.
        by: Actor,
        /// Day.
        on: CivilDate,
        /// What was said.
        words: String,
    },
}

impl WatchEvent {
    /// Type name with version, as written in the ledger.
    pub fn kind(&self) -> &'static str {
        match self {
            WatchEvent::ClockExpired { .. } => "case.clock_expired.v1",
            WatchEvent::Urged { .. } => "case.urged.v1",
            WatchEvent::UrgeAnswered { .. } => "case.urge_answered.v1",
            WatchEvent::Escalated { .. } => "case.escalated.v1",
            WatchEvent::Instructed { .. } => "case.instructed.v1",
            WatchEvent::InstructionReported { .. } => "case.instruction_reported.v1",
            WatchEvent::EscalationClosed { .. } => "case.escalation_closed.v1",
        }
    }

    /// The clock it is about: its id and lane key.
    pub fn clock(&self) -> (&str, Option<&str>) {
        let (WatchEvent::ClockExpired { clock, lane, .. }
        | WatchEvent::Urged { clock, lane, .. }
        | WatchEvent::UrgeAnswered { clock, lane, .. }
        | WatchEvent::Escalated { clock, lane, .. }
        | WatchEvent::Instructed { clock, lane, .. }
        | WatchEvent::InstructionReported { clock, lane, .. }
        | WatchEvent::EscalationClosed { clock, lane, .. }) = self;
        (clock, lane.as_deref())
    }

    /// Who did it; nobody where the platform did.
    pub fn by(&self) -> Option<&Actor> {
        match self {
            WatchEvent::ClockExpired { .. } => None,
            WatchEvent::Escalated { by, .. } => by.as_ref(),
            WatchEvent::Urged { by, .. }
            | WatchEvent::UrgeAnswered { by, .. }
            | WatchEvent::Instructed { by, .. }
            | WatchEvent::InstructionReported { by, .. }
            | WatchEvent::EscalationClosed { by, .. } => Some(by),
        }
    }

    /// What was said; empty where nothing was.
    pub fn words(&self) -> &str {
        match self {
            WatchEvent::ClockExpired { .. } => "",
            WatchEvent::Urged { words, .. }
            | WatchEvent::UrgeAnswered { words, .. }
            | WatchEvent::Escalated { words, .. }
            | WatchEvent::Instructed { words, .. }
            | WatchEvent::InstructionReported { words, .. }
            | WatchEvent::EscalationClosed { words, .. } => words,
        }
    }
}
