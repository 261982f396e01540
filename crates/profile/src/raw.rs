//! The shape of the TOML files as written, before references are resolved. Unknown keys are errors.

use serde::Deserialize;
use shuyu_kernel::{
    CivilDate, ClauseId, Manner,
    calendar::{Bound, Limit},
};
use toml::Spanned;

use crate::{
    condition::{CaseQuery, Whens},
    field::{FieldType, Measure},
    meaning::Meaning,
    procedure::{ActKind, Consequence, Effect, Extension, LaterLimit},
    settings::Instrument,
};

/// Which of the two texts of an overlaid procedure a rule stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    /// The file that is being read.
    #[default]
    Own,
    /// The template of the base that it extends.
    Base,
    /// `duties.toml`, of the profile.
    Duties,
}

/// Declares a raw rule: the given fields plus the ways to state a basis.
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attr])* pub(crate) $field: $ty,)*
            #[serde(default)]
            pub(crate) cite: Vec<Spanned<String>>,
            pub(crate) inferred: Option<String>,
            pub(crate) agreement_item: Option<String>,
            pub(crate) platform_default: Option<String>,
            /// `procedure`: as the procedure itself; `local`: left to the jurisdiction's overlay.
            pub(crate) rests_on: Option<String>,
            /// The rule holds only where this setting is on, and rests on what the setting rests on.
            pub(crate) setting: Option<Spanned<String>>,
            /// Text the rule stands in.
            #[serde(skip)]
            pub(crate) origin: Origin,
            /// Text its citations stand in.
            #[serde(skip)]
            pub(crate) cited_in: CitedIn,
        }
        impl HasBasis for $name {
            fn stated(&self) -> StatedBasis {
                StatedBasis {
                    cite: self.cite.clone(),
                    inferred: self.inferred.clone(),
                    agreement_item: self.agreement_item.clone(),
                    platform_default: self.platform_default.clone(),
                    rests_on: self.rests_on.clone(),
                    cited_in: self.cited_in,
                }
            }
            fn set_basis(&mut self, stated: StatedBasis) {
                self.cite = stated.cite;
                self.inferred = stated.inferred;
                self.agreement_item = stated.agreement_item;
                self.platform_default = stated.platform_default;
                self.rests_on = stated.rests_on;
                self.cited_in = stated.cited_in;
                self.setting = None;
            }
            fn setting(&self) -> Option<&Spanned<String>> {
                self.setting.as_ref()
            }
            fn origin(&self) -> Origin {
                self.origin
            }
        }
    };
}

/// What a rule says about its basis.
#[derive(Debug, Clone, Default)]
pub(crate) struct StatedBasis {
    pub(crate) cite: Vec<Spanned<String>>,
    pub(crate) inferred: Option<String>,
    pub(crate) agreement_item: Option<String>,
    pub(crate) platform_default: Option<String>,
    pub(crate) rests_on: Option<String>,
    pub(crate) cited_in: CitedIn,
}

/// Which text the citations of a rule stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CitedIn {
    /// Beside the rule.
    #[default]
    Rule,
    /// In the overlay that gives the rule its basis.
    Overlay,
    /// In `settings.toml`, where they have been checked.
    Settings,
}

pub(crate) trait HasBasis {
    fn stated(&self) -> StatedBasis;
    fn set_basis(&mut self, stated: StatedBasis);
    fn setting(&self) -> Option<&Spanned<String>>;
    fn origin(&self) -> Origin;
}

mod gates;
mod overlay;
mod roles;

pub(crate) use gates::{
    RawBatch, RawCitations, RawDisclosure, RawDp, RawDpLock, RawEligibility, RawFigure, RawGates, RawGround,
    RawOpenTables, RawRight, RawThresholds,
};
pub(crate) use overlay::{
    DutyWords, RawBasisOf, RawDuties, RawDuty, RawItem, RawOverlay, RawSetting, RawSettings,
};
pub(crate) use roles::{RawResponsibility, RawRole, RawRoles, RawSeparation, RawSuccession, RawSuperior};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) title_en: String,
    pub(crate) base: Option<String>,
    pub(crate) offset_minutes: i32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInstruments {
    pub(crate) instrument: Vec<Instrument>,
}

rule! {
    RawProcedure {
        /// Only there to be extended.
        #[serde(default)]
        template: bool,
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOpen {
    pub(crate) by: Vec<String>,
    #[serde(default)]
    pub(crate) starts: Vec<String>,
    #[serde(default)]
    pub(crate) guard: Vec<RawGuard>,
    pub(crate) batch: Option<RawBatch>,
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
        extends: Vec<Extension>,
        #[serde(default)]
        pauses: Vec<String>,
        #[serde(default)]
        resumes: Vec<String>,
        #[serde(default)]
        effects: Vec<Effect>,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStep {
    pub(crate) post: String,
    pub(crate) title: String,
}

rule! {
    RawGuard {
        /// In overlays: the act, or `open`.
        of: Option<Spanned<String>>,
        rule: Spanned<String>,
        code: String,
        when: Option<Whens>,
        in_force_from: Option<CivilDate>,
        in_force_to: Option<CivilDate>,
        exception: Option<String>,
        field: Option<String>,
        #[serde(default)]
        fields: Vec<String>,
        group: Option<String>,
        #[serde(default)]
        values: Vec<String>,
        from: Option<String>,
        to: Option<String>,
        limit: Option<Limit>,
        #[serde(default)]
        exact: bool,
        low: Option<String>,
        gap: Option<Limit>,
        high: Option<String>,
        cases: Option<CaseQuery>,
        link: Option<String>,
        #[serde(default)]
        via: Vec<String>,
        other: Option<String>,
        #[serde(default)]
        stages: Vec<String>,
        clock: Option<String>,
        act: Option<String>,
        #[serde(default)]
        acts: Vec<String>,
        since: Option<String>,
        role: Option<String>,
        ceiling: Option<String>,
        left: Option<String>,
        right: Option<String>,
        body: Option<String>,
        touches: Option<String>,
    }
}

rule! {
    RawClock {
        id: Spanned<String>,
        title: String,
        title_en: String,
        limit: Option<Limit>,
        limit_field: Option<String>,
        due_field: Option<String>,
        start_field: Option<String>,
        #[serde(default)]
        later: Vec<LaterLimit>,
        no_later_than: Option<CaseQuery>,
        when: Option<Whens>,
        in_force_from: Option<CivilDate>,
        in_force_to: Option<CivilDate>,
        bound: Bound,
        holder: String,
        on_miss: Consequence,
        /// Working days before the last day on which its holder is reminded.
        remind: Option<Vec<u32>>,
    }
}

rule! {
    RawLane {
        id: Spanned<String>,
        title: String,
        title_en: String,
        role: String,
        providers_of: Option<String>,
        when: Option<Whens>,
        clock: String,
    }
}

rule! {
    RawGroup {
        id: Spanned<String>,
        title: String,
        title_en: String,
        /// Numbered contents of a paper: one field each, resting on what the group rests on.
        #[serde(default)]
        items: Vec<RawItem>,
        /// The items are given by acts only, not asked when a case is opened.
        #[serde(default)]
        by_act: bool,
    }
}

#[derive(Debug, Clone, Deserialize)]
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
        measured: Option<Measure>,
        #[serde(default)]
        is_title: bool,
        means: Option<Meaning>,
    }
}

/// A row of `clauses.csv`.
#[derive(Debug, Clone, Deserialize)]
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
