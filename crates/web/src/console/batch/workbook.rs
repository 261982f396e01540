//! The workbooks of a batch: the template with its explanations, and the rows that failed.

use std::collections::BTreeSet;

use shuyu_app::batch::{BatchCheck, ERROR_COLUMN, ROWS, RowState};
use shuyu_kernel::{Basis, Fault};
use shuyu_office::{Choices, Out, OutSheet, workbook};
use shuyu_profile::{Field, FieldType, Procedure};

use super::Desk;
use crate::console::form::plan::needed;

/// Rows of the form: titles and identifiers.
const HEADS: u32 = 2;

/// An empty form, and a sheet that explains each column.
pub(super) fn template(desk: &Desk<'_>, rules: &Procedure) -> Result<Vec<u8>, Fault> {
    let sheets = [form(desk, Vec::new(), false), explained(desk, rules)];
    write(desk, &sheets)
}

/// The rows that failed, as they were typed, each with what is wrong.
pub(super) fn failed(desk: &Desk<'_>, rules: &Procedure, check: &BatchCheck) -> Result<Vec<u8>, Fault> {
    let mut rows = Vec::new();
    for row in &check.rows {
        let done = check.done.iter().find(|done| done.row == row.row);
        let late = done.filter(|done| done.case.is_none());
        let late = late.and_then(|done| done.refusal.as_ref());
        let wrong: Vec<String> = match (&row.state, late) {
            (RowState::Wrong(faults), _) => faults
                .iter()
                .map(|fault| {
                    let shown = desk.fault(fault, row);
                    let joint = if shown.cell.is_empty() { "" } else { ": " };
                    format!("{}{joint}{}", shown.cell, shown.sentence)
                })
                .collect(),
            (RowState::Right, Some(refusal)) => {
                let card = crate::page::RefusalCard::of(&desk.frame, &desk.visit.profile, refusal);
                vec![card.what]
            }
            (RowState::Right | RowState::Opened(_), _) => continue,
        };
        let typed = desk
            .form
            .columns
            .iter()
            .map(|field| match row.typed.get(&field.id) {
                Some(text) => Out::Text(text.clone()),
                None => Out::Blank,
            });
        rows.push(typed.chain([Out::Wrong(wrong.join("\n"))]).collect());
    }
    let sheets = [form(desk, rows, true), explained(desk, rules)];
    write(desk, &sheets)
}

fn write(desk: &Desk<'_>, sheets: &[OutSheet]) -> Result<Vec<u8>, Fault> {
    let lists = desk.frame.t("batch-sheet-lists");
    workbook(&desk.title, desk.visit.app().now(), sheets, &lists)
}

fn form(desk: &Desk<'_>, rows: Vec<Vec<Out>>, errors: bool) -> OutSheet {
    let fields = &desk.form.columns;
    let mut titles: Vec<Out> = fields.iter().map(|field| Out::Head(desk.label(field))).collect();
    let mut ids: Vec<Out> = fields.iter().map(|field| Out::Key(field.id.clone())).collect();
    let mut widths: Vec<u16> = fields.iter().map(width).collect();
    if errors {
        titles.push(Out::Head(desk.frame.t("batch-head-error")));
        ids.push(Out::Key(ERROR_COLUMN.to_owned()));
        widths.push(60);
    }
    let choices = (0u16..).zip(fields).filter_map(|(column, field)| {
        let list = options(desk, field);
        (!list.is_empty()).then_some(Choices {
            column,
            first_row: HEADS + 1,
            last_row: HEADS + ROWS,
            list,
        })
    });
    OutSheet {
        name: desk.frame.t("batch-sheet-form"),
        widths,
        choices: choices.collect(),
        rows: [titles, ids].into_iter().chain(rows).collect(),
        frozen: HEADS,
    }
}

/// What may be chosen, in words.
fn options(desk: &Desk<'_>, field: &Field) -> Vec<String> {
    match field.ty {
        FieldType::YesNo => vec![desk.frame.t("yes"), desk.frame.t("no")],
        FieldType::Choice => {
            let choices = field.choices.iter();
            choices
                .map(|choice| desk.frame.pick(&choice.title, &choice.title_en).to_owned())
                .collect()
        }
        _ => Vec::new(),
    }
}

fn width(field: &Field) -> u16 {
    match field.ty {
        FieldType::Paragraph => 40,
        FieldType::Text | FieldType::Body | FieldType::Case => 24,
        _ => 14,
    }
}

/// What each column is for, how it is filled in, and which clause asks for it.
fn explained(desk: &Desk<'_>, rules: &Procedure) -> OutSheet {
    let frame = &desk.frame;
    let at_once = needed(&rules.open.guards);
    let then = desk.form.then.as_ref().and_then(|id| rules.act(id));
    let later: BTreeSet<String> = then.map(|act| needed(&act.guards)).unwrap_or_default();
    let head = ["column", "how", "needed", "why", "basis"];
    let mut rows = vec![
        vec![Out::Text(frame.tr("batch-explained-lead", &[("most", ROWS)]))],
        head.map(|head| Out::Head(frame.t(&format!("batch-head-{head}"))))
            .to_vec(),
    ];
    for field in &desk.form.columns {
        let need = if at_once.contains(&field.id) {
            frame.t("batch-needed")
        } else if later.contains(&field.id) {
            let title = then.map_or("", |act| frame.pick(&act.title, &act.title_en));
            frame.tr("batch-needed-then", &[("act", title)])
        } else {
            frame.t("batch-needed-no")
        };
        rows.push(vec![
            Out::Text(desk.label(field)),
            Out::Text(how(desk, field)),
            Out::Text(need),
            Out::Text(frame.pick(&field.help, &field.help_en).to_owned()),
            Out::Text(basis(desk, &field.basis)),
        ]);
    }
    for field in &desk.form.left_out {
        rows.push(vec![
            Out::Text(desk.label(field)),
            Out::Text(frame.t("batch-how-left-out")),
            Out::Blank,
            Out::Text(frame.pick(&field.help, &field.help_en).to_owned()),
            Out::Text(basis(desk, &field.basis)),
        ]);
    }
    OutSheet {
        name: frame.t("batch-sheet-explained"),
        widths: vec![28, 44, 18, 44, 60],
        rows,
        frozen: 2,
        choices: Vec::new(),
    }
}

fn how(desk: &Desk<'_>, field: &Field) -> String {
    let frame = &desk.frame;
    match field.ty {
        FieldType::Date => frame.t("batch-how-date"),
        FieldType::Money => frame.t("batch-how-money"),
        FieldType::Integer => frame.t("batch-how-integer"),
        FieldType::Body => frame.t("batch-how-body"),
        FieldType::Case => frame.t("batch-how-case"),
        FieldType::YesNo | FieldType::Choice => {
            let list = options(desk, field).join(&frame.t("list-joint"));
            frame.tr("batch-how-choice", &[("list", list)])
        }
        _ => frame.t("batch-how-text"),
    }
}

fn basis(desk: &Desk<'_>, basis: &Basis) -> String {
    let grounds = crate::page::Grounds::of(&desk.frame, &desk.visit.profile, basis);
    let clauses = grounds.chips.iter().map(|chip| {
        let name = format!("{} {}", chip.short, chip.id);
        if chip.text.is_empty() {
            name
        } else {
            format!("{name} {}", chip.text)
        }
    });
    let mut lines: Vec<String> = clauses.collect();
    if !grounds.note.is_empty() {
        lines.push(grounds.note);
    }
    lines.join("\n")
}
