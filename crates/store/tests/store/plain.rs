//! Plain tables.

use std::sync::Arc;

use shuyu_domain::port::{Decide, Document, Log, Meter, Proposal, Record, ReleaseTrace, Request};
use shuyu_kernel::Refusal;

use crate::{
    events::{answered, case, opened, release, stream},
    world::{World, at, code, events, request, write},
};

fn document(kind: &str, key: &str, owner: &str, version: u64) -> Document {
    Document {
        kind: kind.to_owned(),
        key: key.to_owned(),
        owner: owner.to_owned(),
        body: format!("{{\"v\":{version}}}"),
        version,
    }
}

pub async fn documents_are_swapped_by_version(world: World) {
    let store = world.open().await;
    assert_eq!(store.document("draft", "a").await.unwrap(), None);
    assert!(!store.put_document(&document("draft", "a", "p", 0)).await.unwrap());
    assert!(!store.put_document(&document("draft", "a", "p", 2)).await.unwrap());
    assert!(store.put_document(&document("draft", "a", "p", 1)).await.unwrap());
    assert!(!store.put_document(&document("draft", "a", "q", 1)).await.unwrap());
    assert!(store.put_document(&document("draft", "a", "q", 2)).await.unwrap());
    assert!(!store.put_document(&document("draft", "a", "p", 2)).await.unwrap());
    assert_eq!(
        store.document("draft", "a").await.unwrap(),
        Some(document("draft", "a", "q", 2))
    );
    for (key, owner) in [("c", "p"), ("b", "q")] {
        assert!(
            store
                .put_document(&document("draft", key, owner, 1))
                .await
                .unwrap()
        );
    }
    assert!(
        store
            .put_document(&document("session", "a", "q", 1))
            .await
            .unwrap()
    );
    let keys = |list: Vec<Document>| list.into_iter().map(|one| one.key).collect::<Vec<_>>();
    assert_eq!(
        keys(store.documents("draft", None).await.unwrap()),
        ["a", "b", "c"]
    );
    assert_eq!(
        keys(store.documents("draft", Some("q")).await.unwrap()),
        ["a", "b"]
    );
    store.remove_document("draft", "a").await.unwrap();
    store.remove_document("draft", "a").await.unwrap();
    assert_eq!(store.document("draft", "a").await.unwrap(), None);
    assert!(store.document("session", "a").await.unwrap().is_some());
    assert!(store.put_document(&document("draft", "a", "p", 1)).await.unwrap());

    // Of many who saw the same version, one is first.
    let store = Arc::new(store);
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let (store, next) = (store.clone(), document("draft", "a", &format!("{n}"), 2));
            tokio::spawn(async move { store.put_document(&next).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += u32::from(task.await.unwrap());
    }
    assert_eq!(first, 1);
}

pub async fn counters_are_atomic(world: World) {
    let store = Arc::new(world.open().await);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.count("quota", 2).await.unwrap() })
        })
        .collect();
    let mut values = Vec::new();
    for task in tasks {
        values.push(task.await.unwrap());
    }
    values.sort_unstable();
    assert_eq!(values, (1..=20).map(|n| 2 * n).collect::<Vec<i64>>());
    assert_eq!(store.count("quota", -40).await.unwrap(), 0);
    assert_eq!(store.count("other", 5).await.unwrap(), 5);
}

pub async fn old_keys_are_forgotten(world: World) {
    let store = world.open().await;
    let keyed = |n: i64| {
        let key = Some(("person".to_owned(), format!("key-{n}")));
        Request {
            key,
            at: at(n),
            ..request(stream(n as u128))
        }
    };
    for n in [1, 2, 3] {
        store
            .transact(keyed(n), events(vec![opened(n as u128)]))
            .await
            .unwrap();
    }
    assert_eq!(store.forget_keys(at(3)).await.unwrap(), 2);
    let known = |key| store.repeated("person", key, request(stream(3)).fingerprint);
    let earlier = known("key-3").await.unwrap().unwrap();
    assert!(known("key-1").await.unwrap().is_none());
    assert_eq!(store.transact(keyed(3), events(vec![])).await.unwrap(), earlier);
    assert!(earlier.replayed);
    let other = store
        .repeated("person", "key-3", shuyu_kernel::Digest::of(b"other"))
        .await;
    assert_eq!(code(&other.map(Option::unwrap)), "idempotency_key_reused");
    assert!(!store.transact(keyed(1), events(vec![])).await.unwrap().replayed);
}

/// An opened case together with documents and counters.
fn beside(documents: Vec<Document>, meters: Vec<Meter>) -> Decide {
    Box::new(move |_| {
        Ok(Proposal {
            events: vec![opened(1)],
            documents,
            meters,
            ..Proposal::default()
        })
    })
}

