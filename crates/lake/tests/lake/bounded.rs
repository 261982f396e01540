//! Endless lines, bombs and other files that would eat the machine.

use std::{
    io::{self, Read},
    sync::Arc,
};

use futures::stream;
use shuyu_lake::{
    CancellationToken, CsvOptions, Limits, Progress, limits,
    source::{Record, inspect_text, read_csv},
};

use crate::world::{World, dataset, fact, gzip, lake_refusal, refusal_of, spec};

/// A reader that never ends, and counts what was taken from it.
struct Endless {
    start: &'static [u8],
    filler: u8,
    taken: u64,
}

impl Read for &mut Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        for byte in out.iter_mut() {
            *byte = match self.start.split_first() {
                Some((first, rest)) => {
                    self.start = rest;
                    *first
                }
                None => self.filler,
            };
        }
        self.taken += out.len() as u64;
        Ok(out.len())
    }
}

/// A record limit and one read buffer: what may be taken before the refusal, and with it the memory held.
const BOUND: u64 = limits::MAX_RECORD_BYTES as u64 + 64 * 1024;

#[test]
fn an_endless_line_is_refused_after_16_mib() {
    for start in ["", "a,b\n", "a,b\n\"", "a,b\n1,"] {
        let mut reader = Endless {
            start: start.as_bytes(),
            filler: b'a',
            taken: 0,
        };
        let mut sink = |_: &Record| Ok(());
        let refusal = lake_refusal(read_csv(&mut reader, CsvOptions::default(), &mut sink));
        assert_eq!(refusal.code, "record_too_long", "after {start:?}");
        assert!(
            reader.taken <= BOUND + 64 * 1024,
            "{} bytes were read",
            reader.taken
        );

        let mut reader = Endless {
            start: start.as_bytes(),
            filler: b'a',
            taken: 0,
        };
        let refusal = lake_refusal(inspect_text(&mut reader));
        assert_eq!(refusal.code, "record_too_long", "inspecting after {start:?}");
        assert!(reader.taken <= BOUND, "{} bytes were read", reader.taken);
    }
    // Line ends within quotes do not make a record shorter.
    let mut reader = Endless {
        start: b"a\n\"",
        filler: b'\n',
        taken: 0,
    };
    let mut sink = |_: &Record| Ok(());
    let refusal = lake_refusal(read_csv(&mut reader, CsvOptions::default(), &mut sink));
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "line")),
        ("record_too_long", "2")
    );
    // Nor do delimiters without end.
    let mut reader = Endless {
        start: b"",
        filler: b',',
        taken: 0,
    };
    let refusal = lake_refusal(read_csv(&mut reader, CsvOptions::default(), &mut sink));
    assert_eq!(refusal.code, "too_many_columns");
    assert!(reader.taken <= 2 * 64 * 1024);
}

