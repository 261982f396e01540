//! A new master key: killed anywhere every file stays readable, and at the end the old key opens nothing.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use shuyu_kernel::{
    Digest,
    kill::{KillSwitch, NoKill},
};
use shuyu_lake::{KeySource, Lake, MasterKey, rotate};

use crate::world::{Seeded, World, dataset, spec};

const OLD: MasterKey = MasterKey([9; 32]);
const NEW: MasterKey = MasterKey([10; 32]);

struct KillNth(&'static str, AtomicI64);

impl KillSwitch for KillNth {
    fn reached(&self, point: &'static str) {
        if point == self.0 && self.1.fetch_sub(1, Ordering::SeqCst) == 1 {
            panic!("killed at {point}");
        }
    }
}

async fn filled() -> (World, Digest) {
    let world = World::new();
    let raw = world.raw(b"id\n1\n2\n").await;
    world
        .ingest(spec(dataset(1), vec![raw], "k0"))
        .await
        .expect("ingest");
    let second = world.raw(b"id\n3\n").await;
    world
        .ingest(spec(dataset(1), vec![second], "k1"))
        .await
        .expect("ingest");
    (world, raw)
}

fn random() -> Arc<dyn KeySource> {
    Arc::new(Seeded::default())
}

/// Everything there is opens: both versions, their reports, the raw file.
async fn all_readable(lake: &Lake, raw: Digest) -> bool {
    let Ok(versions) = lake.versions(dataset(1)).await else {
        return false;
    };
    for version in &versions {
        let report = version.record.report.expect("a report");
        let Ok(snapshot) = lake.snapshot(dataset(1), Some(version.version)).await else {
            return false;
        };
        if lake.verify(&snapshot).await.is_err() || lake.report(report).await.is_err() {
            return false;
        }
    }
    versions.len() == 2 && lake.open_raw(raw).is_ok()
}

fn open(root: &Path, current: &MasterKey, previous: Option<&MasterKey>) -> Lake {
    Lake::open_between(root.to_owned(), current, previous, random(), Arc::new(NoKill)).expect("lake")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_killed_anywhere_leaves_every_file_readable_and_goes_on() {
    for point in ["lake.rotate_journal", "lake.rotate_header"] {
        for pass in [1, 3, 6] {
            let (world, raw) = filled().await;
            let root = world.folder.path();
            let kill = KillNth(point, AtomicI64::new(pass));
            let died = catch_unwind(AssertUnwindSafe(|| rotate(root, (&OLD, &NEW), &*random(), &kill)));
            assert!(died.is_err(), "{point} {pass} was reached");
            assert!(
                all_readable(&open(root, &NEW, Some(&OLD)), raw).await,
                "{point} {pass}: in between"
            );
            let rotated = rotate(root, (&OLD, &NEW), &*random(), &NoKill).expect("goes on");
            assert!(rotated.wrapped > 0 && rotated.already > 0, "{rotated:?}");
            assert!(
                all_readable(&open(root, &NEW, None), raw).await,
                "{point} {pass}: the new key alone"
            );
            assert!(
                !all_readable(&open(root, &OLD, None), raw).await,
                "the old key opens nothing"
            );
            assert!(!root.join("rotation").exists());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_torn_in_the_middle_of_its_writing_is_whole_again_after_opening() {
    let (world, raw) = filled().await;
    let root = world.folder.path();
    let kill = KillNth("lake.rotate_journal", AtomicI64::new(1));
    let died = catch_unwind(AssertUnwindSafe(|| rotate(root, (&OLD, &NEW), &*random(), &kill)));
    assert!(died.is_err());
    let journal = std::fs::read(root.join("rotation")).expect("the journal");
    let torn = root.join(String::from_utf8_lossy(&journal[68..]).as_ref());
    let mut bytes = std::fs::read(&torn).expect("the file");
    bytes[..40].copy_from_slice(&journal[..40]);
    std::fs::write(&torn, bytes).expect("half a header");
    assert!(all_readable(&open(root, &NEW, Some(&OLD)), raw).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_third_key_is_named_and_the_old_key_has_to_stay() {
    let (world, _) = filled().await;
    let root = world.folder.path();
    let stranger = root.join("tables/stranger.json");
    std::fs::write(&stranger, vec![7u8; 200]).expect("written");
    let fault = rotate(root, (&OLD, &NEW), &*random(), &NoKill).expect_err("not complete");
    assert!(fault.to_string().contains("stranger.json"), "{fault}");
}
