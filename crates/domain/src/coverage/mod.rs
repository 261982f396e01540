//! What the scenarios prove of the regulations, clause by clause: evidence from running, not from declarations.
//!
//! - An `enforce` clause is evidenced by a minimal pair: a step refused by a guard that cites the clause, and the
//!   same act succeeding in the same run with one difference (a value, the day, the actor, or one step in between).
//!   Refusals of order (not in this stage) and of competence (not this role) count like those of guards. One
//!   refusal evidences at most three clauses.
//! - A `track` clause is evidenced by a clock seen to run out that cites it or that an act citing it stops.
//! - A `support` clause is evidenced by a scenario that takes an act, opens a procedure, sets a field or acts in a
//!   role citing it: without that rule the scenario fails.

mod evidence;
mod rules;

use std::collections::BTreeMap;

use serde::Serialize;
use shuyu_kernel::ClauseId;
use shuyu_profile::{Platform, Profile, scenario::Scenario};

use crate::scenario::{self, Run};

/// What is known about all clauses of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Profile id.
    pub profile: String,
    /// Number of scenarios run.
    pub scenarios: usize,
    /// Scenarios that failed; what they would prove is not counted.
    pub failed: Vec<String>,
    /// Over all documents.
    pub summary: Summary,
    /// By document.
    pub documents: BTreeMap<String, Summary>,
    /// By clause, in order of id.
    pub clauses: Vec<ClauseCoverage>,
}

/// Rows and evidence by what software can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// The software refuses what breaks it.
    pub enforce: Count,
    /// The software watches it.
    pub track: Count,
    /// The software offers what it needs.
    pub support: Count,
    /// Nothing for software.
    pub none: Count,
}

/// Rows and how many of them are evidenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// Rows.
    pub rows: usize,
    /// Rows cited by some rule.
    pub cited: usize,
    /// Rows with evidence.
    pub evidenced: usize,
}

/// What is known about one clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseCoverage {
    /// Id.
    pub id: ClauseId,
    /// What software can do.
    pub platform: Platform,
    /// Has evidence of the kind its platform value asks for.
    pub evidenced: bool,
    /// What is still missing; empty once evidenced.
    pub missing: String,
    /// Rules that cite it.
    pub rules: Vec<RulePlace>,
    /// Steps refused by a guard citing it.
    pub refused: Vec<Place>,
    /// Steps that passed a guard citing it.
    pub passed: Vec<Place>,
    /// Minimal pairs.
    pub pairs: Vec<Pair>,
    /// Clocks citing it that were started.
    pub started: Vec<Place>,
    /// Clocks that were seen to run out, citing it or stopped by an act that cites it.
    pub fired: Vec<Place>,
    /// Steps that took an act, opened a procedure, set a field or acted in a role citing it.
    pub exercised: Vec<Place>,
}

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RulePlace {
    /// `guard`, `act`, `clock`, `field`, `stage`, `lane`, `procedure`, `role`, `separation`, `superior`, `responsibility`,
    /// `eligibility` or `right`.
    pub what: &'static str,
    /// Its id or code.
    pub id: String,
    /// File below the profile folder.
    pub file: String,
    /// Line from 1; 0 where the file as a whole is meant.
    pub line: usize,
}

/// A step of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Scenario file without `.toml`.
    pub scenario: String,
    /// Step from 1.
    pub step: usize,
    /// Refusal code, clock, act or field.
    pub what: String,
}

/// A refused step and the complying one that differs from it in one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pair {
    /// Scenario file without `.toml`.
    pub scenario: String,
    /// The refused step.
    pub refused: usize,
    /// The step that complies.
    pub passed: usize,
    /// Refusal code.
    pub code: String,
    /// The one difference.
    pub difference: String,
}

/// Runs all scenarios and collects what they prove.
pub fn coverage(profile: &Profile, scenarios: &BTreeMap<String, Scenario>) -> Coverage {
    of_runs(profile, &scenario::run_all(profile, scenarios))
}

