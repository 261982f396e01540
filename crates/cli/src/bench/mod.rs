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
use clap::ValueEnum as _;

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
    /// Measure these parts only; else all of them, in this order.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Measure one way of ingesting in this process, for `bench` itself.
    #[arg(long, hide = true, requires = "csv", requires = "folder")]
    alone: Option<ingest::Alone>,
    /// File for `--alone`.
    #[arg(long, hide = true)]
    csv: Option<PathBuf>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Ingest beside bare DataFusion.
    Ingest,
    /// The gate on a register.
    Gate,
    /// Millions of persons and their events, through the lake and under the gate.
    Scale,
    /// The release ledger.
    Book,
    /// Discovery, masking, assessment; identities in process.
    Governed,
    /// Checks of identity over HTTP.
    Checks,
    /// The ledger.
    Ledger,
    /// Pages of the console.
    Console,
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
    let source = Source {
        csv: &csv,
        rows: sizes.rows,
        bytes,
    };
    for part in Part::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(part) {
            continue;
        }
        tracing::info!(?part, "measuring");
        let measured = match part {
            Part::Ingest => ingest::measure(&mut report, &source, &scratch),
            Part::Gate => gate::measure(&mut report, &csv, &scratch, sizes.questions).await,
            Part::Scale => scale::measure(&mut report, &scratch, sizes.persons).await,
            Part::Book => book::measure(&mut report, sizes.sums),
            Part::Governed => governed::measure(&mut report, sizes.persons),
            Part::Checks => checks::measure(&mut report, &scratch, sizes.register, sizes.checks).await,
            Part::Ledger => {
                let postgres = arguments.postgres.clone().or_else(postgres_of_the_tests);
                ledger::measure(&mut report, &scratch, postgres.as_deref(), sizes.acts).await
            }
            Part::Console => console::measure(&mut report, &scratch, sizes.cases).await,
        };
        measured.with_context(|| format!("measuring {part:?}"))?;
    }
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
