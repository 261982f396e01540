//! What an ingest holds at most, measured from outside: the highest resident size of a process of its own.

use std::{
    io::{self, Read},
    process::Command,
};

use bytes::Bytes;
use futures::stream;
use shuyu_lake::{
    CsvOptions, IngestMode, limits,
    source::{Record, inspect_text, read_csv},
};

use crate::world::{World, dataset, lake_refusal, refusal_of, spec};

/// Names the case for the process that is measured.
const CASE: &str = "SHUYU_LAKE_MEMORY_CASE";
const GIB: u64 = 1024 * 1024 * 1024;
/// The most that a refused line may cost above what the process held before it, in MiB: a record and the buffers
/// around it. docs/security.md states it.
const MOST_FOR_A_LINE: u64 = 64;
/// The most that wide cells may cost, in MiB: a batch while it grows, its copy in the encoder, the file.
const MOST_FOR_CELLS: u64 = 112;
/// The most that ingest and upsert of a table of [`TABLE_MIB`] may cost, in MiB: a file that is written, one that waits
/// or is made, and the batches and row group around them. Less than the table, so that the table does not matter.
const MOST_FOR_A_TABLE: u64 = 320;
/// Size of that table: six files of 64 MiB.
const TABLE_MIB: u64 = 384;

/// The highest resident size so far in KiB (`VmHWM`, proc(5)).
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Runs a case in a process of its own and answers how much it held, in MiB.
fn measured(case: &str) -> u64 {
    let this = std::env::current_exe().expect("this test binary");
    let output = Command::new(this)
        .args(["--exact", "memory::in_a_process_of_its_own", "--nocapture"])
        .env(CASE, case)
        .output()
        .expect("the process runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{case}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found = text.lines().find_map(|line| line.split_once("held_kib="));
    let held: u64 = found
        .expect("it says what it held")
        .1
        .trim()
        .parse()
        .expect("a number");
    println!("{case}: {} MiB above what the process held before", held / 1024);
    held / 1024
}

#[test]
fn a_line_of_2_gib_is_refused_after_16_mib_and_never_held() {
    let held = measured("line");
    assert!(held < MOST_FOR_A_LINE, "{held} MiB");
}

#[test]
fn cells_of_1_mib_are_written_as_they_come() {
    let held = measured("cells");
    assert!(held < MOST_FOR_CELLS, "{held} MiB");
}

#[test]
#[ignore = "two minutes on two cores: cargo nextest run --workspace --run-ignored only -E 'test(/^memory::/)'"]
fn a_table_larger_than_the_bound_is_ingested_and_upserted_within_it() {
    let held = measured("upsert");
    assert!(held < MOST_FOR_A_TABLE, "{held} MiB");
}

/// The body of the cases; does nothing when the tests run.
#[test]
fn in_a_process_of_its_own() {
    let Some(case) = std::env::var_os(CASE) else {
        return;
    };
    let before = peak_kib();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime");
    match case.to_str() {
        Some("line") => {
            readers();
            runtime.block_on(whole_path());
        }
        Some("cells") => runtime.block_on(cells()),
        Some("upsert") => runtime.block_on(upsert()),
        _ => panic!("no such case"),
    }
    println!("held_kib={}", peak_kib() - before);
}

/// A header, then one line of two GiB, made while it is read.
struct Line {
    start: &'static [u8],
    left: u64,
}

impl Line {
    fn new() -> Self {
        Self {
            start: b"a,b\n1,",
            left: 2 * GIB,
        }
    }
}

impl Read for Line {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.start.is_empty() {
            return self.start.read(out);
        }
        let count = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        out[..count].fill(b'x');
        self.left -= count as u64;
        Ok(count)
    }
}

