//! Shared words of Shuyu: identifiers, time, working days, money, digests, citations, refusals.
//!
//! Pure: no I/O, no clock of its own, no async, no randomness, no hash-map order.
//! Everything above speaks in these types, so that one concept has one spelling.

pub mod actor;
pub mod calendar;
pub mod cite;
pub mod cn;
pub mod digest;
pub mod division;
pub mod id;
pub mod kill;
pub mod money;
pub mod refusal;
pub mod rows;
pub mod time;
pub mod uses;

pub use actor::{Actor, Manner};
pub use calendar::{Bound, Due, Limit, LimitUnit, WorkCalendar};
pub use cite::{Basis, ClauseId};
pub use cn::{CreditCode, DivisionCode, DivisionLevel, ResidentId};
pub use digest::Digest;
pub use division::DivisionTree;
pub use id::{
    AirlockId, BodyId, CaseId, DatasetId, Id, IdSource, PermitId, PersonId, ProductId, ReleaseId, RunId,
    SourceId, UploadId,
};
pub use money::Money;
pub use refusal::{Fault, Refusal, RefusalKind};
pub use rows::{NotARowScope, RowScope};
pub use time::{CivilDate, Clock, Timestamp, Zone};
pub use uses::{PermitKind, Use};
