//! Overlays and settings as written.

use serde::Deserialize;
use shuyu_kernel::{Manner, calendar::Limit};
use toml::Spanned;

use super::{
    CitedIn, HasBasis, Origin, RawAct, RawChoice, RawClock, RawField, RawGroup, RawGuard, RawLane,
    RawProcedure, RawStage, StatedBasis,
};
use crate::field::FieldType;

/// One numbered content of a paper.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawItem {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) title_en: String,
    #[serde(default)]
    pub(crate) help: String,
    #[serde(default)]
    pub(crate) help_en: String,
    #[serde(rename = "type", default = "paragraph")]
    pub(crate) ty: FieldType,
    #[serde(default)]
    pub(crate) choices: Vec<RawChoice>,
    #[serde(default)]
    pub(crate) is_title: bool,
}

rule! {
    /// One entry of `settings.toml`.
    RawSetting {
        id: Spanned<String>,
        title: String,
        title_en: String,
        value: toml::Value,
        /// The text behind it could not be checked against an official source.
        #[serde(default)]
        unverified: bool,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSettings {
    #[serde(default)]
    pub(crate) setting: Vec<RawSetting>,
}

rule! {
    /// A basis for inherited rules.
    RawBasisOf {
        of: Vec<Spanned<String>>,
    }
}

rule! {
    /// Something to be done again and again: one clock, one act and two fields of the procedure it hangs on.
    RawDuty {
        id: Spanned<String>,
        title: String,
        title_en: String,
        /// Procedure.
        of: Spanned<String>,
        /// Acts from which the first period counts; `open` for the opening.
        starts_on: Vec<String>,
        /// Stages in which it is owed.
        stages: Vec<String>,
        /// Role that owes it.
        holder: String,
        every: Option<Limit>,
        /// Field with the last day, instead of a period.
        due_field: Option<String>,
        /// Why the period is what it is, where the law names none.
        every_is: Option<String>,
        /// Further fields recorded.
        #[serde(default)]
        records: Vec<String>,
        #[serde(default)]
        manners: Vec<Manner>,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDuties {
    pub(crate) words: Option<DutyWords>,
    #[serde(default)]
    pub(crate) duty: Vec<RawDuty>,
}

/// The words of the fields and of the guard that every duty gets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutyWords {
    /// Title of the field for what was done.
    pub(crate) note: String,
    /// The same in English.
    pub(crate) note_en: String,
    /// Title of the field for the evidence.
    pub(crate) evidence: String,
    /// The same in English.
    pub(crate) evidence_en: String,
    /// What the fields are for.
    pub(crate) note_help: String,
    /// The same in English.
    pub(crate) note_help_en: String,
    /// What the evidence is for.
    pub(crate) evidence_help: String,
    /// The same in English.
    pub(crate) evidence_help_en: String,
    /// Why the record is asked.
    pub(crate) reason: String,
}

/// A local name for an inherited rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRename {
    pub(crate) of: Spanned<String>,
    pub(crate) title: String,
    pub(crate) title_en: String,
}

/// A procedure file that extends a template of the base.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOverlay {
    pub(crate) extends: Spanned<String>,
    pub(crate) title: Option<String>,
    pub(crate) title_en: Option<String>,
    pub(crate) section: Option<String>,
    pub(crate) number_prefix: Option<String>,
    pub(crate) parties: Option<Vec<String>>,
    pub(crate) open_by: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) drop: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) rename: Vec<RawRename>,
    #[serde(default)]
    pub(crate) basis: Vec<RawBasisOf>,
    #[serde(default)]
    pub(crate) stage: Vec<RawStage>,
    #[serde(default)]
    pub(crate) act: Vec<RawAct>,
    #[serde(default)]
    pub(crate) clock: Vec<RawClock>,
    #[serde(default)]
    pub(crate) lane: Vec<RawLane>,
    #[serde(default)]
    pub(crate) group: Vec<RawGroup>,
    #[serde(default)]
    pub(crate) field: Vec<RawField>,
    #[serde(default)]
    pub(crate) guard: Vec<RawGuard>,
}

impl RawBasisOf {
    /// The basis alone.
    pub(crate) fn copied(&self) -> StatedBasis {
        StatedBasis {
            cited_in: CitedIn::Overlay,
            ..self.stated()
        }
    }
}

impl RawProcedure {
    /// Marks every rule as standing in that text.
    pub(crate) fn come_from(&mut self, origin: Origin) {
        self.origin = origin;
        let guards = self.open.guard.iter_mut();
        for guard in guards.chain(self.act.iter_mut().flat_map(|act| act.guard.iter_mut())) {
            guard.origin = origin;
        }
        self.open.batch.iter_mut().for_each(|rule| rule.origin = origin);
        self.stage.iter_mut().for_each(|rule| rule.origin = origin);
        self.act.iter_mut().for_each(|rule| rule.origin = origin);
        self.clock.iter_mut().for_each(|rule| rule.origin = origin);
        self.lane.iter_mut().for_each(|rule| rule.origin = origin);
        self.field.iter_mut().for_each(|rule| rule.origin = origin);
        self.group.iter_mut().for_each(|rule| rule.origin = origin);
    }
}

fn paragraph() -> FieldType {
    FieldType::Paragraph
}

impl RawGuard {
    /// A guard without any parameter, resting on a reason of the platform.
    pub(crate) fn bare(reason: &str, origin: Origin) -> Self {
        Self {
            of: None,
            rule: Spanned::new(0..0, String::new()),
            code: String::new(),
            when: None,
            in_force_from: None,
            in_force_to: None,
            exception: None,
            field: None,
            fields: Vec::new(),
            group: None,
            values: Vec::new(),
            from: None,
            to: None,
            limit: None,
            exact: false,
            low: None,
            gap: None,
            high: None,
            cases: None,
            link: None,
            via: Vec::new(),
            other: None,
            stages: Vec::new(),
            clock: None,
            act: None,
            acts: Vec::new(),
            since: None,
            role: None,
            ceiling: None,
            left: None,
            right: None,
            body: None,
            touches: None,
            cite: Vec::new(),
            inferred: Some(reason.to_owned()),
            agreement_item: None,
            platform_default: None,
            rests_on: None,
            setting: None,
            origin,
            cited_in: CitedIn::Rule,
        }
    }
}
