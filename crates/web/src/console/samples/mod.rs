//! Every page with sample contents, rendered in both languages and checked.
#![expect(clippy::too_many_lines, reason = "one page with everything on it")]

mod batch;
mod data;
mod dataset;
mod desk;
mod form;
mod law;
mod monthly;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use askama::Template;
use shuyu_kernel::CivilDate;

use super::wellformed;
use crate::{
    i18n::{Language, Texts},
    page::{
        Chip, Frame, Grounds, Identity, RefusalCard,
        frame::PostOption,
        outcome::StopPage,
        parts::{Choice, Labelled, Link, Openable},
    },
};

/// A text that would break a page that does not escape.
const TEXT: &str = "<no> & \"quotes\" 'and' more";

fn text() -> String {
    TEXT.to_owned()
}

fn frame(lang: Language) -> Frame {
    let post = PostOption {
        value: "body|role|post|".to_owned(),
        label: text(),
        present: true,
    };
    Frame {
        texts: Arc::new(Texts::load().expect("the words read")),
        lang,
        path: "/cases?text=<no>&b=\"c\"".to_owned(),
        current: "nav-desk",
        csrf: "token".to_owned(),
        identity: Some(Identity {
            login: text(),
            delegation: text(),
            posts: vec![post],
            ..Identity::default()
        }),
        jurisdiction: text(),
        preview: true,
        training: true,
        today: CivilDate::new(2026, 2, 10).expect("a date"),
        time: "09:00".to_owned(),
        crumbs: Vec::new(),
        refresh_seconds: 3,
    }
    .crumb("/x", TEXT)
}

fn chips() -> Vec<Chip> {
    let chip = Chip {
        id: "YN-OP-057".to_owned(),
        short: text(),
        text: text(),
        href: "/law".to_owned(),
        preview: true,
    };
    vec![chip]
}

fn grounds() -> Grounds {
    Grounds {
        chips: chips(),
        note: text(),
    }
}

fn card() -> RefusalCard {
    RefusalCard {
        code: "publicity_not_over".to_owned(),
        what: text(),
        way_out: text(),
        chips: chips(),
    }
}

fn link() -> Link {
    Link {
        href: "/x".to_owned(),
        label: text(),
    }
}

fn labelled() -> Labelled {
    Labelled {
        label: text(),
        text: text(),
        grounds: grounds(),
    }
}

fn choice(value: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label: text(),
        selected: value == "a",
    }
}

fn openable() -> Vec<Openable> {
    vec![Openable {
        href: "/open/plan".to_owned(),
        title: text(),
        batch_href: "/batches/plan".to_owned(),
        grounds: grounds(),
    }]
}

type Rendered = (&'static str, String);

fn page(name: &'static str, template: &impl Template) -> Rendered {
    (
        name,
        template
            .render()
            .unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}

fn all(lang: Language) -> Vec<Rendered> {
    let mut pages = vec![
        page(
            "stop.html",
            &StopPage {
                frame: frame(lang),
                refusal: Some(card()),
                reference: text(),
                back: "/".to_owned(),
            },
        ),
        page(
            "stop.html",
            &StopPage {
                frame: frame(lang),
                refusal: None,
                reference: "abc".to_owned(),
                back: "/".to_owned(),
            },
        ),
    ];
    pages.extend(desk::desk_pages(lang));
    pages.push(page("case.html", &desk::case_page(lang)));
    pages.extend(desk::print_pages(lang));
    pages.push(page("registry.html", &super::registry::sample(frame(lang), TEXT)));
    pages.extend(form::form_pages(lang));
    pages.extend(batch::batch_pages(lang));
    pages.extend(monthly::report_pages(lang));
    pages.extend(data::data_pages(lang));
    pages.extend(data::product_pages(lang));
    pages.extend(law::ledger_pages(lang));
    pages.extend(law::law_pages(lang));
    pages
}

#[test]
fn every_page_is_well_formed_in_both_languages() {
    for lang in Language::ALL {
        for (name, html) in all(lang) {
            wellformed::check(&format!("{name} ({})", lang.code()), &html);
        }
    }
}

#[test]
fn every_template_has_a_sample() {
    let rendered: BTreeSet<&str> = all(Language::Zh).iter().map(|(name, _)| *name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for entry in std::fs::read_dir(folder).expect("the templates stand there") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("a name");
        let part = name.ends_with("_partial.html") || name == "layout.html";
        assert!(part || rendered.contains(name.as_str()), "{name} has no sample");
    }
}
