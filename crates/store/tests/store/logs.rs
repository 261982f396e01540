//! The logs: only added to, sealed, exported, and believed only when they fit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shuyu_domain::port::{AccessNote, Log, Record};
use shuyu_ledger::verify;
use shuyu_store::{Broken, OpenError, is_fatal};

use crate::{
    events::{case, note, opened, stream, taken},
    world::{World, events, request, write},
};

pub async fn entries_refuse_to_be_changed(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    let before = world.dump().await;
    assert!(
        world
            .sql("UPDATE ledger_entry SET kind = 'other' WHERE idx = 0")
            .await
            .is_err()
    );
    assert!(world.sql("DELETE FROM ledger_entry WHERE idx = 0").await.is_err());
    assert!(world.sql("DELETE FROM ledger_entry").await.is_err());
    if world.is_postgres() {
        assert!(world.sql("TRUNCATE ledger_entry").await.is_err());
    }
    assert_eq!(world.dump().await, before);
}

pub async fn an_export_verifies_offline(world: World) {
    let store = world.open().await;
    let mut folder = BTreeMap::new();
    assert!(!store.export(Log::Proceedings, &mut folder).await.unwrap());
    assert!(folder.is_empty());
    for n in 1..=5 {
        write(&store, stream(n), vec![opened(n), taken("x", None, None, false)]).await;
    }
    store.seal_all().await.unwrap();
    // What comes after the checkpoint is not part of the export.
    write(&store, stream(6), vec![opened(6)]).await;
    store.note(&[note(1), note(2), note(3)]).await.unwrap();
    store.seal(Log::Access).await.unwrap();
    for (log, size) in [(Log::Proceedings, 10), (Log::Access, 3)] {
        let mut folder = BTreeMap::new();
        assert!(store.export(log, &mut folder).await.unwrap());
        let verified = verify(&folder, Some(store.verifying_key())).unwrap();
        assert_eq!(verified.size, size);
        assert_eq!(verified.origin, *store.origin(log));
        let lines = folder.get_mut("entries/000000.jsonl").unwrap();
        let place = lines.iter().position(|byte| *byte == b'{').unwrap();
        lines[place + 60] ^= 1;
        assert!(verify(&folder, Some(store.verifying_key())).is_err());
    }
}

pub async fn receipts_verify_offline(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    assert!(store.receipt(Log::Proceedings, 0).await.unwrap().is_none());
    store.seal_all().await.unwrap();
    for n in 2..=4 {
        write(&store, stream(n), vec![opened(n)]).await;
        // One more under each checkpoint, so that the tree grows between receipts.
        store.seal_all().await.unwrap();
        for index in 0..n as u64 {
            let receipt = store.receipt(Log::Proceedings, index).await.unwrap().unwrap();
            let verified = receipt.verify(store.verifying_key()).unwrap();
            assert_eq!(
                (verified.entry.index, verified.checkpoint.size),
                (index, n as u64)
            );
            assert_eq!(verified.entry.kind, "case.opened.v1");
        }
        assert!(store.receipt(Log::Proceedings, n as u64).await.unwrap().is_none());
    }
}

