//! Mutation of the rules: every rule dropped, every limit moved by one, every guard negated, every role swapped.
//! A mutant that loads and that no scenario notices shows a rule that nobody proves.
//!
//! A mutant is not run from the beginning. Before a scenario first takes the changed act (or, for a clock, touches
//! the procedure) nothing reads the changed rule, so the world is that of the unchanged run: each scenario file is
//! taken up from where the file before it ended, and runs at most once for a mutant.

mod change;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shuyu_profile::{Profile, check, equivalent::Equivalent, scenario::Scenario};

use crate::scenario::{self, Run, StepRun, World};
use change::Edit;

/// One change of the rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mutant {
    /// Procedure.
    pub procedure: String,
    /// The act, clock or opening that is touched.
    pub of: String,
    /// What was done to what, for example `drop guard plan_incomplete`.
    pub change: String,
    /// File and line of the rule.
    pub at: String,
}

/// A mutant nobody can notice, with the argument of the profile's `equivalents.toml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Argued {
    /// The mutant.
    #[serde(flatten)]
    pub mutant: Mutant,
    /// Why nobody can see a difference.
    pub because: String,
}

/// What became of the mutants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Mutants that load.
    pub loaded: usize,
    /// Mutants that do not load: the loader itself notices.
    pub refused_at_load: usize,
    /// Mutants noticed by a scenario.
    pub killed: usize,
    /// Those nobody noticed, nor argued to be equivalent.
    pub survivors: Vec<Mutant>,
    /// Those nobody noticed because nobody can.
    pub equivalent: Vec<Argued>,
}

impl Outcome {
    /// Adds what another part of the same trial found.
    pub fn join(&mut self, other: Self) {
        self.loaded += other.loaded;
        self.refused_at_load += other.refused_at_load;
        self.killed += other.killed;
        self.survivors.extend(other.survivors);
        self.survivors.sort();
        self.equivalent.extend(other.equivalent);
        self.equivalent.sort();
    }

    /// Of a hundred mutants that load, how many are noticed, rounded down; argued equivalents count as not noticed.
    pub fn percent(&self) -> usize {
        (self.killed * 100).checked_div(self.loaded).unwrap_or(100)
    }

    /// Sets the argued survivors apart. What is returned was argued and did not survive: after a whole trial the
    /// argument is wrong or outlived.
    pub fn argue(&mut self, arguments: &[Equivalent]) -> Vec<Equivalent> {
        let fits = |mutant: &Mutant, one: &Equivalent| {
            (&mutant.procedure, &mutant.of, &mutant.change) == (&one.procedure, &one.of, &one.change)
        };
        let mut idle: BTreeSet<&Equivalent> = arguments.iter().collect();
        for mutant in std::mem::take(&mut self.survivors) {
            match arguments.iter().find(|one| fits(&mutant, one)) {
                Some(one) => {
                    idle.remove(one);
                    self.equivalent.push(Argued {
                        mutant,
                        because: one.because.clone(),
                    });
                }
                None => self.survivors.push(mutant),
            }
        }
        idle.into_iter().cloned().collect()
    }
}

/// A profile, its scenarios as they run unchanged, and every change to try. Trying is pure and any part of the
/// changes can be tried alone, so that callers may share them out.
#[derive(Debug)]
pub struct Trial<'a> {
    profile: &'a Profile,
    scenarios: &'a BTreeMap<String, Scenario>,
    /// Passed runs of the unchanged rules by name; a scenario that fails without any change proves nothing.
    runs: BTreeMap<String, Run>,
    edits: Vec<Edit>,
    /// Roles whose people sign in, for acts given to somebody else.
    roles: Vec<String>,
}

impl<'a> Trial<'a> {
    /// Runs the scenarios once as they are and lists the changes.
    pub fn new(profile: &'a Profile, scenarios: &'a BTreeMap<String, Scenario>) -> Self {
        let passed = scenario::run_all(profile, scenarios)
            .into_iter()
            .filter(|run| run.failures.is_empty());
        let signing_in = profile.roles.iter().filter(|role| role.signs_in);
        Self {
            profile,
            scenarios,
            runs: passed.map(|run| (run.name.clone(), run)).collect(),
            edits: change::all(profile),
            roles: signing_in.map(|role| role.id.clone()).collect(),
        }
    }

