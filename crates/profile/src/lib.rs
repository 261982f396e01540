//! A jurisdiction's rules: text files in, typed, checked, cited rules out.
//!
//! A profile is a folder of TOML and CSV ([`ProfileSource`]). [`Profile::load`] reads it together with its
//! base profile and either gives rules in which every reference resolves and every rule has a basis, or the
//! list of everything that is wrong with file and line. The vocabularies of acts, guards, effects and field
//! types are closed enums: a profile combines them, it has no scripting. Nothing here names a province.
//!
//! Pure: the caller supplies the bytes; a profile is named by the [`Profile::digest`] of its files.

pub mod check;
pub mod diagram;
mod guard;
mod load;
mod procedure;
mod raw;
pub mod scenario;
mod settings;
mod source;

pub use guard::{Guard, Rule, When};
pub use load::{Profile, ProfileError};
pub use procedure::{
    Act, ActKind, Choice, ClockRule, Consequence, Effect, Field, FieldType, Group, Lane, LaneBody, OpenRule,
    Procedure, RouteStep, Stage,
};
pub use settings::{
    Citations, Clause, Eligibility, Instrument, InstrumentStatus, Platform, Post, Role, Separation,
    Thresholds, UseOf,
};
pub use source::ProfileSource;
