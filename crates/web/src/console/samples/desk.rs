//! Samples of the desk, lists, supervision and the page of a case.

use shuyu_app::read::TrainingPerson;

use super::{Rendered, TEXT, card, chips, choice, frame, grounds, labelled, link, openable, page, text};
use crate::{
    console::{
        case, desk, form, lists, sign_in, supervision,
        watch::{WatchForm, WatchNote},
    },
    i18n::Language,
    page::Frame,
};

pub(super) fn desk_pages(lang: Language) -> Vec<Rendered> {
    let person = TrainingPerson {
        login: text(),
        body: text(),
        role: text(),
        post: text(),
    };
    let sign_in = sign_in::SignInPage {
        frame: Frame {
            identity: None,
            ..frame(lang)
        },
        refusal: Some(card()),
        next: "/cases?a=<no>".to_owned(),
        login: text(),
        token: text(),
        people: vec![person],
    };
    let row = desk::Row {
        href: "/cases/x".to_owned(),
        title: text(),
        number: text(),
        what: text(),
        from: text(),
        due: "2026-02-24".to_owned(),
        provisional: true,
        remaining: text(),
        grounds: grounds(),
    };
    let group = desk::Group {
        word: "severe",
        shape: "\u{25a0}",
        label: text(),
        count: 2,
        rows: vec![row],
    };
    let home = desk::HomePage {
        frame: frame(lang),
        total: 1,
        calls: vec![desk::Call {
            href: "/cases/x".to_owned(),
            title: text(),
            number: text(),
            what: text(),
            text: text(),
            words: text(),
            forms: vec![watch_form("call", ""), watch_form("call-2", "2026-02-10")],
        }],
        reminders: vec![desk::Told {
            key: "remind/x".to_owned(),
            href: "/cases/x".to_owned(),
            title: text(),
            number: text(),
            what: text(),
            text: text(),
        }],
        groups: vec![group],
        openable: openable(),
        jobs: vec![link()],
        outputs: vec![link()],
    };
    let empty = desk::HomePage {
        frame: frame(lang),
        total: 0,
        calls: vec![],
        reminders: vec![],
        groups: vec![],
        openable: vec![],
        jobs: vec![],
        outputs: vec![],
    };
    vec![
        page("sign_in.html", &sign_in),
        page("home.html", &home),
        page("home.html", &empty),
        page("case_list.html", &list_page(lang, true)),
        page("case_list.html", &list_page(lang, false)),
        page(
            "openable.html",
            &form::opening::OpenablePage {
                frame: frame(lang),
                items: openable(),
            },
        ),
        page(
            "openable.html",
            &form::opening::OpenablePage {
                frame: frame(lang),
                items: vec![],
            },
        ),
        page("supervision.html", &supervision_page(lang)),
    ]
}

fn watch_form(id: &str, first_day: &str) -> WatchForm {
    WatchForm {
        id: id.to_owned(),
        action: "/cases/x/clocks/review/urge".to_owned(),
        lane: text(),
        key: text(),
        title: text(),
        label: text(),
        first_day: first_day.to_owned(),
    }
}

fn list_page(lang: Language, rows: bool) -> lists::ListPage {
    let row = lists::Row {
        href: "/cases/x".to_owned(),
        number: text(),
        title: text(),
        procedure: text(),
        stage: text(),
        stage_class: "done",
        stage_shape: "\u{2713}",
        due: "2026-02-24".to_owned(),
        remaining: text(),
        turn: text(),
    };
    lists::ListPage {
        frame: frame(lang),
        title: text(),
        action: "/cases".to_owned(),
        section: "authorisation".to_owned(),
        text: text(),
        open_only: true,
        openable: openable(),
        procedures: vec![choice("a")],
        stages: vec![choice("a")],
        sizes: vec![choice("20")],
        heads: vec![lists::Head {
            label: text(),
            href: "/cases?sort=due&page=2".to_owned(),
            sorted: true,
        }],
        rows: if rows { vec![row] } else { vec![] },
        total: 41,
        page: 2,
        pages: 3,
        previous: "/cases?page=1".to_owned(),
        next: "/cases?page=3".to_owned(),
        empty: text(),
    }
}

fn supervision_page(lang: Language) -> supervision::SupervisionPage {
    let duty = supervision::DutyRow {
        href: "/cases/x".to_owned(),
        number: text(),
        title: text(),
        what: text(),
        due: "2026-02-24".to_owned(),
        word: "overdue",
        shape: "\u{25b2}",
        remaining: text(),
        grounds: grounds(),
    };
    let body = supervision::BodyRow {
        name: text(),
        role: text(),
        severe: 1,
        overdue: 0,
        soon: 2,
        open: 3,
        rows: vec![duty],
    };
    let exception = supervision::ExceptionRow {
        href: "/cases/x".to_owned(),
        number: "2026-1".to_owned(),
        title: "title".to_owned(),
        reason: "reason".to_owned(),
        on: "2026-01-20".to_owned(),
        chips: Vec::new(),
    };
    let figure = supervision::FigureRow {
        label: text(),
        value: 7,
        rows: vec![text()],
        chips: chips(),
    };
    supervision::SupervisionPage {
        frame: frame(lang),
        watched: vec![
            supervision::WatchedGroup {
                id: "escalated",
                label: text(),
                empty: text(),
                rows: vec![supervision::WatchedLine {
                    href: "/cases/x".to_owned(),
                    number: text(),
                    title: text(),
                    what: text(),
                    who: text(),
                    due: "2026-02-24".to_owned(),
                    word: "overdue",
                    shape: "\u{25b2}",
                    remaining: text(),
                    notes: vec![WatchNote {
                        text: text(),
                        words: text(),
                    }],
                    forms: vec![watch_form("watched", "2026-02-10")],
                }],
            },
            supervision::WatchedGroup {
                id: "urged",
                label: text(),
                empty: text(),
                rows: vec![],
            },
        ],
        exceptions: vec![exception],
        affiliations: vec![supervision::AffiliationRow {
            word: "severe",
            shape: "■",
            weight: text(),
            words: text(),
            chips: chips(),
        }],
        bodies: vec![body],
        year: "2025".to_owned(),
        figures: vec![figure],
    }
}

pub(super) fn case_page(lang: Language) -> case::CasePage {
    case::sample(
        frame(lang),
        TEXT,
        &chips(),
        &grounds(),
        (&card(), &labelled(), &link()),
    )
}

/// The sheets of a case and of an act.
pub(super) fn print_pages(lang: Language) -> Vec<Rendered> {
    let (chips, grounds, link) = (chips(), grounds(), link());
    let sheet = case::print::sample_case(frame(lang), TEXT, &chips, &grounds, &link);
    let paper = case::print::sample_act(frame(lang), TEXT, &chips, &grounds, &link);
    vec![page("print_case.html", &sheet), page("print_act.html", &paper)]
}
