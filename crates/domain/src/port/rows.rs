//! Rows of lists as the record gives them.

use shuyu_kernel::{BodyId, CaseId, CivilDate, ClauseId, DatasetId, ReleaseId};

use crate::event::Examined;

/// A line in a list of cases.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// Id.
    pub id: CaseId,
    /// Procedure.
    pub procedure: String,
    /// 案号
    pub number: String,
    /// Title.
    pub title: String,
    /// Stage.
    pub stage: String,
    /// Role whose turn it is.
    pub holder_role: Option<String>,
    /// Closed.
    pub closed: bool,
    /// Opened.
    pub opened_on: CivilDate,
    /// Earliest due date of its open duties, if any.
    pub next_due: Option<CivilDate>,
    /// Version.
    pub version: u64,
}

/// Which cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseFilter {
    /// Only these procedures; empty = all.
    pub procedures: Vec<String>,
    /// Only cases with this body as a party (any role).
    pub body: Option<BodyId>,
    /// Only cases where it is this role's turn.
    pub holder_role: Option<String>,
    /// Only cases in one of these stages; empty = all.
    pub stages: Vec<String>,
    /// Only open cases.
    pub open_only: bool,
    /// Text in number or title.
    pub text: Option<String>,
    /// Skip.
    pub offset: u64,
    /// At most so many.
    pub limit: u64,
}

/// An open duty: a running at-most clock or a waiting route step, for the work queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Duty {
    /// Case.
    pub case: CaseId,
    /// Procedure.
    pub procedure: String,
    /// 案号
    pub number: String,
    /// Title.
    pub title: String,
    /// Stage of the case.
    pub stage: String,
    /// Clock id; `None` for a turn without a limit.
    pub clock: Option<String>,
    /// Lane key.
    pub lane: Option<String>,
    /// Start of the clock.
    pub started_on: Option<CivilDate>,
    /// Last day.
    pub due: Option<CivilDate>,
    /// 暂定
    pub provisional: bool,
    /// Role that has to act.
    pub role: String,
    /// Body that has to act.
    pub body: BodyId,
    /// Clauses of the clock.
    pub clauses: Vec<ClauseId>,
}

/// A dataset version as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetRow {
    /// Dataset.
    pub dataset: DatasetId,
    /// Table name.
    pub table: String,
    /// Catalogue entry.
    pub resource: CaseId,
    /// Version.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Identifier domain, if personal.
    pub domain: Option<String>,
    /// Proven rows per subject.
    pub rows_per_unit: u64,
    /// Columns that name the subject.
    pub unit_columns: Vec<String>,
    /// Columns.
    pub columns: Vec<String>,
    /// What its examination found; `None` before one.
    pub examined: Option<Examined>,
    /// Ledger index of its event.
    pub as_of: u64,
}

/// A release whose answer read a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRead {
    /// The release.
    pub release: ReleaseId,
    /// Case of its permit.
    pub case: CaseId,
    /// Version of the dataset that was read.
    pub version: u64,
    /// Rows that left.
    pub rows: u64,
    /// Ledger index of its entry.
    pub as_of: u64,
}

/// A clock that somebody watches: it binds a body now, or its escalation is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedClock {
    /// Case.
    pub case: CaseId,
    /// Place of the clock in the case, from 0.
    pub ordinal: u64,
    /// Clock id.
    pub clock: String,
    /// Lane key.
    pub lane: Option<String>,
    /// Role that has to act.
    pub role: String,
    /// Last day.
    pub due: CivilDate,
}

/// Which watched clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchFilter {
    /// Binding, the last day before this one, and that not recorded yet.
    ToExpire(CivilDate),
    /// Binding, the last day from one day to another, both included.
    DueWithin(CivilDate, CivilDate),
    /// To go to the superior body, the last day before this one.
    ToEscalate(CivilDate),
    /// Binding and recorded as expired.
    Expired,
    /// Waiting for the answer to an urge.
    Urged,
    /// With the superior body of this role, or of any.
    Escalated(Option<String>),
}