fn meter(counter: &str, most: i64) -> Meter {
    Meter {
        counter: counter.to_owned(),
        by: 1,
        at_most: Some((most, Refusal::unmet("too_many"))),
    }
}

pub async fn documents_and_counters_stand_or_fall_with_the_act(world: World) {
    let store = world.open().await;
    // Somebody was faster with the document: nothing of the act stands.
    assert!(store.put_document(&document("draft", "a", "p", 1)).await.unwrap());
    let late = vec![document("release", "r", "p", 1), document("draft", "a", "p", 1)];
    let result = store.transact(request(stream(1)), beside(late, vec![])).await;
    assert_eq!(code(&result), "document_changed");
    // The last unit is gone: nothing of the act stands.
    let full = vec![meter("free", 9), meter("full", 0)];
    let fresh = vec![document("release", "r", "p", 1)];
    let result = store
        .transact(request(stream(1)), beside(fresh.clone(), full))
        .await;
    assert_eq!(code(&result), "too_many");
    assert_eq!(store.size(Log::Proceedings).await.unwrap(), 0);
    assert_eq!(store.document("release", "r").await.unwrap(), None);
    assert_eq!(store.count("free", 0).await.unwrap(), 0);
    let good = beside(fresh.clone(), vec![meter("free", 1)]);
    store.transact(request(stream(1)), good).await.unwrap();
    assert_eq!(
        store.document("release", "r").await.unwrap().as_ref(),
        fresh.first()
    );
    assert_eq!(store.count("free", 0).await.unwrap(), 1);
}

pub async fn a_limit_holds_among_many(world: World) {
    let store = Arc::new(world.open().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            let decide: Decide = Box::new(|_| {
                Ok(Proposal {
                    meters: vec![meter("quota", 3)],
                    ..Proposal::default()
                })
            });
            tokio::spawn(async move { store.transact(request(stream(1)), decide).await.is_ok() })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += i32::from(task.await.unwrap());
    }
    assert_eq!((passed, store.count("quota", 0).await.unwrap()), (3, 3));
}

pub async fn counters_are_listed_and_forgotten_by_name(world: World) {
    let store = world.open().await;
    for name in [
        "nonce/2026-03-01/k/A",
        "nonce/2026-03-02/k/a",
        "quota/2026-03-01/p",
    ] {
        store.count(name, 2).await.unwrap();
    }
    let listed = store.counters("nonce/", "nonce0").await.unwrap();
    let names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["nonce/2026-03-01/k/A", "nonce/2026-03-02/k/a"]);
    assert_eq!(
        store.forget_counters("nonce/", "nonce/2026-03-02").await.unwrap(),
        1
    );
    assert_eq!(store.counters("", "~").await.unwrap().len(), 2);
}

pub async fn releases_are_listed_by_case(world: World) {
    use shuyu_domain::port::Stream;
    let store = world.open().await;
    write(&store, Stream::Release(release(7)), vec![answered(7)]).await;
    let found = store.releases(case(1)).await.unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [release(7)]);
    assert!(store.releases(case(2)).await.unwrap().is_empty());
}

/// Rows that an answer leaves in the release ledger of `person`.
pub fn trace(from: u64, rows: &[&str]) -> ReleaseTrace {
    ReleaseTrace {
        domain: "person".to_owned(),
        from,
        rows: rows.iter().map(|row| row.as_bytes().to_vec()).collect(),
    }
}

pub async fn the_release_ledger_grows_with_the_answer_that_was_judged_by_it(world: World) {
    use shuyu_domain::port::Stream;
    let store = world.open().await;
    let answer = |n: u128, from: u64, rows: &'static [&'static str]| {
        let decide: Decide = Box::new(move |_| {
            Ok(Proposal {
                events: vec![answered(n)],
                traces: vec![trace(from, rows)],
                ..Proposal::default()
            })
        });
        store.transact(request(Stream::Release(release(n))), decide)
    };
    answer(1, 0, &["units", "a"]).await.unwrap();
    // Judged before the first answer left: nothing of it stands.
    let late = answer(2, 0, &["b"]).await;
    assert_eq!(code(&late), "release_ledger_moved");
    assert_eq!(code(&answer(2, 3, &["b"]).await), "release_ledger_moved");
    assert_eq!(store.size(Log::Proceedings).await.unwrap(), 1);
    answer(2, 2, &["b"]).await.unwrap();
    let rows = |from| store.release_traces("person", from);
    assert_eq!(
        rows(0).await.unwrap(),
        [b"units".to_vec(), b"a".to_vec(), b"b".to_vec()]
    );
    assert_eq!(rows(2).await.unwrap(), [b"b".to_vec()]);
    assert!(store.release_traces("enterprise", 0).await.unwrap().is_empty());
}
