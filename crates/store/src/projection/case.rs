//! The rows of a case: derived from the folded state, so that a row changes exactly when the state does.

use std::collections::BTreeMap;

use shuyu_domain::{Case, case::Permit, event::CaseEvent};

use super::{
    duty, json,
    table::{CASE_FILE, CASE_LINK, CASE_PARTY, CLOCK_WATCH, Change, DUTY, OWN_LIST, PERMIT, Table},
    watch,
};
use crate::database::Cell;

/// The row of a case with what the case itself does not say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CaseFile {
    /// The folded case.
    pub case: Case,
    /// Index of the opening entry.
    pub opened_idx: u64,
    /// Role under which each waiting act was entered, by its number.
    pub step_roles: BTreeMap<u32, String>,
}

/// Rows of a table without `as_of`: key → values.
type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// Derives the rows of one table from a case.
type Derive = fn(&CaseFile) -> Rows;

const DERIVED: [(&Table, Derive); 5] = [
    (&CASE_PARTY, parties),
    (&CASE_LINK, links),
    (&DUTY, duty::rows),
    (&CLOCK_WATCH, watch::rows),
    (&OWN_LIST, own_lists),
];

/// Moves the case on and answers the changes of its rows.
pub(crate) fn project(file: &mut Option<CaseFile>, event: &CaseEvent, index: u64) -> Vec<Change> {
    let old = file.take();
    let new = evolve(old.clone(), event, index);
    let mut changes = vec![];
    if let Some(new) = &new {
        let row = case_row(new, index);
        changes.push(match &old {
            Some(_) => Change::Update(&CASE_FILE, row),
            None => Change::Insert(&CASE_FILE, row),
        });
        for (table, rows) in DERIVED {
            let before = old.as_ref().map(rows).unwrap_or_default();
            compare(table, &before, &rows(new), index, &mut changes);
        }
        let before = old.as_ref().and_then(|old| old.case.permit.as_ref());
        permits(new, before, index, &mut changes);
    }
    *file = new;
    changes
}

fn evolve(old: Option<CaseFile>, event: &CaseEvent, index: u64) -> Option<CaseFile> {
    let (case, opened_idx, mut step_roles) = match old {
        Some(file) => (Some(file.case), file.opened_idx, file.step_roles),
        None => (None, index, BTreeMap::new()),
    };
    let case = Case::evolve(case, event)?;
    if let CaseEvent::Entered { pending, by } = event {
        step_roles.insert(pending.number, by.role.clone());
    }
    step_roles.retain(|number, _| case.pending.iter().any(|waiting| waiting.number == *number));
    Some(CaseFile {
        case,
        opened_idx,
        step_roles,
    })
}

fn case_row(file: &CaseFile, index: u64) -> Vec<Cell> {
    let case = &file.case;
    let next_due = case
        .open_duties()
        .map(|clock| clock.run.due)
        .min()
        .map(|due| due.to_string());
    vec![
        Cell::shown(case.id),
        case.procedure.as_str().into(),
        case.number.as_str().into(),
        case.title.as_str().into(),
        case.stage.as_str().into(),
        Cell::maybe_text(case.holder.as_ref().map(|holder| holder.role.as_str())),
        Cell::flag(case.closed),
        Cell::shown(case.opened_on),
        file.opened_idx.into(),
        Cell::maybe_text(next_due.as_deref()),
        case.version.into(),
        json(&file.step_roles),
        json(case),
        index.into(),
    ]
}

fn parties(file: &CaseFile) -> Rows {
    let pairs = file
        .case
        .parties
        .iter()
        .flat_map(|(role, bodies)| bodies.iter().map(move |body| (role, body)));
    pairs
        .map(|(role, body)| {
            (
                vec![Cell::shown(file.case.id), role.as_str().into(), Cell::shown(body)],
                vec![],
            )
        })
        .collect()
}

fn links(file: &CaseFile) -> Rows {
    let id = file.case.id;
    file.case
        .links()
        .iter()
        .map(|target| (vec![Cell::shown(id), Cell::shown(target)], vec![]))
        .collect()
}

/// Those of which something may be left in the lake.
fn own_lists(file: &CaseFile) -> Rows {
    let held = file.case.own.iter().filter(|list| list.erased_on.is_none());
    held.map(|list| {
        let key = vec![Cell::shown(file.case.id), Cell::shown(list.dataset)];
        (key, vec![Cell::flag(list.ended.is_some())])
    })
    .collect()
}

/// A permit that another one follows stays, ended: releases rest on it.
fn permits(file: &CaseFile, before: Option<&Permit>, index: u64, changes: &mut Vec<Change>) {
    let row = |permit: &Permit, ended: bool| {
        vec![
            Cell::shown(permit.id),
            Cell::shown(file.case.id),
            Cell::shown(permit.expires_on),
            Cell::flag(ended),
            index.into(),
        ]
    };
    let now = file.case.permit.as_ref();
    if before == now {
        return;
    }
    let same = before.zip(now).is_some_and(|(before, now)| before.id == now.id);
    if let Some(before) = before
        && !same
        && !before.ended
    {
        changes.push(Change::Update(&PERMIT, row(before, true)));
    }
    if let Some(now) = now {
        let row = row(now, now.ended);
        changes.push(if same {
            Change::Update(&PERMIT, row)
        } else {
            Change::Insert(&PERMIT, row)
        });
    }
}

fn compare(table: &'static Table, before: &Rows, after: &Rows, index: u64, changes: &mut Vec<Change>) {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        changes.push(Change::Delete(table, key.clone()));
    }
    for (key, values) in after {
        let row = || [key.as_slice(), values, &[index.into()]].concat();
        match before.get(key) {
            Some(old) if old == values => {}
            Some(_) => changes.push(Change::Update(table, row())),
            None => changes.push(Change::Insert(table, row())),
        }
    }
}
