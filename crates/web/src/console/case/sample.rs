//! A case page with everything on it, for the tests of the pages.
#![expect(clippy::too_many_lines, reason = "one page with everything on it")]

use super::{
    CasePage, DatasetLine, LaneRow, ObjectionRow, Party, PermitBox,
    acts::{ActLine, Waiting},
    clock::{ClockCard, DayCell, Line, Month},
    facts::{ColumnView, Fact, FactGroup, PaperRow, TableView},
    timeline::TimelineRow,
};
use crate::console::watch::{WatchForm, WatchNote};
use crate::page::{
    Chip, Frame, Grounds, RefusalCard,
    parts::{Labelled, Link},
};

/// Every panel once, with a text that would break a page that does not escape.
pub(crate) fn sample(
    frame: Frame,
    text: &str,
    chips: &[Chip],
    grounds: &Grounds,
    (card, labelled, link): (&RefusalCard, &Labelled, &Link),
) -> CasePage {
    let t = || text.to_owned();
    let act = |open: bool| ActLine {
        title: t(),
        href: "/cases/x/acts/sign/-".to_owned(),
        open,
        leads: open,
        lane: t(),
        hint: t(),
        chips: chips.to_vec(),
        card: (!open).then(|| card.clone()),
    };
    let waiting = |number, can_advance| Waiting {
        number,
        act: t(),
        lane: t(),
        next: t(),
        happened_on: "2026-02-10".to_owned(),
        steps: vec![t()],
        values: vec![labelled.clone()],
        own: true,
        can_advance,
        advance_label: t(),
        why_not: t(),
        key: t(),
    };
    CasePage {
        id: "case_x".to_owned(),
        number: t(),
        title: t(),
        procedure: t(),
        stage: t(),
        stage_class: "open",
        stage_shape: "\u{25cb}",
        turn: t(),
        closed: false,
        archive: true,
        version: 3,
        version_href: "/cases/case_x/version".to_owned(),
        parties: vec![Party {
            role: t(),
            bodies: t(),
            responsible: vec![(t(), grounds.clone())],
        }],
        acts: vec![act(true), act(false)],
        waiting: vec![waiting(1, true), waiting(2, false)],
        clocks: vec![clock(text, grounds, true), clock(text, grounds, false)],
        stopped_clocks: 1,
        permit: Some(PermitBox {
            class: "permitted",
            shape: "\u{2713}",
            status: t(),
            expires_on: "2031-01-19".to_owned(),
            href: "/permits/x".to_owned(),
        }),
        product_href: "/products/x".to_owned(),
        lanes: vec![LaneRow {
            title: t(),
            grounds: grounds.clone(),
            body: t(),
            class: "approved",
            shape: "\u{2713}",
            status: t(),
            struck: vec![t()],
        }],
        objections: vec![ObjectionRow {
            label: t(),
            class: "soon",
            shape: "\u{25c6}",
            status: t(),
        }],
        datasets: vec![DatasetLine {
            href: "/datasets/x".to_owned(),
            table: t(),
            label: t(),
        }],
        papers: vec![PaperRow {
            digest: "00".to_owned(),
            short: "00".to_owned(),
            name: t(),
            size: t(),
            what: t(),
        }],
        groups: vec![facts(text, grounds, link)],
        timeline: vec![TimelineRow {
            index: 7,
            print: "/cases/x/acts/1/print".to_owned(),
            minor: false,
            what: t(),
            detail: t(),
            who: t(),
            days: t(),
            chips: chips.to_vec(),
        }],
        frame,
    }
}

pub(super) fn clock(text: &str, grounds: &Grounds, running: bool) -> ClockCard {
    let t = || text.to_owned();
    let day = DayCell {
        number: 10,
        class: "day-due",
        mark: t(),
        title: t(),
    };
    ClockCard {
        title: t(),
        lane: t(),
        word: "soon",
        shape: "\u{25c6}",
        status: t(),
        running,
        due: "2026-02-24".to_owned(),
        weekday: t(),
        provisional: true,
        explained: t(),
        grounds: grounds.clone(),
        months: vec![Month {
            title: t(),
            weekdays: vec![t()],
            weeks: vec![vec![day, DayCell::default()]],
        }],
        lines: vec![Line {
            date: "2026-02-24".to_owned(),
            weekday: t(),
            text: t(),
        }],
        calendar: t(),
        notes: vec![WatchNote {
            text: t(),
            words: t(),
        }],
        forms: vec![WatchForm {
            id: format!("watch-{running}"),
            action: "/cases/x/clocks/review/instruct".to_owned(),
            lane: t(),
            key: t(),
            title: t(),
            label: t(),
            first_day: "2026-02-10".to_owned(),
        }],
    }
}

pub(super) fn facts(text: &str, grounds: &Grounds, link: &Link) -> FactGroup {
    let t = || text.to_owned();
    let column = |struck| ColumnView {
        name: t(),
        uses: t(),
        struck,
    };
    let table = TableView {
        table: t(),
        reason: t(),
        rows: t(),
        columns: vec![column(true), column(false)],
    };
    let full = Fact {
        id: "purpose".to_owned(),
        item: t(),
        label: t(),
        text: t(),
        links: vec![link.clone(), link.clone()],
        tables: vec![table],
        grounds: grounds.clone(),
        ..Fact::default()
    };
    let sealed = |revealed: Option<String>| Fact {
        id: "name".to_owned(),
        label: t(),
        sealed: true,
        may_reveal: true,
        revealed,
        ..Fact::default()
    };
    FactGroup {
        id: "basics".to_owned(),
        title: t(),
        facts: vec![full, sealed(None), sealed(Some(t()))],
    }
}
