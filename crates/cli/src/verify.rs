//! Verifying an exported folder offline; exporting; comparing tables with the ledger.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use shuyu_domain::port::Log;
use shuyu_kernel::Fault;
use shuyu_ledger::{FolderReader, VerifyError, VerifyingKey};
use shuyu_store::FolderWriter;

use crate::serve::{self, ServeOptions};

/// Which folder.
#[derive(clap::Args)]
pub struct VerifyArguments {
    /// Exported folder.
    folder: PathBuf,
    /// Public key you already trust, PEM. Without it only the folder's own key is used, which is said.
    #[arg(long)]
    key: Option<PathBuf>,
    /// One JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// What to export.
#[derive(clap::Args)]
pub struct ExportArguments {
    /// Data folder.
    #[arg(long)]
    data: PathBuf,
    /// Folder to write; must not exist.
    #[arg(long)]
    to: PathBuf,
    /// `proceedings` or `access`.
    #[arg(long, default_value = "proceedings")]
    log: String,
    /// A production folder.
    #[arg(long)]
    production: bool,
}

/// What to compare.
#[derive(clap::Args)]
pub struct RebuildArguments {
    /// Data folder.
    #[arg(long)]
    data: PathBuf,
    /// Compare only; nothing is written.
    #[arg(long)]
    check: bool,
    /// A production folder.
    #[arg(long)]
    production: bool,
}

struct Folder(PathBuf);

impl FolderReader for Folder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::new(format!("reading {name}"), error)),
        }
    }
}

impl FolderWriter for Folder {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.0.join(name);
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, bytes)
        };
        write().map_err(|error| Fault::new(format!("writing {name}"), error))
    }
}

/// Verifies a folder with no server and no database.
pub fn verify(arguments: &VerifyArguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        arguments.folder.is_dir(),
        "{} is not a folder",
        arguments.folder.display()
    );
    let trusted = match &arguments.key {
        Some(path) => {
            let pem = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Some(VerifyingKey::from_pem(&pem).context("the trusted key")?)
        }
        None => None,
    };
    let outcome = shuyu_ledger::verify(&Folder(arguments.folder.clone()), trusted.as_ref());
    match outcome {
        Ok(verified) => {
            let checks: Vec<String> = verified
                .checks
                .iter()
                .map(|check| check.code().to_owned())
                .collect();
            let answer = serde_json::json!({
                "verified": true, "size": verified.size, "root": verified.root, "checks": checks,
            });
            say(
                arguments.json,
                &answer,
                &format!(
                    "verified: {} entries, root {}\n{}",
                    verified.size,
                    verified.root,
                    checks.join("\n")
                ),
            )
        }
        Err(VerifyError::Tampered(tampered)) => {
            let refusal = shuyu_kernel::Refusal::from(&tampered);
            let answer =
                serde_json::json!({ "verified": false, "code": refusal.code, "facts": refusal.facts });
            say(arguments.json, &answer, &tampered.to_string())?;
            std::process::exit(1)
        }
        Err(VerifyError::Fault(fault)) => Err(fault.into()),
    }
}

/// Exports a log of a data folder that no server is using.
pub async fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        !arguments.to.exists(),
        "{} exists already",
        arguments.to.display()
    );
    let log = match arguments.log.as_str() {
        "proceedings" => Log::Proceedings,
        "access" => Log::Access,
        other => anyhow::bail!("there is no log named {other}"),
    };
    let opened = serve::open(&existing(&arguments.data, arguments.production)?).await?;
    opened.app.keeper().seal().await?;
    opened
        .store
        .export(log, &mut Folder(arguments.to.clone()))
        .await?;
    say(
        false,
        &serde_json::Value::Null,
        &format!("{}", arguments.to.display()),
    )
}

/// Compares every core table with the ledger, or recreates them.
pub async fn rebuild(arguments: &RebuildArguments) -> anyhow::Result<()> {
    let opened = serve::open(&existing(&arguments.data, arguments.production)?).await?;
    if !arguments.check {
        opened.store.rebuild().await?;
    }
    let different = opened.app.keeper().rebuild_check().await?;
    anyhow::ensure!(
        different.is_empty(),
        "tables that differ from the ledger: {}",
        different.join(", ")
    );
    say(
        false,
        &serde_json::Value::Null,
        "every core table equals the ledger",
    )
}

fn existing(data: &Path, production: bool) -> anyhow::Result<ServeOptions> {
    anyhow::ensure!(
        data.join("installation.toml").exists(),
        "{} is not a data folder",
        data.display()
    );
    let mut options = ServeOptions::training(data, "127.0.0.1:0", "yunnan");
    if production {
        options.kind = "production".to_owned();
    }
    Ok(options)
}

#[expect(clippy::print_stdout, reason = "a command prints its answer")]
fn say(json: bool, answer: &serde_json::Value, text: &str) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
    } else {
        println!("{text}");
    }
    Ok(())
}