pub async fn the_access_log_does_not_wait_for_acts(world: World) {
    let store = Arc::new(world.open().await);
    // Somebody holds the lock of the proceedings and does not let go; many acts wait for it.
    let mut raw = world.raw().await;
    if !world.is_postgres() {
        raw.run("BEGIN IMMEDIATE").await.unwrap();
    } else {
        raw.run("BEGIN; UPDATE ledger_head SET size = size WHERE log = 'proceedings'")
            .await
            .unwrap();
    }
    let waiting: Vec<_> = (1..=12)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { write(&store, stream(n), vec![opened(n)]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.note(&[note(1), note(2)]).await.unwrap();
    store.note(&[]).await.unwrap();
    assert!(
        store
            .load(&BTreeSet::from([case(1)]))
            .await
            .unwrap()
            .linked
            .is_empty()
    );
    if world.is_postgres() {
        assert_eq!(store.count("calls", 1).await.unwrap(), 1);
    }
    store.note(&[note(3)]).await.unwrap();
    raw.run("ROLLBACK").await.unwrap();
    assert_eq!(store.size(Log::Access).await.unwrap(), 3);
    for act in waiting {
        act.await.unwrap();
    }
    assert_eq!(store.size(Log::Proceedings).await.unwrap(), 12);
    let entries = store.entries(Log::Access, 1, 1).await.unwrap();
    let line = String::from_utf8(entries[0].bytes.clone()).unwrap();
    assert_eq!((entries.len(), entries[0].index), (1, 1));
    assert!(line.contains(r#""subject":"case 2""#), "{line}");
}

pub async fn a_changed_entry_is_not_sealed(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    world.lift_seat_belt().await;
    let other = if world.is_postgres() {
        "'{}'::bytea"
    } else {
        "CAST('{}' AS BLOB)"
    };
    world
        .sql(&format!("UPDATE ledger_entry SET bytes = {other} WHERE idx = 0"))
        .await
        .unwrap();
    let fault = store.seal(Log::Proceedings).await.unwrap_err();
    assert!(is_fatal(&fault), "{fault}");
    // Nothing is decided on a broken record.
    let act = store.transact(request(stream(2)), events(vec![opened(2)])).await;
    assert!(matches!(act, Err(shuyu_domain::port::RecordError::Fault(fault)) if is_fatal(&fault)));
    store.close().await;
    assert!(matches!(
        world.refused(world.config()).await,
        OpenError::Broken(Broken::Leaf { index: 0, .. })
    ));
}

pub async fn a_changed_leaf_is_refused_at_the_start(world: World) {
    let store = world.open().await;
    for n in 1..=3 {
        write(&store, stream(n), vec![opened(n)]).await;
    }
    store.seal_all().await.unwrap();
    store.close().await;
    world.lift_seat_belt().await;
    // Leaf and successor are changed together, so that the chain still looks whole.
    let swap = "UPDATE ledger_entry SET leaf_hash = prev_hash WHERE idx = 1";
    let hide = "UPDATE ledger_entry SET prev_hash = (SELECT leaf_hash FROM ledger_entry WHERE idx = 1) WHERE idx = 2";
    world.sql(swap).await.unwrap();
    world.sql(hide).await.unwrap();
    let error = world.refused(world.config()).await;
    assert!(
        matches!(error, OpenError::Broken(Broken::Root { size: 3, .. })),
        "{error}"
    );
    // An entry taken out leaves a gap.
    world.sql("DELETE FROM ledger_entry WHERE idx = 1").await.unwrap();
    let error = world.refused(world.config()).await;
    assert!(
        matches!(error, OpenError::Broken(Broken::Head { index: 1, .. })),
        "{error}"
    );
}

pub async fn a_table_that_disagrees_stops_the_store(world: World) {
    let planted = [
        "UPDATE case_file SET state = '{}'",
        "DELETE FROM case_file",
        "UPDATE case_file SET state = replace(state, '\"version\":1', '\"version\":7')",
    ];
    for sql in planted {
        let world = world.another().await;
        let store = world.open().await;
        write(&store, stream(1), vec![opened(1)]).await;
        world.sql(sql).await.unwrap();
        let before = world.dump().await;
        let act = store
            .transact(request(stream(1)), events(vec![taken("x", None, None, false)]))
            .await;
        let Err(shuyu_domain::port::RecordError::Fault(fault)) = act else {
            panic!("{act:?}")
        };
        assert!(is_fatal(&fault), "{sql}: {fault}");
        assert_eq!(world.dump().await, before);
        let other = store.transact(request(stream(2)), events(vec![opened(2)])).await;
        assert!(other.is_err(), "{sql}");
        // The ledger is whole: the tables can be made again, by a new process.
        store.close().await;
        let store = world.open().await;
        assert!(store.rebuild().await.unwrap() > 0);
        write(&store, stream(1), vec![taken("x", None, None, false)]).await;
    }
}

pub async fn a_note_is_cut_before_it_stands_for_ever(world: World) {
    let store = world.open().await;
    let long = AccessNote {
        what: "w".repeat(5000),
        subject: "\u{5f20}".repeat(5000),
        code: Some("c".repeat(5000)),
        ..note(1)
    };
    store.note(&[long]).await.unwrap();
    let entry = store.entries(Log::Access, 0, 1).await.unwrap().pop().unwrap();
    assert!(entry.bytes.len() < 2000, "{}", entry.bytes.len());
    assert!(String::from_utf8(entry.bytes).unwrap().contains("\u{5f20}"));
}
