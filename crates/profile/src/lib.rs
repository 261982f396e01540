//! A jurisdiction's rules: text files in, typed, checked, cited rules out.
//!
//! A profile is a folder of TOML and CSV ([`ProfileSource`]). [`Profile::load`] reads it together with its
//! base profile and either gives rules in which every reference resolves and every rule has a basis, or the
//! list of everything that is wrong with file and line. The vocabularies of acts, guards, effects and field
//! types are closed enums: a profile combines them, it has no scripting. Nothing here names a province.
//!
//! Pure: the caller supplies the bytes; a profile is named by the [`Profile::digest`] of its files.

mod affiliates;
pub mod check;
mod condition;
pub mod diagram;
mod dp;
pub mod equivalent;
mod field;
mod guard;
mod load;
pub mod matrix;
mod meaning;
mod place;
mod procedure;
mod promotion;
mod raw;
mod retention;
mod right;
pub mod rules;
pub mod scenario;
mod settings;
mod source;
mod watching;

pub use affiliates::{AffiliationShares, BodyRef, Touches};
pub use condition::{CaseQuery, Operand, When};
pub use dp::{DpLock, DpNumbers};
pub use field::{Choice, Field, FieldType, Group, Measure};
pub use guard::{Guard, Rule};
pub use load::{Profile, ProfileError};
pub use meaning::Meaning;
pub use place::Place;
pub use procedure::{
    Act, ActKind, BatchRule, ClockRule, Consequence, Effect, Extension, Lane, LaneBody, LaterLimit, OpenRule,
    Procedure, RouteStep, Stage,
};
pub use promotion::{Promotion, PromotionRule};
pub use retention::{RetentionTerm, RetentionTerms, written as written_term};
pub use right::{Right, RightTo};
pub use settings::{
    Citations, Clause, Dated, Eligibility, FigureRule, Instrument, InstrumentStatus, OpenTables, Platform,
    Post, Responsibility, Role, Separation, Setting, Standing, SuccessionRule, Superior, Thresholds, UseOf,
};
pub use source::ProfileSource;
pub use watching::WatchTerms;
