//! Open duties of a case: who has to act now.
//!
//! Three kinds. A running at-most clock binds every body of its holder. A waiting act binds the body in which
//! it is routed. And where neither stands for a body whose turn it is, the turn itself is the duty, without a
//! limit. At-least clocks bind nobody; a closed case has only its clocks.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{case::Clock, event::Pending};
use shuyu_kernel::{BodyId, calendar::Bound};

use super::{CaseFile, json};
use crate::database::{Cell, CellType};

type Rows = BTreeMap<Vec<Cell>, Vec<Cell>>;

/// The duty rows of a case, without `as_of`.
pub(crate) fn rows(file: &CaseFile) -> Rows {
    let mut rows = Rows::new();
    let mut bound: BTreeSet<(String, BodyId)> = BTreeSet::new();
    for (ordinal, clock) in file.case.clocks.iter().enumerate() {
        // A clock that stands still asks nothing of anybody: whose turn it is then shows as a turn.
        if clock.stopped_on.is_some() || clock.paused_on.is_some() || clock.run.bound != Bound::AtMost {
            continue;
        }
        for body in &clock.run.holder.bodies {
            bound.insert((clock.run.holder.role.clone(), *body));
            rows.insert(
                key(file, &format!("clock:{ordinal}"), &clock.run.holder.role, *body),
                clock_values(clock),
            );
        }
    }
    if file.case.closed {
        return rows;
    }
    for waiting in file
        .case
        .pending
        .iter()
        .filter(|waiting| !waiting.next.is_empty())
    {
        let role = step_role(file, waiting);
        bound.insert((role.clone(), waiting.body));
        let slot = format!("step:{}", waiting.number);
        rows.insert(
            key(file, &slot, &role, waiting.body),
            free_values(waiting.lane.as_deref()),
        );
    }
    if let Some(holder) = &file.case.holder {
        for body in &holder.bodies {
            if !bound.contains(&(holder.role.clone(), *body)) {
                rows.insert(key(file, "turn", &holder.role, *body), free_values(None));
            }
        }
    }
    rows
}

fn key(file: &CaseFile, slot: &str, role: &str, body: BodyId) -> Vec<Cell> {
    vec![
        Cell::shown(file.case.id),
        slot.into(),
        role.into(),
        Cell::shown(body),
    ]
}

/// clock, lane, started_on, due, provisional, clauses
fn clock_values(clock: &Clock) -> Vec<Cell> {
    let run = &clock.run;
    vec![
        run.clock.as_str().into(),
        Cell::maybe_text(run.lane.as_deref()),
        Cell::shown(run.started_on),
        Cell::shown(run.due),
        Cell::flag(run.provisional),
        json(&run.clauses),
    ]
}

fn free_values(lane: Option<&str>) -> Vec<Cell> {
    let nothing = Cell::Null(CellType::Text);
    vec![
        nothing.clone(),
        Cell::maybe_text(lane),
        nothing.clone(),
        nothing,
        Cell::flag(false),
        Cell::from("[]"),
    ]
}

/// The role under which the act was entered. A row without it (written by hand) falls back to the holder's.
fn step_role(file: &CaseFile, waiting: &Pending) -> String {
    let holder = file.case.holder.as_ref().map(|holder| holder.role.clone());
    file.step_roles
        .get(&waiting.number)
        .cloned()
        .or(holder)
        .unwrap_or_default()
}
