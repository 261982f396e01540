//! From events to core rows: pure functions of the event and the old row, and nothing else.
//!
//! No clock, no rules, no look at other tables. The same code runs in the transaction of an act and in the
//! rebuild check; so a difference between both is a change of the tables, or a fault here.

mod case;
mod duty;
mod table;
mod watch;
mod work;

use std::collections::BTreeMap;

use shuyu_domain::{
    Airlock, Registry, Source as JobSource,
    event::{Charge, DatasetEvent, Event, ReleaseEvent},
};

use crate::{
    codec::{Recorded, Series},
    database::Cell,
};

pub(crate) use case::CaseFile;
use table::{BUDGET_CHARGE, DATASET_VERSION, REGISTRY_STATE, RELEASE_ROW, VERSION_EXAMINED};
pub(crate) use table::{Change, NUMBER_COUNTER, Source, TABLES, Table};

/// The old rows of one stream, moved on event by event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projection {
    /// The case, for a case stream.
    pub case: Option<CaseFile>,
    /// The registry; looked at by the registry stream only.
    pub registry: Registry,
    /// The source, for the stream of one.
    pub source: Option<JobSource>,
    /// The request, for the stream of one.
    pub airlock: Option<Airlock>,
    /// Last numbers given out, of the series that may occur.
    pub counters: BTreeMap<Series, u64>,
}

impl Projection {
    /// The changes that an entry makes. Total: what makes no sense changes nothing.
    pub fn apply(&mut self, index: u64, recorded: &Recorded) -> Vec<Change> {
        let mut changes = match &recorded.event {
            Event::Case(event) => case::project(&mut self.case, event, index),
            Event::Registry(event) => {
                self.registry = std::mem::take(&mut self.registry).evolve(event);
                vec![registry_row(&self.registry, index)]
            }
            Event::Dataset(event) => dataset_row(event, index).into_iter().collect(),
            Event::Release(event) => release_rows(event, index),
            Event::Source(event) => work::source(&mut self.source, event, index),
            Event::Airlock(event) => work::airlock(&mut self.airlock, event, index),
            Event::Installation(_) => Vec::new(),
        };
        if let Some(series) = &recorded.numbering {
            changes.push(self.count(series, index));
        }
        changes
    }

    fn count(&mut self, series: &Series, index: u64) -> Change {
        let last = self.counters.entry(series.clone()).or_default();
        *last += 1;
        let row = vec![
            series.procedure.as_str().into(),
            i64::from(series.year).into(),
            (*last).into(),
            index.into(),
        ];
        if *last == 1 {
            Change::Insert(&NUMBER_COUNTER, row)
        } else {
            Change::Update(&NUMBER_COUNTER, row)
        }
    }
}

fn registry_row(registry: &Registry, index: u64) -> Change {
    let row = vec![
        Cell::Int(1),
        registry.version.into(),
        json(registry),
        index.into(),
    ];
    if registry.version == 1 {
        Change::Insert(&REGISTRY_STATE, row)
    } else {
        Change::Update(&REGISTRY_STATE, row)
    }
}

fn dataset_row(event: &DatasetEvent, index: u64) -> Option<Change> {
    if let DatasetEvent::VersionExamined {
        dataset,
        version,
        examined,
        ..
    } = event
    {
        let row = vec![
            Cell::shown(dataset),
            (*version).into(),
            json(examined),
            index.into(),
        ];
        return Some(Change::Insert(&VERSION_EXAMINED, row));
    }
    let DatasetEvent::VersionRecorded {
        dataset,
        table,
        resource,
        version,
        rows,
        domain,
        rows_per_unit,
        columns,
        unit_columns,
        ..
    } = event
    else {
        // Erasures and purges stand in the stream of their dataset only: the row says what was recorded when the version came.
        return None;
    };
    let row = vec![
        Cell::shown(dataset),
        (*version).into(),
        table.as_str().into(),
        Cell::shown(resource),
        (*rows).into(),
        Cell::maybe_text(domain.as_deref()),
        (*rows_per_unit).into(),
        json(columns),
        json(unit_columns),
        index.into(),
    ];
    Some(Change::Insert(&DATASET_VERSION, row))
}

fn release_rows(event: &ReleaseEvent, index: u64) -> Vec<Change> {
    let answered = match event {
        ReleaseEvent::Answered(answered) => answered,
        // Nothing left: what becomes of it, its request says.
        ReleaseEvent::Held(_) => return Vec::new(),
        ReleaseEvent::Charged {
            release, by, charges, ..
        } => {
            let row = |charge: &Charge| {
                let cells = [
                    Cell::shown(release),
                    Cell::shown(charge.dataset),
                    Cell::shown(by.body),
                ];
                let numbers = [charge.rho.into(), index.into()];
                Change::Insert(&BUDGET_CHARGE, cells.into_iter().chain(numbers).collect())
            };
            return charges.iter().map(row).collect();
        }
    };
    let row = vec![
        Cell::shown(answered.release),
        Cell::shown(answered.permit),
        Cell::shown(answered.case),
        Cell::shown(answered.by.person),
        Cell::shown(answered.by.body),
        Cell::shown(answered.query),
        json(&answered.read),
        answered.rows.into(),
        Cell::shown(answered.result),
        index.into(),
    ];
    vec![Change::Insert(&RELEASE_ROW, row)]
}

/// JSON text of a value of ours. These types have string keys and cannot fail; an empty text would be found by
/// the next load.
fn json(value: &impl serde::Serialize) -> Cell {
    Cell::Text(serde_json::to_string(value).unwrap_or_default())
}
