//! The report as a letter: figures with their difference, a paragraph about each, the overdue clocks.

use shuyu_app::report::{Figure, FigureKind, Report};
use shuyu_kernel::{Fault, Timestamp};
use shuyu_office::{Block, letter};

use super::words::Words;

/// Overdue clocks listed; the workbook has them all. Platform choice.
const OVERDUE: usize = 200;

/// Writes the letter.
pub(super) fn write(words: &Words<'_>, report: &Report, created: Timestamp) -> Result<Vec<u8>, Fault> {
    let t = |key: &str| words.frame.t(key);
    let heads = ["figure", "procedure", "month", "before", "difference"];
    let figures = report.figures.iter().map(|figure| {
        vec![
            words.kind(figure.kind),
            words.procedure(&figure.procedure),
            figure.value().to_string(),
            figure.last().to_string(),
            words.difference(figure.value() - figure.last()),
        ]
    });
    let mut blocks = vec![
        Block::Title(words.title(report)),
        Block::Paragraph(words.lead(report)),
        Block::Heading(t("report-figures")),
        Block::Table {
            head: heads.map(|head| t(&format!("report-head-{head}"))).to_vec(),
            rows: figures.collect(),
        },
        Block::Heading(t("report-compared")),
    ];
    for kind in FigureKind::ALL {
        let figures: Vec<&Figure> = report.figures.iter().filter(|f| f.kind == kind).collect();
        if !figures.is_empty() {
            blocks.push(Block::Paragraph(words.explained(kind, &figures)));
        }
    }
    blocks.push(Block::Heading(t("report-overdue")));
    blocks.push(overdue(words, report));
    letter(created, &blocks)
}

fn overdue(words: &Words<'_>, report: &Report) -> Block {
    let rows = report.overdue();
    if rows.is_empty() {
        return Block::Paragraph(words.frame.t("report-overdue-none"));
    }
    let heads = ["number", "what", "due", "late", "clauses"];
    let cells = rows.into_iter().take(OVERDUE).map(|row| {
        vec![
            row.number.clone(),
            words.what(&row.procedure, &row.what),
            row.due.map(|due| due.to_string()).unwrap_or_default(),
            row.late.to_string(),
            words.clauses(row),
        ]
    });
    Block::Table {
        head: heads
            .map(|head| words.frame.t(&format!("report-head-{head}")))
            .to_vec(),
        rows: cells.collect(),
    }
}
