use std::future::{pending, ready};

use shuyu_kernel::{Actor, Id, Timestamp};

use super::*;

fn session() -> Session {
    let actor = Actor {
        person: Id::from_bits(1),
        body: Id::from_bits(2),
        role: "operator".to_owned(),
        post: "clerk".to_owned(),
        delegation: None,
    };
    Session {
        key: "k".to_owned(),
        actor,
        login: "l".to_owned(),
        csrf: String::new(),
        started_at: Timestamp::from_micros(0),
        used_at: Timestamp::from_micros(0),
        noted: Default::default(),
    }
}

fn standing(permit: u128) -> Standing {
    let permit: shuyu_privacy::permit::Permit = serde_json::from_value(serde_json::json!({
        "id": PermitId::from_bits(permit), "kind": "A", "mode": "stat", "people": [], "purpose": "",
        "expires_on": "2026-12-31", "thresholds": shuyu_privacy::permit::Thresholds::default(),
        "tables": {}, "max_rows": 1, "max_bytes": 1, "join_risk_assessed": false,
        "citations": shuyu_privacy::Citations::default(),
    }))
    .unwrap();
    Standing {
        case: CaseId::from_bits(permit.id.bits()),
        needs: BTreeSet::new(),
        links: BTreeSet::from([CaseId::from_bits(7)]),
        open: BTreeMap::new(),
        permit,
    }
}

#[tokio::test]
async fn a_query_ends_by_itself_by_a_stop_or_by_its_deadline() {
    let running = Running::default();
    let now = Timestamp::from_micros(0);
    let ticket = running
        .start(&session(), &standing(1), "q".to_owned(), now)
        .unwrap();
    assert_eq!(ticket.wait(ready(5), pending()).await, Ok(5));
    assert_eq!(ticket.wait(pending::<()>(), ready(())).await, Err(Halt::Late));
    let (_, query) = running.touching(Some(CaseId::from_bits(7))).remove(0);
    query.stop.notify_one();
    // An answer that is there as well does not count: the stop came before it was shown.
    assert_eq!(ticket.wait(ready(5), pending()).await, Err(Halt::Stopped));
    let (mine, another) = (session().actor.person, PersonId::from_bits(9));
    let permit = PermitId::from_bits(1);
    assert!(!running.cancel(permit, another, "q"), "somebody else's");
    assert!(!running.cancel(permit, mine, "p"), "another name");
    assert!(running.cancel(permit, mine, "q"));
    assert_eq!(ticket.wait(ready(5), pending()).await, Err(Halt::Cancelled));
    assert!(running.of(permit, mine)[0].cancelled);
    assert!(running.touching(Some(CaseId::from_bits(8))).is_empty());
    drop(ticket);
    let ticket = running
        .start(&session(), &standing(2), String::new(), now)
        .unwrap();
    let cancel = ticket.cancel();
    assert!(!cancel.is_cancelled());
    drop(ticket);
    assert!(cancel.is_cancelled());
    assert!(running.touching(None).is_empty());
}

#[tokio::test]
async fn a_permit_has_so_many_queries_at_once() {
    let running = Running::default();
    let now = Timestamp::from_micros(0);
    let start = |permit| running.start(&session(), &standing(permit), String::new(), now);
    let most = standing(1).permit.limits.at_once.value;
    let mut tickets: Vec<Ticket> = (0..most).map(|_| start(1).unwrap()).collect();
    let refused = start(1).err().map(|refusal| refusal.code);
    assert_eq!(refused.as_deref(), Some("queries_too_many"));
    assert!(start(2).is_ok(), "another permit has places of its own");
    tickets.pop();
    assert!(start(1).is_ok());
}

#[test]
fn an_answer_leaves_on_the_grid_however_long_it_took() {
    for (took, left) in [
        (0, 250),
        (1, 250),
        (249, 250),
        (250, 500),
        (251, 500),
        (1_600, 1_750),
    ] {
        assert_eq!(
            line_after(ANSWER_GRID, Duration::from_millis(took)),
            Duration::from_millis(left)
        );
    }
}
