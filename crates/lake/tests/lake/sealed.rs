//! The encrypting object store, alone and under a whole ingest.

use std::{ops::Range, sync::Arc};

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload, path::Path};
use shuyu_kernel::kill::NoKill;
use shuyu_lake::{MasterKey, SealedStore};

use crate::world::{Seeded, World, dataset, spec};

fn store(folder: &std::path::Path, key: u8) -> SealedStore {
    let random = Arc::new(Seeded::default());
    SealedStore::new(folder.to_owned(), &MasterKey([key; 32]), random, Arc::new(NoKill)).expect("store")
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_lengths_and_listings_are_those_of_the_clear_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store(folder.path(), 1);
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let path = Path::from("t/data");
    store
        .put(&path, PutPayload::from(bytes.clone()))
        .await
        .expect("put");
    assert_eq!(store.head(&path).await.expect("head").size, 200_000);
    let whole = store.get(&path).await.expect("get").bytes().await.expect("bytes");
    assert_eq!(whole, bytes);
    let ranges: [Range<u64>; 6] = [
        0..1,
        65_535..65_537,
        65_536..131_072,
        199_999..200_000,
        0..200_000,
        70_000..70_000,
    ];
    for (range, part) in ranges
        .iter()
        .zip(store.get_ranges(&path, &ranges).await.expect("ranges"))
    {
        assert_eq!(
            part,
            &bytes[range.start as usize..range.end as usize],
            "{range:?}"
        );
        if !range.is_empty() {
            assert_eq!(store.get_range(&path, range.clone()).await.expect("range"), part);
        }
    }
    assert!(
        store.get_range(&path, 200_000..200_001).await.is_err(),
        "beyond the end"
    );
    store
        .put(&Path::from("t/a"), PutPayload::from_static(b""))
        .await
        .expect("empty object");
    let listed: Vec<_> = store
        .list(Some(&Path::from("t")))
        .try_collect()
        .await
        .expect("list");
    let listed: Vec<(String, u64)> = listed
        .into_iter()
        .map(|m| (m.location.to_string(), m.size))
        .collect();
    assert_eq!(listed, [("t/a".to_owned(), 0), ("t/data".to_owned(), 200_000)]);
    assert_eq!(
        store
            .get(&Path::from("t/a"))
            .await
            .expect("empty")
            .bytes()
            .await
            .expect("empty")
            .len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_copying_renaming_and_deleting_keep_their_meaning() {
    let folder = tempfile::tempdir().expect("folder");
    let store = store(folder.path(), 1);
    let (a, b, c) = (Path::from("a"), Path::from("b"), Path::from("c"));
    store
        .put_opts(&a, PutPayload::from_static(b"one"), PutMode::Create.into())
        .await
        .expect("create");
    let again = store
        .put_opts(&a, PutPayload::from_static(b"two"), PutMode::Create.into())
        .await;
    assert!(
        matches!(again, Err(object_store::Error::AlreadyExists { .. })),
        "{again:?}"
    );
    store.copy(&a, &b).await.expect("copy");
    assert!(store.copy_if_not_exists(&a, &b).await.is_err());
    store.rename(&b, &c).await.expect("rename");
    assert!(matches!(
        store.get(&b).await,
        Err(object_store::Error::NotFound { .. })
    ));
    assert_eq!(
        store.get(&c).await.expect("get").bytes().await.expect("bytes"),
        "one"
    );
    store
        .put(&a, PutPayload::from_static(b"three"))
        .await
        .expect("overwrite");
    assert_eq!(
        store.get(&a).await.expect("get").bytes().await.expect("bytes"),
        "three"
    );
    store.delete(&a).await.expect("delete");
    let left: Vec<_> = store
        .list(None)
        .map_ok(|meta| meta.location)
        .try_collect()
        .await
        .expect("list");
    assert_eq!(left, std::slice::from_ref(&c), "and no pending object stays");
    let mut upload = store.put_multipart(&a).await.expect("multipart");
    upload
        .put_part(PutPayload::from_static(b"par"))
        .await
        .expect("part");
    upload
        .put_part(PutPayload::from_static(b"ts"))
        .await
        .expect("part");
    upload.complete().await.expect("complete");
    assert_eq!(
        store.get(&a).await.expect("get").bytes().await.expect("bytes"),
        "parts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_every_cut_another_key_and_another_place_fail() {
    let folder = tempfile::tempdir().expect("folder");
    let store_1 = store(folder.path(), 1);
    let path = Path::from("x");
    store_1
        .put(&path, PutPayload::from_static(b"secret"))
        .await
        .expect("put");
    let file = folder.path().join("x");
    let sealed = std::fs::read(&file).expect("file");
    for index in 0..sealed.len() {
        let mut wrong = sealed.clone();
        wrong[index] ^= 1;
        std::fs::write(&file, &wrong).expect("write");
        assert!(read(&store_1, &path).await.is_err(), "byte {index}");
        std::fs::write(&file, &sealed[..index]).expect("write");
        assert!(read(&store_1, &path).await.is_err(), "cut at {index}");
    }
    std::fs::write(&file, &sealed).expect("write");
    assert!(
        read(&store(folder.path(), 2), &path).await.is_err(),
        "another key"
    );
    std::fs::write(folder.path().join("y"), &sealed).expect("write");
    assert!(read(&store_1, &Path::from("y")).await.is_err(), "another place");
    assert_eq!(read(&store_1, &path).await.expect("read"), "secret");
}

async fn read(store: &SealedStore, path: &Path) -> object_store::Result<bytes::Bytes> {
    store.get(path).await?.bytes().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_and_no_column_name_stands_anywhere_on_disk() {
    let world = World::new();
    let text = "SECRETCOLUMN,amount\nMARKERVALUE,12345678987\nMARKERVALUE,2\n";
    let raw = world.raw(text.as_bytes()).await;
    let report = world
        .ingest(spec(dataset(1), vec![raw], "MARKERKEY"))
        .await
        .expect("ingest");
    let files = world.files();
    assert!(files.len() >= 4, "raw, data, log, report: {files:?}");
    for path in &files {
        let bytes = std::fs::read(path).expect("file");
        for marker in [
            &b"MARKERVALUE"[..],
            b"SECRETCOLUMN",
            b"12345678987",
            b"MARKERKEY",
            b"PAR1",
            b"commitInfo",
        ] {
            assert!(
                !bytes.windows(marker.len()).any(|w| w == marker),
                "{path:?} holds {marker:?}"
            );
        }
    }
    // The same folder is unreadable for another key, and a damaged data file ends a scan.
    let snapshot = world.lake.snapshot(dataset(1), None).await.expect("snapshot");
    world
        .lake
        .verify(&snapshot)
        .await
        .expect("files have their digests");
    let data = files
        .iter()
        .find(|p| p.extension().is_some_and(|e| e == "parquet"))
        .expect("data file");
    let mut bytes = std::fs::read(data).expect("file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(data, bytes).expect("write");
    assert!(world.lake.verify(&snapshot).await.is_err());
    let scanned = snapshot.scan(None).expect("scan").try_collect::<Vec<_>>().await;
    assert!(scanned.is_err());
    assert_eq!(report.version.rows, 2);
}
