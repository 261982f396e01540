//! Rows with a known key take the place of the old ones; everything else stays, and the units are proved anew.

use std::sync::{Arc, Mutex};

use arrow::{array::AsArray, datatypes::Int64Type};
use futures::FutureExt;
use shuyu_kernel::kill::NoKill;
use shuyu_lake::{IngestMode, IngestSpec, UnitKey, UnitSpec};

use crate::world::{KillAt, World, dataset, fact, refusal_of, spec};

fn person(at_most: Option<u32>) -> UnitSpec {
    UnitSpec {
        columns: vec!["who".to_owned()],
        domain: "person".to_owned(),
        key: UnitKey([3; 32]),
        at_most,
    }
}

async fn request(world: &World, text: &str, key: &str, mode: IngestMode) -> IngestSpec {
    let mut spec = spec(dataset(1), vec![world.raw(text.as_bytes()).await], key);
    (spec.mode, spec.unit, spec.row_key) = (mode, Some(person(None)), vec!["id".to_owned()]);
    spec
}

/// `(id, v)` of the latest version, sorted.
async fn pairs(world: &World) -> Vec<(i64, i64)> {
    let mut pairs = Vec::new();
    for batch in world.rows(dataset(1)).await {
        let column = |name: &str| {
            let column = batch.column_by_name(name).expect("a column");
            column.as_primitive::<Int64Type>().values().to_vec()
        };
        pairs.extend(column("id").into_iter().zip(column("v")));
    }
    pairs.sort_unstable();
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_a_known_key_are_replaced_and_files_without_one_stay() {
    let world = World::new();
    let first = request(
        &world,
        "id,who,v\n1,a,10\n2,a,20\n3,b,30\n",
        "k0",
        IngestMode::Upsert,
    )
    .await;
    world.ingest(first).await.expect("an upsert may be the first");
    let more = request(&world, "id,who,v\n4,c,40\n", "k1", IngestMode::Append).await;
    world.ingest(more).await.expect("append");
    let before = world.lake.versions(dataset(1)).await.expect("versions")[1]
        .files
        .clone();

    // One replaced and given to somebody else, one new.
    let upsert = request(&world, "id,who,v\n2,c,21\n5,d,50\n", "k2", IngestMode::Upsert).await;
    let made = world.ingest(upsert.clone()).await.expect("upsert");
    assert_eq!(pairs(&world).await, [(1, 10), (2, 21), (3, 30), (4, 40), (5, 50)]);
    let unit = made.version.record.unit.clone().expect("units");
    assert_eq!(
        (unit.units, unit.max_rows_per_unit),
        (4, 2),
        "c has two rows now, a one"
    );
    let kept = made
        .version
        .files
        .iter()
        .filter(|file| before.contains(file))
        .count();
    assert_eq!(
        (kept, made.version.files.len()),
        (1, 3),
        "a file without the key stays as it was"
    );
    assert!(world.ingest(upsert).await.expect("again").replayed);
    // Older versions are as they were.
    let old = world.lake.snapshot(dataset(1), Some(1)).await.expect("snapshot");
    assert_eq!(old.row_count(), 4);
    world.lake.verify(&old).await.expect("whole");

    // All rows of a file replaced: the file goes.
    let all = request(&world, "id,who,v\n4,e,41\n", "k3", IngestMode::Upsert).await;
    let made = world.ingest(all).await.expect("upsert");
    assert_eq!((made.version.rows, made.version.files.len()), (5, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_needs_a_key_that_differs_within_the_file_and_keeps_promises_about_units() {
    let world = World::new();
    let mut keyless = request(&world, "id,who,v\n1,a,10\n", "k0", IngestMode::Upsert).await;
    keyless.row_key.clear();
    let refusal = refusal_of(world.ingest(keyless).await);
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "table")),
        ("upsert_without_key", "t")
    );
    let first = request(&world, "id,who,v\n1,a,10\n2,b,20\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    let twice = request(&world, "id,who,v\n7,c,1\n7,c,2\n", "k1", IngestMode::Upsert).await;
    assert_eq!(refusal_of(world.ingest(twice).await).code, "quality_refused");
    let mut promised = request(&world, "id,who,v\n3,a,30\n", "k2", IngestMode::Upsert).await;
    promised.unit = Some(person(Some(1)));
    assert_eq!(
        refusal_of(world.ingest(promised).await).code,
        "unit_rows_exceeded"
    );
    assert_eq!(pairs(&world).await, [(1, 10), (2, 20)]);
    let parquet = world
        .files()
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
        .count();
    assert_eq!(parquet, 1, "what a refused upsert wrote is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_killed_anywhere_is_whole_or_not_at_all() {
    for (point, visible) in [
        ("lake.mid_file", false),
        ("lake.before_delta_commit", false),
        ("lake.mid_delta_commit", false),
        ("lake.after_delta_commit", true),
    ] {
        let mut world = World::new();
        let first = request(&world, "id,who,v\n1,a,10\n2,b,20\n", "k0", IngestMode::Replace).await;
        world.ingest(first).await.expect("ingest");
        let upsert = request(&world, "id,who,v\n2,b,21\n", "k1", IngestMode::Upsert).await;
        world.reopen(Arc::new(KillAt(Mutex::new(Some(point)))));
        let died = std::panic::AssertUnwindSafe(world.ingest(upsert.clone()))
            .catch_unwind()
            .await;
        assert!(died.is_err(), "{point} was reached");
        world.reopen(Arc::new(NoKill));
        let expected = if visible { 21 } else { 20 };
        assert_eq!(pairs(&world).await, [(1, 10), (2, expected)], "{point}");
        assert_eq!(world.ingest(upsert).await.expect("again").replayed, visible);
        assert_eq!(pairs(&world).await, [(1, 10), (2, 21)], "{point}");
    }
}
