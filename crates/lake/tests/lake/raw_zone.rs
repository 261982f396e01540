//! The raw zone: bytes as they came, named by digest.

use std::io;

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use shuyu_kernel::{Digest, Timestamp, kill::NoKill};

use crate::world::{World, dataset, lake_refusal, spec};

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_as_they_came_and_twice_is_once() {
    let world = World::new();
    let bytes: Vec<u8> = (0..300_000u32).map(|i| (i % 253) as u8).collect();
    let digest = world.raw(&bytes).await;
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(world.raw(&bytes).await, digest);
    assert_eq!(world.files().len(), 1);
    let back: Vec<Bytes> = world
        .lake
        .open_raw(digest)
        .expect("open")
        .try_collect()
        .await
        .expect("bytes");
    assert_eq!(back.concat(), bytes);
    let unknown = world.lake.open_raw(Digest::of(b"never received")).map(|_| ());
    assert_eq!(lake_refusal(unknown).code, "raw_file_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lose_folders_and_control_characters() {
    let world = World::new();
    for (given, kept) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\reports\\居民.csv", "居民.csv"),
        ("a\u{7}b.csv", "ab.csv"),
        ("..", "unnamed"),
        ("", "unnamed"),
    ] {
        let parts = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"x"))]);
        assert_eq!(
            world.lake.receive(parts, given, 10).await.expect("received").name,
            kept
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_and_every_cut_is_noticed() {
    let world = World::new();
    let digest = world.raw(b"name,income\nzhang,1\n").await;
    let path = world.files().remove(0);
    let sealed = std::fs::read(&path).expect("file");
    for index in 0..sealed.len() {
        let mut wrong = sealed.clone();
        wrong[index] ^= 0x40;
        std::fs::write(&path, &wrong).expect("write");
        assert!(!opens(&world, digest).await, "byte {index} flipped");
        std::fs::write(&path, &sealed[..index]).expect("write");
        assert!(!opens(&world, digest).await, "cut at {index}");
    }
    std::fs::write(&path, &sealed).expect("write");
    assert!(opens(&world, digest).await);
}

async fn opens(world: &World, digest: Digest) -> bool {
    match world.lake.open_raw(digest) {
        Ok(stream) => stream.try_collect::<Vec<Bytes>>().await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sealed_file_cannot_stand_in_for_another() {
    let world = World::new();
    let (first, second) = (world.raw(b"first").await, world.raw(b"other").await);
    let path = |digest: Digest| {
        let name = digest.to_string();
        world
            .files()
            .into_iter()
            .find(|path| path.ends_with(&name))
            .expect("file")
    };
    std::fs::copy(path(second), path(first)).expect("swap");
    assert!(!opens(&world, first).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_written_files_go_when_the_lake_opens() {
    let mut world = World::new();
    world.raw(b"kept").await;
    std::fs::write(world.folder.path().join("raw/incoming/half"), b"half").expect("write");
    world.reopen(std::sync::Arc::new(NoKill));
    assert_eq!(world.files().len(), 1);
    // A stream that fails in the middle leaves nothing either.
    let parts = stream::iter([
        Ok(Bytes::from_static(b"some")),
        Err(io::Error::other("line dropped")),
    ]);
    assert!(world.lake.receive(parts, "x", 100).await.is_err());
    assert_eq!(world.files().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_raw_files_are_swept_and_named_ones_stay() {
    let world = World::new();
    let named = world.raw(b"a paper").await;
    let ingested = world.raw(b"id\n1\n").await;
    let forgotten = world.raw(b"forgotten").await;
    world
        .ingest(spec(dataset(1), vec![ingested], "k"))
        .await
        .expect("ingest");
    let sweep = |before: i64| {
        world
            .lake
            .sweep_raw(Timestamp::from_micros(before), [named].into())
    };
    let young = sweep(0).await.expect("sweep");
    assert_eq!(young.objects, 0, "what is younger than asked for stays");
    let swept = sweep(i64::MAX).await.expect("sweep");
    assert_eq!(swept.objects, 1);
    assert!(world.lake.open_raw(forgotten).is_err());
    for kept in [named, ingested] {
        assert!(world.lake.open_raw(kept).is_ok());
    }
}