/// Collects what runs prove; failed runs prove nothing.
pub fn of_runs(profile: &Profile, runs: &[Run]) -> Coverage {
    let mut clauses: BTreeMap<&ClauseId, ClauseCoverage> = profile
        .clauses
        .values()
        .filter(|clause| !clause.national)
        .map(|clause| (&clause.id, blank(&clause.id, clause.platform)))
        .collect();
    for (clause, place) in rules::all(profile) {
        if let Some(row) = clauses.get_mut(clause) {
            row.rules.push(place);
        }
    }
    for run in runs.iter().filter(|run| run.failures.is_empty()) {
        evidence::collect(profile, run, &mut clauses);
    }
    let mut rows: Vec<ClauseCoverage> = clauses.into_values().collect();
    rows.iter_mut().for_each(ClauseCoverage::settle);
    let failed = runs
        .iter()
        .filter(|run| !run.failures.is_empty())
        .map(|run| run.name.clone())
        .collect();
    Coverage::summed(profile.id.clone(), runs.len(), failed, rows)
}

fn blank(id: &ClauseId, platform: Platform) -> ClauseCoverage {
    ClauseCoverage {
        id: id.clone(),
        platform,
        evidenced: false,
        missing: String::new(),
        rules: Vec::new(),
        refused: Vec::new(),
        passed: Vec::new(),
        pairs: Vec::new(),
        started: Vec::new(),
        fired: Vec::new(),
        exercised: Vec::new(),
    }
}

impl ClauseCoverage {
    /// A step that many scenarios run as their prelude is named once.
    fn settle(&mut self) {
        self.rules.sort();
        for places in [
            &mut self.refused,
            &mut self.passed,
            &mut self.started,
            &mut self.fired,
            &mut self.exercised,
        ] {
            places.sort();
            places.dedup();
        }
        self.pairs.sort();
        self.pairs.dedup();
        self.evidenced = match self.platform {
            Platform::Enforce => !self.pairs.is_empty(),
            Platform::Track => !self.fired.is_empty(),
            Platform::Support => !self.exercised.is_empty(),
            Platform::None => false,
        };
        self.missing = self.lacks().to_owned();
    }

    fn lacks(&self) -> &'static str {
        match self.platform {
            _ if self.evidenced => "",
            Platform::None => "nothing for software",
            _ if self.rules.is_empty() => "no rule cites it",
            Platform::Enforce if self.refused.is_empty() => "no step is refused by a rule citing it",
            Platform::Enforce => "no complying step differs from the refused one in one thing only",
            Platform::Track if self.started.is_empty() => {
                "no clock citing it, or that an act citing it stops, was started"
            }
            Platform::Track => "no such clock was seen to run out",
            Platform::Support => "no step takes an act, sets a field or acts in a role citing it",
        }
    }
}

impl Coverage {
    /// One measure over several profiles: a clause is evidenced if one of them evidences it.
    pub fn over(all: Vec<Self>) -> Self {
        let mut clauses: BTreeMap<ClauseId, ClauseCoverage> = BTreeMap::new();
        let mut profiles = Vec::new();
        let (mut scenarios, mut failed) = (0, Vec::new());
        for one in all {
            scenarios += one.scenarios;
            failed.extend(one.failed.iter().map(|name| format!("{}/{name}", one.profile)));
            for row in one.clauses {
                match clauses.get_mut(&row.id) {
                    Some(known) if known.evidenced || !row.evidenced => {}
                    _ => {
                        clauses.insert(row.id.clone(), row);
                    }
                }
            }
            profiles.push(one.profile);
        }
        Self::summed(
            profiles.join(" "),
            scenarios,
            failed,
            clauses.into_values().collect(),
        )
    }

    fn summed(profile: String, scenarios: usize, failed: Vec<String>, clauses: Vec<ClauseCoverage>) -> Self {
        let mut summary = Summary::default();
        let mut documents: BTreeMap<String, Summary> = BTreeMap::new();
        for row in &clauses {
            summary.add(row);
            documents
                .entry(row.id.instrument().to_owned())
                .or_default()
                .add(row);
        }
        Self {
            profile,
            scenarios,
            failed,
            summary,
            documents,
            clauses,
        }
    }
}

impl Summary {
    fn add(&mut self, row: &ClauseCoverage) {
        let count = match row.platform {
            Platform::Enforce => &mut self.enforce,
            Platform::Track => &mut self.track,
            Platform::Support => &mut self.support,
            Platform::None => &mut self.none,
        };
        count.rows += 1;
        count.cited += usize::from(!row.rules.is_empty());
        count.evidenced += usize::from(row.evidenced);
    }
}
