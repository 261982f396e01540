//! The state of a case: our reading of its events.

mod apply;
mod ask;
mod own;
mod parts;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CaseId, CivilDate, Digest};

use crate::{
    event::{CaseEvent, Holder, Pending},
    value::Value,
};

use apply::taken;

pub use own::OwnList;
pub use parts::{
    Clock, CompiledIndex, Delivery, IssuedKey, LaneState, LaneStatus, Objection, Pause, Permit, Taken,
};
pub use watch::{Escalation, Expiry, Instruction, Urge, Watch};

/// The state of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Id.
    pub id: CaseId,
    /// Procedure id.
    pub procedure: String,
    /// Profile it is pinned to.
    pub profile: Digest,
    /// 案号
    pub number: String,
    /// Title for lists.
    pub title: String,
    /// Present stage.
    pub stage: String,
    /// Number of events folded: the version a form was drawn from.
    pub version: u64,
    /// Day of opening.
    pub opened_on: CivilDate,
    /// Whose turn it is.
    pub holder: Option<Holder>,
    /// The stage is final.
    pub closed: bool,
    /// Parties by role.
    pub parties: BTreeMap<String, BTreeSet<BodyId>>,
    /// Values.
    pub fields: BTreeMap<String, Value>,
    /// Acts in order.
    pub acts: Vec<Taken>,
    /// Clocks in order of start.
    pub clocks: Vec<Clock>,
    /// Lanes by key.
    pub lanes: BTreeMap<String, LaneState>,
    /// Objections.
    pub objections: Vec<Objection>,
    /// Acts waiting for a step.
    pub pending: Vec<Pending>,
    /// Highest number a waiting act ever had.
    pub pending_count: u32,
    /// Permit.
    pub permit: Option<Permit>,
    /// Deliveries.
    pub deliveries: Vec<Delivery>,
    /// Day access was closed.
    pub access_closed_on: Option<CivilDate>,
    /// Day of the last move to another version of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_on: Option<CivilDate>,
    /// Keys to the product, in order of issue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<IssuedKey>,
    /// The index that answers identity checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<CompiledIndex>,
    /// Own lists brought under the permit, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnList>,
}

impl Case {
    /// Folds an event into the state. Total: an event that makes no sense here (a bug or a broken ledger)
    /// changes nothing but the version, and `shuyu rebuild --check` shows the difference.
    #[must_use]
    pub fn evolve(state: Option<Case>, event: &CaseEvent) -> Option<Case> {
        match (state, event) {
            (
                None,
                CaseEvent::Opened {
                    case,
                    procedure,
                    profile,
                    number,
                    stage,
                    parties,
                    set,
                    title,
                    holder,
                    meta,
                },
            ) => Some(Case {
                id: *case,
                procedure: procedure.clone(),
                profile: *profile,
                number: number.clone(),
                title: title.clone(),
                stage: stage.clone(),
                version: 1,
                opened_on: meta.happened_on,
                holder: holder.clone(),
                closed: false,
                parties: parties.clone(),
                fields: set.clone(),
                acts: vec![taken(meta, None)],
                clocks: Vec::new(),
                lanes: BTreeMap::new(),
                objections: Vec::new(),
                pending: Vec::new(),
                pending_count: 0,
                permit: None,
                deliveries: Vec::new(),
                access_closed_on: None,
                moved_on: None,
                keys: Vec::new(),
                index: None,
                own: Vec::new(),
            }),
            (Some(mut case), event) => {
                case.version += 1;
                case.apply(event);
                Some(case)
            }
            (None, _) => None,
        }
    }

    /// Folds all events of a case.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a CaseEvent>) -> Option<Case> {
        events.into_iter().fold(None, Case::evolve)
    }
}
