//! Samples of the pages of a batch.

use super::{Rendered, chips, frame, grounds, link, page, text};
use crate::{
    console::batch::{BatchPage, CheckPage, FaultRow, OpenedRow, RefusedRow},
    i18n::Language,
};

pub(super) fn batch_pages(lang: Language) -> Vec<Rendered> {
    let form = BatchPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        grounds: grounds(),
        action: "/x".to_owned(),
        template_href: "/x".to_owned(),
        columns: vec![text()],
        left_out: vec![text()],
        then: text(),
        back: "/x".to_owned(),
    };
    let fault = |cell: &str| FaultRow {
        row: 3,
        cell: cell.to_owned(),
        label: text(),
        shape: text(),
        sentence: text(),
        way_out: text(),
        chips: chips(),
    };
    let refused = |link| RefusedRow {
        row: 5,
        link,
        sentence: text(),
        chips: chips(),
    };
    let check = |right, wrong| CheckPage {
        frame: frame(lang),
        title: text(),
        file: text(),
        counted: text(),
        right,
        opened: vec![OpenedRow { row: 4, link: link() }],
        opened_count: 1,
        wrong,
        faults: vec![fault("F3"), fault("")],
        faults_more: 2,
        refused: vec![refused(Some(link())), refused(None)],
        action: "/x".to_owned(),
        then: right > 1,
        then_words: text(),
        failed_href: "/x".to_owned(),
        back: "/x".to_owned(),
    };
    vec![
        page("batch.html", &form),
        page("batch_check.html", &check(2, 2)),
        page("batch_check.html", &check(1, 0)),
        page("batch_check.html", &check(0, 2)),
    ]
}
