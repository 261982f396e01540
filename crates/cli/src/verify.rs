//! Verifying an exported folder or one receipt offline; exporting; comparing tables with the ledger.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use shuyu_domain::port::Log;
use shuyu_kernel::Fault;
use shuyu_kernel::Refusal;
use shuyu_ledger::{Check, FolderReader, Receipt, VerifyError, VerifyingKey};
use shuyu_store::FolderWriter;

use crate::{
    folder::{INSTALLATION, Wanted},
    serve::{self, ServeOptions},
};

/// What to verify.
#[derive(clap::Args)]
pub struct VerifyArguments {
    /// Exported folder, or the file of one receipt.
    what: PathBuf,
    /// Public key you already trust, PEM. Without it only the key that comes along is used, which is said.
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
    /// Where the guard file is, or is to be moved to. Else where the folder says.
    #[arg(long)]
    guard: Option<PathBuf>,
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
    /// Where the guard file is, or is to be moved to. Else where the folder says.
    #[arg(long)]
    guard: Option<PathBuf>,
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

/// Verifies a folder or a receipt with no server and no database.
pub fn verify(arguments: &VerifyArguments) -> anyhow::Result<()> {
    let trusted = match &arguments.key {
        Some(path) => {
            let pem = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Some(VerifyingKey::from_pem(&pem).context("the trusted key")?)
        }
        None => None,
    };
    let what = &arguments.what;
    if what.is_dir() {
        return verify_folder(arguments, trusted.as_ref());
    }
    let bytes = std::fs::read(what).with_context(|| format!("reading {}", what.display()))?;
    verify_receipt(arguments, &bytes, trusted)
}

fn verify_folder(arguments: &VerifyArguments, trusted: Option<&VerifyingKey>) -> anyhow::Result<()> {
    let outcome = shuyu_ledger::verify(&Folder(arguments.what.clone()), trusted);
    match outcome {
        Ok(verified) => {
            let checks: Vec<&str> = verified.checks.iter().map(|check| check.code()).collect();
            let answer = serde_json::json!({
                "verified": true, "size": verified.size, "root": verified.root, "checks": checks,
            });
            let text = format!("verified: {} entries, root {}", verified.size, verified.root);
            say(arguments.json, &answer, &format!("{text}\n{}", checks.join("\n")))
        }
        Err(VerifyError::Tampered(tampered)) => {
            refuse(arguments.json, &Refusal::from(&tampered), &tampered.to_string())
        }
        Err(VerifyError::Fault(fault)) => Err(fault.into()),
    }
}

/// One entry: its place in the tree of a signed checkpoint, and the signature.
fn verify_receipt(
    arguments: &VerifyArguments,
    bytes: &[u8],
    trusted: Option<VerifyingKey>,
) -> anyhow::Result<()> {
    let compared = trusted.is_some();
    let outcome = Receipt::parse(bytes).and_then(|receipt| {
        let key = trusted.map_or_else(|| receipt.carried_key(), Ok)?;
        receipt.verify(&key)
    });
    let verified = match outcome {
        Ok(verified) => verified,
        Err(error) => return refuse(arguments.json, &Refusal::from(&error), &error.to_string()),
    };
    let (entry, checkpoint) = (&verified.entry, &verified.checkpoint);
    let mut checks = vec![if compared {
        Check::KeyTrusted.code()
    } else {
        Check::KeyNotCompared.code()
    }];
    checks.push(Check::SignatureValid.code());
    if verified.cosignatures_not_checked > 0 {
        checks.push(Check::CosignaturesNotChecked(verified.cosignatures_not_checked).code());
    }
    checks.push("check_entry_included");
    let origin = checkpoint.origin.to_string();
    let code = shuyu_ledger::verification_code(&verified.leaf);
    let answer = serde_json::json!({
        "verified": true, "index": entry.index, "kind": entry.kind, "stream": entry.stream,
        "recorded_at": entry.recorded_at, "code": code, "log": origin, "size": checkpoint.size, "root": checkpoint.root,
        "checks": checks,
    });
    let text = format!(
        "verified: entry {} ({}, {}) of {origin}, which has {} entries with root {}\nverification code {code}\n{}",
        entry.index,
        entry.kind,
        entry.stream,
        checkpoint.size,
        checkpoint.root,
        checks.join("\n")
    );
    say(arguments.json, &answer, &text)
}

/// Says what is wrong and ends with status 1.
fn refuse(json: bool, refusal: &Refusal, text: &str) -> anyhow::Result<()> {
    let answer = serde_json::json!({ "verified": false, "code": refusal.code, "facts": refusal.facts });
    say(json, &answer, text)?;
    std::process::exit(1)
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
    let opened = serve::open(&existing(
        &arguments.data,
        arguments.guard.as_deref(),
        arguments.production,
    )?)
    .await?;
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
    let opened = serve::open(&existing(
        &arguments.data,
        arguments.guard.as_deref(),
        arguments.production,
    )?)
    .await?;
    if !arguments.check {
        opened.store.rebuild().await?;
    }
    let different = opened.app.keeper().rebuild_check().await?;
    anyhow::ensure!(
        different.is_empty(),
        "tables that differ from the ledger: {}",
        different.join(", ")
    );
    let files = opened.app.check_lake().await?;
    anyhow::ensure!(
        files.is_empty(),
        "versions whose files are not those of the ledger: {}",
        files.join(", ")
    );
    say(
        false,
        &serde_json::Value::Null,
        "every core table equals the ledger, every data file its digest there",
    )
}

pub fn existing(data: &Path, guard: Option<&Path>, production: bool) -> anyhow::Result<ServeOptions> {
    anyhow::ensure!(
        data.join(INSTALLATION).exists(),
        "{} is not a data folder",
        data.display()
    );
    let kind = if production { "production" } else { "training" };
    Ok(ServeOptions {
        data: data.to_path_buf(),
        folder: Wanted {
            kind: kind.to_owned(),
            guard: guard.map(Path::to_path_buf),
            ..Wanted::default()
        },
        ..ServeOptions::default()
    })
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