#[test]
fn a_cell_over_its_limit_is_refused() {
    let text = format!("a,b\n1,{}\n", "x".repeat(limits::MAX_CELL_BYTES + 1));
    let mut sink = |_: &Record| Ok(());
    let refusal = lake_refusal(read_csv(text.as_bytes(), CsvOptions::default(), &mut sink));
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "line")),
        ("cell_too_long", "2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_bomb_is_refused_by_its_ratio_and_a_large_file_by_its_size() {
    let mut world = World::new();
    let bomb = gzip("a,b\n1,2\n".repeat(8 * 1024 * 1024).as_bytes());
    assert!(bomb.len() < 512 * 1024);
    let refusal = world.refused(&bomb).await;
    assert_eq!(refusal.code, "compression_bomb");
    let small = Limits {
        max_uncompressed_bytes: 100,
    };
    let lake = Arc::into_inner(std::mem::replace(&mut world.lake, World::new().lake)).expect("the only one");
    world.lake = Arc::new(lake.with_limits(small));
    let refusal = world.refused("a,b\n1,2\n".repeat(20).as_bytes()).await;
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "limit_bytes")),
        ("file_too_large", "100")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_over_its_limit_is_refused_and_leaves_nothing() {
    let world = World::new();
    let parts = stream::repeat_with(|| Ok::<_, io::Error>(bytes::Bytes::from_static(&[b'a'; 1000])));
    let result = world.lake.receive(parts, "endless", 10_000).await;
    assert_eq!(lake_refusal(result).code, "file_too_large");
    let nothing = stream::empty::<Result<bytes::Bytes, io::Error>>();
    assert_eq!(
        lake_refusal(world.lake.receive(nothing, "empty", 10).await).code,
        "file_empty"
    );
    assert_eq!(world.files(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn wide_cells_do_not_gather_by_the_thousand() {
    let world = World::new();
    let cell = "x".repeat(limits::MAX_CELL_BYTES);
    let mut text = "id,cell\n".to_owned();
    (0..24).for_each(|id| text += &format!("{id},{cell}\n"));
    let raw = world.raw(text.as_bytes()).await;
    world
        .ingest(spec(dataset(1), vec![raw], "k"))
        .await
        .expect("ingest");
    let rows: Vec<usize> = world
        .rows(dataset(1))
        .await
        .iter()
        .map(|batch| batch.num_rows())
        .collect();
    assert_eq!(rows.iter().sum::<usize>(), 24);
    let most = limits::BATCH_BYTES / limits::MAX_CELL_BYTES;
    assert!(rows.iter().all(|rows| *rows <= most), "batches of {rows:?} rows");
}

/// Cancels as soon as the first bytes are looked at, and notes the phases.
struct CancelAtOnce(CancellationToken, std::sync::Mutex<Vec<shuyu_lake::Phase>>);

impl Progress for CancelAtOnce {
    fn phase(&self, phase: shuyu_lake::Phase) {
        self.1.lock().expect("not poisoned").push(phase);
    }
    fn bytes(&self, count: u64) {
        assert!(count > 0);
        self.0.cancel();
    }
    fn rows(&self, _count: u64) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_reading_is_told_of_and_can_be_cancelled() {
    let world = World::new();
    for (number, bytes) in [
        (1, "a\n1\n".repeat(300_000).into_bytes()),
        (2, crate::workbook::sample()),
    ] {
        let raw = world.raw(&bytes).await;
        let cancel = CancellationToken::new();
        let progress = Arc::new(CancelAtOnce(cancel.clone(), Default::default()));
        let spec = spec(dataset(number), vec![raw], "k");
        let result = world.lake.ingest(spec, progress.clone(), &cancel).await;
        assert_eq!(refusal_of(result).code, "ingest_cancelled");
        let phases = progress.1.lock().expect("not poisoned").clone();
        assert_eq!(phases, [shuyu_lake::Phase::Inspecting], "file {number}");
    }
}

/// Cancels after so many rows.
struct CancelAfter(u64, CancellationToken, std::sync::atomic::AtomicU64);

impl Progress for CancelAfter {
    fn phase(&self, _phase: shuyu_lake::Phase) {}
    fn bytes(&self, _count: u64) {}
    fn rows(&self, count: u64) {
        if self.2.fetch_add(count, std::sync::atomic::Ordering::Relaxed) + count >= self.0 {
            self.1.cancel();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_ingest_changes_nothing_and_may_be_tried_again() {
    let world = World::new();
    let text: String = (0..400_000).fold("id,word\n".to_owned(), |text, i| text + &format!("{i},word{i}\n"));
    let raw = world.raw(text.as_bytes()).await;
    let cancel = CancellationToken::new();
    let progress = Arc::new(CancelAfter(50_000, cancel.clone(), Default::default()));
    let result = world
        .lake
        .ingest(spec(dataset(1), vec![raw], "k"), progress, &cancel)
        .await;
    assert_eq!(refusal_of(result).code, "ingest_cancelled");
    assert!(
        world
            .lake
            .versions(dataset(1))
            .await
            .expect("versions")
            .is_empty()
    );
    let report = world
        .ingest(spec(dataset(1), vec![raw], "k"))
        .await
        .expect("second try");
    assert_eq!(
        (report.version.rows, report.version.files.len(), report.replayed),
        (400_000, 2, false)
    );
}
