//! Small events made by hand; no profile is needed to record them.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event, Value,
    event::{
        ActMeta, AnsweredQuery, CaseEvent, Charge, ClockRun, DatasetEvent, EscalationReason, Holder,
        InstallationEvent, Pending, RegistryEvent, ReleaseEvent, StepTaken, WatchEvent,
    },
    port::{AccessNote, Stream},
    registry::Body,
};
use shuyu_kernel::{
    Actor, BodyId, CaseId, CivilDate, DatasetId, Digest, Id, Manner, PermitId, ReleaseId,
    calendar::{Bound, Limit, LimitUnit},
};

use crate::world::at;

pub const ROLE: &str = "authority";

pub fn id<K: shuyu_kernel::id::Kind>(n: u128) -> Id<K> {
    Id::from_bits(n)
}

pub fn case(n: u128) -> CaseId {
    id(n)
}

pub fn body(n: u128) -> BodyId {
    id(n)
}

pub fn stream(n: u128) -> Stream {
    Stream::Case(case(n))
}

pub fn day(n: i64) -> CivilDate {
    CivilDate::from_days(20_458 + n)
}

pub fn actor() -> Actor {
    Actor {
        person: id(1),
        body: body(1),
        role: ROLE.to_owned(),
        post: "clerk".to_owned(),
        delegation: None,
    }
}

pub fn meta(act: &str) -> ActMeta {
    ActMeta {
        act: act.to_owned(),
        actor: actor(),
        manner: Manner::InPerson,
        happened_on: day(0),
        recorded_on: day(0),
        decided_by: None,
        paper: None,
        steps: Vec::new(),
        clauses: Vec::new(),
    }
}

pub fn holder(bodies: &[u128]) -> Option<Holder> {
    Some(Holder {
        role: ROLE.to_owned(),
        bodies: bodies.iter().map(|n| body(*n)).collect(),
    })
}

/// Opens case `n` of procedure `plan`, with body 1 as party and holder, pointing at `links`.
pub fn opened_with(n: u128, number: &str, links: &[u128]) -> Event {
    let mut set = BTreeMap::from([("title".to_owned(), Value::Text(format!("Case {n} \"100%\"")))]);
    if !links.is_empty() {
        set.insert(
            "rests_on".to_owned(),
            Value::Cases(links.iter().map(|n| case(*n)).collect()),
        );
    }
    Event::Case(CaseEvent::Opened {
        case: case(n),
        procedure: "plan".to_owned(),
        profile: Digest::of(b"profile"),
        number: number.to_owned(),
        stage: "filed".to_owned(),
        parties: BTreeMap::from([(ROLE.to_owned(), BTreeSet::from([body(1)]))]),
        set,
        title: format!("Case {n} 100%_done 授权"),
        holder: holder(&[1]),
        meta: meta("open"),
    })
}

pub fn opened(n: u128) -> Event {
    opened_with(n, &format!("No {n}"), &[])
}

pub fn taken(act: &str, to: Option<&str>, next: Option<Holder>, closed: bool) -> Event {
    Event::Case(CaseEvent::Taken {
        meta: meta(act),
        finishes: None,
        lane: None,
        set: BTreeMap::from([("opinion".to_owned(), Value::Text(act.to_owned()))]),
        parties: vec![("provider".to_owned(), body(2))],
        to: to.map(str::to_owned),
        holder: next,
        closed,
    })
}

pub fn finishing(number: u32) -> Event {
    let Event::Case(CaseEvent::Taken {
        meta,
        lane,
        set,
        parties,
        to,
        holder,
        closed,
        ..
    }) = taken("finish", None, holder(&[1]), false)
    else {
        unreachable!()
    };
    Event::Case(CaseEvent::Taken {
        finishes: Some(number),
        meta,
        lane,
        set,
        parties,
        to,
        holder,
        closed,
    })
}

pub fn clock(name: &str, due: i64, bound: Bound, bodies: &[u128]) -> Event {
    Event::Case(CaseEvent::ClockStarted(ClockRun {
        clock: name.to_owned(),
        lane: None,
        started_on: day(0),
        limit: Limit {
            n: 20,
            unit: LimitUnit::WorkingDay,
        },
        bound,
        due: day(due),
        provisional: false,
        calendar: Digest::of(b"calendar"),
        derivation: Vec::new(),
        holder: Holder {
            role: ROLE.to_owned(),
            bodies: bodies.iter().map(|n| body(*n)).collect(),
        },
        clauses: Vec::new(),
        bound_by: None,
    }))
}

pub fn stopped(name: &str) -> Event {
    Event::Case(CaseEvent::ClockStopped {
        clock: name.to_owned(),
        lane: None,
        on: day(3),
        in_time: true,
    })
}

pub fn entered(number: u32, at_body: u128, next: &[&str]) -> Event {
    entered_naming(number, at_body, next, &[])
}

