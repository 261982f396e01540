//! Runs the scenarios of a profile: each step is a command, decided by the same engine as in production.
//!
//! The world is pure and made up on first use: bodies, people of every post and papers, with ids counted from one,
//! so that a run is the same every time. A step that should be refused must be refused with that code and clause
//! and leave everything as it was; a step that should succeed must succeed, with the due dates it names.
//!
//! The format is [`shuyu_profile::scenario::Scenario`]; `profiles/README.md` shows it with an example.

mod input;
mod step;
mod ties;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use shuyu_kernel::{CivilDate, Manner, Refusal};
use shuyu_profile::{Profile, scenario::Scenario};

pub use world::World;

/// What came of a scenario.
#[derive(Debug, Clone)]
pub struct Run {
    /// Name of the scenario: its file without `.toml`.
    pub name: String,
    /// Steps taken, those of preceding scenarios first.
    pub steps: Vec<StepRun>,
    /// What went otherwise than written; empty = passed. The run stops at the first.
    pub failures: Vec<Failure>,
    /// The world afterwards, with every event.
    pub world: World,
}

/// One step as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRun {
    /// Scenario file the step stands in.
    pub scenario: String,
    /// Number in that file, from 1.
    pub number: usize,
    /// 发生日
    pub on: CivilDate,
    /// Actor as written.
    pub actor: String,
    /// Post as written.
    pub post: String,
    /// Manner.
    pub manner: Manner,
    /// Procedure id.
    pub procedure: String,
    /// Act id; `open` for opening.
    pub act: String,
    /// Name of the case in the file.
    pub case: String,
    /// Lane as written.
    pub lane: Option<String>,
    /// Values as written and filled in.
    pub set: BTreeMap<String, String>,
    /// Columns struck.
    pub strike: Vec<String>,
    /// The refusal, if the step was refused.
    pub refusal: Option<Refusal>,
    /// Guards asked and passed, by code.
    pub passed: BTreeSet<String>,
    /// Clocks started, by id.
    pub started: BTreeSet<String>,
    /// Clocks of any case found run out on the day of this step, by procedure and id.
    pub fired: BTreeSet<(String, String)>,
}

/// A step that went otherwise than written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Scenario file the step stands in, without `.toml`.
    pub scenario: String,
    /// Number in that file, from 1; 0 when the file as a whole is meant.
    pub step: usize,
    /// What went otherwise, in English, for people who write scenarios.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "scenarios/{}.toml: step {}: {}",
            self.scenario, self.step, self.message
        )
    }
}
impl std::error::Error for Failure {}

/// Runs one scenario of a set; the set is needed for the scenarios it comes after.
pub fn run(profile: &Profile, scenarios: &BTreeMap<String, Scenario>, name: &str) -> Run {
    let mut run = Run {
        name: name.to_owned(),
        steps: Vec::new(),
        failures: Vec::new(),
        world: World::new(profile),
    };
    match line_of(scenarios, name) {
        Ok(line) => {
            for name in line {
                let Some(scenario) = scenarios.get(name) else {
                    continue;
                };
                run_file(&mut run, profile, name, scenario);
                if !run.failures.is_empty() {
                    break;
                }
            }
        }
        Err(message) => run.failures.push(Failure {
            scenario: name.to_owned(),
            step: 0,
            message,
        }),
    }
    run
}

/// Runs all scenarios, each in a world of its own.
pub fn run_all(profile: &Profile, scenarios: &BTreeMap<String, Scenario>) -> Vec<Run> {
    scenarios
        .keys()
        .map(|name| run(profile, scenarios, name))
        .collect()
}

fn run_file(run: &mut Run, profile: &Profile, name: &str, scenario: &Scenario) {
    if let Err(refusal) = run.world.tie(scenario) {
        run.failures.push(Failure {
            scenario: name.to_owned(),
            step: 0,
            message: format!("a tie is refused with `{}` {:?}", refusal.code, refusal.facts),
        });
        return;
    }
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        let site = step::Site {
            profile,
            scenario: name,
            number,
        };
        match step::take(&mut run.world, &site, step) {
            Ok(taken) => run.steps.push(taken),
            Err(message) => {
                run.failures.push(Failure {
                    scenario: name.to_owned(),
                    step: number,
                    message,
                });
                return;
            }
        }
    }
}

/// The scenario with all it comes after, first things first.
fn line_of<'a>(scenarios: &'a BTreeMap<String, Scenario>, name: &'a str) -> Result<Vec<&'a str>, String> {
    let mut line = vec![name];
    let mut next = scenarios
        .get(name)
        .ok_or(format!("there is no scenario `{name}`"))?;
    while let Some(before) = next.after.as_deref() {
        if line.contains(&before) {
            return Err(format!("`{before}` comes after itself"));
        }
        line.push(before);
        next = scenarios
            .get(before)
            .ok_or(format!("`after` names no scenario: `{before}`"))?;
    }
    line.reverse();
    Ok(line)
}
