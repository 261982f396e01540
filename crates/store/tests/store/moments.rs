//! When acts are recorded, and what was answered before.

use shuyu_domain::port::{Log, Record, Request};
use shuyu_ledger::Entry;

use crate::{
    events::{opened, stream},
    world::{World, at, code, events, request},
};

pub async fn recorded_time_never_goes_back(world: World) {
    let store = world.open().await;
    let asked = |n: u128, second: i64| Request {
        at: at(second),
        ..request(stream(n))
    };
    store
        .transact(asked(1, 100), events(vec![opened(1)]))
        .await
        .unwrap();
    // Decided side by side, written the other way round: recorded with the later instant.
    store
        .transact(asked(2, 98), events(vec![opened(2)]))
        .await
        .unwrap();
    let before = world.dump().await;
    let late = store.transact(asked(3, 90), events(vec![opened(3)])).await;
    assert_eq!(code(&late), "clock_behind_record");
    assert_eq!(world.dump().await, before);
    store
        .transact(asked(3, 101), events(vec![opened(3)]))
        .await
        .unwrap();
    let entries = store.entries(Log::Proceedings, 0, 10).await.unwrap();
    let recorded: Vec<_> = entries
        .iter()
        .map(|entry| Entry::parse(&entry.bytes).unwrap().recorded_at)
        .collect();
    assert_eq!(recorded, [at(100), at(100), at(101)]);
}

pub async fn an_earlier_answer_is_found_by_its_key(world: World) {
    let store = world.open().await;
    let asked = Request {
        key: Some(("person".to_owned(), "key-1".to_owned())),
        ..request(stream(1))
    };
    assert_eq!(store.earlier("person", "key-1").await.unwrap(), None);
    let first = store.transact(asked, events(vec![opened(1)])).await.unwrap();
    let found = store.earlier("person", "key-1").await.unwrap().unwrap();
    assert!(found.replayed);
    assert_eq!(
        (found.reply, found.first, found.next),
        (first.reply, first.first, first.next)
    );
    for (scope, key) in [("other", "key-1"), ("person", "key-2")] {
        assert_eq!(store.earlier(scope, key).await.unwrap(), None);
    }
}