    /// How many changes there are.
    pub fn count(&self) -> usize {
        self.edits.len()
    }

    /// Tries the changes of these numbers, counted from 0; `told` hears after each one.
    pub fn outcome(&self, numbers: impl IntoIterator<Item = usize>, mut told: impl FnMut()) -> Outcome {
        let mut outcome = Outcome::default();
        let mut profile = self.profile.clone();
        let edits = numbers.into_iter().filter_map(|number| self.edits.get(number));
        for edit in edits {
            self.one(*edit, &mut profile, &mut outcome);
            told();
        }
        outcome
    }

    /// Makes a change in the profile, sees what comes of it, and takes it back.
    fn one(&self, edit: Edit, profile: &mut Profile, outcome: &mut Outcome) {
        let Some(place) = profile.procedures.get_mut(edit.procedure) else {
            return;
        };
        let Some((mutant, changed)) = change::changed(place, edit, &self.roles) else {
            return;
        };
        let unchanged = std::mem::replace(place, changed);
        if !check::references(profile).is_empty() || !check::life_cycles(profile).is_empty() {
            outcome.refused_at_load += 1;
        } else {
            outcome.loaded += 1;
            if self.noticed(profile, &mutant, edit) {
                outcome.killed += 1;
            } else {
                outcome.survivors.push(mutant);
            }
        }
        if let Some(place) = profile.procedures.get_mut(edit.procedure) {
            *place = unchanged;
        }
    }

    /// Takes up the scenarios that touch the changed rule, those with the fewest steps to run first.
    fn noticed(&self, changed: &Profile, mutant: &Mutant, edit: Edit) -> bool {
        let touches =
            |step: &StepRun| step.procedure == mutant.procedure && (edit.of_clock() || step.act == mutant.of);
        let shows =
            |step: &&StepRun| touches(step) && (!edit.of_clock() || step.started.contains(&mutant.of));
        let mut near = Vec::new();
        for run in self.runs.values() {
            let Some(first) = run.steps.iter().position(touches) else {
                continue;
            };
            let file = run.steps.get(first).map(|step| &step.scenario);
            let steps = run
                .steps
                .iter()
                .skip_while(|step| Some(&step.scenario) != file)
                .count();
            let own = run.steps.iter().filter(|step| step.scenario == run.name);
            let shown = own.filter(shows).count();
            near.push((shown == 0, steps, run.name.as_str()));
        }
        near.sort_unstable();
        let mut play = Play {
            trial: self,
            profile: changed,
            touched: near.iter().map(|(_, _, name)| *name).collect(),
            worlds: BTreeMap::new(),
        };
        near.into_iter()
            .any(|(_, _, name)| play.world_after(name).is_none())
    }
}

/// The scenarios under changed rules.
struct Play<'a> {
    trial: &'a Trial<'a>,
    profile: &'a Profile,
    /// Scenarios in which the change could be seen, or in one they come after.
    touched: BTreeSet<&'a str>,
    /// The worlds after the touched scenarios that ran as written all the same.
    worlds: BTreeMap<&'a str, World>,
}

impl<'a> Play<'a> {
    /// The world after a scenario; none if it goes otherwise than written.
    fn world_after(&mut self, name: &'a str) -> Option<World> {
        if !self.touched.contains(name) {
            return self.trial.runs.get(name).map(|run| run.world.clone());
        }
        if let Some(world) = self.worlds.get(name) {
            return Some(world.clone());
        }
        let scenario = self.trial.scenarios.get(name)?;
        let before = match scenario.after.as_deref() {
            Some(before) => self.world_after(before)?,
            None => World::new(self.profile),
        };
        let run = scenario::resume(self.profile, name, scenario, before);
        if !run.failures.is_empty() {
            return None;
        }
        self.worlds.insert(name, run.world.clone());
        Some(run.world)
    }
}
