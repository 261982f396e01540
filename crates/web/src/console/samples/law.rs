//! Samples of the ledger and the law.

use super::{Rendered, chips, choice, frame, grounds, labelled, openable, page, text};
use crate::{
    console::{law, ledger, version},
    i18n::Language,
};

pub(super) fn ledger_pages(lang: Language) -> Vec<Rendered> {
    let row = ledger::Row {
        index: 7,
        href: "/ledger/7".to_owned(),
        at: text(),
        what: text(),
        stream: text(),
        stream_href: "/cases/x".to_owned(),
        leaf: text(),
    };
    let log = ledger::LedgerPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        size: 8,
        sealed: text(),
        root: text(),
        note: text(),
        public_key: text(),
        rows: vec![row],
        newer: "/ledger?from=50".to_owned(),
        older: "/ledger?from=0".to_owned(),
    };
    let entry = ledger::EntryPage {
        frame: frame(lang),
        index: 7,
        what: text(),
        kind: text(),
        at: text(),
        stream: text(),
        stream_href: "/cases/x".to_owned(),
        prev_hash: text(),
        leaf: text(),
        receipt_href: "/ledger/7/receipt".to_owned(),
        pretty: text(),
        line: text(),
    };
    let verify = ledger::VerifyPage {
        frame: frame(lang),
        public_key: text(),
        command: text(),
        command_whole: text(),
        checks: vec![text()],
    };
    let version = version::VersionPage {
        frame: frame(lang),
        id: "case_x".to_owned(),
        number: text(),
        title: text(),
        under: text(),
        present: text(),
        bound_on: "2026-02-10".to_owned(),
        older: true,
        fits: false,
        unfit: vec![text()],
        dates: vec![version::DateRow {
            clock: text(),
            lane: text(),
            running: false,
            before: "2026-02-10".to_owned(),
            after: String::new(),
            chips: chips(),
        }],
        outcomes: vec![version::OutcomeRow {
            act: text(),
            on: String::new(),
            before: text(),
            after: String::new(),
            chips: chips(),
        }],
        may_move: true,
        key: text(),
        version: 3,
    };
    vec![
        page("version.html", &version),
        page("ledger.html", &log),
        page("entry.html", &entry),
        page("verify.html", &verify),
    ]
}

pub(super) fn law_pages(lang: Language) -> Vec<Rendered> {
    let instrument = law::InstrumentRow {
        title: text(),
        number: text(),
        class: "draft",
        shape: "\u{25c6}",
        status: text(),
        since: text(),
        href: "/law/clauses?instrument=YN-OP".to_owned(),
        count: text(),
    };
    let law = law::LawPage {
        frame: frame(lang),
        instruments: vec![instrument],
        procedures: openable(),
        digest: text(),
    };
    let row = law::ClauseRow {
        href: "/law/clauses/YN-OP-057".to_owned(),
        id: text(),
        article: text(),
        text: text(),
        platform: "enforce",
        platform_label: text(),
    };
    let clauses = law::ClausesPage {
        frame: frame(lang),
        text: text(),
        instruments: vec![choice("YN-OP")],
        total: 1,
        rows: vec![row],
        previous: "/x".to_owned(),
        next: "/x".to_owned(),
    };
    let rule = law::RuleRow {
        kind: text(),
        title: text(),
        href: "/x".to_owned(),
        procedure: text(),
    };
    let clause = law::ClausePage {
        frame: frame(lang),
        id: text(),
        instrument: text(),
        article: text(),
        class: "draft",
        shape: "\u{25c6}",
        status: text(),
        platform: "enforce",
        platform_label: text(),
        text: text(),
        detail: text(),
        rules: vec![rule],
        scenarios: vec![labelled()],
    };
    let way = law::Way {
        act: text(),
        to_id: "signed".to_owned(),
        to: text(),
        by: text(),
    };
    let stage = law::StageRow {
        id: "signed".to_owned(),
        title: text(),
        is_final: true,
        holder: text(),
        grounds: grounds(),
        ways: vec![way],
    };
    let guard = law::GuardRow {
        code: text(),
        grounds: grounds(),
    };
    let procedure = law::ProcedurePage {
        frame: frame(lang),
        title: text(),
        grounds: grounds(),
        stages: vec![stage],
        acts: vec![law::ActRow {
            title: text(),
            by: text(),
            guards: vec![guard],
            grounds: grounds(),
        }],
        clocks: vec![law::ClockRow {
            title: text(),
            limit: text(),
            grounds: grounds(),
        }],
        diagram: text(),
    };
    vec![
        page("law.html", &law),
        page("clauses.html", &clauses),
        page("clause.html", &clause),
        page("procedure.html", &procedure),
    ]
}
