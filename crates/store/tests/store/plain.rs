//! Plain tables.

use std::sync::Arc;

use shuyu_domain::port::{Document, Record, Request};

use crate::{
    events::{opened, stream},
    world::{World, at, events, request},
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
    assert!(store.transact(keyed(3), events(vec![])).await.unwrap().replayed);
    assert!(!store.transact(keyed(1), events(vec![])).await.unwrap().replayed);
}

pub async fn counters_of_days_gone_by_are_removed(world: World) {
    let store = world.open().await;
    let names = [
        "nonce/2026-02-27/k/1",
        "nonce/2026-02-28/k/1",
        "nonce/2026-03-01/k/1",
        "quota/2026-02-01",
        "nonce",
        "other/2026-02-27/x",
    ];
    for name in names {
        store.count(name, 2).await.unwrap();
    }
    let day = "2026-03-01".parse().unwrap();
    store.forget_counters("nonce/", day).await.unwrap();
    for (name, left) in names.into_iter().zip([0, 0, 2, 2, 2, 2]) {
        assert_eq!(store.count(name, 0).await.unwrap(), left, "{name}");
    }
}
