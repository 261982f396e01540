//! `gates.toml` and `disclosure.toml` as written.

use serde::Deserialize;
use shuyu_kernel::{PermitKind, calendar::Limit};
use toml::Spanned;

use super::{CitedIn, HasBasis, Origin, StatedBasis};
use crate::{right::RightTo, settings::UseOf};

rule! {
    /// Cases may be opened in batches.
    RawBatch {
        then: Option<Spanned<String>>,
    }
}

rule! {
    RawEligibility {
        use_of: UseOf,
        procedure: Spanned<String>,
        stages: Vec<String>,
        match_field: Option<String>,
        #[serde(default)]
        needed_by: Vec<String>,
        code: String,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGates {
    #[serde(default)]
    pub(crate) eligibility: Vec<RawEligibility>,
    #[serde(default)]
    pub(crate) right: Vec<RawRight>,
    pub(crate) open_tables: Option<RawOpenTables>,
}

rule! {
    RawRight {
        to: RightTo,
        procedure: Spanned<String>,
        party: String,
        kind: Option<PermitKind>,
    }
}

rule! {
    RawOpenTables {
        procedure: Spanned<String>,
        field: String,
        values: Vec<String>,
        stages: Vec<String>,
    }
}

rule! {
    RawFigure {
        name: Spanned<String>,
        procedure: String,
        stages: Vec<String>,
        sum: Option<String>,
        #[serde(default)]
        show: Vec<String>,
    }
}

fn seconds() -> u32 {
    60
}
fn memory_mib() -> u32 {
    1024
}
fn at_once() -> u32 {
    4
}

rule! {
    RawThresholds {
        k: u32,
        k_jitter: u32,
        dominance_percent: u32,
        max_rows: u32,
        // Profiles that cases are pinned to may be older than these three.
        #[serde(default = "seconds")]
        query_seconds: u32,
        #[serde(default = "memory_mib")]
        query_memory_mib: u32,
        #[serde(default = "at_once")]
        queries_at_once: u32,
        log_retention: Limit,
    }
}

rule! {
    /// Numbers of mode `dp`.
    RawDp {
        budget: u32,
        query: u32,
        rows: u32,
        cells: u32,
        delta: u32,
    }
}

rule! {
    /// Tables of a catalogue entry are answered in mode `dp` only.
    RawDpLock {
        procedure: Spanned<String>,
        field: String,
        values: Vec<String>,
        #[serde(default)]
        columns: Vec<String>,
    }
}

rule! {
    RawGround {}
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCitations {
    pub(crate) scope: RawGround,
    pub(crate) least_necessary: RawGround,
    pub(crate) approvals: RawGround,
    pub(crate) raw_stays: RawGround,
    pub(crate) join_risk: RawGround,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDisclosure {
    pub(crate) thresholds: RawThresholds,
    pub(crate) citations: RawCitations,
    pub(crate) dp: Option<RawDp>,
    #[serde(default)]
    pub(crate) dp_lock: Vec<RawDpLock>,
    #[serde(default)]
    pub(crate) figure: Vec<RawFigure>,
}
