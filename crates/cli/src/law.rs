//! `shuyu law`: check, test, coverage, diagrams.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use shuyu_profile::{Profile, ProfileSource, check, diagram, scenario};

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
    /// Name of a built-in profile.
    #[arg(long, default_value = "yunnan")]
    profile: String,
    /// A profile folder on disk instead; the base is `cn-base` beside it, else the built-in one.
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl Which {
    fn sources(&self) -> anyhow::Result<(ProfileSource, ProfileSource)> {
        let Some(folder) = &self.folder else {
            return Ok((embedded::profile_source("cn-base")?, embedded::profile_source(&self.profile)?));
        };
        let beside = folder.parent().map(|parent| parent.join("cn-base")).filter(|base| base.is_dir());
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
            say(&format!("{}: {} procedures, {} clauses, no fault", profile.id, profile.procedures.len(), profile.clauses.len()))
        }
        LawCommand::Test(which) => {
            let (profile, own) = which.load()?;
            let scenarios = scenario::scenarios(&own).map_err(|errors| embedded::listed(&errors))?;
            let outcome = shuyu_domain::scenario::run_all(&profile, &scenarios);
            for failure in &outcome.failures {
                say(&failure.to_string())?;
            }
            anyhow::ensure!(outcome.failures.is_empty(), "{} of {} scenarios failed", outcome.failures.len(), scenarios.len());
            say(&format!("{} scenarios hold", scenarios.len()))
        }
        LawCommand::Coverage { which, json } => {
            let (profile, own) = which.load()?;
            let scenarios = scenario::scenarios(&own).map_err(|errors| embedded::listed(&errors))?;
            let coverage = shuyu_domain::coverage::measure(&profile, &scenarios);
            if json { say(&serde_json::to_string_pretty(&coverage)?) } else { say(&coverage.table()) }
        }
        LawCommand::Diagrams { which, write } => {
            let (profile, _) = which.load()?;
            let folder = write.join("procedures");
            std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
            for procedure in &profile.procedures {
                std::fs::write(folder.join(format!("{}.md", procedure.id)), diagram::markdown(procedure))?;
            }
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command prints its answer")]
fn say(text: &str) -> anyhow::Result<()> {
    println!("{text}");
    Ok(())
}
