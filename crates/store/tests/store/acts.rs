//! What a transaction promises.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use shuyu_domain::port::{Committed, Effect, Log, Proposal, Record, RecordError, Stream, VaultItem};
use shuyu_kernel::{Digest, Refusal};
use shuyu_store::Store;

use crate::{
    events::{body, case, entered_naming, opened, opened_with, registered, stream, taken, version_recorded},
    world::{World, code, events, request, write},
};

fn keyed(n: u128, asked: &[u8]) -> shuyu_domain::port::Request {
    let key = Some(("person".to_owned(), "key-1".to_owned()));
    shuyu_domain::port::Request {
        key,
        fingerprint: Digest::of(asked),
        ..request(stream(n))
    }
}

fn replying(reply: serde_json::Value) -> shuyu_domain::port::Decide {
    Box::new(move |_| {
        Ok(Proposal {
            events: vec![opened(1)],
            reply,
            ..Proposal::default()
        })
    })
}

pub async fn a_known_key_gets_the_same_answer(world: World) {
    let store = world.open().await;
    let reply = serde_json::json!({ "case": "1", "list": [3, 1, 2], "nothing": null });
    let first = store
        .transact(keyed(1, b"open"), replying(reply.clone()))
        .await
        .unwrap();
    assert_eq!(
        (first.first, first.next, first.version, first.replayed),
        (0, 1, 1, false)
    );
    write(&store, stream(1), vec![taken("accept", None, None, false)]).await;
    let before = world.dump().await;
    // Neither the state of today nor another proposal nor a stale version changes the earlier answer.
    let mut again = keyed(1, b"open");
    again.expected_version = Some(77);
    let second = store
        .transact(again, replying(serde_json::json!("other")))
        .await
        .unwrap();
    assert_eq!(
        second,
        Committed {
            replayed: true,
            ..first
        }
    );
    assert_eq!(second.reply.to_string(), reply.to_string());
    assert_eq!(world.dump().await, before);
    // The key belongs to its scope.
    let mut other = keyed(2, b"open");
    other.key = Some(("somebody else".to_owned(), "key-1".to_owned()));
    assert!(
        !store
            .transact(other, events(vec![opened(2)]))
            .await
            .unwrap()
            .replayed
    );
}

pub async fn a_key_for_something_else_is_refused(world: World) {
    let store = world.open().await;
    store
        .transact(keyed(1, b"open"), events(vec![opened(1)]))
        .await
        .unwrap();
    let before = world.dump().await;
    let result = store
        .transact(keyed(2, b"open another"), events(vec![opened(2)]))
        .await;
    assert_eq!(code(&result), "idempotency_key_reused");
    assert_eq!(world.dump().await, before);
}

pub async fn a_stale_version_is_refused_with_both_versions(world: World) {
    let store = world.open().await;
    write(
        &store,
        stream(1),
        vec![opened(1), taken("accept", None, None, false)],
    )
    .await;
    for expected in [0, 1, 3] {
        let stale = shuyu_domain::port::Request {
            expected_version: Some(expected),
            ..request(stream(1))
        };
        let result = store
            .transact(stale, events(vec![taken("x", None, None, false)]))
            .await;
        assert_eq!(code(&result), "stale_version");
        let Err(RecordError::Refused(refusal)) = result else {
            unreachable!()
        };
        assert_eq!(refusal.facts["expected"], expected.to_string());
        assert_eq!(refusal.facts["actual"], "2");
    }
    let fresh = shuyu_domain::port::Request {
        expected_version: Some(2),
        ..request(stream(1))
    };
    let done = store
        .transact(fresh, events(vec![taken("x", None, None, false)]))
        .await
        .unwrap();
    assert_eq!(done.version, 3);
}

pub async fn a_refusal_changes_nothing(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    let before = world.dump().await;
    let refuse = Box::new(|loaded: &shuyu_domain::port::Loaded| {
        assert_eq!(loaded.case.as_ref().map(|case| case.version), Some(1));
        Err(Refusal::unmet("not_today"))
    });
    let result = store.transact(keyed(1, b"asked"), refuse).await;
    assert_eq!(code(&result), "not_today");
    assert_eq!(world.dump().await, before);
    // The key was not taken by the refusal.
    let done = store
        .transact(keyed(1, b"other"), events(vec![taken("x", None, None, false)]))
        .await;
    assert!(!done.unwrap().replayed);
}

pub async fn a_taken_number_is_refused_and_changes_nothing(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened_with(1, "No 1", &[])]).await;
    write(
        &store,
        Stream::Dataset(crate::events::dataset(1)),
        vec![version_recorded(1, 1, None)],
    )
    .await;
    let before = world.dump().await;
    let result = store
        .transact(request(stream(2)), events(vec![opened_with(2, "No 1", &[])]))
        .await;
    assert_eq!(code(&result), "case_number_taken");
    let again = store.transact(
        request(Stream::Dataset(crate::events::dataset(1))),
        events(vec![version_recorded(1, 1, None)]),
    );
    assert_eq!(code(&again.await), "dataset_version_exists");
    assert_eq!(world.dump().await, before);
}

