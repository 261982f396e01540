//! `shuyu keys rotate`: a new master key for the lake of a folder that nobody serves.
//!
//! The new key is durable before the first file is touched, the old one is removed after the last. Stopped in between,
//! the folder opens with both, and the command goes on where it was.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use shuyu_kernel::kill::{KillSwitch, NoKill};
use shuyu_lake::{MasterKey, rotate};

use crate::{
    folder::DataFolder,
    real::{KillAt, SystemRandom},
    verify::existing,
};

/// What to do with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Wrap the data key of every file of the lake under a new master key; the old one is removed at the end.
    Rotate(RotateArguments),
}

/// Whose keys.
#[derive(clap::Args)]
pub struct RotateArguments {
    /// Data folder.
    #[arg(long)]
    data: PathBuf,
    /// Where the guard file is. Else where the folder says.
    #[arg(long)]
    guard: Option<PathBuf>,
    /// A production folder.
    #[arg(long)]
    production: bool,
    /// Kill this process at a named point, `point[:n]`. Training only; for the recovery tests.
    #[arg(long, hide = true)]
    kill_at: Option<String>,
}

/// Runs a command about keys.
pub fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::Rotate(arguments) => rotated(&arguments),
    }
}

#[expect(clippy::print_stdout, reason = "a command prints its answer")]
fn rotated(arguments: &RotateArguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.kill_at.is_none() || !arguments.production,
        "--kill-at is for training folders"
    );
    let options = existing(&arguments.data, arguments.guard.as_deref(), arguments.production)?;
    let folder = DataFolder::open(&options.data, &options.folder)?;
    let kill: Box<dyn KillSwitch> = match &arguments.kill_at {
        Some(point) => Box::new(KillAt::parse(point)?),
        None => Box::new(NoKill),
    };
    let random = SystemRandom::new(folder.keys.digest);
    let (present, next) = folder.begin_lake_rotation()?;
    kill.reached("keys.new_key");
    let keys = (&MasterKey(present), &MasterKey(next));
    let done = rotate(&folder.root.join("lake"), keys, &random, kill.as_ref())
        .context("the old key stays; the same command goes on")?;
    kill.reached("keys.all_wrapped");
    folder.end_lake_rotation()?;
    println!(
        "{} files wrapped under the new key, {} were already; the old key is gone",
        done.wrapped, done.already
    );
    Ok(())
}
