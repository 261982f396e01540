//! Tables of the workbench: they keep numbers in the place of identifiers, and are destroyed as a whole.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{array::AsArray, datatypes::Int64Type};
use shuyu_kernel::{DatasetId, Digest, Timestamp};
use shuyu_lake::{
    ColumnSpec, ColumnType, DataZone, IngestSpec, LakeError, TableSpec, UNIT_COLUMN, UnitKey, UnitSpec,
};

use crate::world::{KillAt, NOW, World, dataset, spec};

const LIST: &str = "id,tag\n11010119900101123x,a\nB,b\n11010119900101123X ,b\n";

fn unit() -> UnitSpec {
    UnitSpec {
        columns: vec!["id".to_owned()],
        domain: "person".to_owned(),
        key: UnitKey([1; 32]),
        at_most: None,
    }
}

fn list(id: DatasetId, raw: Digest, key: &str) -> IngestSpec {
    let column = |name: &str| ColumnSpec::new(name, ColumnType::Text);
    IngestSpec {
        zone: DataZone::Workbench,
        schema: Some(TableSpec {
            columns: vec![column("id"), column("tag")],
            key: Vec::new(),
        }),
        unit: Some(unit()),
        ..spec(id, vec![raw], key)
    }
}

async fn brought(world: &World, id: DatasetId) -> Digest {
    let raw = world.raw(LIST.as_bytes()).await;
    world.ingest(list(id, raw, "own")).await.expect("ingest");
    raw
}

/// Columns of the latest version: identifiers, tags, units.
async fn columns(world: &World, id: DatasetId) -> (Vec<String>, Vec<String>, Vec<i64>) {
    let batch = world.rows(id).await.remove(0);
    let text = |name: &str| {
        let column = batch.column_by_name(name).expect("a column").as_string::<i32>();
        column.iter().flatten().map(str::to_owned).collect()
    };
    let unit = batch.column_by_name(UNIT_COLUMN).expect("units");
    let unit = unit.as_primitive::<Int64Type>();
    (text("id"), text("tag"), unit.values().to_vec())
}

fn objects(world: &World, id: DatasetId) -> usize {
    let folder = format!("/{id}/");
    let all = world.files().into_iter();
    all.filter(|path| path.to_string_lossy().contains(&folder))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_workbench_subjects_are_numbers_and_their_units_those_of_every_table() {
    let world = World::new();
    brought(&world, dataset(1)).await;
    let (ids, tags, units) = columns(&world, dataset(1)).await;
    assert_eq!(
        (ids.as_slice(), tags.as_slice()),
        (
            ["1", "2", "1"].map(str::to_owned).as_slice(),
            ["a", "b", "b"].map(str::to_owned).as_slice()
        )
    );
    // A governed table of the same domain has the same units, and keeps what names them.
    let raw = world.raw(LIST.as_bytes()).await;
    let governed = IngestSpec {
        zone: DataZone::Governed,
        ..list(dataset(2), raw, "governed")
    };
    world.ingest(governed).await.expect("ingest");
    let (named, _, same) = columns(&world, dataset(2)).await;
    assert_eq!((named[1].as_str(), same), ("B", units));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_destroyed_table_is_left_and_other_zones_are_never_destroyed() {
    let world = World::new();
    let raw = brought(&world, dataset(1)).await;
    assert!(world.lake.open_raw(raw).is_ok());
    world
        .lake
        .forget_raw(raw, &BTreeSet::from([raw]))
        .await
        .expect("kept");
    assert!(
        world.lake.open_raw(raw).is_ok(),
        "somebody else brought the same bytes"
    );
    world
        .lake
        .forget_raw(raw, &BTreeSet::new())
        .await
        .expect("forgotten");
    assert!(world.lake.open_raw(raw).is_err());
    assert!(objects(&world, dataset(1)) >= 2);
    let gone = world.lake.destroy(dataset(1)).await.expect("destroyed");
    assert!(gone >= 2, "{gone}");
    assert_eq!(objects(&world, dataset(1)), 0);
    assert!(
        world
            .lake
            .versions(dataset(1))
            .await
            .expect("versions")
            .is_empty()
    );
    assert_eq!(world.lake.destroy(dataset(1)).await.expect("again"), 0);

    let raw = world.raw(LIST.as_bytes()).await;
    let governed = IngestSpec {
        zone: DataZone::Governed,
        ..list(dataset(2), raw, "governed")
    };
    world.ingest(governed).await.expect("ingest");
    let refused = world.lake.destroy(dataset(2)).await;
    assert!(matches!(refused, Err(LakeError::Fault(_))));
    world.lake.forget_raw(raw, &BTreeSet::new()).await.expect("kept");
    assert!(world.lake.open_raw(raw).is_ok(), "a governed version names it");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_between_the_next_one_goes_on() {
    let mut world = World::new();
    brought(&world, dataset(1)).await;
    let kill = KillAt(std::sync::Mutex::new(Some("lake.mid_destroy")));
    world.reopen(Arc::new(kill));
    let lake = world.lake.clone();
    let killed = tokio::spawn(async move { lake.destroy(dataset(1)).await.map(drop) });
    assert!(killed.await.is_err(), "killed");
    assert!(objects(&world, dataset(1)) > 0);
    world.lake.destroy(dataset(1)).await.expect("destroyed");
    assert_eq!(objects(&world, dataset(1)), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_recorded_is_swept_when_it_is_old() {
    let world = World::new();
    for id in [dataset(1), dataset(2)] {
        brought(&world, id).await;
    }
    let later = Timestamp::from_micros(NOW + 10_000_000_000);
    let named = BTreeSet::from([dataset(1)]);
    let young = world
        .lake
        .sweep_workbench(Timestamp::from_micros(0), &named)
        .await;
    assert_eq!(young.expect("swept"), 0);
    assert!(world.lake.sweep_workbench(later, &named).await.expect("swept") > 0);
    assert!(objects(&world, dataset(1)) > 0);
    assert_eq!(objects(&world, dataset(2)), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_keeps_no_file_that_its_bringer_could_not_forget() {
    let world = World::new();
    let raw = brought(&world, dataset(1)).await;
    let other = world.raw(b"id,tag\n1,a\n").await;
    let governed = IngestSpec {
        zone: DataZone::Governed,
        ..list(dataset(2), other, "governed")
    };
    world.ingest(governed).await.expect("ingest");
    assert_eq!(
        world.lake.workbench_raw().await.expect("files"),
        BTreeSet::from([raw])
    );
    let later = Timestamp::from_micros(i64::MAX);
    let swept = world.lake.sweep_raw(later, BTreeSet::new()).await;
    assert_eq!(swept.expect("swept").objects, 1);
    assert!(
        world.lake.open_raw(raw).is_err(),
        "the list stands, its file does not"
    );
    assert!(world.lake.open_raw(other).is_ok());
    assert!(world.lake.workbench_raw().await.expect("files").is_empty());
    assert_eq!(world.lake.versions(dataset(1)).await.expect("versions").len(), 1);
}
