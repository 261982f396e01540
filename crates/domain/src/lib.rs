//! What may happen and what follows from it: cases, the registry, and the procedure engine.
//!
//! Two functions carry everything. [`decide`](decide::decide) looks at the state of a case, a command and the
//! context (profile, actor, today, linked cases) and answers with events or with a [`Refusal`](shuyu_kernel::Refusal).
//! [`Case::evolve`](case::Case::evolve) folds an event into the state; it is total and never consults rules, so
//! that a case replayed in ten years is the case of today.
//!
//! The engine knows no province and no procedure: stages, acts, guards, clocks and lanes come from the
//! [`Profile`](shuyu_profile::Profile). Pure: no I/O, no clock, no randomness.

pub mod airlock;
pub mod case;
pub mod command;
pub mod coverage;
pub mod decide;
pub mod event;
pub mod mutation;
pub mod port;
pub mod registry;
pub mod rehearsal;
pub mod scenario;
pub mod source;
pub mod value;

pub use airlock::Airlock;
pub use case::Case;
pub use command::{Command, Context};
pub use event::Event;
pub use registry::Registry;
pub use source::Source;
pub use value::{Paper, TableUse, Value};
