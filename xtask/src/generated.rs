//! Committed files that a command writes: write them, or prove that they are up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use crate::finding::{Checked, Finding};

/// The list of commands.
pub const PATH: &str = "xtask/generated.toml";

/// What to run and where its files belong.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// Name of the binary that all commands belong to.
    pub binary: String,
    /// Folder of the committed files, from the root. Holds generated files and nothing else.
    pub folder: String,
    /// The commands in order.
    pub steps: Vec<Step>,
}

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Arguments; `{folder}` stands for the folder to write into.
    pub arguments: Vec<String>,
    /// File in the folder for what the command prints.
    pub stdout: Option<String>,
}

impl Plan {
    /// Reads `generated.toml`.
    pub fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let table: Table = toml::from_str(text)?;
        let word = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        let required = |key: &str| word(&table, key).ok_or_else(|| format!("{PATH}: `{key}` is missing"));
        let mut steps = Vec::new();
        for command in table
            .get("command")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let command = command.as_table().ok_or("a command must be a table")?;
            let arguments = command.get("arguments").and_then(Value::as_array);
            let arguments = arguments.ok_or_else(|| format!("{PATH}: a command has no `arguments`"))?;
            let arguments = arguments
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            steps.push(Step {
                arguments,
                stdout: word(command, "stdout"),
            });
        }
        Ok(Self {
            binary: required("binary")?,
            folder: required("folder")?,
            steps,
        })
    }

    /// Runs every step with this program, into this folder, standing in the root.
    pub fn write(&self, root: &Path, program: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let folder_name = folder.to_str().ok_or("the folder's name is not UTF-8")?;
        for step in &self.steps {
            let arguments = step
                .arguments
                .iter()
                .map(|argument| argument.replace("{folder}", folder_name));
            let run = Command::new(program).args(arguments).current_dir(root).output();
            let output = run.map_err(|cause| format!("cannot run `{}`: {cause}", self.binary))?;
            if !output.status.success() {
                let words = step.arguments.join(" ");
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(format!("`{} {words}` failed ({}): {said}", self.binary, output.status).into());
            }
            if let Some(name) = &step.stdout {
                fs::write(folder.join(name), &output.stdout)?;
            }
        }
        Ok(())
    }

    /// Writes the files into a scratch folder and compares them with the committed ones.
    pub fn check(&self, root: &Path, program: &Path, scratch: &Path) -> Checked {
        if scratch.exists() {
            fs::remove_dir_all(scratch)?;
        }
        self.write(root, program, scratch)?;
        let findings = differences(&self.folder, &files(&root.join(&self.folder))?, &files(scratch)?);
        fs::remove_dir_all(scratch)?;
        Ok(findings)
    }
}

/// Contents by path from the folder; an absent folder is empty.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Box<dyn Error>> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop().filter(|next| next.exists()) {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
                found.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// Names each file that is missing, left over or different.
fn differences(
    folder: &str,
    committed: &BTreeMap<String, Vec<u8>>,
    fresh: &BTreeMap<String, Vec<u8>>,
) -> Vec<Finding> {
    let names: BTreeSet<&String> = committed.keys().chain(fresh.keys()).collect();
    let mut findings = Vec::new();
    for name in names {
        let what = match (committed.get(name), fresh.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(_), Some(_)) => "is out of date: run `./dev fix`",
            (None, _) => "is missing: run `./dev fix`",
            (_, None) => "is written by no command any more: delete it",
        };
        findings.push(Finding::at(format!("{folder}/{name}"), what));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &[(&[&str], Option<&str>)]) -> Plan {
        let step = |(arguments, stdout): &(&[&str], Option<&str>)| Step {
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            stdout: stdout.map(str::to_owned),
        };
        Plan {
            binary: "sh".to_owned(),
            folder: "generated".to_owned(),
            steps: steps.iter().map(step).collect(),
        }
    }

    #[test]
    fn the_plan_of_this_repository_can_be_read() {
        let plan = Plan::parse(include_str!("../generated.toml")).unwrap();
        assert_eq!(plan.binary, "shuyu");
        assert!(plan.steps.iter().all(|step| !step.arguments.is_empty()));
    }

    #[test]
    fn a_plan_without_its_parts_is_an_error() {
        assert!(Plan::parse("binary = \"x\"").is_err());
        assert!(Plan::parse("binary = \"x\"\nfolder = \"y\"\n[[command]]\nstdout = \"z\"").is_err());
    }

    #[test]
    fn check_finds_what_differs_and_write_mends_it() {
        let root = tempfile::tempdir().unwrap();
        let scratch = root.path().join("scratch");
        let committed = root.path().join("generated");
        let plan = plan(&[
            (
                &["-c", "mkdir -p {folder}/sub && echo one > {folder}/sub/one"],
                None,
            ),
            (&["-c", "echo two"], Some("two.txt")),
        ]);
        let sh = Path::new("sh");
        let missing = plan.check(root.path(), sh, &scratch).unwrap();
        assert_eq!(missing.len(), 2, "{missing:?}");

        plan.write(root.path(), sh, &committed).unwrap();
        assert_eq!(plan.check(root.path(), sh, &scratch).unwrap(), []);

        fs::write(committed.join("two.txt"), "other").unwrap();
        fs::write(committed.join("left-over"), "").unwrap();
        let places: Vec<String> = plan
            .check(root.path(), sh, &scratch)
            .unwrap()
            .into_iter()
            .map(|found| found.place)
            .collect();
        assert_eq!(places, ["generated/left-over", "generated/two.txt"]);
        assert!(!scratch.exists());
    }

    #[test]
    fn a_command_that_fails_is_no_silent_agreement() {
        let root = tempfile::tempdir().unwrap();
        let plan = plan(&[(&["-c", "echo why >&2; exit 3"], None)]);
        let error = plan
            .check(root.path(), Path::new("sh"), &root.path().join("scratch"))
            .unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }
}