pub async fn an_event_of_another_stream_is_a_fault_and_changes_nothing(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    let before = world.dump().await;
    let wrong = [
        (stream(2), vec![opened(3)]),
        (stream(2), vec![taken("x", None, None, false)]),
        (stream(1), vec![opened(1)]),
        (stream(1), vec![taken("x", None, None, false), registered(1)]),
        (Stream::Registry, vec![opened(2)]),
        (
            Stream::Dataset(crate::events::dataset(2)),
            vec![version_recorded(1, 1, None)],
        ),
        (Stream::Installation, vec![registered(1)]),
    ];
    for (stream, list) in wrong {
        let result = store.transact(request(stream), events(list)).await;
        assert!(
            matches!(&result, Err(RecordError::Fault(fault)) if !shuyu_store::is_fatal(fault)),
            "{result:?}"
        );
    }
    assert_eq!(world.dump().await, before);
}

pub async fn concurrent_writers_leave_no_gap(world: World) {
    // Two processes on one database, each with many writers.
    let stores = [Arc::new(world.open().await), Arc::new(world.open().await)];
    let mut tasks = Vec::new();
    for n in 0..30u128 {
        let store = stores[(n % 2) as usize].clone();
        tasks.push(tokio::spawn(async move { open_numbered(&store, n + 1).await }));
    }
    let mut committed = Vec::new();
    for task in tasks {
        committed.push(task.await.unwrap());
    }
    committed.sort_by_key(|done| done.first);
    for (n, done) in (0u64..).zip(&committed) {
        assert_eq!((done.first, done.next), (2 * n, 2 * n + 2));
        // Order of the index is order of the commit: the running number proves it.
        assert_eq!(done.reply, serde_json::json!(n + 1));
    }
    stores[1].seal_all().await.unwrap();
    stores[0].seal_all().await.unwrap();
    assert_eq!(stores[0].size(Log::Proceedings).await.unwrap(), 60);
    assert_eq!(
        stores[0]
            .checkpoint(Log::Proceedings)
            .await
            .unwrap()
            .unwrap()
            .size,
        60
    );
    let report = stores[0].rebuild_check().await.unwrap();
    assert!(report.equal, "{report:?}");
}

async fn open_numbered(store: &Store, n: u128) -> Committed {
    let numbering = Some(("plan".to_owned(), 2026));
    let request = shuyu_domain::port::Request {
        numbering,
        ..request(stream(n))
    };
    let decide = Box::new(move |loaded: &shuyu_domain::port::Loaded| {
        let number = format!("plan-2026-{}", loaded.next_number);
        let events = vec![opened_with(n, &number, &[]), taken("accept", None, None, false)];
        Ok(Proposal {
            events,
            reply: serde_json::json!(loaded.next_number),
            ..Proposal::default()
        })
    });
    store.transact(request, decide).await.unwrap()
}

pub async fn links_are_loaded_transitively(world: World) {
    let store = world.open().await;
    write(&store, Stream::Registry, vec![registered(1), registered(2)]).await;
    // 5 → 4 → {3, 2}, 3 → 2, 2 → 5 (a circle), 1 stands alone, 99 does not exist.
    write(&store, stream(1), vec![opened(1)]).await;
    write(&store, stream(2), vec![opened_with(2, "No 2", &[5])]).await;
    write(&store, stream(3), vec![opened_with(3, "No 3", &[2, 99])]).await;
    write(&store, stream(4), vec![opened_with(4, "No 4", &[3, 2])]).await;
    write(&store, stream(5), vec![opened_with(5, "No 5", &[4])]).await;

    let loaded = store.load(&BTreeSet::from([case(4)])).await.unwrap();
    assert_eq!(
        loaded.linked.keys().copied().collect::<Vec<_>>(),
        [2, 3, 4, 5].map(case)
    );
    assert_eq!(
        loaded.registry.bodies_with(crate::events::ROLE),
        [body(1), body(2)]
    );

    let seen = Arc::new(Mutex::new(None));
    let inside = seen.clone();
    let look = Box::new(move |loaded: &shuyu_domain::port::Loaded| {
        let linked: Vec<_> = loaded.linked.keys().copied().collect();
        let own = loaded.case.as_ref().map(|case| case.id);
        *inside.lock().unwrap() = Some((own, linked, loaded.version, loaded.registry.version));
        Ok(Proposal::default())
    });
    let mut on_four = request(stream(4));
    on_four.needs = BTreeSet::from([case(1)]);
    let nothing = store.transact(on_four, look).await.unwrap();
    assert_eq!((nothing.first, nothing.next), (7, 7));
    let seen = seen.lock().unwrap().take().unwrap();
    assert_eq!(seen, (Some(case(4)), [1, 2, 3, 5].map(case).to_vec(), 1, 2));

    // An act that waits names 1: whoever takes its last step decides about it.
    write(&store, stream(2), vec![entered_naming(1, 1, &["chief"], &[1])]).await;
    let loaded = store.load(&BTreeSet::from([case(4)])).await.unwrap();
    assert!(loaded.linked.contains_key(&case(1)));
}

