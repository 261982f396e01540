//! What was done about a clock that is nearly due or late, as state.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, BodyId, CivilDate, calendar::Bound};
use shuyu_profile::Consequence;

use super::{Case, Clock};
use crate::event::{EscalationReason, Holder, WatchEvent};

/// Expiry, urges and escalations of one clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// The latest expiry. It stands for the last day it names, so that a clock that got a later day is not late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// Urges, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urges: Vec<Urge>,
    /// Escalations, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<Escalation>,
}

impl Watch {
    /// Nothing was done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The escalation that the superior body has not closed.
    pub fn open_escalation(&self) -> Option<&Escalation> {
        self.escalations
            .last()
            .filter(|escalation| escalation.closed_on.is_none())
    }
}

/// A clock ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// The last day that passed.
    pub due: CivilDate,
    /// Day on which it was found.
    pub on: CivilDate,
    /// What the rule says for this.
    pub consequence: Consequence,
}

/// 催办
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Urge {
    /// Body that urged.
    pub by: BodyId,
    /// Role it did so under.
    pub role: String,
    /// Day.
    pub on: CivilDate,
    /// What was said.
    pub words: String,
    /// Last day to answer.
    pub answer_by: CivilDate,
    /// Day and words of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<(CivilDate, String)>,
}

/// 督办
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The superior body.
    pub to: Holder,
    /// Why.
    pub why: EscalationReason,
    /// The last day that had passed.
    pub due: CivilDate,
    /// Day.
    pub on: CivilDate,
    /// Instructions, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<Instruction>,
    /// Day it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<CivilDate>,
}

impl Escalation {
    /// The instruction that the holder has not reported on.
    pub fn open_instruction(&self) -> Option<&Instruction> {
        self.instructions
            .last()
            .filter(|instruction| self.closed_on.is_none() && instruction.report.is_none())
    }
}

/// 督办意见
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Day.
    pub on: CivilDate,
    /// What was asked.
    pub words: String,
    /// Last day to report.
    pub report_by: CivilDate,
    /// Day and words of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<(CivilDate, String)>,
}

impl Clock {
    /// Somebody is bound by it now: at most, neither stopped nor standing still.
    pub fn binds(&self) -> bool {
        self.stopped_on.is_none() && self.paused_on.is_none() && self.run.bound == Bound::AtMost
    }

    /// It is recorded that its present last day passed.
    pub fn expired(&self) -> bool {
        self.watch.expiry.is_some_and(|expiry| expiry.due == self.run.due)
    }

    /// The urge that is not answered. What the holder did instead answers it: a clock that stopped urges nobody.
    pub fn open_urge(&self) -> Option<&Urge> {
        self.watch
            .urges
            .last()
            .filter(|urge| urge.answer.is_none() && self.stopped_on.is_none())
    }

    /// The superior body is still to hear of it by itself: late for good, flagged by its rule, and not escalated for
    /// this last day.
    pub fn escalates(&self) -> bool {
        let flagged = self
            .watch
            .expiry
            .is_some_and(|expiry| expiry.due == self.run.due && expiry.consequence == Consequence::Flag);
        let heard =
            |escalation: &Escalation| escalation.due == self.run.due || escalation.closed_on.is_none();
        self.binds() && flagged && !self.watch.escalations.iter().any(heard)
    }

    /// Whether the actor is its holder.
    pub fn is_held_by(&self, actor: &Actor) -> bool {
        let holder = &self.run.holder;
        holder.role == actor.role && holder.bodies.contains(&actor.body)
    }
}

impl Case {
    /// The latest clock of that id and lane with an open escalation. It may have stopped meanwhile.
    pub fn escalated_clock(&self, clock: &str, lane: Option<&str>) -> Option<&Clock> {
        self.clocks
            .iter()
            .rev()
            .filter(|other| other.run.clock == clock && other.run.lane.as_deref() == lane)
            .find(|other| other.watch.open_escalation().is_some())
    }

    pub(super) fn apply_watch(&mut self, event: &WatchEvent) {
        let (id, lane) = event.clock();
        let about_escalation = matches!(
            event,
            WatchEvent::Instructed { .. }
                | WatchEvent::InstructionReported { .. }
                | WatchEvent::EscalationClosed { .. }
        );
        let found = self.clocks.iter_mut().rev().find(|clock| {
            let open = if about_escalation {
                clock.watch.open_escalation().is_some()
            } else {
                clock.stopped_on.is_none()
            };
            open && clock.run.clock == id && clock.run.lane.as_deref() == lane
        });
        if let Some(clock) = found {
            clock.watch.apply(event);
        }
    }
}

impl Watch {
    fn apply(&mut self, event: &WatchEvent) {
        match event {
            WatchEvent::ClockExpired {
                due, on, consequence, ..
            } => {
                self.expiry = Some(Expiry {
                    due: *due,
                    on: *on,
                    consequence: *consequence,
                });
            }
            WatchEvent::Urged {
                by,
                on,
                words,
                answer_by,
                ..
            } => self.urges.push(Urge {
                by: by.body,
                role: by.role.clone(),
                on: *on,
                words: words.clone(),
                answer_by: *answer_by,
                answer: None,
            }),
            WatchEvent::UrgeAnswered { on, words, .. } => {
                if let Some(urge) = self.urges.last_mut() {
                    urge.answer = Some((*on, words.clone()));
                }
            }
            WatchEvent::Escalated { to, why, on, due, .. } => self.escalations.push(Escalation {
                to: to.clone(),
                why: *why,
                due: *due,
                on: *on,
                instructions: Vec::new(),
                closed_on: None,
            }),
            WatchEvent::Instructed {
                on, words, report_by, ..
            } => {
                if let Some(escalation) = self.escalations.last_mut() {
                    escalation.instructions.push(Instruction {
                        on: *on,
                        words: words.clone(),
                        report_by: *report_by,
                        report: None,
                    });
                }
            }
            WatchEvent::InstructionReported { on, words, .. } => {
                let last = self.escalations.last_mut();
                if let Some(asked) = last.and_then(|escalation| escalation.instructions.last_mut()) {
                    asked.report = Some((*on, words.clone()));
                }
            }
            WatchEvent::EscalationClosed { on, .. } => {
                if let Some(escalation) = self.escalations.last_mut() {
                    escalation.closed_on = Some(*on);
                }
            }
        }
    }
}
