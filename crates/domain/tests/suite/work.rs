//! Sources and the airlock: the written form of their events, and what folds and decides.

use std::collections::BTreeMap;

use shuyu_domain::{
    Airlock, Event, Source,
    airlock::{AirlockCommand, AirlockState, Vote, decide},
    event::{
        AirlockEvent, AirlockFile, AirlockOrigin, Declared, OutputKind, RunData, RunFile, RunOutcome,
        SealedText, SourceEvent,
    },
    source::{MOST_FILES, check_manifest},
};
use shuyu_kernel::{
    Actor, AirlockId, BodyId, CaseId, CivilDate, DatasetId, Digest, PermitId, PersonId, ReleaseId, RunId,
    SourceId,
};

pub fn day() -> CivilDate {
    CivilDate::new(2026, 2, 3).unwrap()
}

pub fn actor(person: u128) -> Actor {
    Actor {
        person: PersonId::from_bits(person),
        body: BodyId::from_bits(2),
        role: "operator".to_owned(),
        post: "clerk".to_owned(),
        delegation: None,
    }
}

pub fn note() -> SealedText {
    SealedText {
        reference: "air/note/1".to_owned(),
        commitment: Digest::of(b"note"),
    }
}

pub fn file(name: &str, kind: OutputKind) -> AirlockFile {
    AirlockFile {
        name: name.to_owned(),
        kind,
        digest: Digest::of(name.as_bytes()),
        size_bytes: 100,
        origin: AirlockOrigin::Run(RunId::from_bits(4)),
        risk: None,
        high_risk: false,
        reads: Vec::new(),
    }
}

pub fn gated() -> AirlockFile {
    AirlockFile {
        origin: AirlockOrigin::Release(ReleaseId::from_bits(5)),
        ..file("answer.csv", OutputKind::Table)
    }
}

/// An exact answer of mode `review`.
pub fn held() -> AirlockFile {
    AirlockFile {
        origin: AirlockOrigin::Held(ReleaseId::from_bits(6)),
        reads: vec![DatasetId::from_bits(7)],
        ..gated()
    }
}

pub fn opened(files: Vec<AirlockFile>) -> AirlockEvent {
    AirlockEvent::Opened {
        airlock: AirlockId::from_bits(6),
        permit: PermitId::from_bits(1),
        case: CaseId::from_bits(1),
        files,
        by: actor(1),
        on: day(),
    }
}

fn registered() -> SourceEvent {
    SourceEvent::Registered {
        source: SourceId::from_bits(3),
        permit: PermitId::from_bits(1),
        case: CaseId::from_bits(1),
        digest: Digest::of(b"source"),
        size_bytes: 6,
        manifest: vec![Declared {
            name: "a.csv".to_owned(),
            kind: OutputKind::Table,
        }],
        by: actor(1),
    }
}

fn started(run: u128, data: RunData) -> SourceEvent {
    SourceEvent::RunStarted {
        run: RunId::from_bits(run),
        data,
        read: vec![(DatasetId::from_bits(11), 2)],
        by: actor(1),
        on: day(),
    }
}

fn run_ended(run: u128, outcome: RunOutcome) -> SourceEvent {
    SourceEvent::RunEnded {
        run: RunId::from_bits(run),
        outcome,
        files: vec![RunFile {
            name: "m.json".to_owned(),
            kind: OutputKind::Model,
            digest: Digest::of(b"m"),
            size_bytes: 9,
            risk: Some(Digest::of(b"risk")),
            high_risk: false,
        }],
        line: Some(3),
        held_by: BTreeMap::from([("memory".to_owned(), "cgroup2".to_owned())]),
        refused: Vec::new(),
    }
}

/// Kinds of this module, for the golden files.
pub fn new_kinds() -> Vec<Event> {
    let (by, on) = (actor(7), day());
    let sources = [
        registered(),
        started(4, RunData::Real),
        run_ended(4, RunOutcome::Done),
    ];
    let airlock = [
        opened(vec![file("a.csv", OutputKind::Table), gated()]),
        AirlockEvent::FileChanged {
            file: file("a.csv", OutputKind::Table),
            by: actor(1),
        },
        AirlockEvent::FileDropped {
            name: "a.csv".to_owned(),
            by: actor(1),
        },
        AirlockEvent::Submitted {
            notes: BTreeMap::from([("a.csv".to_owned(), note())]),
            by: actor(1),
            on,
        },
        AirlockEvent::Voted {
            name: "a.csv".to_owned(),
            approve: false,
            note: Some(note()),
            by: by.clone(),
        },
        AirlockEvent::Finished { by: by.clone() },
        AirlockEvent::Released {
            by: by.clone(),
            on,
            outside_ledger: Vec::new(),
        },
        AirlockEvent::Returned {
            note: note(),
            by: by.clone(),
            on,
        },
        AirlockEvent::Withdrawn { by: actor(1), on },
        AirlockEvent::SpotChecked {
            sound: true,
            note: note(),
            by,
            on,
        },
    ];
    let sources = sources.into_iter().map(Event::Source);
    sources.chain(airlock.into_iter().map(Event::Airlock)).collect()
}

