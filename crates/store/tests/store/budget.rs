//! Budgets of differential privacy are exact, and stand in the record.

use std::sync::Arc;

use shuyu_domain::port::{Log, Record, RecordError, Stream};
use shuyu_kernel::Digest;

use crate::{
    events::{answered, body, charged, dataset, permit, release},
    world::{World, code, events, request, write},
};

pub async fn a_budget_holds_among_many(world: World) {
    // Two processes on one database. Ten times 300 of 1,000 are asked for at once: three are answered.
    let stores = [Arc::new(world.open().await), Arc::new(world.open().await)];
    let mut tasks = Vec::new();
    for n in 1..=10u128 {
        let store = stores[(n % 2) as usize].clone();
        tasks.push(tokio::spawn(async move {
            let asked = request(Stream::Release(release(n)));
            store
                .transact(asked, events(vec![charged(n, 300, true), answered(n)]))
                .await
        }));
    }
    let mut answers = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => answers += 1,
            Err(RecordError::Refused(refusal)) => {
                assert_eq!(refusal.code, "dp_budget_spent");
                assert_eq!(refusal.facts.get("left").map(String::as_str), Some("100"));
            }
            Err(RecordError::Fault(fault)) => panic!("{fault}"),
        }
    }
    assert_eq!(answers, 3);
    let store = &stores[0];
    // Who was refused is not charged, and left nothing.
    assert_eq!(store.spent(body(1)).await.unwrap(), [(dataset(1), 900)].into());
    assert_eq!(store.size(Log::Proceedings).await.unwrap(), 6);
    // The last hundred are there for whoever asks for no more.
    write(
        store,
        Stream::Release(release(20)),
        vec![charged(20, 100, true), answered(20)],
    )
    .await;
    let late = request(Stream::Release(release(21)));
    let late = store
        .transact(late, events(vec![charged(21, 1, true), answered(21)]))
        .await;
    assert_eq!(code(&late), "dp_budget_spent");
    // Another body has a budget of its own.
    assert!(store.spent(body(2)).await.unwrap().is_empty());
    assert!(store.rebuild_check().await.unwrap().equal);
}

pub async fn what_was_spent_survives_a_rebuild_and_another_budget(world: World) {
    let store = world.open().await;
    write(
        &store,
        Stream::Release(release(1)),
        vec![charged(1, 999, true), answered(1)],
    )
    .await;
    // Noise was drawn and the query failed: charged, even above what is left.
    write(&store, Stream::Release(release(2)), vec![charged(2, 300, false)]).await;
    assert_eq!(store.spent(body(1)).await.unwrap(), [(dataset(1), 1_299)].into());
    // Setting it back in the table is found, and mended from the record.
    world.sql("UPDATE budget_charge SET rho = 0").await.unwrap();
    assert!(!store.rebuild_check().await.unwrap().equal);
    store.rebuild().await.unwrap();
    assert_eq!(store.spent(body(1)).await.unwrap(), [(dataset(1), 1_299)].into());
    let next = store
        .transact(
            request(Stream::Release(release(3))),
            events(vec![charged(3, 1, true), answered(3)]),
        )
        .await;
    assert_eq!(code(&next), "dp_budget_spent");
}

pub async fn releases_that_were_charged_are_found_by_their_question(world: World) {
    let store = world.open().await;
    let query = Digest::of(b"query");
    let asked = [Digest::of(b"another"), query];
    let found = || store.releases_charged(permit(1), &asked);
    // The same question without a charge is none of them.
    write(&store, Stream::Release(release(1)), vec![answered(1)]).await;
    write(&store, Stream::Release(release(2)), vec![charged(2, 10, false)]).await;
    assert!(found().await.unwrap().is_empty());
    for n in [4, 3] {
        let both = vec![charged(n, 10, true), answered(n)];
        write(&store, Stream::Release(release(n)), both).await;
    }
    write(&store, Stream::Release(release(5)), vec![answered(5)]).await;
    assert_eq!(found().await.unwrap(), [(query, release(3))].into(), "the newest");
    let other = store.releases_charged(permit(2), &asked).await;
    assert!(other.unwrap().is_empty());
    assert!(store.releases_charged(permit(1), &[]).await.unwrap().is_empty());
}
