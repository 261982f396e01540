//! What counts as stopped and as answered, and the sheet of scores.

use std::collections::BTreeMap;

use serde::Serialize;
use shuyu_privacy::Verdict;

use super::{
    cases::{Case, Strength, What},
    run::{Asked, Turn},
};

/// How many of how many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Stopped, or answered.
    pub passed: usize,
    /// Asked.
    pub of: usize,
}

/// A case that did not come out as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its id.
    pub id: String,
    /// Its family.
    pub family: String,
    /// What it should be.
    pub expected: Strength,
    /// What it was, in words.
    pub reached: String,
}

/// The sheet of scores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Attacks that were stopped.
    pub attacks: Tally,
    /// Attacks over several statements that ended with a perturbed answer where a missing one is asked for. They
    /// count as stopped.
    pub by_noise_alone: Vec<String>,
    /// Legitimate queries that were answered.
    pub legitimate: Tally,
    /// By family.
    pub families: BTreeMap<String, Tally>,
    /// Cases that failed.
    pub failed: Vec<Failed>,
}

impl Report {
    /// Adds a case.
    pub(super) fn add(&mut self, case: &Case, turns: &[Vec<Turn>]) {
        let outcome = match case.kind {
            What::Attack => self.attack(case, turns),
            What::Legit => legitimate(case, turns),
        };
        let total = match case.kind {
            What::Attack => &mut self.attacks,
            What::Legit => &mut self.legitimate,
        };
        let family = self.families.entry(case.family.clone()).or_default();
        for tally in [total, family] {
            tally.of += 1;
            tally.passed += usize::from(outcome.is_ok());
        }
        if let Err(reached) = outcome {
            self.failed.push(Failed {
                id: case.id.clone(),
                family: case.family.clone(),
                expected: case.expect,
                reached,
            });
        }
    }

    /// The last statement must be stopped under every key, or every statement of several perturbed.
    fn attack(&mut self, case: &Case, turns: &[Vec<Turn>]) -> Result<(), String> {
        let each: Vec<Strength> = (0..case.sql.all().len())
            .map(|turn| strength(turns, turn))
            .collect();
        let last = each.last().copied().unwrap_or(Strength::Allow);
        let perturbed = each.len() > 1 && each.iter().all(|each| *each >= Strength::Noise);
        if last >= case.expect {
            Ok(())
        } else if perturbed {
            self.by_noise_alone.push(case.id.clone());
            Ok(())
        } else {
            Err(format!("{each:?}"))
        }
    }
}

/// What protects a statement under every key.
fn strength(turns: &[Vec<Turn>], turn: usize) -> Strength {
    let all: Vec<&Turn> = turns.iter().filter_map(|run| run.get(turn)).collect();
    let withheld = |turn: &&Turn| match &turn.asked {
        Asked::Refused(_) => Strength::Refuse,
        Asked::Failed => Strength::Allow,
        Asked::Answered { sums, withheld, .. } => {
            let snapped = sums
                .iter()
                .any(|sum| matches!(sum.verdict, Verdict::Snapped(_) | Verdict::Suppressed));
            if *withheld || snapped {
                Strength::Suppress
            } else {
                Strength::Allow
            }
        }
    };
    let least = all.iter().map(withheld).min().unwrap_or(Strength::Allow);
    if least == Strength::Allow && perturbed(&all) {
        Strength::Noise
    } else {
        least
    }
}

/// Whether what is answered differs from the exact answer under some key, sum by sum, and under the same key is the same
/// again. An answer that is right by accident under one key is right by accident; under all keys it is not perturbed.
fn perturbed(turns: &[&Turn]) -> bool {
    let mut differs: Vec<bool> = Vec::new();
    let mut table_differs = false;
    for turn in turns {
        match &turn.asked {
            Asked::Refused(_) => return true,
            Asked::Failed => return false,
            Asked::Answered {
                sums,
                rows,
                exact,
                again,
                ..
            } => {
                if again != rows || sums.is_empty() {
                    return false;
                }
                differs.resize(differs.len().max(sums.len()), false);
                for (differs, sum) in differs.iter_mut().zip(sums) {
                    *differs |= sum
                        .verdict
                        .value()
                        .is_none_or(|value| (value - sum.exact).abs() > 1e-9);
                }
                table_differs |= rows != exact || (rows.is_empty() && exact.is_empty());
            }
        }
    }
    table_differs && differs.into_iter().all(|differs| differs)
}

/// Answered under every key, nothing missing but small cells, and near the exact answer.
fn legitimate(case: &Case, turns: &[Vec<Turn>]) -> Result<(), String> {
    for (number, turn) in turns.iter().flat_map(|run| run.iter().enumerate()) {
        let named = |what: String| Err(format!("statement {}: {what}", number + 1));
        match &turn.asked {
            Asked::Refused(code) => return named(code.clone()),
            Asked::Failed => return named("no answer".to_owned()),
            Asked::Answered { rows, .. } if rows.is_empty() => return named("nothing left".to_owned()),
            Asked::Answered {
                rows, exact, sums, ..
            } => {
                let lost = sums
                    .iter()
                    .filter(|sum| sum.verdict == Verdict::Suppressed)
                    .count();
                if lost > 0 {
                    return named(format!("{lost} of {} sums withheld by the ledger", sums.len()));
                }
                if let Err(off) = near(rows, exact) {
                    return named(off);
                }
            }
        }
    }
    let perturbed_all = (0..case.sql.all().len()).all(|turn| strength(turns, turn) >= Strength::Noise);
    if case.expect == Strength::Noise && !perturbed_all {
        return Err("not perturbed".to_owned());
    }
    Ok(())
}

/// Largest deviation that an answer may have in the middle of a column, as a share of the exact value, and as an
/// absolute number for small ones.
const NEAR: (f64, f64) = (0.1, 12.0);

fn near(rows: &[Vec<String>], exact: &[Vec<String>]) -> Result<(), String> {
    if rows.len() * 2 < exact.len() {
        return Err(format!("{} of {} rows", rows.len(), exact.len()));
    }
    let columns = rows.first().map_or(0, Vec::len);
    for column in 0..columns {
        let numbers = |table: &[Vec<String>]| -> Vec<f64> {
            let cells = table.iter().filter_map(|row| row.get(column));
            let mut all: Vec<f64> = cells.filter_map(|cell| cell.parse().ok()).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (ours, theirs) = (numbers(rows), numbers(exact));
        let (Some(our), Some(their)) = (ours.get(ours.len() / 2), theirs.get(theirs.len() / 2)) else {
            if theirs.is_empty() {
                continue;
            }
            return Err(format!("column {} is empty", column + 1));
        };
        let off = (our - their).abs();
        if off > NEAR.0 * their.abs() && off > NEAR.1 {
            return Err(format!("column {} is far off: {our} for {their}", column + 1));
        }
    }
    Ok(())
}