pub fn fold(events: &[AirlockEvent]) -> Airlock {
    let folded = events.iter().fold(None, Airlock::evolve);
    folded.unwrap()
}

/// Decides and folds; panics on a refusal.
#[track_caller]
pub fn then(airlock: Airlock, command: AirlockCommand, by: u128) -> Airlock {
    let events = decide(&airlock, command, &actor(by), day()).unwrap();
    let folded = events
        .iter()
        .try_fold(airlock, |state, event| Airlock::evolve(Some(state), event));
    folded.unwrap()
}

#[track_caller]
pub fn refused(airlock: &Airlock, command: AirlockCommand, by: u128) -> String {
    decide(airlock, command, &actor(by), day()).unwrap_err().code
}

pub fn submit(airlock: &Airlock) -> AirlockCommand {
    AirlockCommand::Submit(airlock.files.keys().map(|name| (name.clone(), note())).collect())
}

pub fn review(airlock: &Airlock, approve: bool) -> AirlockCommand {
    let vote = || Vote {
        approve,
        note: (!approve).then(note),
    };
    AirlockCommand::Review {
        votes: airlock.files.keys().map(|name| (name.clone(), vote())).collect(),
        finish: true,
    }
}

#[test]
fn two_look_blindly_agree_and_let_out() {
    let request = fold(&[opened(vec![file("a.csv", OutputKind::Table)])]);
    assert_eq!((request.state, request.reviewers()), (AirlockState::Pending, 2));
    assert_eq!(
        refused(&request, review(&request, true), 7),
        "airlock_not_under_review"
    );
    let submission = submit(&request);
    assert_eq!(refused(&request, submission.clone(), 7), "airlock_not_author");
    let request = then(request, submission, 1);
    let vote = review(&request, true);
    assert_eq!(refused(&request, vote.clone(), 1), "airlock_own_request");
    let request = then(request, vote.clone(), 7);
    assert_eq!(request.state, AirlockState::PartiallyReviewed);
    assert!(request.seats_seen_by(PersonId::from_bits(8)).is_empty(), "blind");
    assert_eq!(request.seats_seen_by(PersonId::from_bits(7)).len(), 1);
    assert_eq!(
        refused(&request, AirlockCommand::Release(BTreeMap::new()), 7),
        "airlock_not_approved"
    );
    let request = then(request, vote.clone(), 8);
    assert_eq!(request.state, AirlockState::Reviewed);
    assert_eq!(request.seats_seen_by(PersonId::from_bits(8)).len(), 2);
    assert_eq!(
        refused(&request, AirlockCommand::Release(BTreeMap::new()), 9),
        "airlock_not_reviewer"
    );
    let out = then(request, AirlockCommand::Release(BTreeMap::new()), 8);
    assert_eq!(out.state, AirlockState::Released);
    assert!(!out.awaits_spot_check());
    for late in [
        AirlockCommand::Withdraw,
        submit(&out),
        AirlockCommand::Drop("a.csv".to_owned()),
    ] {
        assert_eq!(refused(&out, late, 1), "airlock_under_review");
    }
    assert_eq!(refused(&out, vote, 7), "airlock_not_under_review");
}

#[test]
fn a_dispute_is_settled_by_those_who_voted_or_returned() {
    let request = fold(&[opened(vec![file("a.csv", OutputKind::Table)])]);
    let submission = submit(&request);
    let request = then(request, submission, 1);
    let (yes, no) = (review(&request, true), review(&request, false));
    let request = then(then(request, yes.clone(), 7), no, 8);
    assert_eq!(request.state, AirlockState::Consolidating);
    assert_eq!(request.disputed().into_iter().collect::<Vec<_>>(), ["a.csv"]);
    assert_eq!(
        refused(&request, AirlockCommand::Release(BTreeMap::new()), 7),
        "airlock_not_approved"
    );
    assert_eq!(refused(&request, yes.clone(), 9), "airlock_not_under_review");
    let settled = then(request.clone(), yes, 8);
    assert_eq!(settled.state, AirlockState::Reviewed);
    assert!(settled.approved());
    let back = then(request, AirlockCommand::Return(note()), 7);
    assert_eq!(back.state, AirlockState::Returned);
    // What is handed in unchanged keeps its votes; everybody has to finish again.
    let submission = submit(&back);
    let again = then(back, submission, 1);
    assert!(again.state == AirlockState::Submitted && again.seats.values().all(|seat| !seat.finished));
}

