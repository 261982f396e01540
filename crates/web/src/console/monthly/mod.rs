//! The monthly report: figures that lead to their rows, compared with last month; as a page, a workbook, a letter.

mod letter;
mod words;
mod workbook;

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;
use shuyu_app::report::{Figure, FigureKind, Month, Report, Row};
use shuyu_kernel::Refusal;

use super::batch::file;
use crate::page::{Chip, ConsoleError, Frame, Visit, ok, parts::query_escape};
use words::Words;

/// Media types of the two documents.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// Rows of a page of rows; platform choice.
const PAGE: usize = 50;
/// Overdue clocks on the page of the report; the rest is behind their figure. Platform choice.
const OVERDUE: usize = 20;

#[derive(Template)]
#[template(path = "report.html")]
pub(crate) struct ReportPage {
    pub frame: Frame,
    pub title: String,
    pub lead: String,
    pub month: String,
    pub previous_href: String,
    pub next_href: String,
    pub xlsx_href: String,
    pub docx_href: String,
    pub kinds: Vec<KindView>,
    pub overdue: Vec<RowView>,
}

pub(crate) struct KindView {
    pub id: &'static str,
    pub label: String,
    pub explained: String,
    pub figures: Vec<FigureView>,
}

pub(crate) struct FigureView {
    pub procedure: String,
    pub value: Counted,
    pub last: Counted,
    pub difference: String,
    pub came: Counted,
    pub went: Counted,
}

/// A number that leads to its rows; without an address where there are none.
pub(crate) struct Counted {
    pub n: i64,
    pub href: String,
    pub numbers: String,
}

pub(crate) struct RowView {
    pub href: String,
    pub number: String,
    pub title: String,
    pub what: String,
    pub on: String,
    pub due: String,
    pub late: i64,
    pub count: i64,
    pub chips: Vec<Chip>,
}

#[derive(Template)]
#[template(path = "report_rows.html")]
pub(crate) struct RowsPage {
    pub frame: Frame,
    pub title: String,
    pub report: String,
    pub counted: String,
    pub rows: Vec<RowView>,
    pub page: usize,
    pub pages: usize,
    pub previous: String,
    pub next: String,
    pub back: String,
}

/// Which month, and which rows of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    month: String,
    #[serde(default)]
    figure: String,
    #[serde(default)]
    procedure: String,
    #[serde(default)]
    set: String,
    #[serde(default)]
    page: String,
}

impl Asked {
    /// The month asked for, or the present one.
    fn month(&self, visit: &Visit) -> Result<Month, Refusal> {
        match self.month.trim() {
            "" => Month::of(visit.app().today()).ok_or_else(|| Refusal::unmet("month_invalid")),
            text => text.parse(),
        }
    }
}

fn href(month: Month) -> String {
    format!("/supervision/report?month={month}")
}

fn rows_href(month: Month, figure: &Figure, set: &str) -> String {
    format!(
        "/supervision/report/rows?month={month}&figure={}&procedure={}&set={set}",
        figure.kind.word(),
        query_escape(&figure.procedure)
    )
}

fn frame_of(visit: &Visit) -> Frame {
    if visit.app().oversees(&visit.session) {
        visit
            .frame_at("nav-supervision")
            .crumb("/supervision", &visit.frame.t("nav-supervision"))
    } else {
        visit.frame_at("nav-desk")
    }
}

/// `GET /supervision/report`
pub(crate) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let month = asked.month(&visit)?;
    let report = visit.app().report(&visit.session, month).await?;
    let frame = frame_of(&visit);
    let words = Words::of(&frame, &visit.profile);
    let current = Month::of(visit.app().today()).is_none_or(|now| month >= now);
    let overdue = report.overdue();
    let page = ReportPage {
        title: words.title(&report),
        lead: words.lead(&report),
        month: month.to_string(),
        previous_href: href(month.before()),
        next_href: if current {
            String::new()
        } else {
            href(month.after())
        },
        xlsx_href: format!("/supervision/report.xlsx?month={month}"),
        docx_href: format!("/supervision/report.docx?month={month}"),
        kinds: FigureKind::ALL
            .into_iter()
            .filter_map(|kind| kind_view(&words, &report, kind))
            .collect(),
        overdue: overdue
            .into_iter()
            .take(OVERDUE)
            .map(|row| row_view(&words, &visit, row))
            .collect(),
        frame: frame.clone(),
    };
    Ok(ok(&page))
}