/// An act that waits and will make its case point at `links`.
pub fn entered_naming(number: u32, at_body: u128, next: &[&str], links: &[u128]) -> Event {
    let mut set = BTreeMap::new();
    if !links.is_empty() {
        let links = links.iter().map(|n| case(*n)).collect();
        set.insert("rests_on".to_owned(), Value::Cases(links));
    }
    let pending = Pending {
        number,
        act: "decide".to_owned(),
        lane: None,
        set,
        strike: Vec::new(),
        manner: Manner::InPerson,
        happened_on: None,
        paper: None,
        body: body(at_body),
        steps: Vec::new(),
        next: next.iter().map(|post| (*post).to_owned()).collect(),
    };
    let by = Actor {
        role: "reviewer".to_owned(),
        ..actor()
    };
    Event::Case(CaseEvent::Entered { pending, by })
}

fn step() -> StepTaken {
    StepTaken {
        post: "chief".to_owned(),
        person: id(2),
        delegation: None,
        on: day(1),
    }
}

pub fn advanced(number: u32) -> Event {
    Event::Case(CaseEvent::Advanced { number, step: step() })
}

pub fn dropped(number: u32) -> Event {
    Event::Case(CaseEvent::Dropped { number, step: step() })
}

pub fn permit(n: u128) -> PermitId {
    id(n)
}

pub fn permit_issued(n: u128) -> Event {
    Event::Case(CaseEvent::PermitIssued {
        permit: permit(n),
        chain: Vec::new(),
        tables: Vec::new(),
        expires_on: day(90),
    })
}

pub fn permit_ended(n: u128) -> Event {
    Event::Case(CaseEvent::PermitEnded { permit: permit(n) })
}

pub fn registered(n: u128) -> Event {
    Event::Registry(RegistryEvent::BodyRegistered {
        body: Body {
            id: body(n),
            name: format!("Body {n}"),
            credit_code: String::new(),
            roles: BTreeSet::from([ROLE.to_owned()]),
        },
        by: None,
    })
}

pub fn dataset(n: u128) -> DatasetId {
    id(n)
}

pub fn version_recorded(n: u128, version: u64, domain: Option<&str>) -> Event {
    Event::Dataset(DatasetEvent::VersionRecorded {
        dataset: dataset(n),
        table: format!("table_{n}"),
        resource: case(n),
        version,
        rows: 100 * version,
        files: Vec::new(),
        raw: Vec::new(),
        report: Digest::of(b"report"),
        domain: domain.map(str::to_owned),
        rows_per_unit: 1,
        columns: vec!["a".to_owned(), "b".to_owned()],
        unit_columns: vec!["a".to_owned()],
        correction: None,
        arrival: None,
        by: actor(),
    })
}

pub fn release(n: u128) -> ReleaseId {
    id(n)
}

pub fn answered(n: u128) -> Event {
    Event::Release(ReleaseEvent::Answered(AnsweredQuery {
        release: release(n),
        permit: permit(1),
        case: case(1),
        by: actor(),
        query: Digest::of(b"query"),
        read: vec![(dataset(1), 1)],
        rows: 3,
        result: Digest::of(b"result"),
    }))
}

/// A charge of `rho` on dataset 1, of a budget of 1,000.
pub fn charged(n: u128, rho: u64, answered: bool) -> Event {
    Event::Release(ReleaseEvent::Charged {
        release: release(n),
        permit: permit(1),
        case: case(1),
        by: actor(),
        charges: vec![Charge {
            dataset: dataset(1),
            rho,
            budget: 1_000,
        }],
        answered,
    })
}

pub fn founded() -> Event {
    Event::Installation(InstallationEvent::Founded {
        profile: Digest::of(b"profile"),
        profile_id: "test".to_owned(),
        kind: "training".to_owned(),
        at: at(0),
    })
}

pub fn note(n: i64) -> AccessNote {
    AccessNote {
        at: at(n),
        person: Some(id(1)),
        body: None,
        what: "view".to_owned(),
        subject: format!("case {n}"),
        outcome: "ok".to_owned(),
        code: None,
        clauses: Vec::new(),
        digest: None,
    }
}

/// Something about the running clock of that name.
pub fn watched(name: &str, what: u64) -> Event {
    let (clock, lane) = (name.to_owned(), None);
    let words = "words".to_owned();
    let by = actor();
    Event::Case(CaseEvent::Watched(match what {
        0 => WatchEvent::ClockExpired {
            clock,
            lane,
            due: day(20),
            on: day(21),
            consequence: serde_json::from_value("flag".into()).unwrap(),
            clauses: Vec::new(),
        },
        1 => WatchEvent::Urged {
            clock,
            lane,
            by,
            on: day(21),
            words,
            answer_by: day(22),
        },
        2 => WatchEvent::UrgeAnswered {
            clock,
            lane,
            by,
            on: day(22),
            words,
        },
        3 => WatchEvent::Escalated {
            clock,
            lane,
            to: Holder {
                role: "superior".to_owned(),
                bodies: vec![body(9)],
            },
            why: EscalationReason::LeftLate,
            by: None,
            on: day(30),
            due: day(20),
            words,
            clauses: Vec::new(),
        },
        4 => WatchEvent::Instructed {
            clock,
            lane,
            by,
            on: day(30),
            words,
            report_by: day(33),
        },
        5 => WatchEvent::InstructionReported {
            clock,
            lane,
            by,
            on: day(31),
            words,
        },
        _ => WatchEvent::EscalationClosed {
            clock,
            lane,
            by,
            on: day(32),
            words,
        },
    }))
}
