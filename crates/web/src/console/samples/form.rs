//! Samples of forms and their result.

use super::{Rendered, TEXT, card, choice, frame, grounds, labelled, link, page, text};
use crate::{console::form, i18n::Language};

fn question(kind: &'static str) -> form::question::Question {
    form::question::Question {
        id: kind.to_owned(),
        name: format!("f.{kind}"),
        label: text(),
        help: text(),
        required: kind == "text",
        personal: true,
        grounds: grounds(),
        error: text(),
        kind,
        value: text(),
        options: vec![choice("a"), choice("b")],
        tables: form::columns::sample(TEXT),
        paper: text(),
    }
}

pub(super) fn form_pages(lang: Language) -> Vec<Rendered> {
    use form::pages::{CheckPage, FieldError, GroupPage, Section, Task, TasksPage};
    let kinds = [
        "text",
        "paragraph",
        "date",
        "money",
        "integer",
        "yes_no",
        "select",
        "file",
        "cases",
        "columns",
        "figures",
        "strike",
    ];
    let task = Task {
        href: "/x".to_owned(),
        title: text(),
        class: "done",
        shape: "\u{2713}",
        status: text(),
    };
    let tasks = TasksPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        grounds: grounds(),
        done: 1,
        tasks: vec![task],
        check_href: "/x".to_owned(),
        back: "/".to_owned(),
        batch_href: "/x".to_owned(),
    };
    let group = GroupPage {
        batch_href: "/x".to_owned(),
        frame: frame(lang),
        title: text(),
        group: text(),
        action: "/x".to_owned(),
        errors: vec![FieldError {
            id: "text".to_owned(),
            message: text(),
        }],
        questions: kinds.into_iter().map(question).collect(),
    };
    let section = Section {
        id: "a".to_owned(),
        title: text(),
        href: "/x".to_owned(),
        answers: vec![labelled()],
    };
    let check = CheckPage {
        frame: frame(lang),
        title: text(),
        card: Some(card()),
        fixes: vec![link()],
        missing: vec![link()],
        sections: vec![section],
        what_follows: text(),
        grounds: grounds(),
        action: "/x".to_owned(),
        key: text(),
        version: "3".to_owned(),
        submit: text(),
        back: "/".to_owned(),
    };
    let result = form::result::ResultPage {
        frame: frame(lang),
        id: "case_x".to_owned(),
        headline: text(),
        number: text(),
        title: text(),
        stage: text(),
        next: vec![text()],
        entries: vec![form::result::EntryLine {
            index: 7,
            what: text(),
        }],
    };
    vec![
        page("form_tasks.html", &tasks),
        page("form_group.html", &group),
        page("form_check.html", &check),
        page("result.html", &result),
    ]
}
