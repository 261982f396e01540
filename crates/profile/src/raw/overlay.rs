//! Overlays and settings as written.

use serde::Deserialize;
use toml::Spanned;

use super::{
    CitedIn, HasBasis, Origin, RawAct, RawClock, RawField, RawGroup, RawGuard, RawLane, RawProcedure,
    RawStage, StatedBasis,
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
