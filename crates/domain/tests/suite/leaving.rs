//! What leaves the domain beside the release ledger and beside limits of risk: said, reasoned, recorded.

use std::collections::BTreeMap;

use shuyu_domain::{
    airlock::{AirlockCommand, AirlockState, Vote, decide},
    event::{AirlockEvent, AirlockFile, OutputKind},
};
use shuyu_kernel::{DatasetId, Digest};

use crate::work::{actor, day, file, fold, gated, note, opened, refused, review, submit, then};

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
    let outside = |files: Vec<AirlockFile>| {
        let request = fold(&[opened(files)]);
        let submission = submit(&request);
        let mut request = then(request, submission, 1);
        for reviewer in [7, 8].into_iter().take(request.reviewers()) {
            let vote = review(&request, true);
            request = then(request, vote, reviewer);
        }
        let events = decide(&request, AirlockCommand::Release, &actor(7), day()).unwrap();
        let [AirlockEvent::Released { outside_ledger, .. }] = events.as_slice() else {
            panic!("released")
        };
        outside_ledger.clone()
    };
    assert_eq!(outside(vec![of_run, gated()]), [DatasetId::from_bits(11)]);
    assert!(outside(vec![gated()]).is_empty());
}
