//! `shuyu law`: check, test, coverage, diagrams, matrix, diff, explain, mutate.

mod coverage;
mod mutate;
mod real;
mod rehearse;
mod screen;
mod show;
mod which;

use std::{collections::BTreeSet, io::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use shuyu_profile::{check, diagram, matrix};

use crate::embedded;
use which::Which;

/// What to do with the rules.
#[derive(Subcommand)]
pub enum LawCommand {
    /// References, life cycles, separations: file and line of every fault.
    Check(Which),
    /// Run all scenarios.
    Test(Which),
    /// For every clause row: which rules cite it, which runs exercise it, what is missing.
    Coverage(coverage::CoverageArguments),
    /// State diagrams of every procedure, a folder a profile.
    Diagrams {
        /// Which rules.
        #[command(flatten)]
        which: Which,
        /// Folder to write them into.
        #[arg(long)]
        write: PathBuf,
    },
    /// The authority matrix: role, act and stage, a file a profile.
    Matrix {
        /// Which rules.
        #[command(flatten)]
        which: Which,
        /// Folder to write them into; without it the matrix is printed.
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// In what two profiles differ, rule by rule. Each is a built-in name or a folder.
    Diff {
        /// The first.
        before: String,
        /// The second.
        after: String,
    },
    /// A clause: our paraphrase, the rules that cite it, the runs that prove it.
    Explain {
        /// Clause id.
        clause: String,
        /// Which rules.
        #[command(flatten)]
        which: Which,
    },
    /// What changed rules would move in the open cases of a data folder: dates and outcomes.
    Rehearse(rehearse::RehearseArguments),
    /// Change every rule in turn and see whether a scenario notices.
    Mutate {
        /// Which rules.
        #[command(flatten)]
        which: Which,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a law command.
pub async fn run(command: LawCommand) -> anyhow::Result<()> {
    match command {
        LawCommand::Check(which) => check_all(&which),
        LawCommand::Test(which) => test_all(&which),
        LawCommand::Coverage(arguments) => coverage::run(&arguments).await,
        LawCommand::Diagrams { which, write } => {
            for rules in which.load()? {
                let folder = write.join("procedures").join(&rules.profile.id);
                std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
                for procedure in &rules.profile.procedures {
                    let file = folder.join(format!("{}.md", procedure.id));
                    std::fs::write(file, diagram::markdown(procedure))?;
                }
            }
            Ok(())
        }
        LawCommand::Matrix { which, write } => {
            for rules in which.load()? {
                let text = matrix::markdown(&rules.profile);
                match &write {
                    Some(folder) => {
                        let folder = folder.join("authority");
                        std::fs::create_dir_all(&folder)?;
                        std::fs::write(folder.join(format!("{}.md", rules.profile.id)), text)?;
                    }
                    None => say(&text)?,
                }
            }
            Ok(())
        }
        LawCommand::Diff { before, after } => show::diff(&before, &after),
        LawCommand::Explain { clause, which } => show::explain(&clause, &which),
        LawCommand::Rehearse(arguments) => rehearse::run(&arguments).await,
        LawCommand::Mutate { which, json } => mutate::run(&which, json),
    }
}

fn check_all(which: &Which) -> anyhow::Result<()> {
    for rules in which.load()? {
        let faults = check::life_cycles(&rules.profile);
        anyhow::ensure!(faults.is_empty(), "{}", embedded::listed(&faults));
        say(&format!(
            "{}: {} procedures, {} clauses, no fault",
            rules.profile.id,
            rules.profile.procedures.len(),
            rules.profile.clauses.len()
        ))?;
    }
    Ok(())
}

fn test_all(which: &Which) -> anyhow::Result<()> {
    let mut faults = 0;
    for rules in which.load()? {
        let runs = shuyu_domain::scenario::run_all(&rules.profile, &rules.scenarios);
        let failures: BTreeSet<String> = runs
            .iter()
            .flat_map(|run| &run.failures)
            .map(ToString::to_string)
            .collect();
        for failure in &failures {
            say(&format!("{}/{failure}", rules.profile.id))?;
        }
        faults += failures.len();
        say(&format!(
            "{}: {} scenarios, {} faults",
            rules.profile.id,
            rules.scenarios.len(),
            failures.len()
        ))?;
    }
    anyhow::ensure!(faults == 0, "{faults} faults");
    Ok(())
}

/// Prints. Whoever reads only the first lines and hangs up is no fault.
fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
