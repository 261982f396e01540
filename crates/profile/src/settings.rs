//! Everything of a profile that is not a procedure: instruments, clauses, roles, eligibility, thresholds.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Basis, CivilDate, ClauseId, calendar::Limit};

use crate::{
    dp::{DpLock, DpNumbers},
    place::Place,
};

/// Where an instrument stands. A profile's status is derived from its instruments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentStatus {
    /// 征求意见稿: rules show 预演.
    Draft,
    /// 施行中
    InForce,
    /// 已失效
    Expired,
}

/// A document the rules come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Prefix of its clause ids.
    pub id: String,
    /// Title.
    pub title: String,
    /// Short name for chips.
    pub short: String,
    /// Document number, if it has one.
    #[serde(default)]
    pub number: String,
    /// Where it stands.
    pub status: InstrumentStatus,
    /// First day in force, if known.
    #[serde(default)]
    pub in_force_from: Option<CivilDate>,
    /// Last day in force, if the text or its maker names one.
    #[serde(default)]
    pub in_force_to: Option<CivilDate>,
    /// 试行: in force for so many years from its first day.
    #[serde(default)]
    pub trial_years: Option<u32>,
    /// The clause that ends it.
    #[serde(default)]
    pub ends_by: Option<ClauseId>,
    /// The text could not be checked against an official source.
    #[serde(default)]
    pub unverified: bool,
    /// Switched on as a rehearsal although a draft (预演).
    #[serde(default)]
    pub preview: bool,
}

/// How an instrument stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In force, or a draft that is rehearsed.
    Applies,
    /// A draft that is not rehearsed, or its first day is still to come.
    NotYet,
    /// Its last day is over.
    Ended,
}

impl Instrument {
    /// Last day in force: the day named, or the end of the trial. A term named in years ends on the same day number
    /// and does not roll over rest days, since nothing has to be done on it.
    pub fn last_day(&self) -> Option<CivilDate> {
        let trial = || Limit::years(self.trial_years?).last_day(self.in_force_from?);
        self.in_force_to.or_else(trial)
    }

    /// How it stands on a day.
    pub fn standing(&self, on: CivilDate) -> Standing {
        if self.status == InstrumentStatus::Expired || self.last_day().is_some_and(|last| last < on) {
            return Standing::Ended;
        }
        let waiting = match self.status {
            InstrumentStatus::Draft => !self.preview,
            _ => self.in_force_from.is_some_and(|first| first > on),
        };
        if waiting {
            Standing::NotYet
        } else {
            Standing::Applies
        }
    }
}

/// The days on which a rule is in force; open on a side where nothing is said. What counts is the day whose rules bind
/// a case: the day it was opened, or was last moved to another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dated {
    /// First day.
    pub from: Option<CivilDate>,
    /// Last day.
    pub to: Option<CivilDate>,
}

impl Dated {
    /// Whether the rule is in force for a case that is bound by the rules of that day.
    pub fn covers(&self, day: CivilDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What software can do about a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// The software refuses what breaks it.
    Enforce,
    /// The software watches it with a clock or reminder.
    Track,
    /// The software offers what it needs.
    Support,
    /// Nothing for software.
    None,
}

/// A requirement row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Id.
    pub id: ClauseId,
    /// Where it stands in the document.
    pub article: String,
    /// Topic.
    pub topic: String,
    /// Our paraphrase in Chinese.
    pub text_zh: String,
    /// Our paraphrase in English.
    pub text_en: String,
    /// Detail.
    pub detail: String,
    /// What software can do.
    pub platform: Platform,
    /// A national rule of the base beside the jurisdiction's own texts; coverage counts those only.
    pub national: bool,
}

/// A post inside a body, for internal routing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Stable id, for example `clerk`.
    pub id: String,
    /// Chinese name.
    pub title: String,
    /// English name.
    pub title_en: String,
}

