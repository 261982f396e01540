//! The shape of the TOML files as written, before references are resolved. Unknown keys are errors.

use serde::Deserialize;
use shuyu_kernel::{
    ClauseId, Manner,
    calendar::{Bound, Limit},
};
use toml::Spanned;

use crate::{
    guard::When,
    procedure::{ActKind, Consequence, Effect, FieldType},
    settings::{Instrument, Post, UseOf},
};

/// Declares a raw rule: the given fields plus the four ways to state a basis.
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attr])* pub(crate) $field: $ty,)*
            #[serde(default)]
            pub(crate) cite: Vec<Spanned<String>>,
            pub(crate) inferred: Option<String>,
            pub(crate) agreement_item: Option<String>,
            pub(crate) platform_default: Option<String>,
        }
        impl HasBasis for $name {
            fn stated(&self) -> Stated<'_> {
                Stated {
                    cite: &self.cite,
                    inferred: self.inferred.as_deref(),
                    agreement_item: self.agreement_item.as_deref(),
                    platform_default: self.platform_default.as_deref(),
                }
            }
        }
    };
}

/// What a rule says about its basis.
pub(crate) struct Stated<'a> {
    pub(crate) cite: &'a [Spanned<String>],
    pub(crate) inferred: Option<&'a str>,
    pub(crate) agreement_item: Option<&'a str>,
    pub(crate) platform_default: Option<&'a str>,
}

pub(crate) trait HasBasis {
    fn stated(&self) -> Stated<'_>;
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) title_en: String,
    pub(crate) base: Option<String>,
    pub(crate) offset_minutes: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInstruments {
    pub(crate) instrument: Vec<Instrument>,
}

rule! {
    RawRole {
        id: Spanned<String>,
        title: String,
        title_en: String,
        #[serde(default = "yes")]
        signs_in: bool,
        #[serde(default)]
        single: bool,
    }
}

rule! {
    RawSeparation {
        roles: [String; 2],
        scope: String,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoles {
    #[serde(default)]
    pub(crate) post: Vec<Post>,
    #[serde(default)]
    pub(crate) role: Vec<RawRole>,
    #[serde(default)]
    pub(crate) separation: Vec<RawSeparation>,
}

rule! {
    RawEligibility {
        use_of: UseOf,
        procedure: Spanned<String>,
        stages: Vec<String>,
        match_field: Option<String>,
        code: String,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGates {
    #[serde(default)]
    pub(crate) eligibility: Vec<RawEligibility>,
}

rule! {
    RawThresholds {
        k: u32,
        k_jitter: u32,
        dominance_percent: u32,
        max_rows: u32,
        log_retention: Limit,
    }
}

rule! {
    RawGround {}
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCitations {
    pub(crate) scope: RawGround,
    pub(crate) least_necessary: RawGround,
    pub(crate) approvals: RawGround,
    pub(crate) raw_stays: RawGround,
    pub(crate) join_risk: RawGround,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDisclosure {
    pub(crate) thresholds: RawThresholds,
    pub(crate) citations: RawCitations,
}

rule! {
    RawProcedure {
        id: Spanned<String>,
        title: String,
        title_en: String,
        section: String,
        number_prefix: String,
        #[serde(default)]
        parties: Vec<String>,
        open: RawOpen,
        stage: Vec<RawStage>,
        #[serde(default)]
        act: Vec<RawAct>,
        #[serde(default)]
        clock: Vec<RawClock>,
        #[serde(default)]
        lane: Vec<RawLane>,
        #[serde(default)]
        group: Vec<RawGroup>,
        #[serde(default)]
        field: Vec<RawField>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOpen {
    pub(crate) by: Vec<String>,
    #[serde(default)]
    pub(crate) guard: Vec<RawGuard>,
}

rule! {
    RawStage {
        id: Spanned<String>,
        title: String,
        title_en: String,
        holder: Option<String>,
        #[serde(default)]
        is_final: bool,
        #[serde(default)]
        rests: bool,
    }
}

rule! {
    RawAct {
        id: Spanned<String>,
        kind: ActKind,
        title: String,
        title_en: String,
        by: Vec<String>,
        from: Vec<String>,
        to: Option<String>,
        #[serde(default)]
        manners: Vec<Manner>,
        decided_by: Option<String>,
        #[serde(default)]
        route: Vec<RawStep>,
        #[serde(default)]
        in_lane: bool,
        #[serde(default)]
        records: Vec<String>,
        #[serde(default)]
        guard: Vec<RawGuard>,
        #[serde(default)]
        starts: Vec<String>,
        #[serde(default)]
        stops: Vec<String>,
        #[serde(default)]
        effects: Vec<Effect>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStep {
    pub(crate) post: String,
    pub(crate) title: String,
}

rule! {
    RawGuard {
        rule: Spanned<String>,
        code: String,
        when: Option<When>,
        #[serde(default)]
        in_principle: bool,
        field: Option<String>,
        #[serde(default)]
        fields: Vec<String>,
        group: Option<String>,
        #[serde(default)]
        values: Vec<String>,
        from: Option<String>,
        to: Option<String>,
        limit: Option<Limit>,
        link: Option<String>,
        #[serde(default)]
        via: Vec<String>,
        other: Option<String>,
        #[serde(default)]
        stages: Vec<String>,
        clock: Option<String>,
        act: Option<String>,
        role: Option<String>,
        ceiling: Option<String>,
        left: Option<String>,
        right: Option<String>,
    }
}

rule! {
    RawClock {
        id: Spanned<String>,
        title: String,
        title_en: String,
        limit: Option<Limit>,
        limit_field: Option<String>,
        bound: Bound,
        holder: String,
        on_miss: Consequence,
    }
}

rule! {
    RawLane {
        id: Spanned<String>,
        title: String,
        title_en: String,
        role: String,
        providers_of: Option<String>,
        clock: String,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGroup {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) title_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawChoice {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) title_en: String,
}

rule! {
    RawField {
        id: Spanned<String>,
        title: String,
        title_en: String,
        #[serde(default)]
        help: String,
        #[serde(default)]
        help_en: String,
        #[serde(rename = "type")]
        ty: FieldType,
        #[serde(default)]
        group: String,
        item: Option<u32>,
        #[serde(default)]
        choices: Vec<RawChoice>,
        procedure: Option<String>,
        party: Option<String>,
        #[serde(default)]
        personal: bool,
        #[serde(default)]
        is_title: bool,
    }
}

/// A row of `clauses.csv`.
#[derive(Debug, Deserialize)]
pub(crate) struct RawClause {
    pub(crate) id: ClauseId,
    #[expect(dead_code, reason = "column of the file; the id carries the instrument")]
    pub(crate) document: String,
    pub(crate) article: String,
    pub(crate) topic: String,
    pub(crate) requirement_zh: String,
    pub(crate) requirement_en: String,
    pub(crate) detail: String,
    pub(crate) platform: String,
}

fn yes() -> bool {
    true
}
