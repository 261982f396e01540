//! A file into a table: the lake against bare DataFusion. Each run has a process of its own, so that peak memory
//! is its own.

use std::{num::NonZeroUsize, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use shuyu_query::bare;

use super::{
    memory,
    register::{self, Subjects},
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::{Stopwatch, median},
};

const SECTION: &str = "ingest";
/// Runs of each kind.
const RUNS: usize = 3;

/// What a process of its own measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Alone {
    /// The lake.
    Lake,
    /// DataFusion as it comes.
    Bare,
    /// DataFusion with one parallel part.
    BareOnePart,
    /// Nothing: what the process itself takes.
    Nothing,
}

/// What it found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Found {
    /// Seconds until the file was received; only the lake receives.
    receive: f64,
    /// Seconds from file to table.
    ingest: f64,
    /// Rows of the table.
    rows: u64,
    /// Peak memory of the process in MiB (VmHWM).
    peak: f64,
}

/// Measures one way, once. `folder` is empty and removed by the caller.
pub(super) async fn alone(
    way: Alone,
    csv: &Path,
    folder: &Path,
    cores: NonZeroUsize,
) -> anyhow::Result<Found> {
    let (mut receive, mut rows) = (0.0, 0);
    let mut watch = Stopwatch::start();
    match way {
        Alone::Nothing => {}
        Alone::Bare => rows = bare::csv_to_parquet(csv, folder, cores).await?,
        Alone::BareOnePart => rows = bare::csv_to_parquet(csv, folder, NonZeroUsize::MIN).await?,
        Alone::Lake => {
            let lake = register::lake(folder)?;
            let raw = register::receive(&lake, csv).await?;
            receive = watch.seconds();
            watch = Stopwatch::start();
            rows = register::ingest(&lake, raw, Subjects::Enterprises)
                .await?
                .version
                .rows;
        }
    }
    let ingest = watch.seconds();
    Ok(Found {
        receive,
        ingest,
        rows,
        peak: memory::peak_mib()?,
    })
}

/// The register file and what stands in it.
pub(super) struct Source<'a> {
    /// The file.
    pub(super) csv: &'a Path,
    /// Its rows.
    pub(super) rows: u64,
    /// Its bytes.
    pub(super) bytes: u64,
}

/// Measures all ways in turn.
pub(super) fn measure(report: &mut Report, source: &Source<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let ways = [Alone::Bare, Alone::BareOnePart, Alone::Lake, Alone::Nothing];
    let mut found: [Vec<Found>; 4] = Default::default();
    for _ in 0..RUNS {
        for (way, found) in ways.iter().zip(&mut found) {
            found.push(in_a_process(*way, source, scratch)?);
        }
    }
    let seconds = |of: &[Found], with: fn(&Found) -> f64| median(&of.iter().map(with).collect::<Vec<_>>());
    let rate = |of: &[Found], with: fn(&Found) -> f64| source.rows as f64 / seconds(of, with);
    let peak = |of: &[Found]| of.iter().map(|found| found.peak).fold(0.0, f64::max);
    let [bare, one_part, lake, nothing] = &found;
    let size = source.bytes as f64 / 1024.0 / 1024.0;
    let file = format!(
        "{} rows, {size:.0} MiB of CSV, median of {RUNS} processes each",
        source.rows
    );
    let as_it_comes = rate(bare, |found| found.ingest);
    let name = "bare DataFusion";
    let figure = |what: &str, value| Figure::new(SECTION, what, value, "rows/s").against(as_it_comes, name);
    report.add(Figure::new(SECTION, "bare DataFusion: CSV to Parquet", as_it_comes, "rows/s").note(file));
    report.add(figure(
        "bare DataFusion, one part",
        rate(one_part, |found| found.ingest),
    ));
    report.add(figure("lake: ingest", rate(lake, |found| found.ingest)));
    report.add(figure(
        "lake: receive and ingest",
        rate(lake, |found| found.receive + found.ingest),
    ));
    let most = peak(bare);
    let memory = |what: &str, value| Figure::new(SECTION, what, value, "MiB");
    report.add(memory("peak memory: bare DataFusion", most));
    report.add(memory("peak memory: bare, one part", peak(one_part)).against(most, name));
    report.add(memory("peak memory: lake", peak(lake)).against(most, name));
    report.add(memory("peak memory: the process alone", peak(nothing)).note("contained in the three above"));
    Ok(())
}

fn in_a_process(way: Alone, source: &Source<'_>, scratch: &Scratch) -> anyhow::Result<Found> {
    let folder = scratch.join("alone");
    std::fs::create_dir(&folder)?;
    let name = clap::ValueEnum::to_possible_value(&way).context("a hidden way to measure")?;
    let output = Command::new(std::env::current_exe()?)
        .args(["bench", "--alone", name.get_name(), "--csv"])
        .arg(source.csv)
        .arg("--folder")
        .arg(&folder)
        .output()?;
    std::fs::remove_dir_all(&folder)?;
    ensure!(
        output.status.success(),
        "{way:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Found = serde_json::from_slice(&output.stdout)?;
    ensure!(
        way == Alone::Nothing || found.rows == source.rows,
        "{way:?} wrote {} rows",
        found.rows
    );
    Ok(found)
}