fn kind_view(words: &Words<'_>, report: &Report, kind: FigureKind) -> Option<KindView> {
    let figures: Vec<&Figure> = report.figures.iter().filter(|f| f.kind == kind).collect();
    if figures.is_empty() {
        return None;
    }
    Some(KindView {
        id: kind.word(),
        label: words.kind(kind),
        explained: words.explained(kind, &figures),
        figures: figures
            .iter()
            .map(|figure| figure_view(words, report.month, figure))
            .collect(),
    })
}

fn figure_view(words: &Words<'_>, month: Month, figure: &Figure) -> FigureView {
    let counted = |rows: &[&Row], set: &str| Counted {
        n: shuyu_app::report::sum(rows.iter().copied()),
        href: if rows.is_empty() {
            String::new()
        } else {
            rows_href(month, figure, set)
        },
        numbers: words.numbers(rows),
    };
    let all = |rows: &[Row], set: &str| counted(&rows.iter().collect::<Vec<_>>(), set);
    FigureView {
        procedure: words.procedure(&figure.procedure),
        value: all(&figure.rows, "month"),
        last: all(&figure.before, "before"),
        difference: words.difference(figure.value() - figure.last()),
        came: counted(&figure.came(), "came"),
        went: counted(&figure.went(), "went"),
    }
}

fn row_view(words: &Words<'_>, visit: &Visit, row: &Row) -> RowView {
    RowView {
        href: row.case.map(|case| format!("/cases/{case}")).unwrap_or_default(),
        number: row.number.clone(),
        title: row.title.clone(),
        what: words.what(&row.procedure, &row.what),
        on: row.on.to_string(),
        due: row.due.map(|due| due.to_string()).unwrap_or_default(),
        late: row.late,
        count: row.count,
        chips: Chip::all(words.frame, &visit.profile, &row.clauses),
    }
}

/// `GET /supervision/report/rows`
pub(crate) async fn rows(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let month = asked.month(&visit)?;
    let kind = FigureKind::from_word(&asked.figure).ok_or_else(|| Refusal::unknown("figure_unknown"))?;
    let report = visit.app().report(&visit.session, month).await?;
    let frame = frame_of(&visit).crumb(&href(month), &visit.frame.t("report-link"));
    let words = Words::of(&frame, &visit.profile);
    let figure = report.figure(kind, &asked.procedure);
    let rows: Vec<&Row> = match (figure, asked.set.as_str()) {
        (None, _) => Vec::new(),
        (Some(figure), "before") => figure.before.iter().collect(),
        (Some(figure), "came") => figure.came(),
        (Some(figure), "went") => figure.went(),
        (Some(figure), _) => figure.rows.iter().collect(),
    };
    let pages = rows.len().div_ceil(PAGE).max(1);
    let at = asked.page.parse().unwrap_or(1usize).clamp(1, pages);
    let to = |page: usize| match figure {
        Some(figure) if (1..=pages).contains(&page) => {
            let set = query_escape(&asked.set);
            format!("{}&page={page}", rows_href(month, figure, &set))
        }
        _ => String::new(),
    };
    let page = RowsPage {
        title: format!("{} · {}", words.kind(kind), words.procedure(&asked.procedure)),
        report: words.title(&report),
        counted: frame.tr(
            "report-rows-counted",
            &[
                ("rows", rows.len().to_string()),
                ("n", shuyu_app::report::sum(rows.iter().copied()).to_string()),
            ],
        ),
        rows: rows
            .iter()
            .skip((at - 1) * PAGE)
            .take(PAGE)
            .map(|row| row_view(&words, &visit, row))
            .collect(),
        page: at,
        pages,
        previous: to(at - 1),
        next: to(at + 1),
        back: href(month),
        frame: frame.clone(),
    };
    Ok(ok(&page))
}

/// `GET /supervision/report.xlsx`
pub(crate) async fn xlsx(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let report = visit.app().report(&visit.session, asked.month(&visit)?).await?;
    let frame = frame_of(&visit);
    let words = Words::of(&frame, &visit.profile);
    let bytes = workbook::write(&words, &report, visit.app().now())?;
    Ok(file(&format!("{}.xlsx", words.title(&report)), XLSX, bytes))
}

/// `GET /supervision/report.docx`
pub(crate) async fn docx(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let report = visit.app().report(&visit.session, asked.month(&visit)?).await?;
    let frame = frame_of(&visit);
    let words = Words::of(&frame, &visit.profile);
    let bytes = letter::write(&words, &report, visit.app().now())?;
    Ok(file(&format!("{}.docx", words.title(&report)), DOCX, bytes))
}
