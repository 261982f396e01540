//! The rows of sources and of requests in the airlock: one for each, with the folded state.

use shuyu_domain::{
    Airlock, Source,
    event::{AirlockEvent, SourceEvent},
};

use super::{
    json,
    table::{AIRLOCK_REQUEST, Change, JOB_SOURCE, Table},
};
use crate::database::Cell;

/// Moves a source on.
pub(super) fn source(state: &mut Option<Source>, event: &SourceEvent, index: u64) -> Vec<Change> {
    *state = Source::evolve(state.take(), event);
    let row = state.as_ref().map(|source| {
        let row = vec![
            Cell::shown(source.id),
            Cell::shown(source.permit),
            Cell::shown(source.case),
            source.version.into(),
            json(source),
            index.into(),
        ];
        change(&JOB_SOURCE, source.version, row)
    });
    row.into_iter().collect()
}

/// Moves a request on.
pub(super) fn airlock(state: &mut Option<Airlock>, event: &AirlockEvent, index: u64) -> Vec<Change> {
    *state = Airlock::evolve(state.take(), event);
    let row = state.as_ref().map(|airlock| {
        let row = vec![
            Cell::shown(airlock.id),
            Cell::shown(airlock.permit),
            Cell::shown(airlock.case),
            airlock.state.name().into(),
            airlock.version.into(),
            json(airlock),
            index.into(),
            i64::from(airlock.awaits_spot_check()).into(),
        ];
        change(&AIRLOCK_REQUEST, airlock.version, row)
    });
    row.into_iter().collect()
}

fn change(table: &'static Table, version: u64, row: Vec<Cell>) -> Change {
    if version == 1 {
        Change::Insert(table, row)
    } else {
        Change::Update(table, row)
    }
}
