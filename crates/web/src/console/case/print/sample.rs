//! Sheets with everything on them, for the tests of the pages.

use super::{
    super::sample::{clock, facts},
    ActSheetPage, Around, CaseSheetPage, Decision, LaneOpinion, PaperRow, Proof, Row, Seal,
};
use crate::page::{Chip, Frame, Grounds, parts::Link};

fn around(frame: &Frame) -> Around {
    Around {
        style: frame.asset(super::STYLE),
        back: "/cases/x".to_owned(),
        personal: "/cases/x/print".to_owned(),
    }
}

fn proof(text: &str) -> Proof {
    Proof {
        index: 7,
        code: "0123-4567-89ab-cdef".to_owned(),
        leaf: text.to_owned(),
        recorded_at: text.to_owned(),
    }
}

/// The sheet of a case.
pub(crate) fn sample_case(
    frame: Frame,
    text: &str,
    chips: &[Chip],
    grounds: &Grounds,
    link: &Link,
) -> CaseSheetPage {
    let t = || text.to_owned();
    CaseSheetPage {
        around: around(&frame),
        procedure: t(),
        number: t(),
        title: t(),
        basics: vec![Row {
            label: t(),
            text: t(),
        }],
        groups: vec![facts(text, grounds, link)],
        lanes: vec![LaneOpinion {
            title: t(),
            body: t(),
            status: t(),
            said: vec![t()],
        }],
        clocks: vec![clock(text, grounds, true), clock(text, grounds, false)],
        decisions: vec![Decision {
            number: 1,
            what: t(),
            detail: t(),
            days: t(),
            who: t(),
            clauses: t(),
            index: 7,
            code: t(),
        }],
        papers: vec![PaperRow {
            digest: "00".to_owned(),
            short: "00".to_owned(),
            name: t(),
            size: t(),
            what: t(),
        }],
        clauses: chips.to_vec(),
        proof: proof(text),
        frame,
    }
}

/// The sheet of an act.
pub(crate) fn sample_act(
    frame: Frame,
    text: &str,
    chips: &[Chip],
    grounds: &Grounds,
    link: &Link,
) -> ActSheetPage {
    let t = || text.to_owned();
    let seal = |label: String| Seal {
        label,
        body: t(),
        on: t(),
    };
    ActSheetPage {
        around: around(&frame),
        issuer: t(),
        number: t(),
        title: t(),
        addressee: t(),
        body: t(),
        results: vec![t()],
        groups: vec![facts(text, grounds, link)],
        ways: vec![t()],
        clauses: chips.to_vec(),
        note: t(),
        closing: t(),
        seals: vec![seal(t()), seal(String::new())],
        hands: vec![t()],
        proof: proof(text),
        frame,
    }
}
