//! One subject erased from every kept version: hidden at once, gone from every file, proved, and safe to kill.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use arrow::array::AsArray;
use futures::{FutureExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use shuyu_kernel::{
    DatasetId, Digest, Timestamp,
    kill::{KillSwitch, NoKill},
};
use shuyu_lake::{
    CancellationToken, DataZone, DeriveSpec, ErasureProof, ErasureSpec, IngestKey, IngestMode, NoProgress,
    UNIT_COLUMN, UnitKey, UnitSpec,
};

use crate::world::{NOW, World, dataset, lake_refusal, spec};

pub const KEY: UnitKey = UnitKey([5; 32]);
pub const PEOPLE: u128 = 1;
const DERIVED: u128 = 2;
pub const VICTIM: &str = "11010119900101123X";
/// Rows of the victim in each version of the table and of the one derived from it.
const HELD: [u64; 4] = [2, 3, 0, 1];

pub fn order(name: &str) -> ErasureSpec {
    ErasureSpec {
        dataset: dataset(PEOPLE),
        subject: BTreeMap::from([("id".to_owned(), VICTIM.to_ascii_lowercase())]),
        key: KEY,
        order: name.to_owned(),
    }
}

/// An order by this name about the victim, with the rows of the subject hidden.
pub async fn ordered(world: &World, name: &str) {
    world.lake.prepare_erasure(&order(name)).await.expect("prepared");
    let hidden = world.lake.hide_erased(dataset(PEOPLE), name).await;
    hidden.expect("hidden");
}

/// Carries out an order and answers the proof.
pub async fn carried_out(world: &World, name: &str) -> ErasureProof {
    let proof = world.lake.carry_out_erasure(dataset(PEOPLE), name, &KEY).await;
    proof.expect("proof")
}

pub fn unit() -> UnitSpec {
    UnitSpec {
        columns: vec!["id".to_owned()],
        domain: "person".to_owned(),
        key: KEY,
        at_most: None,
    }
}

/// Four versions: replaced, appended to, without the victim, and with another type of the naming column beside it.
pub async fn filled(world: &World) -> Vec<Digest> {
    let texts = [
        (
            "id,v\n11010119900101123x,1\nb,2\n 11010119900101123X ,3\n",
            IngestMode::Replace,
        ),
        ("id,v\n11010119900101123X,4\nc,5\n", IngestMode::Append),
        ("id,v\nb,6\nc,7\n", IngestMode::Replace),
        ("v,id\n8,11010119900101123X\n9,d\n", IngestMode::Replace),
    ];
    let mut raws = Vec::new();
    for (number, (text, mode)) in texts.into_iter().enumerate() {
        let raw = world.raw(text.as_bytes()).await;
        let mut spec = spec(dataset(PEOPLE), vec![raw], &format!("k{number}"));
        spec.mode = mode;
        spec.unit = Some(unit());
        world.ingest(spec).await.expect("ingest");
        raws.push(raw);
    }
    let derive = DeriveSpec {
        from: dataset(PEOPLE),
        from_version: 1,
        to: dataset(DERIVED),
        table: "d".to_owned(),
        zone: DataZone::Governed,
        masking: None,
        drop: vec!["id".to_owned()],
        generalise: Vec::new(),
        key: IngestKey("d".to_owned()),
        now: Timestamp::from_micros(NOW),
    };
    world
        .lake
        .derive(derive, Arc::new(NoProgress), &CancellationToken::new())
        .await
        .expect("derive");
    raws
}

/// The values of `v` in a version, as a reader sees them now.
async fn values(world: &World, id: DatasetId, version: u64) -> Vec<i64> {
    let snapshot = world.lake.snapshot(id, Some(version)).await.expect("snapshot");
    let batches: Vec<_> = snapshot
        .scan(Some(&["v".to_owned()]))
        .expect("scan")
        .try_collect()
        .await
        .expect("rows");
    let mut values = Vec::new();
    for batch in batches {
        assert_eq!(batch.num_columns(), 1, "what was not asked for is not shown");
        values.extend(
            batch
                .column(0)
                .as_primitive::<arrow::datatypes::Int64Type>()
                .values(),
        );
    }
    values
}

async fn without_victim(world: &World) {
    for (version, expected) in [vec![2], vec![2, 5], vec![6, 7], vec![9]].into_iter().enumerate() {
        let mut found = values(world, dataset(PEOPLE), version as u64).await;
        found.sort_unstable();
        assert_eq!(found, expected, "version {version}");
    }
    let mut found = values(world, dataset(DERIVED), 0).await;
    found.sort_unstable();
    assert_eq!(found, [2, 5]);
}

/// How many opened objects of a dataset hold the value or the unit: the objects of the lake as any reader opens them.
async fn objects_that_hold(world: &World, id: DatasetId, needle: &[u8]) -> usize {
    let store = world.lake.objects();
    let prefix = object_store::path::Path::from(id.to_string());
    let objects: Vec<_> = store.list(Some(&prefix)).try_collect().await.expect("list");
    let mut found = 0;
    for object in objects {
        let bytes = store.get(&object.location).await.expect("get");
        let bytes = bytes.bytes().await.expect("bytes");
        found += usize::from(bytes.windows(needle.len()).any(|part| part == needle));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_is_hidden_at_once_and_then_gone_from_every_version_with_proof() {
    let world = World::new();
    let raws = filled(&world).await;
    assert!(
        objects_that_hold(&world, dataset(PEOPLE), VICTIM.as_bytes()).await > 0,
        "it was there"
    );
    let prepared = world.lake.prepare_erasure(&order("o1")).await.expect("prepared");
    assert_eq!(prepared.datasets, [dataset(PEOPLE), dataset(DERIVED)]);
    assert_eq!(
        values(&world, dataset(PEOPLE), 0).await,
        [1, 2, 3],
        "an order hides nothing"
    );
    for id in &prepared.datasets {
        world.lake.hide_erased(*id, "o1").await.expect("hidden");
    }
    without_victim(&world).await;
    let open = world.lake.open_erasures().await.expect("open");
    assert_eq!(open.len(), 2);

    let proof = world
        .lake
        .carry_out_erasure(dataset(PEOPLE), "o1", &KEY)
        .await
        .expect("proof");
    let rows: Vec<_> = proof
        .versions
        .iter()
        .map(|held| (held.version, held.rows))
        .collect();
    let expected = HELD.iter().enumerate().filter(|(_, rows)| **rows > 0);
    assert_eq!(
        rows,
        expected
            .map(|(version, rows)| (version as u64, *rows))
            .collect::<Vec<_>>()
    );
    assert_eq!(proof.files.iter().map(|file| file.rows).sum::<u64>(), 4);
    assert_eq!((proof.files_searched, proof.rows_searched), (4, 5));
    assert_eq!(proof.commitment, prepared.commitment);
    let mut destroyed = vec![raws[0], raws[1], raws[3]];
    destroyed.sort();
    assert_eq!(proof.raw_destroyed, destroyed);
    assert!(
        world.lake.open_raw(raws[2]).is_ok(),
        "a raw file without the subject stays"
    );
    assert_eq!(
        lake_refusal(world.lake.open_raw(raws[0]).map(|_| ())).code,
        "raw_file_unknown"
    );
    let derived = world
        .lake
        .carry_out_erasure(dataset(DERIVED), "o1", &KEY)
        .await
        .expect("proof");
    assert_eq!((derived.versions.len(), derived.raw_destroyed.len()), (1, 0));
    for id in prepared.datasets {
        world.lake.close_erasure(id, "o1").await.expect("closed");
        assert_eq!(objects_that_hold(&world, id, VICTIM.as_bytes()).await, 0);
    }
    assert!(world.lake.open_erasures().await.expect("open").is_empty());
    without_victim(&world).await;
    let again = world
        .lake
        .carry_out_erasure(dataset(PEOPLE), "o1", &KEY)
        .await
        .expect("the proof stays");
    assert_eq!(again, proof);

    let versions = world.lake.versions(dataset(PEOPLE)).await.expect("versions");
    let units: Vec<_> = versions
        .iter()
        .map(|v| v.record.unit.as_ref().expect("unit").units)
        .collect();
    assert_eq!(units, [1, 2, 2, 1], "one unit less where it was");
    assert_eq!(versions.iter().map(|v| v.rows).collect::<Vec<_>>(), [1, 2, 2, 1]);
    assert_eq!(versions[0].record.erasures, ["o1"]);
    for version in 0..4 {
        let snapshot = world
            .lake
            .snapshot(dataset(PEOPLE), Some(version))
            .await
            .expect("snapshot");
        world
            .lake
            .verify(&snapshot)
            .await
            .expect("digests of the new files");
    }
}

/// Counts how often it passes a point and panics at the last pass that was asked for.
struct KillNth(&'static str, AtomicI64);

impl KillSwitch for KillNth {
    fn reached(&self, point: &'static str) {
        if point == self.0 && self.1.fetch_sub(1, Ordering::SeqCst) == 1 {
            panic!("killed at {point}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_killed_anywhere_goes_on_and_no_version_is_ever_torn() {
    let points = [
        ("lake.erase_hidden", 1),
        ("lake.mid_file", 1),
        ("lake.erase_rewritten", 1),
        ("lake.erase_mid_log", 1),
        ("lake.erase_mid_log", 2),
        ("lake.erase_mid_log", 3),
        ("lake.erase_logged", 1),
    ];
    for (point, pass) in points {
        let mut world = World::new();
        filled(&world).await;
        let prepared = world.lake.prepare_erasure(&order("o1")).await.expect("prepared");
        world.reopen(Arc::new(KillNth(point, AtomicI64::new(pass))));
        let work = async {
            for id in &prepared.datasets {
                world.lake.hide_erased(*id, "o1").await.expect("hidden");
            }
            for id in &prepared.datasets {
                world
                    .lake
                    .carry_out_erasure(*id, "o1", &KEY)
                    .await
                    .expect("proof");
            }
        };
        assert!(
            AssertUnwindSafe(work).catch_unwind().await.is_err(),
            "{point} was reached"
        );
        world.reopen(Arc::new(NoKill));
        for id in &prepared.datasets {
            world.lake.hide_erased(*id, "o1").await.expect("hidden");
        }
        // What a crash left behind must not be swept away under an order that will go on.
        world
            .lake
            .sweep(Timestamp::from_micros(NOW * 2))
            .await
            .expect("sweep");
        without_victim(&world).await;
        for id in &prepared.datasets {
            world
                .lake
                .carry_out_erasure(*id, "o1", &KEY)
                .await
                .expect("proof");
            world.lake.close_erasure(*id, "o1").await.expect("closed");
        }
        without_victim(&world).await;
        world
            .lake
            .sweep(Timestamp::from_micros(NOW * 2))
            .await
            .expect("sweep");
        without_victim(&world).await;
        let parquet = world
            .files()
            .iter()
            .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
            .count();
        assert_eq!(
            parquet, 5,
            "{point} {pass}: four files of the table, one of the derived one"
        );
        for id in prepared.datasets {
            assert_eq!(
                objects_that_hold(&world, id, VICTIM.as_bytes()).await,
                0,
                "{point}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_names_the_columns_of_the_subject_and_an_unknown_subject_is_proved_absent() {
    let world = World::new();
    filled(&world).await;
    let mut wrong = order("o1");
    wrong.subject = BTreeMap::from([("v".to_owned(), "1".to_owned())]);
    let refusal = lake_refusal(world.lake.prepare_erasure(&wrong).await);
    assert_eq!(refusal.code, "subject_columns_differ");
    assert!(!format!("{refusal:?}").contains(VICTIM));
    let open = spec(dataset(9), vec![world.raw(b"a\n1\n").await], "k");
    world.ingest(open).await.expect("a table without subjects");
    let mut wrong = order("o1");
    wrong.dataset = dataset(9);
    assert_eq!(
        lake_refusal(world.lake.prepare_erasure(&wrong).await).code,
        "dataset_without_subjects"
    );

    let mut nobody = order("o2");
    nobody.subject = BTreeMap::from([("id".to_owned(), "nobody".to_owned())]);
    world.lake.prepare_erasure(&nobody).await.expect("prepared");
    world
        .lake
        .hide_erased(dataset(PEOPLE), "o2")
        .await
        .expect("hidden");
    let proof = world
        .lake
        .carry_out_erasure(dataset(PEOPLE), "o2", &KEY)
        .await
        .expect("proof");
    assert!(proof.versions.is_empty() && proof.raw_destroyed.is_empty() && proof.files.is_empty());
    assert_eq!(proof.files_searched, 4);
    assert_eq!(values(&world, dataset(PEOPLE), 0).await.len(), 3);
    let rows = world.rows(dataset(PEOPLE)).await;
    assert!(
        rows.iter()
            .all(|batch| batch.column_by_name(UNIT_COLUMN).is_some())
    );
}