#[test]
fn a_gated_answer_needs_one_reviewer_and_mixed_files_two() {
    let mixed = fold(&[opened(vec![gated(), file("a.csv", OutputKind::Table)])]);
    assert_eq!(mixed.reviewers(), 2);
    let exact = fold(&[opened(vec![held()])]);
    assert_eq!(exact.reviewers(), 2, "nobody has seen it yet");
    let request = fold(&[opened(vec![gated()])]);
    let submission = submit(&request);
    let request = then(request, submission, 1);
    let vote = review(&request, true);
    let request = then(request, vote.clone(), 7);
    assert_eq!(request.state, AirlockState::Reviewed);
    let out = then(request, AirlockCommand::Release(BTreeMap::new()), 7);
    let check = || AirlockCommand::SpotCheck {
        sound: false,
        note: note(),
    };
    assert!(out.awaits_spot_check());
    assert_eq!(refused(&out, check(), 7), "spot_check_not_due");
    assert_eq!(refused(&out, check(), 1), "airlock_own_request");
    let checked = then(out, check(), 8);
    assert_eq!(refused(&checked, check(), 9), "spot_check_not_due");
}

#[test]
fn a_model_without_its_report_is_not_handed_over() {
    let request = fold(&[opened(vec![file("m.json", OutputKind::Model)])]);
    assert_eq!(refused(&request, submit(&request), 1), "model_risk_missing");
    let empty = then(request, AirlockCommand::Drop("m.json".to_owned()), 1);
    assert_eq!(refused(&empty, submit(&empty), 1), "airlock_empty");
    let gone = then(empty, AirlockCommand::Withdraw, 1);
    assert_eq!(
        refused(&gone, AirlockCommand::Withdraw, 1),
        "airlock_under_review"
    );
}

#[test]
fn a_source_runs_on_real_data_once_it_ran_on_made_up_data() {
    let fold = |events: &[SourceEvent]| {
        let folded = events.iter().fold(None, Source::evolve);
        folded.unwrap()
    };
    let untried = fold(&[registered()]);
    assert_eq!(
        untried.may_run(RunData::Real).unwrap_err().code,
        "source_not_tried"
    );
    untried.may_run(RunData::Dummy).unwrap();
    let failed = fold(&[
        registered(),
        started(4, RunData::Dummy),
        run_ended(4, RunOutcome::Failed),
    ]);
    assert!(!failed.tried());
    let real = fold(&[
        registered(),
        started(4, RunData::Real),
        run_ended(4, RunOutcome::Done),
    ]);
    assert!(!real.tried(), "a real run proves nothing");
    let tried = fold(&[
        registered(),
        started(4, RunData::Dummy),
        run_ended(4, RunOutcome::Done),
    ]);
    tried.may_run(RunData::Real).unwrap();
    let twice = fold(&[
        registered(),
        started(4, RunData::Dummy),
        run_ended(4, RunOutcome::Done),
        run_ended(4, RunOutcome::Failed),
    ]);
    assert!(twice.tried(), "the first end counts");
    assert_eq!(twice.version, 4);
}

#[test]
fn output_files_are_declared_plainly() {
    let check = |name: &str, kind| {
        let name = name.to_owned();
        check_manifest(&[Declared { name, kind }]).map_err(|refusal| refusal.code)
    };
    for (name, kind) in [
        ("a.csv", OutputKind::Table),
        ("p_1.png", OutputKind::Plot),
        ("t.json", OutputKind::Text),
        ("m.json", OutputKind::Model),
    ] {
        check(name, kind).unwrap();
    }
    for (name, kind, code) in [
        ("a.parquet", OutputKind::Table, "output_type_not_allowed"),
        ("p.svg", OutputKind::Plot, "output_type_not_allowed"),
        ("m.pkl", OutputKind::Model, "output_type_not_allowed"),
        ("t.txt", OutputKind::Text, "output_type_not_allowed"),
        ("A.csv", OutputKind::Table, "output_name_invalid"),
        ("a b.csv", OutputKind::Table, "output_name_invalid"),
        ("a/b.csv", OutputKind::Table, "output_name_invalid"),
        (".csv", OutputKind::Table, "output_name_invalid"),
        ("log.txt", OutputKind::Text, "output_name_invalid"),
    ] {
        assert_eq!(check(name, kind).unwrap_err(), code, "{name}");
    }
    let many = (0..=MOST_FILES).map(|n| Declared {
        name: format!("f{n}.csv"),
        kind: OutputKind::Table,
    });
    let many: Vec<Declared> = many.collect();
    assert_eq!(check_manifest(&many).unwrap_err().code, "outputs_too_many");
}