/// A role of the regulations with its local name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Stable id.
    pub id: String,
    /// Chinese name.
    pub title: String,
    /// English name.
    pub title_en: String,
    /// People of this role have accounts. Governments and tender centres do not: their acts are entered on behalf.
    pub signs_in: bool,
    /// Exactly one body holds it in an installation, which then is a party by office.
    pub single: bool,
    /// People of this role watch over the whole installation: they see every case, exception and overdue duty.
    pub oversees: bool,
    /// People of this role may move an open case to the present version of the rules.
    pub moves_cases: bool,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Two roles that may not be held by the same body or person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// Role ids.
    pub roles: [String; 2],
    /// `body` or `person`.
    pub scope: String,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// 谁……谁负责: what a party of a case is responsible for, by its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsibility {
    /// Role id.
    pub role: String,
    /// The formula in Chinese.
    pub title: String,
    /// The formula in English.
    pub title_en: String,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Whose superior body a matter goes to when it was left undone (督办).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superior {
    /// Role that left it undone.
    pub of: String,
    /// Role of the superior body. It oversees.
    pub is: String,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Roles that pass to the successor when a body is merged, by the paper of the merger alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessionRule {
    /// Role ids.
    pub roles: Vec<String>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// What eligibility is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseOf {
    /// Entering the workbench as a person.
    Workbench,
    /// Using a permit.
    Permit,
    /// Calling a product.
    Gateway,
}

/// Eligibility: a link of the chain of authority that must hold at the moment of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// For what.
    pub use_of: UseOf,
    /// The procedure whose case must be …
    pub procedure: String,
    /// … in one of these stages.
    pub stages: Vec<String>,
    /// Field of that case that names the person or body asking; `None` = the case reached by links.
    pub match_field: Option<String>,
    /// Roles whose use needs such a case. Where the chain has none, other roles are not asked; where it has one, it
    /// must hold whoever asks. Empty = everybody needs one.
    pub needed_by: Vec<String>,
    /// Code of the refusal.
    pub code: String,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// A point on which jurisdictions differ, with this one's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// The answer, as a TOML value.
    pub value: String,
    /// The text behind it could not be checked against an official source.
    pub unverified: bool,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Open data: tables that every permit may use as public ones, while their catalogue entry says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTables {
    /// Procedure of the catalogue entries.
    pub procedure: String,
    /// Field that says how open the entry is …
    pub field: String,
    /// … by one of these values …
    pub values: Vec<String>,
    /// … while the entry stands in one of these stages.
    pub stages: Vec<String>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// A figure of a disclosure: cases that stood in certain stages within a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureRule {
    /// Stable name.
    pub name: String,
    /// Procedure of the cases.
    pub procedure: String,
    /// The stages.
    pub stages: Vec<String>,
    /// Integer field whose values are added up; without it the cases are counted.
    pub sum: Option<String>,
    /// Fields shown of each case behind the figure.
    pub show: Vec<String>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Numbers of the disclosure gate; all are platform defaults unless cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Least number of subjects per cell and argument.
    pub k: u32,
    /// Widest jitter added to k by a keyed function of the set.
    pub k_jitter: u32,
    /// Largest share, in percent, two subjects may hold of a sum.
    pub dominance_percent: u32,
    /// Largest number of rows in an answer.
    pub max_rows: u32,
    /// Longest time a question may run, in seconds.
    pub query_seconds: u32,
    /// Most memory a question may take, in MiB.
    pub query_memory_mib: u32,
    /// Questions of one permit that may run at the same time.
    pub queries_at_once: u32,
    /// Logs are kept at least this long.
    pub log_retention: Limit,
    /// Numbers of mode `dp`; without them nobody asks in it.
    pub dp: Option<DpNumbers>,
    /// Which tables are answered in mode `dp` only.
    pub dp_locks: Vec<DpLock>,
    /// Why the numbers are what they are.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// What the refusals of the data plane rest on, by ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citations {
    /// Data is used within the authorised scope only.
    pub scope: Basis,
    /// Least necessary.
    pub least_necessary: Basis,
    /// Approval by data authority and provider; what they struck stays struck.
    pub approvals: Basis,
    /// Raw data never leaves.
    pub raw_stays: Basis,
    /// The risk of joining and aggregating is assessed.
    pub join_risk: Basis,
}

impl Citations {
    /// Every ground with its name in `disclosure.toml`.
    pub fn grounds(&self) -> [(&'static str, &Basis); 5] {
        [
            ("scope", &self.scope),
            ("least_necessary", &self.least_necessary),
            ("approvals", &self.approvals),
            ("raw_stays", &self.raw_stays),
            ("join_risk", &self.join_risk),
        ]
    }
}
