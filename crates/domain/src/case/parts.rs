//! The parts a case is made of: acts taken, clocks, lanes, objections, the permit, deliveries.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{
    BodyId, CaseId, CivilDate, DatasetId, Digest, Manner, PermitId, PersonId,
    calendar::{LimitUnit, WorkCalendar},
};

use super::watch::Watch;
use crate::event::{ClockRun, PermitTable};

/// An act that took effect, as later guards look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Act id.
    pub act: String,
    /// Lane key.
    pub lane: Option<String>,
    /// Everybody who took a step of it.
    pub people: Vec<PersonId>,
    /// Acting body.
    pub body: BodyId,
    /// Role acted under.
    pub role: String,
    /// Manner.
    pub manner: Manner,
    /// 发生日
    pub happened_on: CivilDate,
    /// 登记日
    pub recorded_on: CivilDate,
}

/// A clock and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// As started.
    pub run: ClockRun,
    /// Day it was stopped.
    pub stopped_on: Option<CivilDate>,
    /// In time, once stopped.
    pub in_time: Option<bool>,
    /// Day from which it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_on: Option<CivilDate>,
    /// Times it stood still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// What was done about it while it was nearly due or late.
    #[serde(default, skip_serializing_if = "Watch::is_empty")]
    pub watch: Watch,
}

/// A time during which a clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Day of the act that paused it; still counted.
    pub from: CivilDate,
    /// Day of the act that resumed it; the count goes on the day after.
    pub to: CivilDate,
}

impl Pause {
    /// Days of that unit that were not counted.
    pub fn days(&self, unit: LimitUnit, calendar: &WorkCalendar) -> i64 {
        match unit {
            LimitUnit::WorkingDay => calendar.working_days_between(self.from, self.to),
            LimitUnit::Day | LimitUnit::Month | LimitUnit::Year => self.to.days() - self.from.days(),
        }
    }
}

/// Where a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneStatus {
    /// Under review.
    Open,
    /// Back at the applicant; its clock stands still.
    Returned,
    /// 同意
    Approved,
    /// 不同意
    Refused,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneState {
    /// Lane id of the procedure.
    pub rule: String,
    /// Role.
    pub role: String,
    /// Body.
    pub body: BodyId,
    /// Status.
    pub status: LaneStatus,
    /// Columns struck, `table.column`.
    pub struck: Vec<String>,
}

/// An objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Number from 1.
    pub number: u32,
    /// Answered, and whether it was right.
    pub upheld: Option<bool>,
}

/// A permit of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Id.
    pub id: PermitId,
    /// Cases it rests on.
    pub chain: Vec<CaseId>,
    /// Tables.
    pub tables: Vec<PermitTable>,
    /// Last day.
    pub expires_on: CivilDate,
    /// Ended.
    pub ended: bool,
}

/// A delivery of the product of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Number from 1.
    pub number: u32,
    /// Agreement.
    pub agreement: CaseId,
    /// Customer.
    pub customer: BodyId,
}

/// A key to the product of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedKey {
    /// Public part.
    pub key: String,
    /// Delivery it rests on.
    pub delivery: u32,
    /// Customer.
    pub customer: BodyId,
    /// Day of issue.
    pub issued_on: CivilDate,
    /// Day it was revoked.
    pub revoked_on: Option<CivilDate>,
}

/// The index by which a product answers identity checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledIndex {
    /// Digest of the index.
    pub index: Digest,
    /// Dataset it was compiled from.
    pub dataset: DatasetId,
    /// Its version.
    pub version: u64,
    /// The column of the identifier, then those of the attributes, in order.
    pub columns: Vec<String>,
    /// Identifier domain.
    pub domain: String,
    /// Different pairs in it.
    pub pairs: u64,
    /// Day it was compiled.
    pub compiled_on: CivilDate,
}
