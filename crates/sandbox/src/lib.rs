//! Python jobs in isolation: prepare, execute, finalise.
//!
//! A job sees its inputs, a runtime and a folder for outputs, and nothing else: no network, no other file, no other
//! process, no environment. What it writes is taken over by declared name, checked and written anew; what it prints is
//! for the reviewer; its author learns that it is done or failed, at the end of a slot. Where the isolation cannot be
//! built, nothing is run ([`Sandbox::new`], `sandbox_missing`).
//!
//! Each step may be repeated: it does what is missing and leaves what is there. A process killed in any of them leaves
//! no half output; the kernel ends the job with it.

mod able;
mod cgroup;
mod channel;
mod command;
mod error;
mod execute;
mod filter;
mod finalise;
mod model;
mod outcome;
mod prepare;
mod risk;
mod spec;
mod written;

pub use able::{Able, Runtime, Settings, find_bubblewrap};
pub use error::SandboxError;
pub use finalise::{Finalised, Output};
pub use model::{FittedOn, Model, Tree};
pub use outcome::{AuthorView, Beat, End, Outcome, Phase, RefusedOutput};
pub use prepare::Prepared;
pub use risk::{MODEL_INPUT, REPORT, RiskReport, RiskRule, risk_job, risk_report};
pub use spec::{Content, Declared, Job, Kind, Limits};

/// The parts that isolate, found and known to be there.
#[derive(Debug, Clone)]
pub struct Sandbox {
    settings: Settings,
    closes_namespaces: bool,
}
