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
use shuyu_profile::{
    Profile,
    scenario::{Scenario, Step},
};

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
    let steps = match steps_of(scenarios, name) {
        Ok(steps) => steps,
        Err(failure) => {
            run.failures.push(failure);
            return run;
        }
    };
    play(&mut run, profile, steps);
    run
}

/// Takes the steps in order, up to the first that goes otherwise than written.
fn play(run: &mut Run, profile: &Profile, steps: Vec<Written<'_>>) {
    for written in steps {
        match take(&mut run.world, profile, &written) {
            Ok(taken) => run.steps.push(taken),
            Err(failure) => {
                run.failures.push(failure);
                return;
            }
        }
    }
}

/// Runs one scenario alone, in the world that those it comes after have left.
pub fn resume(profile: &Profile, name: &str, scenario: &Scenario, world: World) -> Run {
    let mut run = Run {
        name: name.to_owned(),
        steps: Vec::new(),
        failures: Vec::new(),
        world,
    };
    play(&mut run, profile, written(name, scenario));
    run
}

/// A step with the place it is written at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Written<'a> {
    /// Scenario file the step stands in, without `.toml`.
    pub scenario: &'a str,
    /// Number in that file, from 1.
    pub number: usize,
    /// The step.
    pub step: &'a Step,
    /// The file, before its first step: what it ties holds from there on.
    pub begins: Option<&'a Scenario>,
}

fn written<'a>(name: &'a str, scenario: &'a Scenario) -> Vec<Written<'a>> {
    let numbered = scenario.steps.iter().enumerate();
    numbered
        .map(|(at, step)| Written {
            scenario: name,
            number: at + 1,
            step,
            begins: (at == 0).then_some(scenario),
        })
        .collect()
}

/// All steps of a scenario in order, those of the scenarios it comes after first.
///
/// # Errors
/// A failure if it comes after itself or after what is not there.
pub fn steps_of<'a>(
    scenarios: &'a BTreeMap<String, Scenario>,
    name: &'a str,
) -> Result<Vec<Written<'a>>, Failure> {
    let line = line_of(scenarios, name).map_err(|message| Failure {
        scenario: name.to_owned(),
        step: 0,
        message,
    })?;
    let files = line
        .into_iter()
        .filter_map(|name| Some((name, scenarios.get(name)?)));
    Ok(files
        .flat_map(|(name, scenario)| written(name, scenario))
        .collect())
}

/// Takes one step in a world: what [`run`] does with each of [`steps_of`].
///
/// # Errors
/// A failure if it went otherwise than written.
pub fn take(world: &mut World, profile: &Profile, written: &Written<'_>) -> Result<StepRun, Failure> {
    let site = step::Site {
        profile,
        scenario: written.scenario,
        number: written.number,
    };
    let failure = |message| Failure {
        scenario: written.scenario.to_owned(),
        step: written.number,
        message,
    };
    if let Some(scenario) = written.begins {
        world.tie(scenario).map_err(|refusal| {
            failure(format!(
                "a tie is refused with `{}` {:?}",
                refusal.code, refusal.facts
            ))
        })?;
    }
    step::take(world, &site, written.step).map_err(failure)
}

/// Runs all scenarios, each in a world of its own.
pub fn run_all(profile: &Profile, scenarios: &BTreeMap<String, Scenario>) -> Vec<Run> {
    scenarios
        .keys()
        .map(|name| run(profile, scenarios, name))
        .collect()
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
