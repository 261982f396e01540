//! Read models for the pages: what a signed-in person sees, and nothing else.
//!
//! Every function takes the session and answers only with what the session's body may see ([`sight`]). Reading
//! changes nothing; opening a personal field is noted in the access log before it is shown.

pub mod archive;
pub mod case;
pub mod datasets;
pub mod desk;
pub mod exceptions;
pub mod law;
pub mod ledger;
pub mod lists;
pub mod material;
pub mod permits;
mod registry;
pub mod sheet;
pub mod sight;
pub mod supervision;
mod watched;
pub mod who;

pub use archive::{Archive, ArchivedPaper};
pub use case::{ActNow, CaseView, TimelineItem};
pub use datasets::{ErasureLine, History, Impact, VersionLine};
pub use desk::{QueueRow, Urgency};
pub use exceptions::Granted;
pub use ledger::LogEntry;
pub use lists::{CaseList, CaseQuery, Sort};
pub use material::Material;
pub use permits::{PermitRow, Sensitivity, Workbench, WorkbenchTable};
pub use sheet::{Sheet, Wanted};
pub use supervision::BodyDuties;
pub use watched::{WatchedOver, WatchedRow};
pub use who::{PostChoice, TrainingPerson, Who};
