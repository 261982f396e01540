//! Own lists: the written form of their events, and what a case makes of them.

use std::fs;

use serde_json::json;
use shuyu_domain::{
    Case, Event,
    event::{CaseEvent, OwnEnd, OwnEvent},
};
use shuyu_kernel::{Actor, BodyId, DatasetId};

use crate::golden::{actor, day, digest, folder};

fn brought(dataset: u128, by: Actor) -> OwnEvent {
    OwnEvent::Brought {
        dataset: DatasetId::from_bits(dataset),
        table: "cohort".to_owned(),
        version: 0,
        rows: 120,
        subjects: 118,
        subject: "id_no".to_owned(),
        domain: "person".to_owned(),
        labels: vec!["group".to_owned()],
        raw: digest("list"),
        files: vec![digest("file")],
        by,
        on: day(21),
    }
}

fn ended(dataset: u128, why: OwnEnd) -> OwnEvent {
    OwnEvent::Ended {
        dataset: DatasetId::from_bits(dataset),
        why,
        by: (why == OwnEnd::TakenBack).then(actor),
        on: day(22),
    }
}

fn erased(dataset: u128) -> OwnEvent {
    OwnEvent::Erased {
        dataset: DatasetId::from_bits(dataset),
        files: vec![digest("file")],
        objects: 2,
        on: day(23),
    }
}

pub fn new_kinds() -> Vec<Event> {
    [brought(5, actor()), ended(5, OwnEnd::TakenBack), erased(5)]
        .map(|event| Event::Case(CaseEvent::Own(event)))
        .into()
}

/// A case with a permit, as its written events make it.
fn case_after(events: &[OwnEvent]) -> Case {
    let opened = crate::golden::opened();
    let own = events.iter().cloned().map(CaseEvent::Own);
    let all: Vec<CaseEvent> = [opened].into_iter().chain(own).collect();
    Case::replay(&all).unwrap()
}

#[test]
fn a_list_is_seen_by_its_body_until_it_ends_and_is_kept_in_the_case_for_ever() {
    let case = case_after(&[brought(5, actor())]);
    let names = |case: &Case, body: u128| case.own_lists(BodyId::from_bits(body)).count();
    assert_eq!((names(&case, 3), names(&case, 4)), (1, 0));
    for why in [
        OwnEnd::TakenBack,
        OwnEnd::PermitEnded,
        OwnEnd::PermitExpired,
        OwnEnd::ChainEnded,
        OwnEnd::SubjectErased,
    ] {
        let case = case_after(&[brought(5, actor()), brought(6, actor()), ended(5, why)]);
        assert_eq!(names(&case, 3), 1);
        assert_eq!(case.own[0].ended, Some((day(22), why)));
        assert_eq!(case.own[0].erased_on, None);
    }
    let gone = case_after(&[brought(5, actor()), ended(5, OwnEnd::TakenBack), erased(5)]);
    assert_eq!((names(&gone, 3), gone.own[0].erased_on), (0, Some(day(23))));
}

#[test]
fn the_words_of_an_end_are_written_and_read_as_they_were() {
    for (why, word) in [
        (OwnEnd::TakenBack, "taken_back"),
        (OwnEnd::PermitEnded, "permit_ended"),
        (OwnEnd::PermitExpired, "permit_expired"),
        (OwnEnd::ChainEnded, "chain_ended"),
        (OwnEnd::SubjectErased, "subject_erased"),
    ] {
        assert_eq!(why.word(), word);
        let event = Event::Case(CaseEvent::Own(ended(5, why)));
        let kind = "case.own_list_ended.v1";
        let golden = fs::read_to_string(folder().join(format!("{kind}.json"))).unwrap();
        let mut golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
        let end = golden.pointer_mut("/case/own/ended").unwrap();
        end["why"] = json!(word);
        if why != OwnEnd::TakenBack {
            end["by"] = json!(null);
        }
        assert_eq!(
            (event.kind(), serde_json::to_value(&event).unwrap()),
            (kind, golden.clone())
        );
        assert_eq!(serde_json::from_value::<Event>(golden).unwrap(), event);
    }
}

#[test]
fn events_that_make_no_sense_change_nothing_but_the_version() {
    let unknown = case_after(&[ended(5, OwnEnd::PermitEnded), erased(5)]);
    assert!(unknown.own.is_empty());
    assert_eq!(unknown.version, 3);
    let twice = case_after(&[
        brought(5, actor()),
        brought(5, actor()),
        ended(5, OwnEnd::PermitExpired),
        ended(5, OwnEnd::TakenBack),
    ]);
    assert_eq!(twice.own.len(), 1);
    assert_eq!(
        twice.own[0].ended,
        Some((day(22), OwnEnd::PermitExpired)),
        "the first end counts"
    );
}

#[test]
fn a_case_written_before_there_were_own_lists_is_read() {
    let mut written = serde_json::to_value(case_after(&[])).unwrap();
    assert!(
        written.get("own").is_none(),
        "nothing is written where there is none"
    );
    written.as_object_mut().unwrap().remove("own");
    let read: Case = serde_json::from_value(written).unwrap();
    assert_eq!(read, case_after(&[]));
}
