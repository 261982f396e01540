//! A process that dies at any named point leaves all of an act or nothing of it.

use std::sync::Arc;

use shuyu_domain::port::{Document, Effect, Log, Meter, Proposal, Record, Request, VaultItem};
use shuyu_store::{KILL_POINTS, Store, StoreConfig};

use crate::{
    events::{clock, note, opened, opened_with, stream, taken},
    plain::trace,
    world::{KillAt, World, request, write},
};
use shuyu_kernel::calendar::Bound;

fn act() -> Request {
    let key = Some(("person".to_owned(), "key".to_owned()));
    Request {
        key,
        numbering: Some(("plan".to_owned(), 2026)),
        ..request(stream(2))
    }
}

fn answer() -> Document {
    Document {
        kind: "release".to_owned(),
        key: "a".to_owned(),
        body: "{}".to_owned(),
        owner: "case".to_owned(),
        version: 1,
    }
}

fn decision() -> shuyu_domain::port::Decide {
    Box::new(|loaded| {
        let events = vec![
            opened_with(2, &format!("plan-{}", loaded.next_number), &[1]),
            clock("review", 20, Bound::AtMost, &[1]),
            taken("accept", Some("review"), None, false),
        ];
        let effect = Effect {
            key: "n".to_owned(),
            kind: "notice".to_owned(),
            payload: serde_json::json!({}),
        };
        let item = VaultItem {
            reference: "r".to_owned(),
            subject: "s".to_owned(),
            clear: "c".to_owned(),
            nonce: [1; 32],
        };
        Ok(Proposal {
            events,
            reply: serde_json::json!("done"),
            outbox: vec![effect],
            vault: vec![item],
            documents: vec![answer()],
            meters: vec![Meter {
                counter: "calls".to_owned(),
                by: 1,
                at_most: None,
            }],
            traces: vec![trace(0, &["first", "second"])],
        })
    })
}

/// Runs in a task of its own, so that the panic of the kill switch ends only that.
async fn run_until_killed<F>(work: F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(()) => false,
        Err(error) => error.is_panic(),
    }
}

fn killed_at(world: &World, point: &'static str) -> StoreConfig {
    StoreConfig {
        kill: Arc::new(KillAt(point)),
        ..world.config()
    }
}

pub async fn a_crash_leaves_all_or_nothing(first: World) {
    for point in KILL_POINTS
        .iter()
        .copied()
        .filter(|point| !point.contains("seal"))
    {
        let world = first.another().await;
        let store = world.open().await;
        write(&store, stream(1), vec![opened(1)]).await;
        store.seal_all().await.unwrap();
        store.close().await;
        let before = world.dump().await;

        let store = Arc::new(Store::open(killed_at(&world, point)).await.unwrap());
        let dying = store.clone();
        assert!(
            run_until_killed(async move { drop(dying.transact(act(), decision()).await) }).await,
            "{point}"
        );
        store.close().await;

        let store = world.open().await;
        let done = point == "store.after_commit";
        if !done {
            assert_eq!(world.dump().await, before, "{point}");
        }
        assert_eq!(
            store.size(Log::Proceedings).await.unwrap(),
            if done { 4 } else { 1 },
            "{point}"
        );
        assert_eq!(store.reveal("r").await.unwrap().is_some(), done, "{point}");
        // No document without its entry, whatever happened.
        let kept = store.document("release", "a").await.unwrap();
        assert_eq!(kept, done.then(answer), "{point}");
        let counted = store.count("calls", 0).await.unwrap();
        assert_eq!(counted, i64::from(done), "{point}");
        // The client asks again, and gets one act, whatever happened.
        let answer = store.transact(act(), decision()).await.unwrap();
        assert_eq!(
            (answer.replayed, answer.first, answer.next),
            (done, 1, 4),
            "{point}"
        );
        assert_eq!(store.outbox(9).await.unwrap().len(), 1, "{point}");
        let report = store.rebuild_check().await.unwrap();
        assert!(report.equal, "{point}: {report:?}");
        store.close().await;
    }
}

pub async fn a_crash_while_sealing_is_mended_by_opening(first: World) {
    for point in KILL_POINTS.iter().copied().filter(|point| point.contains("seal")) {
        for log in [Log::Proceedings, Log::Access] {
            let world = first.another().await;
            let store = Arc::new(Store::open(killed_at(&world, point)).await.unwrap());
            write(&store, stream(1), vec![opened(1)]).await;
            store.note(&[note(1), note(2)]).await.unwrap();
            let dying = store.clone();
            assert!(
                run_until_killed(async move { drop(dying.seal(log).await) }).await,
                "{point}"
            );
            store.close().await;

            let store = world.open().await;
            for (log, size) in [(Log::Proceedings, 1), (Log::Access, 2)] {
                let sealed = store.checkpoint(log).await.unwrap().unwrap();
                assert_eq!(sealed.size, size, "{point}");
                let guard = std::fs::read_to_string(world.guard()).unwrap();
                assert!(guard.contains(&sealed.root.to_string()), "{point}: {guard}");
            }
            store.close().await;
        }
    }
}
