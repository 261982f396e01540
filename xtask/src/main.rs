//! Repository checks and generated files: `cargo xtask help`.
//!
//! Each check is an ordinary function from what it reads to findings; this file reads, runs and prints.

mod arrows;
mod finding;
mod generated;
mod licences;
mod locales;
mod ratchet;
mod rust_source;
mod tidy;
mod tour;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use finding::{Checked, Finding};
use generated::Plan;
use ratchet::Ratchet;
use rust_source::RustSource;
use serde_json::Value;
use tree::Tree;

const HELP: &str = "\
cargo xtask check [NAME…]   all checks of the repository, or some: arrows tidy locales tour licences
cargo xtask generated       are the generated files up to date? (build the binary first)
cargo xtask generate        write them, and lower the numbers of tidy-ratchet.txt
cargo xtask help            this page
";

/// The checks that need no build, in the order in which they run.
const CHECKS: [&str; 5] = ["arrows", "tidy", "locales", "tour", "licences"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words[..] {
        ["check", ref names @ ..] => check(names),
        ["generated"] => generated(),
        ["generate"] => generate(),
        ["help"] | [] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match answer {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(2)
        }
    }
}

/// The clone: what cargo says of it, and where its build goes.
struct Repository {
    root: PathBuf,
    target: PathBuf,
    metadata: Value,
}

impl Repository {
    fn open() -> Result<Self, Box<dyn Error>> {
        let metadata = cargo_metadata(&["--no-deps"])?;
        let folder = |key: &str| metadata[key].as_str().map(PathBuf::from);
        let root = folder("workspace_root").ok_or("cargo names no workspace root")?;
        let target = folder("target_directory").ok_or("cargo names no target folder")?;
        Ok(Self {
            root,
            target,
            metadata,
        })
    }

    /// Folders that no committed file may name. Short ones would be found everywhere by chance.
    fn machine_paths(&self) -> Vec<String> {
        let home = std::env::home_dir().unwrap_or_default();
        let paths = [&self.root, &self.target, &home].map(|path| path.to_string_lossy().into_owned());
        paths.into_iter().filter(|path| path.len() > 5).collect()
    }
}

fn cargo_metadata(options: &[&str]) -> Result<Value, Box<dyn Error>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .args(options)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The files and their tokens, read once for all checks.
struct Code {
    tree: Tree,
    sources: BTreeMap<String, RustSource>,
    tests: BTreeSet<String>,
    unreadable: Vec<Finding>,
}

impl Code {
    fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let tree = Tree::read(root)?;
        let mut sources = BTreeMap::new();
        let mut unreadable = Vec::new();
        for (path, text) in tree.under("", ".rs") {
            match RustSource::parse(text) {
                Ok(source) => {
                    sources.insert(path.to_owned(), source);
                }
                Err(error) => unreadable.push(Finding::at(path, format!("cannot be read as Rust: {error}"))),
            }
        }
        let tests = rust_source::test_files(&tree, &sources);
        Ok(Self {
            tree,
            sources,
            tests,
            unreadable,
        })
    }

    fn context<'a>(&'a self, machine_paths: &'a [String]) -> tidy::Context<'a> {
        tidy::Context {
            sources: &self.sources,
            tests: &self.tests,
            machine_paths,
        }
    }
}

/// Runs the named checks, or all; `false` if there are findings.
fn check(names: &[&str]) -> Result<bool, Box<dyn Error>> {
    if let Some(unknown) = names.iter().find(|name| !CHECKS.contains(name)) {
        return Err(format!("there is no check `{unknown}`; there are: {}", CHECKS.join(" ")).into());
    }
    let repository = Repository::open()?;
    let code = Code::read(&repository.root)?;
    let mut good = report("rust", &code.unreadable);
    for name in CHECKS
        .into_iter()
        .filter(|name| names.is_empty() || names.contains(name))
    {
        let findings = match name {
            "arrows" => check_arrows(&repository, &code.tree),
            "tidy" => check_tidy(&repository, &code)?,
            "locales" => locales::check(&code.tree, &code.sources, &code.tests),
            "tour" => {
                let page = code.tree.get(tour::PAGE).unwrap_or_default();
                tour::check(page, |path| fs::read_to_string(repository.root.join(path)).ok())
            }
            _ => check_licences()?,
        };
        good &= report(name, &findings);
    }
    Ok(good)
}

fn check_arrows(repository: &Repository, tree: &Tree) -> Vec<Finding> {
    let page = tree.get(arrows::PAGE).unwrap_or_default();
    let mut findings = arrows::check(page, &arrows::imports(&repository.metadata));
    let manifests = tree.under("", "/Cargo.toml");
    findings.extend(manifests.filter_map(|(path, text)| arrows::check_lints(path, text)));
    findings
}

fn check_tidy(repository: &Repository, code: &Code) -> Checked {
    let ratchet = Ratchet::parse(code.tree.get(ratchet::PATH).unwrap_or_default())?;
    let machine_paths = repository.machine_paths();
    Ok(tidy::check(&code.tree, &code.context(&machine_paths), &ratchet))
}

/// Only what is built here: other systems' crates need not be fetched for this.
fn check_licences() -> Checked {
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8(version.stdout)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .ok_or("rustc names no host")?;
    Ok(licences::check(&cargo_metadata(&["--filter-platform", host])?))
}

fn plan(root: &Path) -> Result<Plan, Box<dyn Error>> {
    Plan::parse(&fs::read_to_string(root.join(generated::PATH))?)
}

fn program(repository: &Repository, plan: &Plan) -> Result<PathBuf, Box<dyn Error>> {
    let program = repository.target.join("debug").join(&plan.binary);
    if !program.exists() {
        return Err(format!(
            "`{}` is not built: cargo build --bin {}",
            plan.binary, plan.binary
        )
        .into());
    }
    Ok(program)
}

fn generated() -> Result<bool, Box<dyn Error>> {
    let repository = Repository::open()?;
    let plan = plan(&repository.root)?;
    let scratch = repository.target.join("generated-check");
    let findings = plan.check(&repository.root, &program(&repository, &plan)?, &scratch)?;
    Ok(report("generated", &findings))
}

fn generate() -> Result<bool, Box<dyn Error>> {
    let repository = Repository::open()?;
    let code = Code::read(&repository.root)?;
    let old = code.tree.get(ratchet::PATH).unwrap_or_default();
    let new = Ratchet::shrink(old, &tidy::counts(&code.tree, &code.context(&[])));
    if new != old {
        fs::write(repository.root.join(ratchet::PATH), new)?;
        println!("lowered: {}", ratchet::PATH);
    }
    let plan = plan(&repository.root)?;
    plan.write(
        &repository.root,
        &program(&repository, &plan)?,
        &repository.root.join(&plan.folder),
    )?;
    println!("written: {}", plan.folder);
    Ok(true)
}

/// Prints a check's findings in order; `true` if there are none.
fn report(check: &str, findings: &[Finding]) -> bool {
    let sorted: BTreeSet<&Finding> = findings.iter().collect();
    for finding in &sorted {
        println!("{check}: {}: {}", finding.place, finding.what);
    }
    println!(
        "{check}: {}",
        if sorted.is_empty() {
            "ok".to_owned()
        } else {
            format!("{} findings", sorted.len())
        }
    );
    sorted.is_empty()
}