/// Both passes over the line, each as if the other had let it through.
fn readers() {
    let mut sink = |_: &Record| Ok(());
    for inspects in [true, false] {
        let mut line = Line::new();
        let refusal = if inspects {
            lake_refusal(inspect_text(&mut line))
        } else {
            lake_refusal(read_csv(&mut line, CsvOptions::default(), &mut sink))
        };
        assert_eq!(refusal.code, "record_too_long");
        let taken = 2 * GIB - line.left;
        assert!(
            taken <= limits::MAX_RECORD_BYTES as u64 + 128 * 1024,
            "{taken} bytes were read"
        );
    }
}

/// The same line through the lake; so much of it is received as the raw zone of a test should hold.
async fn whole_path() {
    let world = World::new();
    let parts = std::iter::once(Bytes::from_static(b"a,b\n1,"))
        .chain(std::iter::repeat_n(Bytes::from(vec![b'x'; 1 << 20]), 64))
        .map(Ok::<_, io::Error>);
    let raw = world
        .lake
        .receive(stream::iter(parts), "line.csv", u64::MAX)
        .await
        .expect("received");
    let refusal = refusal_of(world.ingest(spec(dataset(1), vec![raw.digest], "k")).await);
    assert_eq!(refusal.code, "record_too_long");
}

/// 128 cells of one MiB in one column: as one batch they alone would pass the bound.
async fn cells() {
    let world = World::new();
    let cell = Bytes::from(vec![b'x'; limits::MAX_CELL_BYTES]);
    let row = move |id: u64| {
        [
            Bytes::from(format!("{id},")),
            cell.clone(),
            Bytes::from_static(b"\n"),
        ]
    };
    let parts = std::iter::once(Bytes::from_static(b"id,cell\n"))
        .chain((0..128).flat_map(row))
        .map(Ok::<_, io::Error>);
    let raw = world
        .lake
        .receive(stream::iter(parts), "cells.csv", u64::MAX)
        .await
        .expect("received");
    let report = world
        .ingest(spec(dataset(1), vec![raw.digest], "k"))
        .await
        .expect("ingest");
    assert_eq!(report.version.rows, 128);
}

/// Rows of a KiB each that do not compress, from number `first` on, every `step`th.
fn rows(first: u64, step: u64, end: u64) -> impl Iterator<Item = Bytes> {
    let header = std::iter::once(Bytes::from_static(b"id,text\n"));
    let row = |id: u64| {
        let mut state = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut line = format!("{id},").into_bytes();
        for _ in 0..1024 / 8 {
            // Marsaglia's xorshift; six bits a letter.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let letters = (0..8).map(|at| b'0' + (state >> (8 * at)) as u8 % 64);
            line.extend(letters.map(|letter| if letter == b'\\' { b'~' } else { letter }));
        }
        line.push(b'\n');
        Bytes::from(line)
    };
    header.chain(
        (first..end)
            .step_by(usize::try_from(step).expect("a step"))
            .map(row),
    )
}

/// Ingests the table and replaces one row in every thousand, so that every file of it is written anew.
async fn upsert() {
    let world = World::new();
    let end = TABLE_MIB * 1024;
    for (key, mode, step) in [("k0", IngestMode::Replace, 1), ("k1", IngestMode::Upsert, 1000)] {
        let parts = stream::iter(rows(0, step, end).map(Ok::<_, io::Error>));
        let raw = world.lake.receive(parts, key, u64::MAX).await.expect("received");
        let mut order = spec(dataset(1), vec![raw.digest], key);
        (order.mode, order.row_key) = (mode, vec!["id".to_owned()]);
        let made = world.ingest(order).await.expect("ingest");
        assert_eq!(made.version.rows, end);
        let size: u64 = made.version.files.iter().map(|file| file.size_bytes).sum();
        assert!(
            size > MOST_FOR_A_TABLE << 20,
            "the table is larger than the bound: {size}"
        );
        println!(
            "{key}: {} files, {} MiB, {} MiB held",
            made.version.files.len(),
            size >> 20,
            peak_kib() >> 10
        );
    }
}
