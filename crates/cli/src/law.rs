//! `shuyu law`: check, test, coverage, diagrams.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use shuyu_profile::{Profile, ProfileSource, check, diagram, scenario};

use shuyu_domain::coverage::Coverage;

use crate::embedded;

/// What to do with the rules.
#[derive(Subcommand)]
pub enum LawCommand {
    /// References, life cycles, separations: file and line of every fault.
    Check(Which),
    /// Run all scenarios.
    Test(Which),
    /// For every clause row: which rules cite it and which runs exercise it.
    Coverage {
        /// Which rules.
        #[command(flatten)]
        which: Which,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// State diagrams of every procedure.
    Diagrams {
        /// Which rules.
        #[command(flatten)]
        which: Which,
        /// Folder to write them into.
        #[arg(long)]
        write: PathBuf,
    },
}

/// Which rules: those built in, or a folder.
#[derive(Args)]
pub struct Which {
    /// Name of a built-in profile; the usual one if none is named.
    #[arg(long)]
    profile: Option<String>,
    /// A profile folder on disk instead; the base is `cn-base` beside it, else the built-in one.
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl Which {
    fn sources(&self) -> anyhow::Result<(ProfileSource, ProfileSource)> {
        let Some(folder) = &self.folder else {
            let name = match &self.profile {
                Some(name) => name.clone(),
                None => embedded::defaults()?.profile,
            };
            return Ok((
                embedded::profile_source("cn-base")?,
                embedded::profile_source(&name)?,
            ));
        };
        let beside = folder
            .parent()
            .map(|parent| parent.join("cn-base"))
            .filter(|base| base.is_dir());
        let base = match beside {
            Some(base) => embedded::profile_folder(&base)?,
            None => embedded::profile_source("cn-base")?,
        };
        Ok((base, embedded::profile_folder(folder)?))
    }

    fn load(&self) -> anyhow::Result<(Profile, ProfileSource)> {
        let (base, own) = self.sources()?;
        let profile = Profile::load(&base, &own).map_err(|errors| embedded::listed(&errors))?;
        Ok((profile, own))
    }
}

/// Runs a law command.
pub fn run(command: LawCommand) -> anyhow::Result<()> {
    match command {
        LawCommand::Check(which) => {
            let (profile, _) = which.load()?;
            let faults = check::life_cycles(&profile);
            anyhow::ensure!(faults.is_empty(), "{}", embedded::listed(&faults));
            say(&format!(
                "{}: {} procedures, {} clauses, no fault",
                profile.id,
                profile.procedures.len(),
                profile.clauses.len()
            ))
        }
        LawCommand::Test(which) => {
            let (profile, own) = which.load()?;
            let scenarios = scenario::scenarios(&own).map_err(|errors| embedded::listed(&errors))?;
            let runs = shuyu_domain::scenario::run_all(&profile, &scenarios);
            let failures: BTreeSet<String> = runs
                .iter()
                .flat_map(|run| &run.failures)
                .map(ToString::to_string)
                .collect();
            for failure in &failures {
                say(failure)?;
            }
            anyhow::ensure!(
                failures.is_empty(),
                "{} faults in {} scenarios",
                failures.len(),
                scenarios.len()
            );
            say(&format!("{} scenarios hold", scenarios.len()))
        }
        LawCommand::Coverage { which, json } => {
            let (profile, own) = which.load()?;
            let scenarios = scenario::scenarios(&own).map_err(|errors| embedded::listed(&errors))?;
            let coverage = shuyu_domain::coverage::coverage(&profile, &scenarios);
            if json {
                say(&serde_json::to_string_pretty(&coverage)?)
            } else {
                say(&table(&coverage))
            }
        }
        LawCommand::Diagrams { which, write } => {
            let (profile, _) = which.load()?;
            let folder = write.join("procedures");
            std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
            for procedure in &profile.procedures {
                std::fs::write(
                    folder.join(format!("{}.md", procedure.id)),
                    diagram::markdown(procedure),
                )?;
            }
            Ok(())
        }
    }
}

/// Counts per document, then every clause with what exercises it.
fn table(coverage: &Coverage) -> String {
    let mut out = String::new();
    for (document, summary) in &coverage.documents {
        let all = [
            ("enforce", summary.enforce),
            ("track", summary.track),
            ("support", summary.support),
            ("none", summary.none),
        ];
        for (word, count) in all {
            let _ = writeln!(
                out,
                "{document}  {word:<8} {:>4} rows {:>4} cited {:>4} evidenced",
                count.rows, count.cited, count.evidenced
            );
        }
    }
    for clause in coverage.clauses.iter().filter(|clause| !clause.rules.is_empty()) {
        let mark = if clause.evidenced { "+" } else { "-" };
        let _ = writeln!(
            out,
            "{mark} {} {} rules, {} refusals, {} pairs",
            clause.id,
            clause.rules.len(),
            clause.refused.len(),
            clause.pairs.len()
        );
    }
    out
}

#[expect(clippy::print_stdout, reason = "a command prints its answer")]
fn say(text: &str) -> anyhow::Result<()> {
    println!("{text}");
    Ok(())
}
