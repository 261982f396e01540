//! Versions: append, replace, repeat, read old ones, sweep.

use arrow::{array::AsArray, datatypes::Int64Type};
use futures::TryStreamExt;
use shuyu_kernel::Timestamp;
use shuyu_lake::{ColumnSpec, ColumnType, DataZone, IngestMode, TableSpec};

use crate::world::{NOW, World, dataset, lake_refusal, refusal_of, spec};

#[tokio::test(flavor = "multi_thread")]
async fn versions_follow_each_other_and_old_ones_stay_readable() {
    let world = World::new();
    let id = dataset(1);
    let first = world.raw(b"id,word\n1,a\n2,b\n").await;
    let second = world.raw(b"id,word\n3,c\n").await;
    let third = world.raw(b"other\n2026-01-01\n").await;
    world.ingest(spec(id, vec![first], "k0")).await.expect("create");
    let mut append = spec(id, vec![second], "k1");
    append.mode = IngestMode::Append;
    let report = world.ingest(append).await.expect("append");
    assert_eq!(
        (
            report.version.version,
            report.version.rows,
            report.version.files.len()
        ),
        (1, 3, 2)
    );
    let mut other = spec(id, vec![third], "k2");
    other.changes.drop = ["id".to_owned()].into();
    other.changes.rename = [("word".to_owned(), "other".to_owned())].into();
    other.changes.retype = ["word".to_owned()].into();
    let report = world.ingest(other).await.expect("replace with other columns");
    assert_eq!(
        (
            report.version.version,
            report.version.rows,
            report.version.files.len()
        ),
        (2, 1, 1)
    );

    let versions = world.lake.versions(id).await.expect("versions");
    assert_eq!(
        versions.iter().map(|v| (v.version, v.rows)).collect::<Vec<_>>(),
        [(0, 2), (1, 3), (2, 1)]
    );
    assert_eq!(versions[1].record.raw, [second]);
    assert_eq!(versions[2].record.schema.columns[0].kind, ColumnType::Date);
    for version in &versions {
        let snapshot = world
            .lake
            .snapshot(id, Some(version.version))
            .await
            .expect("snapshot");
        assert_eq!(snapshot.version(), version, "both ways of loading agree");
        let batches: Vec<_> = snapshot
            .scan(None)
            .expect("scan")
            .try_collect()
            .await
            .expect("rows");
        assert_eq!(
            batches.iter().map(|b| b.num_rows() as u64).sum::<u64>(),
            version.rows
        );
        assert_eq!(batches[0].schema(), snapshot.schema());
    }
    let old = world.lake.snapshot(id, Some(1)).await.expect("snapshot");
    let wanted = ["id".to_owned()];
    let batches: Vec<_> = old
        .scan(Some(&wanted))
        .expect("scan")
        .try_collect()
        .await
        .expect("rows");
    let mut ids: Vec<i64> = Vec::new();
    batches
        .iter()
        .for_each(|b| ids.extend(b.column(0).as_primitive::<Int64Type>().values()));
    ids.sort_unstable();
    assert_eq!((ids, batches[0].num_columns()), (vec![1, 2, 3], 1));
    let unknown = old.scan(Some(&["nobody".to_owned()])).map(|_| ());
    assert_eq!(lake_refusal(unknown).code, "column_unknown");
    assert_eq!(
        lake_refusal(world.lake.snapshot(id, Some(3)).await).code,
        "dataset_version_unknown"
    );
    assert_eq!(
        lake_refusal(world.lake.snapshot(dataset(2), None).await).code,
        "dataset_unknown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_makes_the_same_version_and_another_request_is_refused() {
    let world = World::new();
    let id = dataset(1);
    let raw = world.raw(b"id\n1\n").await;
    let made = world.ingest(spec(id, vec![raw], "k")).await.expect("first");
    world
        .ingest(spec(id, vec![raw], "later"))
        .await
        .expect("another key is another version");
    let again = world.ingest(spec(id, vec![raw], "k")).await.expect("again");
    assert!(again.replayed && !made.replayed);
    assert_eq!((again.version, again.quality), (made.version, made.quality));
    assert_eq!(world.lake.versions(id).await.expect("versions").len(), 2);
    let other = world.raw(b"id\n2\n").await;
    assert_eq!(
        refusal_of(world.ingest(spec(id, vec![other], "k")).await).code,
        "ingest_key_reused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_appended_twice_counts_twice() {
    let world = World::new();
    let raw = world.raw(b"id\n1\n").await;
    for key in ["a", "b", "c"] {
        let mut append = spec(dataset(1), vec![raw], key);
        append.mode = IngestMode::Append;
        world.ingest(append).await.expect("append");
    }
    assert_eq!(
        world
            .lake
            .snapshot(dataset(1), None)
            .await
            .expect("snapshot")
            .row_count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_of_one_header_are_one_version() {
    let world = World::new();
    let first = world.raw(b"station,pm\nDongsi,1\n").await;
    let second = world.raw(b"pm,station\n2,Tiantan\n").await;
    let report = world
        .ingest(spec(dataset(1), vec![first, second], "k"))
        .await
        .expect("ingest");
    assert_eq!((report.version.rows, report.version.record.raw.len()), (2, 2));
    let wrong = world.raw(b"station,ozone\nDongsi,1\n").await;
    let refusal = refusal_of(world.ingest(spec(dataset(2), vec![first, wrong], "k")).await);
    assert_eq!(refusal.code, "header_differs");
}

#[tokio::test(flavor = "multi_thread")]
async fn appending_another_table_is_refused() {
    let world = World::new();
    let id = dataset(1);
    let raw = world.raw(b"id\n1\n").await;
    world.ingest(spec(id, vec![raw], "k")).await.expect("create");
    let mut append = spec(id, vec![raw], "k1");
    append.mode = IngestMode::Append;
    append.schema = Some(TableSpec {
        columns: vec![ColumnSpec::new("id", ColumnType::Text)],
        key: vec![],
    });
    assert_eq!(
        refusal_of(world.ingest(append.clone()).await).code,
        "schema_differs"
    );
    append.zone = DataZone::Products;
    assert_eq!(
        refusal_of(world.ingest(append).await).code,
        "dataset_zone_differs"
    );
    assert_eq!(world.lake.versions(id).await.expect("versions").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_removes_what_no_version_names_and_nothing_else() {
    let world = World::new();
    let id = dataset(1);
    let raw = world.raw(b"id\n1\n").await;
    world.ingest(spec(id, vec![raw], "k0")).await.expect("create");
    world.ingest(spec(id, vec![raw], "k1")).await.expect("replace");
    let folder = world.folder.path().join("tables").join(id.to_string());
    let kept = std::fs::read_dir(&folder)
        .expect("folder")
        .map(|e| e.expect("entry").path());
    let kept = kept
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "parquet"))
        .expect("file");
    let orphan = folder.join(format!("part-00000-0000000000000000-{}.parquet", "0".repeat(64)));
    std::fs::copy(kept, &orphan).expect("orphan");
    let nothing = world.lake.sweep(Timestamp::from_micros(0)).await.expect("sweep");
    assert_eq!(nothing.objects, 0, "young objects stay");
    let far = Timestamp::from_micros(NOW * 2);
    assert_eq!(world.lake.sweep(far).await.expect("sweep").objects, 1);
    assert!(!orphan.exists());
    for version in [0, 1] {
        let snapshot = world.lake.snapshot(id, Some(version)).await.expect("snapshot");
        world
            .lake
            .verify(&snapshot)
            .await
            .expect("all files of all versions are there");
        world
            .lake
            .report(snapshot.version().record.report.expect("report"))
            .await
            .expect("report");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_passes_its_checkpoint() {
    let world = World::new();
    let raw = world.raw(b"id\n1\n").await;
    for version in 0..104 {
        let mut append = spec(dataset(1), vec![raw], &format!("k{version}"));
        append.mode = IngestMode::Append;
        assert_eq!(
            world.ingest(append).await.expect("append").version.version,
            version
        );
    }
    let log = world
        .folder
        .path()
        .join("tables")
        .join(dataset(1).to_string())
        .join("_delta_log");
    assert!(
        log.join("_last_checkpoint").exists(),
        "a checkpoint was written through the sealed store"
    );
    let latest = world.lake.snapshot(dataset(1), None).await.expect("snapshot");
    assert_eq!((latest.version().version, latest.row_count()), (103, 104));
    assert_eq!(
        world.lake.versions(dataset(1)).await.expect("versions").last(),
        Some(latest.version())
    );
    let again = spec(dataset(1), vec![raw], "k3");
    let again = shuyu_lake::IngestSpec {
        mode: IngestMode::Append,
        ..again
    };
    assert_eq!(
        world.ingest(again).await.expect("replay").version.version,
        3,
        "keys survive the checkpoint"
    );
}
