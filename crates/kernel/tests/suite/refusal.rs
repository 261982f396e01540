//! Refusals, faults, actors, kill points.

use std::error::Error as _;

use shuyu_kernel::{
    Actor, BodyId, ClauseId, Fault, Manner, PersonId, Refusal, RefusalKind,
    kill::{KillSwitch, NoKill},
};

#[test]
fn a_refusal_carries_code_clauses_and_facts_and_round_trips() {
    let clauses: Vec<ClauseId> = ["YN-OP-057", "YN-OP-058"].map(|id| id.parse().unwrap()).to_vec();
    let refusal = Refusal::unmet("publicity_running")
        .citing(&clauses[..1])
        .citing(&clauses[1..])
        .fact("days", 3);
    assert_eq!(
        (refusal.kind, refusal.clauses.clone()),
        (RefusalKind::Unmet, clauses)
    );
    assert_eq!(refusal.facts["days"], "3");
    assert_eq!(refusal.to_string(), "refused: publicity_running");
    let json = serde_json::to_string(&refusal).unwrap();
    assert_eq!(serde_json::from_str::<Refusal>(&json).unwrap(), refusal);
    assert!(json.contains("\"kind\":\"unmet\""));
}

#[test]
fn each_shorthand_has_its_kind() {
    let table = [
        (Refusal::forbidden("x"), RefusalKind::Forbidden),
        (Refusal::conflict("x"), RefusalKind::Conflict),
        (Refusal::unmet("x"), RefusalKind::Unmet),
        (Refusal::unknown("x"), RefusalKind::Unknown),
        (Refusal::new(RefusalKind::Limited, "x"), RefusalKind::Limited),
    ];
    for (refusal, kind) in table {
        assert_eq!(refusal.kind, kind);
        assert!(refusal.clauses.is_empty() && refusal.facts.is_empty());
    }
}

#[test]
fn a_fault_names_what_was_done_and_keeps_its_cause() {
    let fault = Fault::new("reading the calendar", std::io::Error::other("disk is gone"));
    assert_eq!(fault.to_string(), "reading the calendar: disk is gone");
    assert_eq!(fault.source().unwrap().to_string(), "disk is gone");
}

#[test]
fn an_actor_round_trips() {
    let actor = Actor {
        person: PersonId::from_bits(1),
        body: BodyId::from_bits(2),
        role: "provider".to_owned(),
        post: "clerk".to_owned(),
        delegation: Some("7".to_owned()),
    };
    let json = serde_json::to_string(&actor).unwrap();
    assert_eq!(serde_json::from_str::<Actor>(&json).unwrap(), actor);
    for (manner, name) in [
        (Manner::InPerson, "in_person"),
        (Manner::Delegate, "delegate"),
        (Manner::OnBehalf, "on_behalf"),
        (Manner::System, "system"),
    ] {
        assert_eq!(serde_json::to_value(manner).unwrap(), name);
    }
    NoKill.reached("anywhere");
}
