//! Killed at each point and opened again: the old version or the whole new one, never in between.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use shuyu_kernel::{Timestamp, kill::NoKill};
use shuyu_lake::IngestMode;

use crate::world::{KillAt, NOW, World, dataset, spec};

fn arm(point: &'static str) -> Arc<KillAt> {
    Arc::new(KillAt(Mutex::new(Some(point))))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_killed_anywhere_is_whole_or_not_at_all() {
    let points = [
        ("lake.mid_file", false),
        ("lake.before_delta_commit", false),
        ("lake.mid_delta_commit", false),
        ("lake.after_delta_commit", true),
    ];
    for existing in [false, true] {
        for (point, visible) in points {
            let mut world = World::new();
            let id = dataset(1);
            let old = world.raw(b"id\n1\n").await;
            let new = world.raw(b"id\n2\n3\n").await;
            if existing {
                world
                    .ingest(spec(id, vec![old], "k0"))
                    .await
                    .expect("old version");
            }
            let before = world.lake.versions(id).await.expect("versions");
            world.reopen(arm(point));
            let mut second = spec(id, vec![new], "k1");
            second.mode = IngestMode::Append;
            let died = AssertUnwindSafe(world.ingest(second.clone()))
                .catch_unwind()
                .await;
            assert!(died.is_err(), "{point} was reached");

            world.reopen(Arc::new(NoKill));
            let after = world.lake.versions(id).await.expect("versions after the crash");
            assert_eq!(
                after.len(),
                before.len() + usize::from(visible),
                "{point}, existing {existing}"
            );
            assert_eq!(after[..before.len()], before[..]);
            if let Some(latest) = after.last() {
                let snapshot = world.lake.snapshot(id, None).await.expect("snapshot");
                assert_eq!(snapshot.version(), latest);
                world
                    .lake
                    .verify(&snapshot)
                    .await
                    .expect("every file of the version is whole");
            }
            let report = world.ingest(second).await.expect("the same key again");
            assert_eq!(report.replayed, visible, "{point}");
            assert_eq!(report.version.version, before.len() as u64);
            assert_eq!(report.version.rows, 2 + u64::from(existing));

            world
                .lake
                .sweep(Timestamp::from_micros(NOW * 2))
                .await
                .expect("sweep");
            let parquet = world
                .files()
                .iter()
                .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
                .count();
            assert_eq!(parquet, 1 + usize::from(existing), "{point}: orphans are gone");
            assert!(
                !world
                    .files()
                    .iter()
                    .any(|p| p.to_string_lossy().contains("_pending")),
                "{point}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_killed_in_the_middle_leaves_nothing_after_reopening() {
    let mut world = World::new();
    world.reopen(arm("lake.mid_raw"));
    let died = AssertUnwindSafe(world.raw(b"some bytes")).catch_unwind().await;
    assert!(died.is_err());
    world.reopen(Arc::new(NoKill));
    assert!(world.files().is_empty());
    world.raw(b"some bytes").await;
    assert_eq!(world.files().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_of_one_dataset_take_turns() {
    let world = World::new();
    let raw = world.raw(b"id\n1\n").await;
    let all = (0..4).map(|writer| {
        let mut append = spec(dataset(1), vec![raw], &format!("k{writer}"));
        append.mode = IngestMode::Append;
        world.ingest(append)
    });
    for result in futures::future::join_all(all).await {
        result.expect("append");
    }
    assert_eq!(
        world
            .lake
            .snapshot(dataset(1), None)
            .await
            .expect("snapshot")
            .row_count(),
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_by_another_process_in_between_is_a_conflict_and_leaves_it_standing() {
    let mut world = World::new();
    let id = dataset(1);
    let raw = world.raw(b"id\n1\n").await;
    world.ingest(spec(id, vec![raw], "k0")).await.expect("create");
    // The other process commits version 1 exactly when we are about to.
    let log = world
        .folder
        .path()
        .join("tables")
        .join(id.to_string())
        .join("_delta_log");
    world.reopen(Arc::new(Intruder(log)));
    let refusal = crate::world::refusal_of(world.ingest(spec(id, vec![raw], "k1")).await);
    assert_eq!(refusal.code, "dataset_changed_meanwhile");
}

/// Takes the name of the next commit just before we do.
pub struct Intruder(pub std::path::PathBuf);

impl shuyu_kernel::kill::KillSwitch for Intruder {
    fn reached(&self, point: &'static str) {
        if point == "lake.mid_delta_commit" {
            let next = self.0.join(format!("{:020}.json", 1));
            std::fs::copy(self.0.join(format!("{:020}.json", 0)), next).expect("copy");
        }
    }
}
