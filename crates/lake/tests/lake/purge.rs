//! Versions whose term is over: no read gives them, what they alone were made of is destroyed, and a kill in the
//! middle leaves every other version whole.

use std::{collections::BTreeSet, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use shuyu_kernel::{Digest, Timestamp, kill::NoKill};
use shuyu_lake::{IngestMode, PurgeProof, PurgeSpec};

use crate::{
    erase::{PEOPLE, VICTIM, carried_out, filled, ordered, unit},
    world::{KillAt, NOW, World, dataset, lake_refusal, spec},
};

const TABLE: u128 = 5;

/// Three versions: one, another one with a file more, and one that replaces both.
async fn three(world: &World) -> Vec<Digest> {
    let mut raws = Vec::new();
    let texts = [
        ("v\n1\n", IngestMode::Replace),
        ("v\n2\n", IngestMode::Append),
        ("v\n3\n", IngestMode::Replace),
    ];
    for (number, (text, mode)) in texts.into_iter().enumerate() {
        let raw = world.raw(text.as_bytes()).await;
        let mut spec = spec(dataset(TABLE), vec![raw], &format!("k{number}"));
        spec.mode = mode;
        world.ingest(spec).await.expect("ingest");
        raws.push(raw);
    }
    raws
}

fn purge(versions: &[u64], raw: &[Digest], order: &str) -> PurgeSpec {
    PurgeSpec {
        dataset: dataset(TABLE),
        versions: versions.iter().copied().collect(),
        raw: raw.iter().copied().collect(),
        order: order.to_owned(),
    }
}

async fn purged(world: &World, spec: &PurgeSpec) -> PurgeProof {
    let proof = world.lake.purge(spec).await.expect("purged");
    proof.expect("nobody writes")
}

async fn rows(world: &World, version: u64) -> Result<u64, &'static str> {
    match world.lake.snapshot(dataset(TABLE), Some(version)).await {
        Ok(snapshot) => {
            world.lake.verify(&snapshot).await.expect("every file is there");
            Ok(snapshot.row_count())
        }
        Err(error) => Err(match lake_refusal::<()>(Err(error)).code {
            code if code == "dataset_version_purged" => "purged",
            _ => "refused",
        }),
    }
}

