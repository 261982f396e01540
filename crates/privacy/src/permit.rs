//! The permit: which tables and columns may be used, for what, how exactly, by whom and until when.
//!
//! Plain data. `app` compiles it from the chain of authority; `query` sees nothing but permits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Basis, BodyId, CivilDate, ClauseId, DatasetId, PermitId, PersonId, RowScope};
pub use shuyu_kernel::{PermitKind, Use};

use crate::{citation::Citations, dp::DpTerms};

/// How answers are protected. One permit has one mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitMode {
    /// Thresholds on every cell.
    Stat,
    /// Differential privacy.
    Dp,
    /// Exact results that leave through the airlock only.
    Review,
    /// Yes or no about one person (核验).
    Verify,
}

/// Calendar steps, finest first. Weeks are absent: they do not nest in months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateGrain {
    /// Calendar day.
    Day,
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Calendar year.
    Year,
    /// Ten years that begin with a year divisible by ten.
    Decade,
}

/// The finest partition of a column's values that a query may see. A partition, not a width.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Dates, no finer than this step.
    Date(DateGrain),
    /// Numbers: cells `[m·w, (m+1)·w)` for every whole `m`; origin 0.
    Number {
        /// Width for comparisons with constants, in the column's unit. At least 1.
        filter: u64,
        /// Width for group keys, a multiple of `filter`.
        group: u64,
    },
    /// Text: no more than this many leading characters. At least 1.
    Prefix(u32),
}

/// Declared limits of a measure; values outside are moved to the nearer limit before they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Lowest value, in the column's unit.
    pub low: i64,
    /// Highest value, in the column's unit.
    pub high: i64,
}

impl Bounds {
    /// The limits of a measure whose grant declares none: ±10¹³ in the column's unit (platform default,
    /// the regulations name no number). They do not depend on data, so every argument is finite, and
    /// the total of one subject stays within 64 bits up to 900 000 rows.
    pub const UNDECLARED: Self = Self {
        low: -10_000_000_000_000,
        high: 10_000_000_000_000,
    };
}

/// What is granted of one column. A column with no uses is sealed and cannot be named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnGrant {
    /// The uses.
    pub uses: BTreeSet<Use>,
    /// The finest partition; `None` means every single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grain: Option<Grain>,
    /// Declared limits of a measure. Without them the engine takes [`Bounds::UNDECLARED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// Sensitive value (GB/T 35273 annex B); for the class disclosure rule of a later issue.
    #[serde(default)]
    pub sensitive: bool,
    /// The identifier domain of a link column (`person`, `enterprise` …). Two columns of personal
    /// tables are equated only when they are subjects of the same domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// This column names the subject of its table. Its values are never read: the engine puts the
    /// hidden keyed unit in its place.
    #[serde(default)]
    pub unit: bool,
    /// Clauses the grant rests on.
    #[serde(default)]
    pub basis: Vec<ClauseId>,
}

impl ColumnGrant {
    /// Whether a class that it makes says something about a person (G3).
    pub fn speaks(&self) -> bool {
        self.sensitive || self.uses.contains(&Use::Measure)
    }
}

/// Whose rows a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TableKind {
    /// Rows about subjects, with a hidden keyed unit.
    Personal {
        /// Identifier domain of the subject: `person`, `enterprise`, `household`.
        domain: String,
        /// Most rows of one subject. `1` is believed by the engine: ingest has proved it.
        rows_per_unit: u64,
    },
    /// No subject, but not public: uses are checked; aggregates need no threshold.
    NonPersonal,
    /// Open to everybody: everything is free.
    Public,
    /// Brought by whoever asks, for this permit alone. Theirs to see; never counted among the subjects of governed
    /// tables. Joined with those, a column with use `group` or `filter` is a label of the list, and nothing else.
    Own,
}

/// What is granted of one table, at one pinned version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableGrant {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version of the dataset that queries read.
    pub version: u64,
    /// Whose rows these are.
    pub kind: TableKind,
    /// Who provides the dataset. Without it the table counts as a provider of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<BodyId>,
    /// Granted columns by lower-case name. For [`TableKind::Public`] it may be empty.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnGrant>,
    /// Columns asked for and struck by an approver. They are absent, and refusals say why.
    #[serde(default)]
    pub struck: Vec<String>,
    /// Which rows; `None` means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowScope>,
}

/// A number together with what it rests on, so that a platform default is shown as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The number.
    pub value: u32,
    /// What it rests on.
    pub basis: Basis,
}

impl Limit {
    /// A number the law leaves open, with the reason.
    pub fn platform_default(value: u32, reason: &str) -> Self {
        Self {
            value,
            basis: Basis::PlatformDefault(reason.to_owned()),
        }
    }
    /// Whether the law leaves this number open.
    pub fn is_platform_default(&self) -> bool {
        matches!(self.basis, Basis::PlatformDefault(_))
    }
}

