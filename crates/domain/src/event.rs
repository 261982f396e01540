//! Events: acts a clerk can name. They are the record; state is a reading of them. Additive change only: a new field gets
//! `#[serde(default)]`, a changed meaning a new variant. Golden files in `tests/golden` hold every form ever written.

mod check;
mod data;
mod identity;
mod installation;
mod kind;
mod own;
mod record;
mod release;
mod watch;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{
    Actor, BodyId, CaseId, CivilDate, ClauseId, Digest, Manner, PermitId, PersonId, RowScope, Use,
    calendar::{Bound, DayStep, Limit},
};

use crate::value::{Paper, Value};

pub use check::{CheckFound, CheckSample, CheckTrack, Checked};
pub use data::{
    Arrival, ArrivalMode, ColumnChange, Correction, CorrectionReason, DatasetEvent, EndedRaw, EndedTerm,
    ErasedFile, ErasedVersion, Examined,
};
pub use identity::IdentityEvent;
pub use installation::InstallationEvent;
pub use own::{OwnEnd, OwnEvent};
pub use record::{ErasureReason, RegistryEvent, RegistryMeta};
pub use release::{AnsweredQuery, Charge, ReleaseEvent};
pub use watch::{EscalationReason, WatchEvent};
pub use work::{
    AirlockEvent, AirlockFile, AirlockOrigin, Declared, OutputKind, RefusedFile, RunData, RunFile,
    RunOutcome, SealedText, SourceEvent,
};

/// Everything that may stand in the ledger of proceedings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Something happened in a case.
    Case(CaseEvent),
    /// Something happened in the registry of bodies and people.
    Registry(RegistryEvent),
    /// A dataset got a version.
    Dataset(DatasetEvent),
    /// An answer left the domain.
    Release(ReleaseEvent),
    /// Something happened to the installation itself.
    Installation(InstallationEvent),
    /// Something happened to the source of a job.
    Source(SourceEvent),
    /// Something happened to a request in the airlock.
    Airlock(AirlockEvent),
}

/// Who did something, when, and in which manner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActMeta {
    /// Act id of the procedure; `open` for opening.
    pub act: String,
    /// The person who finished the act (signed, confirmed).
    pub actor: Actor,
    /// Manner.
    pub manner: Manner,
    /// 发生日: clocks start here.
    pub happened_on: CivilDate,
    /// 登记日.
    pub recorded_on: CivilDate,
    /// Role of the body that decided, for acts entered from its paper.
    pub decided_by: Option<String>,
    /// The paper an on-behalf act was entered from.
    pub paper: Option<Paper>,
    /// Steps taken inside the body before the last one.
    pub steps: Vec<StepTaken>,
    /// Clauses the act rests on.
    pub clauses: Vec<ClauseId>,
}

/// One step of internal routing, taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTaken {
    /// Post under which it was taken.
    pub post: String,
    /// Who.
    pub person: PersonId,
    /// Delegation paper, if any.
    pub delegation: Option<String>,
    /// Day of registration.
    pub on: CivilDate,
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Role.
    pub role: String,
    /// Bodies.
    pub bodies: Vec<BodyId>,
}

/// An act entered but not finished: it waits for the next step of its route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Number within the case, from 1.
    pub number: u32,
    /// Act id.
    pub act: String,
    /// Lane key, if taken in a lane.
    pub lane: Option<String>,
    /// Values to be set.
    pub set: BTreeMap<String, Value>,
    /// Columns struck.
    pub strike: Vec<String>,
    /// Manner.
    pub manner: Manner,
    /// 发生日, if it is already known; else the day of the last step.
    pub happened_on: Option<CivilDate>,
    /// Paper entered from.
    pub paper: Option<Paper>,
    /// Body in which it is routed.
    pub body: BodyId,
    /// Steps taken.
    pub steps: Vec<StepTaken>,
    /// Posts still to come, in order.
    pub next: Vec<String>,
}

/// A running clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRun {
    /// Clock id of the procedure.
    pub clock: String,
    /// Lane key, if it is the clock of a lane.
    pub lane: Option<String>,
    /// Start; not counted.
    pub started_on: CivilDate,
    /// Limit.
    pub limit: Limit,
    /// At most or at least.
    pub bound: Bound,
    /// Last day.
    pub due: CivilDate,
    /// 暂定: beyond the last published holiday notice.
    pub provisional: bool,
    /// Version of the calendar it was counted with.
    pub calendar: Digest,
    /// Day by day why.
    pub derivation: Vec<DayStep>,
    /// Who has to act.
    pub holder: Holder,
    /// Clauses; empty for a platform default.
    pub clauses: Vec<ClauseId>,
    /// The case about the same matter whose earlier day binds here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_by: Option<CaseId>,
}

/// A table of a permit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitTable {
    /// Catalogue entry.
    pub resource: CaseId,
    /// Table in the lake.
    pub table: String,
    /// Column → uses granted.
    pub columns: BTreeMap<String, BTreeSet<Use>>,
    /// Columns struck by a reviewer.
    pub struck: Vec<String>,
    /// Which rows; `None` means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowScope>,
}

