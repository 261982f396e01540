//! `shuyu policy score`: how the gate fares against a file of attacks and legitimate queries.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use shuyu_privacy::GateKey;
use shuyu_query::score::{Fixture, Report, Run, Tally, read, score};

/// What to do with the rules of the gate.
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Ask every case of a file, each with an empty release ledger, and count what was stopped and what was answered.
    Score(ScoreArguments),
    /// Say which grants would make a statement legal under a permit.
    Explain(ExplainArguments),
}

/// What is explained.
#[derive(clap::Args)]
pub struct ExplainArguments {
    /// SQL that makes the tables; every statement ends with a line that holds a semicolon alone.
    #[arg(long)]
    fixture: PathBuf,
    /// The permit.
    #[arg(long)]
    permit: PathBuf,
    /// The statement.
    sql: String,
}

/// What is scored.
#[derive(clap::Args)]
pub struct ScoreArguments {
    /// SQL that makes the tables; every statement ends with a line that holds a semicolon alone.
    #[arg(long)]
    fixture: PathBuf,
    /// The permit under which the expectations hold.
    #[arg(long)]
    permit: PathBuf,
    /// The cases, one JSON object a line.
    #[arg(long)]
    cases: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Carries it out; fails when a case failed.
pub fn run(command: PolicyCommand) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Score(arguments) => scored(&arguments),
        PolicyCommand::Explain(arguments) => explained(&arguments),
    }
}

fn explained(arguments: &ExplainArguments) -> anyhow::Result<()> {
    let (fixture, permit) = (text(&arguments.fixture)?, text(&arguments.permit)?);
    let runtime = tokio::runtime::Runtime::new().context("starting")?;
    let fixture = runtime.block_on(Fixture::load(&fixture, &permit))?;
    let engine = (Run::default().engine)(GateKey::new([0; 32]));
    let missing = engine.missing_grants(&fixture.permit, &arguments.sql, fixture.memory.as_ref())?;
    if missing.is_nothing() {
        println!("legal: no grant is missing");
        return Ok(());
    }
    for ((table, column), grant) in &missing.grants {
        let mut words: Vec<&str> = grant.uses.iter().map(|each| each.name()).collect();
        words.extend(grant.finer.then_some("finer"));
        println!("{table}.{column}: {}", words.join(", "));
    }
    if missing.join_risk {
        println!("join_risk: assessed");
    }
    if missing.fusion {
        println!("fusion: granted");
    }
    if let Some(refusal) = &missing.refusal {
        anyhow::bail!("no grant makes it legal: {refusal}");
    }
    Ok(())
}

/// Asks every case.
fn scored(arguments: &ScoreArguments) -> anyhow::Result<()> {
    let fixture = text(&arguments.fixture)?;
    let permit = text(&arguments.permit)?;
    let cases = read(&text(&arguments.cases)?)?;
    let runtime = tokio::runtime::Runtime::new().context("starting")?;
    let report = runtime.block_on(async {
        let fixture = Fixture::load(&fixture, &permit).await?;
        score(&fixture, &cases, &Run::default()).await
    })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show(&report);
    }
    anyhow::ensure!(report.failed.is_empty(), "{} cases failed", report.failed.len());
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn show(report: &Report) {
    let line = |name: &str, tally: &Tally| println!("{name:<28} {:>4} / {}", tally.passed, tally.of);
    for (family, tally) in &report.families {
        line(family, tally);
    }
    line("attacks stopped", &report.attacks);
    line("legitimate answered", &report.legitimate);
    if !report.by_noise_alone.is_empty() {
        println!("by noise alone: {}", report.by_noise_alone.join(", "));
    }
    for failed in &report.failed {
        println!(
            "{} ({}) expects {:?}: {}",
            failed.id, failed.family, failed.expected, failed.reached
        );
    }
}
