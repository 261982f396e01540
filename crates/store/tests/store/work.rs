//! Small events of sources and requests.

use shuyu_domain::{
    Event,
    event::{AirlockEvent, CheckSample, CheckTrack, Checked, DatasetEvent, Examined, RunData, SourceEvent},
};
use shuyu_kernel::{CivilDate, Digest};

use crate::events::{actor, case, dataset, id, permit};

pub fn source_registered(n: u128) -> Event {
    Event::Source(SourceEvent::Registered {
        source: id(n),
        permit: permit(1),
        case: case(1),
        digest: Digest::of(b"source"),
        size_bytes: 6,
        manifest: Vec::new(),
        by: actor(),
    })
}

pub fn run_started(n: u128) -> Event {
    Event::Source(SourceEvent::RunStarted {
        run: id(n),
        data: RunData::Dummy,
        read: Vec::new(),
        by: actor(),
        on: CivilDate::new(2026, 1, 5).unwrap(),
    })
}

pub fn airlock_opened(n: u128) -> Event {
    Event::Airlock(AirlockEvent::Opened {
        airlock: id(n),
        permit: permit(1),
        case: case(1),
        files: Vec::new(),
        by: actor(),
        on: CivilDate::new(2026, 1, 5).unwrap(),
    })
}

pub fn airlock_withdrawn() -> Event {
    Event::Airlock(AirlockEvent::Withdrawn {
        by: actor(),
        on: CivilDate::new(2026, 1, 6).unwrap(),
    })
}

pub fn version_examined(n: u128, version: u64) -> Event {
    Event::Dataset(DatasetEvent::VersionExamined {
        dataset: dataset(n),
        resource: case(n),
        version,
        examined: Examined {
            level: 2,
            ..Examined::default()
        },
    })
}

/// A check of a version, ordered and ended: no table tells of it.
pub fn version_checked(n: u128, version: u64) -> Vec<Event> {
    let (dataset, resource, check) = (dataset(n), case(n), "0f1e2d3c".to_owned());
    let ordered = DatasetEvent::CheckOrdered {
        dataset,
        resource,
        version,
        check: check.clone(),
        track: CheckTrack::SpotCheck,
        rules: Digest::of(b"rules"),
        rows: 100,
        sample: Some(CheckSample {
            seed: Digest::of(b"seed"),
            size: 10,
        }),
        by: actor(),
    };
    let ended = DatasetEvent::VersionChecked {
        dataset,
        resource,
        version,
        check,
        checked: Checked::default(),
    };
    vec![Event::Dataset(ordered), Event::Dataset(ended)]
}
