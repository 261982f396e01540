//! The sheet of a whole case.

use std::collections::BTreeSet;

use shuyu_app::read::{CaseView, Sheet};
use shuyu_domain::event::CaseEvent;
use shuyu_kernel::ClauseId;
use shuyu_profile::Procedure;

use super::{
    super::{clock, facts, lanes, parties, timeline},
    Around, CaseSheetPage, Decision, LaneOpinion, Row, case_name, clear_words, proof,
};
use crate::page::{Chip, ConsoleError, Frame, Visit};

/// The sheet of a case as the visitor sees the case.
pub(crate) fn case_sheet(
    visit: &Visit,
    sheet: &Sheet,
    around: Around,
) -> Result<CaseSheetPage, ConsoleError> {
    let (frame, view) = (visit.frame.clone(), &sheet.view);
    let procedure = view.procedure()?;
    let clear = clear_words(&frame, sheet);
    let last = view.timeline.last();
    Ok(CaseSheetPage {
        around,
        procedure: frame.pick(&procedure.title, &procedure.title_en).to_owned(),
        number: view.case.number.clone(),
        title: case_name(view).to_owned(),
        basics: basics(&frame, view, procedure),
        groups: facts::groups(&frame, visit, view, procedure, &view.case.fields, &clear),
        lanes: opinions(&frame, view, procedure),
        clocks: clock::cards(&frame, visit, view, procedure),
        decisions: decisions(&frame, view, procedure),
        papers: facts::papers(&frame, view, procedure),
        clauses: clauses(&frame, view, procedure),
        proof: last.map(|item| proof(view, item)).unwrap_or_default(),
        frame,
    })
}

fn basics(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<Row> {
    let case = &view.case;
    let stage = procedure.stage(&case.stage);
    let row = |key: &str, text: String| Row {
        label: frame.t(key),
        text,
    };
    let mut rows = vec![
        row("head-number", case.number.clone()),
        row(
            "head-stage",
            stage
                .map_or(case.stage.as_str(), |stage| {
                    frame.pick(&stage.title, &stage.title_en)
                })
                .to_owned(),
        ),
        row("print-opened-on", case.opened_on.to_string()),
    ];
    rows.extend(parties(frame, view).into_iter().map(|party| Row {
        label: party.role,
        text: party.bodies,
    }));
    rows.push(row("print-as-of", view.today.to_string()));
    rows
}

/// Lanes with what was said in them: the values set by the acts of each.
fn opinions(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<LaneOpinion> {
    let drawn = lanes(frame, view, procedure);
    let keys = view.case.lanes.keys();
    keys.zip(drawn)
        .map(|(key, row)| LaneOpinion {
            title: row.title,
            body: row.body,
            status: row.status,
            said: said_in(frame, view, procedure, key),
        })
        .collect()
}

fn said_in(frame: &Frame, view: &CaseView, procedure: &Procedure, key: &str) -> Vec<String> {
    let mut said = Vec::new();
    for item in &view.timeline {
        match &item.event {
            CaseEvent::Taken { meta, lane, set, .. } if lane.as_deref() == Some(key) => {
                said.push(format!(
                    "{} · {}",
                    meta.happened_on,
                    timeline::act_title(frame, procedure, &meta.act)
                ));
                said.extend(set.iter().map(|(id, value)| {
                    let field = procedure.field(id);
                    let label = field.map_or(id.as_str(), |field| frame.pick(&field.title, &field.title_en));
                    let text = facts::value_text(frame, view, field, value);
                    frame.tr("print-said", &[("label", label), ("text", &text)])
                }));
            }
            CaseEvent::LaneDecided { lane, struck, .. } if lane == key && !struck.is_empty() => {
                said.push(frame.tr("timeline-struck", &[("columns", struck.join(", "))]));
            }
            _ => {}
        }
    }
    said
}

fn decisions(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<Decision> {
    let acts = view.timeline.iter().filter(|item| item.is_act());
    acts.enumerate()
        .map(|(at, item)| {
            let row = timeline::row(frame, view, procedure, item);
            let clauses: Vec<String> = row.chips.iter().map(cited).collect();
            Decision {
                number: at + 1,
                what: row.what,
                detail: row.detail,
                days: row.days,
                who: row.who,
                clauses: clauses.join(" · "),
                index: item.index,
                code: proof(view, item).code,
            }
        })
        .collect()
}

/// A clause as a sheet names it.
fn cited(chip: &Chip) -> String {
    format!("{} {}", chip.short, chip.id)
}

/// Every clause that some act, clock or field of the case rests on, each once, with its text.
fn clauses(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<Chip> {
    let acts = view.timeline.iter().filter_map(|item| match &item.event {
        CaseEvent::Opened { meta, .. } | CaseEvent::Taken { meta, .. } => Some(meta.clauses.as_slice()),
        CaseEvent::ClockStarted(run) => Some(run.clauses.as_slice()),
        _ => None,
    });
    let fields = procedure
        .fields
        .iter()
        .filter(|field| view.case.fields.contains_key(&field.id))
        .map(|field| field.basis.clauses());
    let all: BTreeSet<&ClauseId> = acts.chain(fields).flatten().collect();
    Chip::all(frame, &view.profile, all)
}
