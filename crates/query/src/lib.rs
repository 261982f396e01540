//! Ask under a permit: check the plan, split it at the release, run it, let only gated cells out.
//!
//! ```text
//!   SQL ──check──▶ Sealed ──run──▶ lower plan ──▶ cells ──gate──▶ upper plan ──▶ Released
//!    │                │               (raw rows)              (gated cells only)
//!    └─ Refusal: one of our codes, in detail        └─ Opaque: one code, without any detail
//! ```
//!
//! * [`Tables`] is the port to the data: `cli` adapts the lake to it.
//! * [`Engine::check`] reads the SQL against a permit and never reads data. Its errors are detailed,
//!   since they speak of the query and the schema only.
//! * [`Sealed`] can be made by `check` alone and is all that [`Engine::run`] takes.
//! * [`Engine::run`] answers with cells that passed the gate of `shuyu-privacy`. After the seal
//!   every error is [`Opaque`]; details go to a `tracing` event without values.
//!
//! How it works: a relation over personal rows may only be a selection, projection and inner join
//! of tables. `check` *rebuilds* it in that shape, with every expression written out over base
//! columns (`check`), so that renaming and nesting hide nothing. What is not understood is
//! refused. The lower plan is then built anew from that shape (`split`), with the hidden unit and
//! hidden statistics; no node of the analyst's plan touches personal rows. The analyst's own plan
//! runs above the release, where the cells stand in place of the aggregate.
//!
//! A statement is done in steps (`check::stage`): releases in the order of the text, and between them what earlier ones
//! released, as tables and constants that later ones join with or compare with. Every cell is compared with the release
//! ledger and with the cells before it. What is grouped by the subject, or a window over its rows, is no release: it
//! stays personal, with labels of its own (`check::per_subject`, `check::window`).
//!
//! A release runs in two passes: the first computes cells with hidden columns, of which the gate keeps some; the
//! second reads what each subject of those contributes, so that every sum is perturbed as a function of its set and
//! compared with the release ledger (`answers`). [`score`] asks a file of attacks and legitimate queries.
//!
//! In mode `dp` the same check is narrower (`check::private`), and another path runs (`dp`): what a subject adds is
//! bounded, sums get noise from the installation's source of randomness, and what it costs is estimated before it runs.
//!
//! # What is not done yet
//!
//! Allowed now: permit kind A in modes `stat` and `dp`; in `stat` several releases in a statement, scalar subqueries over
//! releases, releases joined on dimensions, own lists joined on the subject (`check::fusion`), UNION ALL of personal
//! branches that a constant key names (`check::union`). Statistics are `count`, `sum`, `avg`, `stddev` and `var`, correlation,
//! covariance and regression, quantiles, `count(distinct)` over bare columns, `max` and `min` of public columns, and
//! grouping sets over them.
//! Arguments are `a·m + b` over one measure or group column, also with CASE, FILTER, `least`, `greatest`, `nullif` and
//! `coalesce`: they are split where they branch (`check::argument`), each side is judged and perturbed as a sum of its
//! own, and figures are made of the answers (`moments`, `answers`). Over the rows of each subject there are count, sum,
//! avg, min, max and windows. What is accepted over rows is proved never to fail (`check::proof`), and bounded in rows and
//! bytes before it runs (`check::size`); a run has a deadline, a turn and a memory limit ([`EngineLimits`]). Refusals cite
//! what the permit carries.
//!
//! Refused for now, with reason: two measures in one argument, branches inside arguments of pairs and spreads, outer and
//! semi joins of personal tables, subqueries that are correlated or that select personal rows, branches of a subject's
//! rows as arguments, differences of a subject's own dates (`within_unit`), dates compared with released values, releases
//! of several grouping sets joined with persons, row predicates. Ballista as the executor of the lower plan
//! is a later issue.

mod answers;
#[cfg(feature = "bench")]
pub mod bare;
mod check;
mod cut;
mod dp;
mod engine;
mod estimate;
mod functions;
mod groupings;
mod limits;
mod moments;
mod outcome;
mod parallel;
mod provider;
mod reading;
mod refusal;
mod rows;
pub mod score;
mod session;
mod split;
mod tables;
mod vocabulary;

pub use answers::AnsweredSum;
pub use check::Sealed;
pub use engine::Engine;
pub use estimate::{Estimate, Expected};
pub use limits::EngineLimits;
pub use outcome::{CheckError, Opaque, Released};
pub use rows::{in_scope, with_scope_column};
pub use shuyu_privacy::Past;
pub use tables::{Tables, UNIT_COLUMN};
pub use vocabulary::{aggregate_names, scalar_names, window_names};
