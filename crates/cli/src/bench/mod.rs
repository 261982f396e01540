//! `shuyu bench`: first figures with ratios, all of one run, on data that the project makes.
//!
//! Nothing here is a promise. A ratio compares two figures of the same run on the same machine; that is what
//! travels to other machines, the figures do not.

mod book;
mod checks;
mod console;
mod gate;
mod governed;
mod ingest;
mod ledger;
mod market;
mod memory;
mod people;
mod pinned;
mod register;
mod report;
mod scale;
mod scratch;
mod stopwatch;

use std::{num::NonZeroUsize, path::PathBuf};

use anyhow::Context as _;

use self::{ingest::Source, report::Report, scratch::Scratch};

/// What to measure with.
#[derive(clap::Args)]
pub struct BenchArguments {
    /// One JSON document instead of a table.
    #[arg(long)]
    json: bool,
    /// Small sizes: a look, not a measurement.
    #[arg(long)]
    quick: bool,
    /// URL of an empty PostgreSQL database; else the one in SHUYU_TEST_PG, else none is measured.
    #[arg(long)]
    postgres: Option<String>,
    /// Folder in which the run makes a folder of its own, on the disk to be measured. Else that for temporary
    /// files.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Measure one way of ingesting in this process, for `bench` itself.
    #[arg(long, hide = true, requires = "csv", requires = "folder")]
    alone: Option<ingest::Alone>,
    /// File for `--alone`.
    #[arg(long, hide = true)]
    csv: Option<PathBuf>,
}

/// Sizes of one run.
struct Sizes {
    /// Rows of the register.
    rows: u64,
    /// Questions of each kind.
    questions: usize,
    /// Acts of each kind.
    acts: u64,
    /// Cases of the console.
    cases: u64,
    /// Persons at scale; they have five events each.
    persons: u64,
    /// Sums in the release ledger.
    sums: u64,
    /// People in the register that checks of identity are answered from.
    register: u64,
    /// Checks of identity of each kind.
    checks: usize,
}

const FULL: Sizes = Sizes {
    rows: 200_000,
    questions: 30,
    acts: 2_000,
    cases: 100_000,
    persons: 10_000_000,
    sums: 1_000_000,
    register: 1_000_000,
    checks: 2_000,
};
const QUICK: Sizes = Sizes {
    rows: 20_000,
    questions: 10,
    acts: 200,
    cases: 5_000,
    persons: 100_000,
    sums: 10_000,
    register: 10_000,
    checks: 300,
};

/// Measures everything and prints it.
pub async fn run(arguments: &BenchArguments) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    if let (Some(way), Some(csv), Some(folder)) = (arguments.alone, &arguments.csv, &arguments.folder) {
        let found = ingest::alone(way, csv, folder, cores).await?;
        return crate::print(&serde_json::to_string(&found)?);
    }
    let sizes = if arguments.quick { QUICK } else { FULL };
    let scratch = Scratch::new(arguments.folder.as_deref())?;
    let mut report = Report {
        quick: arguments.quick,
        cores: cores.get(),
        figures: Vec::new(),
        not_measured: Vec::new(),
    };
    let csv = scratch.join("employment.csv");
    let bytes = register::write(&csv, sizes.rows)?;
    tracing::info!("measuring ingest");
    ingest::measure(
        &mut report,
        &Source {
            csv: &csv,
            rows: sizes.rows,
            bytes,
        },
        &scratch,
    )?;
    tracing::info!("measuring the gate");
    gate::measure(&mut report, &csv, &scratch, sizes.questions)
        .await
        .context("the gate")?;
    tracing::info!("measuring at scale");
    scale::measure(&mut report, &scratch, sizes.persons)
        .await
        .context("at scale")?;
    tracing::info!("measuring the release ledger");
    book::measure(&mut report, sizes.sums).context("the release ledger")?;
    tracing::info!("measuring governance and identity");
    governed::measure(&mut report, sizes.persons).context("governance")?;
    tracing::info!("measuring checks of identity over HTTP");
    checks::measure(&mut report, &scratch, sizes.register, sizes.checks)
        .await
        .context("checks of identity over HTTP")?;
    tracing::info!("measuring the ledger");
    let postgres = arguments.postgres.clone().or_else(postgres_of_the_tests);
    ledger::measure(&mut report, &scratch, postgres.as_deref(), sizes.acts)
        .await
        .context("the ledger")?;
    tracing::info!("measuring the console");
    console::measure(&mut report, &scratch, sizes.cases)
        .await
        .context("the console")?;
    if arguments.json {
        return crate::print(&serde_json::to_string_pretty(&report)?);
    }
    crate::print(&report.text())
}

/// The server that `./dev bench` starts.
#[expect(
    clippy::disallowed_methods,
    reason = "only the command line reads the environment"
)]
fn postgres_of_the_tests() -> Option<String> {
    std::env::var("SHUYU_TEST_PG").ok().filter(|url| !url.is_empty())
}