fn parquet(world: &World) -> usize {
    let files = world.files();
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "parquet"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_version_is_refused_and_only_what_nobody_else_names_is_destroyed() {
    let world = World::new();
    let raws = three(&world).await;
    assert_eq!(parquet(&world), 3);
    let first = purged(&world, &purge(&[0], &[raws[0]], "p1")).await;
    assert!(
        first.files.is_empty(),
        "the second version names the file of the first one too"
    );
    assert_eq!(
        (rows(&world, 0).await, rows(&world, 1).await),
        (Err("purged"), Ok(2))
    );
    assert_eq!(
        lake_refusal(world.lake.open_raw(raws[0]).map(|_| ())).code,
        "raw_file_unknown"
    );
    assert!(world.lake.open_raw(raws[1]).is_ok());

    let second = purged(&world, &purge(&[1], &[], "p2")).await;
    assert_eq!(second.files.len(), 2, "its own file and the one it shared");
    assert_eq!(
        (rows(&world, 1).await, rows(&world, 2).await),
        (Err("purged"), Ok(1))
    );
    assert_eq!(parquet(&world), 1);
    let again = purged(&world, &purge(&[1], &[], "p2")).await;
    assert_eq!(again, second, "the same order");

    let latest = lake_refusal(world.lake.purge(&purge(&[2], &[], "p3")).await);
    assert_eq!(latest.code, "version_in_use");
    let unknown = lake_refusal(world.lake.purge(&purge(&[9], &[], "p3")).await);
    assert_eq!(unknown.code, "dataset_version_unknown");

    // Work goes on beside what is gone.
    let more = world.raw(b"v\n4\n").await;
    let mut append = spec(dataset(TABLE), vec![more], "k3");
    append.mode = IngestMode::Append;
    world.ingest(append).await.expect("ingest");
    assert_eq!((rows(&world, 2).await, rows(&world, 3).await), (Ok(1), Ok(2)));
    let numbers: Vec<u64> = (world
        .lake
        .versions(dataset(TABLE))
        .await
        .expect("versions")
        .iter())
    .map(|version| version.version)
    .collect();
    assert_eq!(numbers, [0, 1, 2, 3], "that they were there stays known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_killed_anywhere_goes_on_and_the_versions_that_stay_are_whole() {
    for point in ["lake.purge_marked", "lake.purge_mid", "lake.purge_destroyed"] {
        let mut world = World::new();
        let raws = three(&world).await;
        let order = purge(&[0, 1], &raws[..2], "p1");
        world.reopen(Arc::new(KillAt(std::sync::Mutex::new(Some(point)))));
        let killed = AssertUnwindSafe(world.lake.purge(&order)).catch_unwind().await;
        assert!(killed.is_err(), "{point} was reached");
        world.reopen(Arc::new(NoKill));
        for version in [0, 1] {
            assert_eq!(rows(&world, version).await, Err("purged"), "{point}");
        }
        assert_eq!(rows(&world, 2).await, Ok(1), "{point}");
        world
            .lake
            .sweep(Timestamp::from_micros(NOW * 2))
            .await
            .expect("sweep");
        assert_eq!(rows(&world, 2).await, Ok(1), "{point}");
        let proof = purged(&world, &order).await;
        assert_eq!(
            (proof.files.len(), proof.raw),
            (2, raws[..2].iter().copied().collect()),
            "{point}"
        );
        assert_eq!(parquet(&world), 1, "{point}");
        assert!(world.lake.open_raw(raws[1]).is_err() && world.lake.open_raw(raws[2]).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_is_erased_from_the_versions_that_are_left() {
    let world = World::new();
    filled(&world).await;
    let more = world.raw(b"id,v\n11010119900101123X,9\ne,1\n").await;
    let mut last = spec(dataset(PEOPLE), vec![more], "k9");
    last.unit = Some(unit());
    world.ingest(last).await.expect("ingest");
    let spec = PurgeSpec {
        dataset: dataset(PEOPLE),
        versions: BTreeSet::from([0]),
        raw: BTreeSet::new(),
        order: "p1".to_owned(),
    };
    purged(&world, &spec).await;
    ordered(&world, "o1").await;
    let proof = carried_out(&world, "o1").await;
    let held: Vec<_> = proof
        .versions
        .iter()
        .map(|held| (held.version, held.rows))
        .collect();
    assert_eq!(
        held,
        [(1, 3), (3, 1), (4, 1)],
        "{VICTIM}: the first version is gone already"
    );
    for version in 1..5 {
        let snapshot = world
            .lake
            .snapshot(dataset(PEOPLE), Some(version))
            .await
            .expect("snapshot");
        world.lake.verify(&snapshot).await.expect("whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_destroyed_while_somebody_writes() {
    let world = World::new();
    let raws = three(&world).await;
    let order = purge(&[0, 1], &raws[..1], "p1");
    let more = spec(dataset(TABLE), vec![world.raw(b"v\n4\n").await], "k3");
    let mut writing = Box::pin(world.ingest(more));
    assert!(futures::poll!(&mut writing).is_pending(), "it has begun");
    assert!(world.lake.is_being_written(dataset(TABLE)));
    assert_eq!(world.lake.purge(&order).await.expect("no fault"), None);
    let begun = world.lake.purge_begun(dataset(TABLE), "p1").await;
    assert!(!begun.expect("no fault"), "there is a way back");
    writing.await.expect("ingest");
    assert!(!world.lake.is_being_written(dataset(TABLE)));
    assert_eq!(rows(&world, 0).await, Ok(1));
    purged(&world, &order).await;
    let begun = world.lake.purge_begun(dataset(TABLE), "p1").await;
    assert!(begun.expect("no fault"));
    assert_eq!(rows(&world, 0).await, Err("purged"));
}
