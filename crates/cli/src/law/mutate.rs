//! `shuyu law mutate`: which rules could be changed without any scenario noticing.

use std::{
    collections::BTreeMap,
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use shuyu_domain::mutation::{Outcome, Trial};

use super::{
    say,
    which::{Rules, Which},
};

/// Tries every mutant and prints how many were noticed, those that were not, and those that nobody can notice; as
/// JSON one document, by profile.
///
/// # Errors
/// The rules do not load, or `equivalents.toml` argues for a mutant that does not survive.
pub fn run(which: &Which, json: bool) -> anyhow::Result<()> {
    let mut outcomes = BTreeMap::new();
    let mut idle = Vec::new();
    for rules in which.load()? {
        let mut outcome = tried(&rules);
        let id = rules.profile.id.clone();
        for one in outcome.argue(&rules.equivalents) {
            idle.push(format!(
                "{id}/equivalents.toml: {} {}: {} does not survive, the argument has to go",
                one.procedure, one.of, one.change
            ));
        }
        if !json {
            told(&id, &outcome)?;
        }
        outcomes.insert(id, outcome);
    }
    if json {
        say(&serde_json::to_string_pretty(&outcomes)?)?;
    }
    anyhow::ensure!(idle.is_empty(), "{}", idle.join("\n"));
    Ok(())
}

/// Every mutant of a profile, shared out among the processors.
fn tried(rules: &Rules) -> Outcome {
    let trial = Trial::new(&rules.profile, &rules.scenarios);
    let (total, done) = (trial.count(), AtomicUsize::new(0));
    let trial = &trial;
    let tell = &|| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            tracing::info!(done, total, "mutants");
        }
    };
    let share = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..share)
            .map(|first| scope.spawn(move || trial.outcome((0..total).skip(first).step_by(share), tell)))
            .collect();
        let mut all = Outcome::default();
        for part in parts {
            match part.join() {
                Ok(part) => all.join(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

fn told(id: &str, outcome: &Outcome) -> anyhow::Result<()> {
    for mutant in &outcome.survivors {
        say(&format!(
            "survives: {} {}: {} ({})",
            mutant.procedure, mutant.of, mutant.change, mutant.at
        ))?;
    }
    for argued in &outcome.equivalent {
        let mutant = &argued.mutant;
        say(&format!(
            "equivalent: {} {}: {} ({}) because {}",
            mutant.procedure, mutant.of, mutant.change, mutant.at, argued.because
        ))?;
    }
    say(&format!(
        "{id}: {} of {} mutants noticed ({} %), {} equivalent, {} refused at load",
        outcome.killed,
        outcome.loaded,
        outcome.percent(),
        outcome.equivalent.len(),
        outcome.refused_at_load
    ))
}
