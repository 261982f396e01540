//! Until when each version of a dataset is kept, how that was counted, and what keeps it longer.

use std::collections::BTreeMap;

use shuyu_app::retention::{Kept, Pin};
use shuyu_kernel::{CaseId, CivilDate};
use shuyu_profile::{Profile, RetentionTerm, RetentionTerms};

use crate::page::{
    Frame, Grounds,
    parts::{Labelled, Link},
};

/// The part of the page of a dataset.
#[derive(Default)]
pub(crate) struct RetentionPart {
    /// The terms, with what they rest on.
    pub terms: Vec<Labelled>,
    /// Versions, newest first.
    pub rows: Vec<KeptRow>,
}

/// A version.
pub(crate) struct KeptRow {
    /// Its number.
    pub number: u64,
    /// Until when, with how it was counted.
    pub until: String,
    /// The same for its raw files; empty where it has none.
    pub raw: String,
    /// What pins it.
    pub pins: Vec<Link>,
    /// Entries: the term is over; what was destroyed.
    pub entries: Vec<Link>,
}

impl RetentionPart {
    /// For a dataset.
    pub(crate) fn of(
        frame: &Frame,
        profile: &Profile,
        (terms, kept): (&RetentionTerms, BTreeMap<u64, Kept>),
    ) -> Self {
        let term = |key: &str, term: &RetentionTerm| Labelled {
            label: frame.t(key),
            text: frame.tr("retention-term", &[("limit", frame.limit(term.limit))]),
            grounds: Grounds::of(frame, profile, &term.basis),
        };
        Self {
            terms: vec![
                term("retention-versions", &terms.version),
                term("retention-raw", &terms.raw),
            ],
            rows: kept
                .into_iter()
                .rev()
                .map(|(number, kept)| row(frame, number, kept))
                .collect(),
        }
    }
}

fn row(frame: &Frame, number: u64, kept: Kept) -> KeptRow {
    let counted = |key: &str, until: Option<CivilDate>| match (kept.replaced_on, until) {
        (Some(replaced), Some(until)) => frame.tr(
            key,
            &[("replaced", replaced.to_string()), ("until", until.to_string())],
        ),
        _ => String::new(),
    };
    let until = match kept.replaced_on {
        None => frame.t("retention-latest"),
        Some(_) => counted("retention-until", kept.until),
    };
    let entry = |index: Option<u64>, key: &str| {
        index.map(|index| Link {
            href: format!("/ledger/{index}"),
            label: frame.t(key),
        })
    };
    let entries = [
        entry(kept.ended, "retention-ended"),
        entry(kept.purged, "retention-purged"),
        entry(kept.raw_ended, "retention-raw-ended"),
    ];
    KeptRow {
        number,
        until,
        raw: counted("retention-raw-until", kept.raw_until),
        pins: kept.pins.into_iter().map(|pin| link(frame, &pin)).collect(),
        entries: entries.into_iter().flatten().collect(),
    }
}

fn link(frame: &Frame, pin: &Pin) -> Link {
    let case = |case: &Option<CaseId>| case.map(|case| format!("/cases/{case}"));
    let href = match pin {
        Pin::Permit(id) | Pin::Product(id) | Pin::Agreement(id) => case(id).unwrap_or_default(),
        Pin::Derived { dataset, .. } => format!("/datasets/{dataset}"),
        Pin::Marked | Pin::Entry => String::new(),
    };
    Link {
        href,
        label: frame.t(&format!("retention-pin-{}", pin.word())),
    }
}