/// Events of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseEvent {
    /// 建案
    Opened {
        /// The case.
        case: CaseId,
        /// Procedure id.
        procedure: String,
        /// Profile the case is pinned to.
        profile: Digest,
        /// 案号
        number: String,
        /// First stage.
        stage: String,
        /// Parties by role.
        parties: BTreeMap<String, BTreeSet<BodyId>>,
        /// First values.
        set: BTreeMap<String, Value>,
        /// Title for lists; never personal data.
        title: String,
        /// Whose turn it is.
        holder: Option<Holder>,
        /// Who opened it.
        meta: ActMeta,
    },
    /// 拟办、代录: entered, waiting for the next step.
    Entered {
        /// The waiting act.
        pending: Pending,
        /// Who entered it.
        by: Actor,
    },
    /// 复核、会签: a step in between.
    Advanced {
        /// Number of the waiting act.
        number: u32,
        /// The step.
        step: StepTaken,
    },
    /// 退回拟办: the waiting act was dropped.
    Dropped {
        /// Number of the waiting act.
        number: u32,
        /// By whom.
        step: StepTaken,
    },
    /// An act took effect.
    Taken {
        /// Who, when, how.
        meta: ActMeta,
        /// The waiting act it finishes.
        finishes: Option<u32>,
        /// Lane key.
        lane: Option<String>,
        /// Values set.
        set: BTreeMap<String, Value>,
        /// Parties added.
        parties: Vec<(String, BodyId)>,
        /// New stage, if it changed.
        to: Option<String>,
        /// Whose turn it is now.
        holder: Option<Holder>,
        /// The stage is final.
        closed: bool,
    },
    /// A clock started.
    ClockStarted(ClockRun),
    /// A clock stopped.
    ClockStopped {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Day of the act that stopped it.
        on: CivilDate,
        /// In time.
        in_time: bool,
    },
    /// A clock stands still from that day on.
    ClockPaused {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Day of the act that paused it.
        on: CivilDate,
    },
    /// A running clock got another last day: extended, resumed, or recounted with a new calendar.
    ClockChanged {
        /// Clock id.
        clock: String,
        /// Lane key.
        lane: Option<String>,
        /// Day of the act.
        on: CivilDate,
        /// The new limit in all; `None` when it resumes or is recounted.
        limit: Option<Limit>,
        /// Last day.
        due: CivilDate,
        /// 暂定: beyond the last published holiday notice.
        provisional: bool,
        /// Version of the calendar it was counted with.
        calendar: Digest,
        /// Day by day.
        derivation: Vec<DayStep>,
    },
    /// A lane opened.
    LaneOpened {
        /// Key: lane id, colon, body id.
        lane: String,
        /// Lane id of the procedure.
        rule: String,
        /// Role.
        role: String,
        /// Body.
        body: BodyId,
    },
    /// A lane was returned for correction; only its clock stops.
    LaneReturned {
        /// Key.
        lane: String,
    },
    /// The applicant answered in a returned lane.
    LaneReopened {
        /// Key.
        lane: String,
    },
    /// A lane decided.
    LaneDecided {
        /// Key.
        lane: String,
        /// Approved or refused.
        approved: bool,
        /// Columns struck, `table.column`.
        struck: Vec<String>,
    },
    /// An objection arrived.
    ObjectionRaised {
        /// Number within the case, from 1.
        number: u32,
    },
    /// An objection was answered.
    ObjectionAnswered {
        /// Number within the case.
        number: u32,
        /// It was right.
        upheld: bool,
    },
    /// A permit was compiled from the case.
    PermitIssued {
        /// The permit.
        permit: PermitId,
        /// Cases whose state it rests on at every use.
        chain: Vec<CaseId>,
        /// Tables and columns.
        tables: Vec<PermitTable>,
        /// Last day.
        expires_on: CivilDate,
    },
    /// The permit ended.
    PermitEnded {
        /// The permit.
        permit: PermitId,
    },
    /// The product of the case was handed over.
    ProductDelivered {
        /// Number within the case, from 1.
        number: u32,
        /// Agreement it rests on.
        agreement: CaseId,
        /// Customer.
        customer: BodyId,
    },
    /// Access resting on the case closed.
    AccessClosed {
        /// Day.
        on: CivilDate,
    },
    /// The case goes on under another version of the rules.
    Moved {
        /// Version it was under.
        from: Digest,
        /// Version it is under from now on.
        to: Digest,
        /// Day.
        on: CivilDate,
        /// Why.
        reason: String,
        /// Who moved it.
        by: Actor,
        /// The order it rests on.
        paper: Option<Paper>,
    },
    /// A customer made a key to the product.
    KeyIssued {
        /// Public part of the key.
        key: String,
        /// Delivery it rests on.
        delivery: u32,
        /// Who made it, for which customer.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// A key to the product was revoked.
    KeyRevoked {
        /// Public part of the key.
        key: String,
        /// Who revoked it.
        by: Actor,
        /// Day.
        on: CivilDate,
    },
    /// Something about a clock that is nearly due or late.
    Watched(WatchEvent),
    /// Something about the identity checks that the product answers.
    Identity(IdentityEvent),
    /// Something about an own list under the permit.
    Own(OwnEvent),
}
