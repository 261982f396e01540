//! The written form of every kind of event. What stands in a ledger must be readable for ever, byte by byte.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::golden_samples;
use shuyu_domain::{
    Event, TableUse, Value,
    event::{ActMeta, CaseEvent, ClockRun, Holder, Pending, StepTaken},
    value::Paper,
};
use shuyu_kernel::{
    Actor, BodyId, CaseId, CivilDate, ClauseId, Digest, Manner, Money, PersonId, Use,
    calendar::{Bound, DayKind, DayStep, Limit, StepNote},
};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn written_events_still_read_and_write_the_same() {
    let mut kinds = BTreeSet::new();
    for sample in samples() {
        let kind = sample.kind();
        let text = fs::read_to_string(folder().join(format!("{kind}.json"))).expect(kind);
        let read: Event = serde_json::from_str(&text).expect(kind);
        assert_eq!(read, sample, "{kind} is read differently");
        assert_eq!(written(&read), text, "{kind} is written differently");
        assert!(kinds.insert(kind), "{kind} twice");
    }
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("golden files")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .to_string_lossy()
                .trim_end_matches(".json")
                .to_owned()
        })
        .collect();
    assert_eq!(
        files,
        kinds.into_iter().map(str::to_owned).collect(),
        "a kind without a file or a file too many"
    );
}

pub(crate) fn written(event: &Event) -> String {
    format!(
        "{}\n",
        serde_json::to_string_pretty(event).expect("events are plain data")
    )
}

pub(crate) fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).expect("a day of February")
}

pub(crate) fn clause() -> ClauseId {
    "YN-OP-083".parse().expect("a clause id")
}

pub(crate) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

pub(crate) fn paper() -> Paper {
    Paper {
        digest: digest("paper"),
        name: "批件.pdf".to_owned(),
        size_bytes: 2048,
    }
}

pub(crate) fn actor() -> Actor {
    Actor {
        person: PersonId::from_bits(7),
        body: BodyId::from_bits(3),
        role: "provider".to_owned(),
        post: "leader".to_owned(),
        delegation: Some("授权书 5".to_owned()),
    }
}

pub(crate) fn step() -> StepTaken {
    StepTaken {
        post: "clerk".to_owned(),
        person: PersonId::from_bits(5),
        delegation: None,
        on: day(2),
    }
}

pub(crate) fn meta() -> ActMeta {
    ActMeta {
        act: "provider_approve".to_owned(),
        actor: actor(),
        manner: Manner::OnBehalf,
        happened_on: day(3),
        recorded_on: day(4),
        decided_by: Some("party_group".to_owned()),
        paper: Some(paper()),
        steps: vec![step()],
        clauses: vec![clause()],
    }
}

pub(crate) fn holder() -> Holder {
    Holder {
        role: "operator".to_owned(),
        bodies: vec![BodyId::from_bits(1)],
    }
}

/// The uses that the written entries hold; later ones are in entries of their own.
fn written_uses() -> BTreeSet<Use> {
    [Use::Out, Use::Group, Use::Filter, Use::Measure, Use::Link].into()
}

/// One value of every type.
pub(crate) fn values() -> BTreeMap<String, Value> {
    let table = TableUse {
        resource: CaseId::from_bits(9),
        table: "insured".to_owned(),
        reason: "分档".to_owned(),
        columns: BTreeMap::from([("months".to_owned(), written_uses())]),
        rows: None,
    };
    [
        ("text", Value::Text("x".to_owned())),
        ("date", Value::Date(day(5))),
        ("money", Value::Money(Money::from_fen(1234))),
        ("integer", Value::Integer(-4)),
        ("yes_no", Value::YesNo(true)),
        ("choice", Value::Choice("public".to_owned())),
        ("file", Value::File(paper())),
        ("body", Value::Body(BodyId::from_bits(2))),
        ("person", Value::Person(PersonId::from_bits(5))),
        ("case", Value::Case(CaseId::from_bits(8))),
        (
            "cases",
            Value::Cases(vec![CaseId::from_bits(8), CaseId::from_bits(9)]),
        ),
        ("columns", Value::Columns(vec![table])),
        (
            "figures",
            Value::Figures(BTreeMap::from([("plans".to_owned(), "1".to_owned())])),
        ),
        (
            "sealed",
            Value::Sealed {
                commitment: digest("name"),
                vault: "person_5/name".to_owned(),
            },
        ),
    ]
    .into_iter()
    .map(|(id, value)| (id.to_owned(), value))
    .collect()
}

pub(crate) fn clock() -> ClockRun {
    ClockRun {
        clock: "review".to_owned(),
        lane: Some("provider:x".to_owned()),
        started_on: day(13),
        limit: Limit::working_days(1),
        bound: Bound::AtMost,
        due: day(14),
        provisional: false,
        calendar: digest("calendar"),
        derivation: vec![
            DayStep {
                date: day(13),
                kind: DayKind::Workday,
                counted: None,
                gazetted: true,
                note: Some(StepNote::Start),
            },
            DayStep {
                date: day(14),
                kind: DayKind::SwappedWorkday("春节".to_owned()),
                counted: Some(1),
                gazetted: true,
                note: Some(StepNote::Due),
            },
        ],
        holder: holder(),
        clauses: vec![clause()],
        bound_by: None,
    }
}

fn samples() -> Vec<Event> {
    let mut all: Vec<Event> = of_acts()
        .into_iter()
        .chain(golden_samples::of_consequences())
        .map(Event::Case)
        .collect();
    all.extend(golden_samples::of_registry().into_iter().map(Event::Registry));
    all.extend(golden_samples::of_data());
    all.extend(crate::additions::new_kinds());
    all.extend(crate::watch_samples::all());
    all.extend(crate::work::new_kinds());
    all.extend(crate::own::new_kinds());
    all
}

pub(crate) fn opened() -> CaseEvent {
    CaseEvent::Opened {
        case: CaseId::from_bits(1),
        procedure: "data_use".to_owned(),
        profile: digest("profile"),
        number: "滇数用〔2026〕1号".to_owned(),
        stage: "drafting".to_owned(),
        parties: BTreeMap::from([("operator".to_owned(), BTreeSet::from([BodyId::from_bits(1)]))]),
        set: values(),
        title: "贷前评估".to_owned(),
        holder: Some(holder()),
        meta: meta(),
    }
}

fn of_acts() -> Vec<CaseEvent> {
    vec![
        opened(),
        CaseEvent::Entered {
            pending: Pending {
                number: 1,
                act: "provider_approve".to_owned(),
                lane: Some("provider:x".to_owned()),
                set: BTreeMap::from([("opinion".to_owned(), Value::Text("同意".to_owned()))]),
                strike: vec!["insured.wage".to_owned()],
                manner: Manner::InPerson,
                happened_on: None,
                paper: None,
                body: BodyId::from_bits(3),
                steps: vec![step()],
                next: vec!["chief".to_owned(), "leader".to_owned()],
            },
            by: actor(),
        },
        CaseEvent::Advanced {
            number: 1,
            step: step(),
        },
        CaseEvent::Dropped {
            number: 1,
            step: step(),
        },
        CaseEvent::Taken {
            meta: meta(),
            finishes: Some(1),
            lane: Some("provider:x".to_owned()),
            set: values(),
            parties: vec![("developer".to_owned(), BodyId::from_bits(4))],
            to: Some("permitted".to_owned()),
            holder: None,
            closed: true,
        },
    ]
}