/// The numbers of the gate. Shares are in thousandths, so that a permit holds no fractions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Fewest subjects of a cell and of an argument.
    pub k: Limit,
    /// `k` is raised by a keyed 0…`k_jitter` for each set, so that it is no exact counter.
    pub k_jitter: Limit,
    /// Fewest subjects of a second domain that a query was joined through.
    pub k_second_domain: Limit,
    /// Largest share of one subject of a second domain, in thousandths.
    pub second_domain_share_max: Limit,
    /// Largest share of the two greatest subjects together, in thousandths.
    pub two_share_max: Limit,
    /// What all but the two greatest must be at least, in thousandths of the greatest.
    pub rest_ratio_min: Limit,
    /// Largest share of a cell that one class of a sensitive column or a measure may have, in thousandths …
    #[serde(default = "class_share")]
    pub class_share_max: Limit,
    /// … unless its share of everybody is at least this, in thousandths.
    #[serde(default = "class_base")]
    pub class_base_max: Limit,
    /// Standard deviation of counts, in thousandths of a usual great contribution.
    #[serde(default = "count_noise")]
    pub count_noise: Limit,
    /// Standard deviation of sums, in thousandths of a usual great contribution.
    #[serde(default = "sum_noise")]
    pub sum_noise: Limit,
    /// Most further cells that may split a released one, in thousandths of its subjects.
    #[serde(default = "splits")]
    pub splits_per_subject: Limit,
    /// What mode `dp` may cost.
    #[serde(default)]
    pub dp: DpTerms,
    /// Fewest subjects that a spread or a regression has beyond those that its own numbers fix (G4).
    #[serde(default = "freedom")]
    pub freedom_min: Limit,
    /// Fewest subjects of a cell whose quantiles are answered (G5).
    #[serde(default = "quantile")]
    pub quantile_min: Limit,
    /// `k` of cells that an own list has a say in (G1): who asks chooses who is in them, and may know most of them.
    #[serde(default = "fused")]
    pub k_fused: Limit,
}

impl Thresholds {
    /// `k` where an own list has a say in who is in a set (`fused`), or where none has.
    pub fn k_of(&self, fused: bool) -> &Limit {
        if fused && self.k.value < self.k_fused.value {
            &self.k_fused
        } else {
            &self.k
        }
    }

    /// The numbers that hold where an own list has a say in who is in a cell.
    #[must_use]
    pub fn fused(&self) -> Self {
        Self {
            k: self.k_of(true).clone(),
            ..self.clone()
        }
    }
}

fn class_share() -> Limit {
    Limit::platform_default(950, "platform choice")
}
fn class_base() -> Limit {
    Limit::platform_default(800, "platform choice")
}
fn count_noise() -> Limit {
    Limit::platform_default(2000, "platform choice")
}
fn sum_noise() -> Limit {
    Limit::platform_default(1000, "platform choice")
}
fn splits() -> Limit {
    Limit::platform_default(250, "platform choice")
}
fn freedom() -> Limit {
    Limit::platform_default(10, "output checking practice (ACRO)")
}
fn quantile() -> Limit {
    Limit::platform_default(100, "platform choice")
}
fn fused() -> Limit {
    Limit::platform_default(20, "platform choice")
}

impl Default for Thresholds {
    /// Platform defaults: the regulations name no number. The values follow published practice of
    /// output checking (ACRO: k 10, two dominate above 90 %, p-ratio 10 %).
    fn default() -> Self {
        let usual = "output checking practice (ACRO)";
        let own = "platform choice";
        Self {
            k: Limit::platform_default(10, usual),
            k_jitter: Limit::platform_default(2, own),
            k_second_domain: Limit::platform_default(3, own),
            second_domain_share_max: Limit::platform_default(800, own),
            two_share_max: Limit::platform_default(900, usual),
            rest_ratio_min: Limit::platform_default(100, usual),
            class_share_max: class_share(),
            class_base_max: class_base(),
            count_noise: count_noise(),
            sum_noise: sum_noise(),
            splits_per_subject: splits(),
            dp: DpTerms::default(),
            freedom_min: freedom(),
            quantile_min: quantile(),
            k_fused: fused(),
        }
    }
}

/// What one question may take under a permit. The installation may give less, never more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryLimits {
    /// Longest time, in seconds, waiting for a turn included.
    pub seconds: Limit,
    /// Most memory, in MiB.
    pub memory_mib: Limit,
    /// Questions that may run at the same time.
    pub at_once: Limit,
}

impl Default for QueryLimits {
    /// 60 seconds, 1 GiB, four at once. The law names no number.
    fn default() -> Self {
        let own = |value| Limit::platform_default(value, "platform choice");
        Self {
            seconds: own(60),
            memory_mib: own(1024),
            at_once: own(4),
        }
    }
}

/// A data-use permit (用数许可).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Its id.
    pub id: PermitId,
    /// Who works under it.
    pub kind: PermitKind,
    /// How answers are protected.
    pub mode: PermitMode,
    /// The people named in the application; nobody else may ask.
    pub people: Vec<PersonId>,
    /// The purpose, as approved.
    pub purpose: String,
    /// The last day on which it may be used.
    pub expires_on: CivilDate,
    /// The numbers of the gate.
    pub thresholds: Thresholds,
    /// Granted tables by lower-case name.
    pub tables: BTreeMap<String, TableGrant>,
    /// Most rows of one answer.
    pub max_rows: u64,
    /// Most bytes of one answer, counted in memory.
    pub max_bytes: u64,
    /// What one question may take.
    #[serde(default)]
    pub limits: QueryLimits,
    /// The risk of joining several providers' or several personal tables was assessed.
    pub join_risk_assessed: bool,
    /// Own tables may be joined with personal ones (融合).
    #[serde(default)]
    pub fusion: bool,
    /// What the refusals under this permit cite, from the profile of the case.
    #[serde(default)]
    pub citations: Citations,
}
