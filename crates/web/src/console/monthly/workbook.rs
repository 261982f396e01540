//! The report as a workbook: a summary whose figures are formulas over the sheets of their rows, and lead there.

use std::collections::BTreeSet;

use shuyu_app::report::{Figure, FigureKind, Report, Row};
use shuyu_kernel::{Fault, Timestamp};
use shuyu_office::{Out, OutSheet, workbook};

use super::words::Words;

/// Identifier of figures by day, which belong to no procedure: a criterion needs a word.
const BY_DAY: &str = "-";
/// Row of the first figure in the summary; above it stand title, period, and heads.
const FIRST: usize = 4;

/// Writes the workbook.
pub(super) fn write(words: &Words<'_>, report: &Report, created: Timestamp) -> Result<Vec<u8>, Fault> {
    let title = words.title(report);
    let mut sheets = vec![OutSheet::default()];
    let mut lines = Vec::new();
    for kind in FigureKind::ALL {
        let figures: Vec<&Figure> = report.figures.iter().filter(|f| f.kind == kind).collect();
        if figures.is_empty() {
            continue;
        }
        let mut sheet = rows_sheet(words, kind);
        for figure in figures {
            let at = sheet.rows.len() + 1;
            sheet.rows.extend(rows(words, figure));
            lines.push(line(words, figure, (&sheet.name, at), FIRST + lines.len()));
        }
        sheets.push(sheet);
    }
    let t = |key: &str| words.frame.t(key);
    let heads = [
        "figure",
        "procedure",
        "month",
        "before",
        "difference",
        "came",
        "went",
    ];
    let heads = heads.map(|head| Out::Head(t(&format!("report-head-{head}"))));
    let mut summary = vec![
        vec![Out::Head(title.clone())],
        vec![Out::Text(words.lead(report))],
        heads.to_vec(),
    ];
    summary.extend(lines);
    sheets[0] = OutSheet {
        name: t("report-sheet-summary"),
        widths: vec![28, 32, 10, 10, 10, 10, 10],
        rows: summary,
        frozen: 3,
        choices: Vec::new(),
    };
    workbook(&title, created, &sheets, &t("batch-sheet-lists"))
}

fn rows_sheet(words: &Words<'_>, kind: FigureKind) -> OutSheet {
    let heads = [
        "period",
        "id",
        "procedure",
        "number",
        "title",
        "what",
        "on",
        "due",
        "late",
        "change",
        "count",
        "clauses",
    ];
    let heads = heads.map(|head| Out::Head(words.frame.t(&format!("report-head-{head}"))));
    OutSheet {
        name: words.kind(kind),
        widths: vec![10, 16, 24, 26, 36, 22, 12, 12, 10, 10, 8, 24],
        rows: vec![heads.to_vec()],
        frozen: 1,
        choices: Vec::new(),
    }
}

fn id(figure: &Figure) -> &str {
    if figure.procedure.is_empty() {
        BY_DAY
    } else {
        &figure.procedure
    }
}

/// The rows of a figure: of the month, then of the month before, each with how it differs from the other.
fn rows(words: &Words<'_>, figure: &Figure) -> Vec<Vec<Out>> {
    let keys = |rows: Vec<&'_ Row>| -> BTreeSet<String> { rows.iter().map(|row| row.key.clone()).collect() };
    let (came, went) = (keys(figure.came()), keys(figure.went()));
    let now = figure.rows.iter();
    let now = now.map(|row| (row, "report-month", came.contains(&row.key), "report-change-came"));
    let last = figure.before.iter();
    let last = last.map(|row| {
        (
            row,
            "report-before",
            went.contains(&row.key),
            "report-change-went",
        )
    });
    now.chain(last)
        .map(|(row, period, differs, key)| {
            let change = if differs { key } else { "report-change-stays" };
            let texts = (words.frame.t(period), words.frame.t(change));
            cells(words, figure, row, texts)
        })
        .collect()
}

fn cells(words: &Words<'_>, figure: &Figure, row: &Row, (period, change): (String, String)) -> Vec<Out> {
    let text = |text: &str| Out::Text(text.to_owned());
    vec![
        Out::Text(period),
        text(id(figure)),
        Out::Text(words.procedure(&figure.procedure)),
        text(&row.number),
        text(&row.title),
        Out::Text(words.what(&figure.procedure, &row.what)),
        Out::Date(row.on),
        row.due.map_or(Out::Blank, Out::Date),
        Out::Number(row.late),
        Out::Text(change),
        Out::Number(row.count),
        Out::Text(words.clauses(row)),
    ]
}

/// A line of the summary: formulas that count the rows, so that figure and rows cannot disagree.
fn line(words: &Words<'_>, figure: &Figure, (sheet, first): (&str, usize), at: usize) -> Vec<Out> {
    let counted = |column: &str, word: &str, value: i64| Out::Formula {
        formula: format!(
            "=SUMIFS('{sheet}'!$K:$K,'{sheet}'!${column}:${column},\"{}\",'{sheet}'!$B:$B,\"{}\")",
            words.frame.t(word),
            id(figure)
        ),
        value,
        link: Some(format!("'{sheet}'!A{first}")),
    };
    let sum = |rows: Vec<&Row>| shuyu_app::report::sum(rows);
    vec![
        Out::Text(words.kind(figure.kind)),
        Out::Text(words.procedure(&figure.procedure)),
        counted("A", "report-month", figure.value()),
        counted("A", "report-before", figure.last()),
        Out::Formula {
            formula: format!("=C{at}-D{at}"),
            value: figure.value() - figure.last(),
            link: None,
        },
        counted("J", "report-change-came", sum(figure.came())),
        counted("J", "report-change-went", sum(figure.went())),
    ]
}
