//! Events of own lists.

use shuyu_domain::{
    Event,
    event::{CaseEvent, OwnEnd, OwnEvent},
};
use shuyu_kernel::Digest;

use crate::events::{actor, dataset, day};

pub fn own_brought(n: u128) -> Event {
    Event::Case(CaseEvent::Own(OwnEvent::Brought {
        dataset: dataset(n),
        table: format!("list_{n}"),
        version: 0,
        rows: 30,
        subjects: 30,
        subject: "id_no".to_owned(),
        domain: "person".to_owned(),
        labels: vec!["grp".to_owned()],
        raw: Digest::of(b"list"),
        files: vec![Digest::of(b"file")],
        by: actor(),
        on: day(3),
    }))
}

pub fn own_ended(n: u128) -> Event {
    Event::Case(CaseEvent::Own(OwnEvent::Ended {
        dataset: dataset(n),
        why: OwnEnd::PermitEnded,
        by: None,
        on: day(4),
    }))
}

pub fn own_erased(n: u128) -> Event {
    Event::Case(CaseEvent::Own(OwnEvent::Erased {
        dataset: dataset(n),
        files: vec![Digest::of(b"file")],
        objects: 2,
        on: day(5),
    }))
}
