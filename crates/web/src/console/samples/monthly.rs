//! Samples of the monthly report.

use super::{Rendered, chips, frame, page, text};
use crate::{
    console::monthly::{Counted, FigureView, KindView, ReportPage, RowView, RowsPage},
    i18n::Language,
};

pub(super) fn report_pages(lang: Language) -> Vec<Rendered> {
    let counted = |href: &str| Counted {
        n: 2,
        href: href.to_owned(),
        numbers: text(),
    };
    let figure = |href: &str| FigureView {
        procedure: text(),
        value: counted(href),
        last: counted(href),
        difference: text(),
        came: counted(href),
        went: counted(href),
    };
    let row = |href: &str| RowView {
        href: href.to_owned(),
        number: text(),
        title: text(),
        what: text(),
        on: "2026-02-10".to_owned(),
        due: "2026-02-24".to_owned(),
        late: 3,
        count: 1,
        chips: chips(),
    };
    let report = |kinds, overdue| ReportPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        month: "2026-02".to_owned(),
        previous_href: "/x".to_owned(),
        next_href: "/x".to_owned(),
        xlsx_href: "/x".to_owned(),
        docx_href: "/x".to_owned(),
        kinds,
        overdue,
    };
    let kind = KindView {
        id: "opened",
        label: text(),
        explained: text(),
        figures: vec![figure("/x"), figure("")],
    };
    let rows = |rows| RowsPage {
        frame: frame(lang),
        title: text(),
        report: text(),
        counted: text(),
        rows,
        page: 1,
        pages: 2,
        previous: "/x".to_owned(),
        next: "/x".to_owned(),
        back: "/x".to_owned(),
    };
    vec![
        page("report.html", &report(vec![kind], vec![row("/x")])),
        page("report.html", &report(Vec::new(), Vec::new())),
        page("report_rows.html", &rows(vec![row("/x"), row("")])),
        page("report_rows.html", &rows(Vec::new())),
    ]
}
