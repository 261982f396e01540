//! Clause chips: the clause behind a date, a field, a refusal; a link that works without script.

use std::collections::BTreeSet;

use shuyu_kernel::{Basis, ClauseId};
use shuyu_profile::{InstrumentStatus, Profile};

use super::Frame;

/// A clause as a small link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chip {
    /// Clause id.
    pub id: String,
    /// Short name of the instrument.
    pub short: String,
    /// Our paraphrase, for the tooltip and the print footnote.
    pub text: String,
    /// Address of its page.
    pub href: String,
    /// It stands in a draft that is only rehearsed (预演).
    pub preview: bool,
}

impl Chip {
    /// The chip of a clause.
    pub fn of(frame: &Frame, profile: &Profile, clause: &ClauseId) -> Self {
        let instrument = profile.instrument_of(clause);
        let row = profile.clauses.get(clause);
        Self {
            id: clause.to_string(),
            short: instrument.map(|i| i.short.clone()).unwrap_or_default(),
            text: row
                .map(|row| frame.pick(&row.text_zh, &row.text_en).to_owned())
                .unwrap_or_default(),
            href: format!("/law/clauses/{clause}"),
            preview: instrument.is_some_and(|i| i.status == InstrumentStatus::Draft),
        }
    }

    /// Chips of several clauses, each once, in order of first mention.
    pub fn all<'a>(
        frame: &Frame,
        profile: &Profile,
        clauses: impl IntoIterator<Item = &'a ClauseId>,
    ) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        clauses
            .into_iter()
            .filter(|id| seen.insert((*id).clone()))
            .map(|id| Self::of(frame, profile, id))
            .collect()
    }
}

/// What a rule rests on, in words: chips, or why there is no clause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grounds {
    /// Clauses.
    pub chips: Vec<Chip>,
    /// 平台补全，非法定 and its like, with the reason; empty when clauses are cited.
    pub note: String,
}

impl Grounds {
    /// The grounds of a rule.
    pub fn of(frame: &Frame, profile: &Profile, basis: &Basis) -> Self {
        let note = match basis {
            Basis::Cite(_) => String::new(),
            Basis::Inferred(why) => frame.tr("basis-inferred", &[("why", why)]),
            Basis::AgreementItem(item) => frame.tr("basis-agreement-item", &[("item", item)]),
            Basis::PlatformDefault(why) => frame.tr("basis-platform-default", &[("why", why)]),
        };
        Self {
            chips: Chip::all(frame, profile, basis.clauses()),
            note,
        }
    }
}
