//! What leaves the domain beside the release ledger and beside limits of risk: said, reasoned, recorded.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event,
    airlock::{AirlockCommand, AirlockState, Vote, decide},
    event::{
        AirlockEvent, AirlockFile, AirlockOrigin, OutputKind, RefusedFile, RunFile, RunOutcome, SourceEvent,
    },
};
use shuyu_kernel::{DatasetId, Digest, RunId};

use crate::work::{actor, day, file, fold, gated, held, note, opened, refused, review, submit, then};

/// Kinds that got fields: high risk, what was read, what is outside of the release ledger, what was refused.
pub fn grown() -> Vec<Event> {
    let model = AirlockFile {
        risk: Some(Digest::of(b"risk")),
        high_risk: true,
        reads: vec![DatasetId::from_bits(11), DatasetId::from_bits(12)],
        ..file("m.json", OutputKind::Model)
    };
    let ended = SourceEvent::RunEnded {
        run: RunId::from_bits(4),
        outcome: RunOutcome::Failed,
        files: vec![RunFile {
            name: "m.json".to_owned(),
            kind: OutputKind::Model,
            digest: Digest::of(b"m"),
            size_bytes: 9,
            risk: Some(Digest::of(b"risk")),
            high_risk: true,
        }],
        line: None,
        held_by: BTreeMap::from([("memory".to_owned(), "cgroup2".to_owned())]),
        refused: [Some("t.json".to_owned()), None]
            .map(|name| RefusedFile {
                name,
                code: "output_is_a_model".to_owned(),
            })
            .into(),
    };
    vec![
        Event::Airlock(opened(vec![model])),
        Event::Airlock(AirlockEvent::Released {
            by: actor(7),
            on: day(),
            outside_ledger: vec![DatasetId::from_bits(11), DatasetId::from_bits(12)],
        }),
        Event::Source(ended),
    ]
}

#[test]
fn a_model_of_high_risk_leaves_only_with_the_reasons_of_every_reviewer() {
    let model = AirlockFile {
        risk: Some(Digest::of(b"risk")),
        high_risk: true,
        ..file("m.json", OutputKind::Model)
    };
    let request = fold(&[opened(vec![model])]);
    let submission = submit(&request);
    let request = then(request, submission, 1);
    let silent = review(&request, true);
    assert_eq!(refused(&request, silent.clone(), 7), "model_risk_needs_reasons");
    let vote = Vote {
        approve: true,
        note: Some(note()),
    };
    let reasoned = AirlockCommand::Review {
        votes: BTreeMap::from([("m.json".to_owned(), vote)]),
        finish: true,
    };
    let request = then(request, reasoned.clone(), 7);
    assert_eq!(
        refused(&request, silent, 8),
        "model_risk_needs_reasons",
        "one says nothing for the other"
    );
    let request = then(request, reasoned, 8);
    assert_eq!(request.state, AirlockState::Reviewed);
}

#[test]
fn what_a_program_made_is_recorded_as_outside_the_release_ledger() {
    let of_run = AirlockFile {
        reads: vec![DatasetId::from_bits(11)],
        ..file("a.csv", OutputKind::Table)
    };
    let run = RunId::from_bits(4);
    let runs = BTreeMap::from([(run, BTreeSet::from([DatasetId::from_bits(12)]))]);
    let outside = |files: Vec<AirlockFile>| {
        let request = fold(&[opened(files)]);
        let submission = submit(&request);
        let mut request = then(request, submission, 1);
        for reviewer in [7, 8].into_iter().take(request.reviewers()) {
            let vote = review(&request, true);
            request = then(request, vote, reviewer);
        }
        let events = decide(&request, AirlockCommand::Release(runs.clone()), &actor(7), day()).unwrap();
        let [AirlockEvent::Released { outside_ledger, .. }] = events.as_slice() else {
            panic!("released")
        };
        outside_ledger.clone()
    };
    assert_eq!(outside(vec![of_run, gated()]), [DatasetId::from_bits(11)]);
    // Of a request that was opened before files named what they read, the run says it.
    let earlier = file("a.csv", OutputKind::Table);
    assert_eq!(earlier.origin, AirlockOrigin::Run(run));
    assert_eq!(outside(vec![earlier, gated()]), [DatasetId::from_bits(12)]);
    assert!(outside(vec![gated()]).is_empty());
    assert!(outside(vec![held()]).is_empty(), "its cells stand in the ledger");
}