fn vault(reference: &str, subject: &str, clear: &str) -> VaultItem {
    VaultItem {
        reference: reference.to_owned(),
        subject: subject.to_owned(),
        clear: clear.to_owned(),
        nonce: [reference.len() as u8; 32],
    }
}

pub async fn personal_fields_are_revealed_until_erased(world: World) {
    let store = world.open().await;
    let items = vec![
        vault("name-1", "p1", "王敏"),
        vault("id-1", "p1", "110101"),
        vault("name-22", "p2", "李雷"),
    ];
    let decide = Box::new(move |_: &shuyu_domain::port::Loaded| {
        Ok(Proposal {
            events: vec![opened(1)],
            vault: items,
            ..Proposal::default()
        })
    });
    store.transact(request(stream(1)), decide).await.unwrap();
    assert_eq!(store.reveal("name-1").await.unwrap().as_deref(), Some("王敏"));
    assert_eq!(store.reveal("id-1").await.unwrap().as_deref(), Some("110101"));
    assert_eq!(store.reveal("unknown").await.unwrap(), None);
    assert_eq!(store.field("name-1").await.unwrap().unwrap().nonce, [6; 32]);
    let clear = "王敏"
        .bytes()
        .map(|byte| byte.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    assert!(
        !world
            .dump()
            .await
            .iter()
            .any(|line| line.contains("王敏") || line.contains(&clear))
    );

    let entry = store.stream(stream(1)).await.unwrap();
    assert!(store.erase("p1").await.unwrap());
    assert!(!store.erase("p1").await.unwrap());
    assert_eq!(store.reveal("name-1").await.unwrap(), None);
    assert_eq!(store.reveal("id-1").await.unwrap(), None);
    assert_eq!(store.reveal("name-22").await.unwrap().as_deref(), Some("李雷"));
    assert_eq!(store.stream(stream(1)).await.unwrap(), entry);

    // A sealed field belongs to its reference: put under another one, it is not believed.
    world
        .sql("INSERT INTO vault SELECT 'moved', key_id, sealed FROM vault WHERE reference = 'name-22'")
        .await
        .unwrap();
    assert!(store.reveal("moved").await.is_err());

    // The subject may come back; what was erased does not.
    let again = vec![vault("name-3", "p1", "again")];
    let decide = Box::new(move |_: &shuyu_domain::port::Loaded| {
        Ok(Proposal {
            vault: again,
            ..Proposal::default()
        })
    });
    store.transact(request(stream(1)), decide).await.unwrap();
    assert_eq!(store.reveal("name-3").await.unwrap().as_deref(), Some("again"));
    assert_eq!(store.reveal("name-1").await.unwrap(), None);

    let taken = vec![vault("name-3", "p9", "x")];
    let decide = Box::new(move |_: &shuyu_domain::port::Loaded| {
        Ok(Proposal {
            vault: taken,
            ..Proposal::default()
        })
    });
    assert_eq!(
        code(&store.transact(request(stream(1)), decide).await),
        "vault_reference_taken"
    );
}

pub async fn follow_ups_are_queued_once(world: World) {
    let store = world.open().await;
    let effect = |key: &str, n: u64| Effect {
        key: key.to_owned(),
        kind: "notice".to_owned(),
        payload: serde_json::json!({ "n": n }),
    };
    let queue = |list: Vec<Effect>| {
        Box::new(move |_: &shuyu_domain::port::Loaded| {
            Ok(Proposal {
                outbox: list,
                ..Proposal::default()
            })
        })
    };
    write(&store, stream(1), vec![opened(1)]).await;
    let first = vec![effect("z", 1), effect("a", 2), effect("z", 3)];
    store.transact(request(stream(1)), queue(first)).await.unwrap();
    write(&store, stream(1), vec![taken("x", None, None, false)]).await;
    store
        .transact(request(stream(1)), queue(vec![effect("b", 4), effect("a", 5)]))
        .await
        .unwrap();
    // Oldest first, and within a transaction in its order; a key once taken keeps its first payload.
    assert_eq!(
        store.outbox(9).await.unwrap(),
        [effect("z", 1), effect("a", 2), effect("b", 4)]
    );
    assert_eq!(store.outbox(1).await.unwrap(), [effect("z", 1)]);
    store.outbox_done("z").await.unwrap();
    store.outbox_done("z").await.unwrap();
    store
        .transact(request(stream(1)), queue(vec![effect("z", 6)]))
        .await
        .unwrap();
    assert_eq!(store.outbox(9).await.unwrap(), [effect("a", 2), effect("b", 4)]);
}
