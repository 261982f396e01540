//! Checks of quality (质量检查) of a stored version: rules over all rows or over a sample, counted by rule, scored in four
//! dimensions. Counts and row numbers come out, never a value.

mod bound;
mod compare;
mod rule;
mod sample;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{array::RecordBatch, datatypes::Schema};
use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use super::recipe::value::{Value, read};
pub use bound::bad_at_most;
use compare::{Ready, Verdict};
pub use rule::{ColumnRule, Dimension, MAX_RULES, Rule, RuleText, WHOLE, unusable};
pub use sample::{MAX_SAMPLE, draw};

/// Row numbers kept for each rule: as many as a quality report has.
pub const FIRST_ROWS: usize = 20;

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The column; empty for a rule about the whole version.
    pub column: String,
    /// The word of the rule.
    pub rule: String,
    /// The dimension.
    pub dimension: Dimension,
    /// Values that were looked at: missing ones are looked at by `present` only.
    pub checked: u64,
    /// Those that break the rule.
    pub bad: u64,
    /// Up to this share the rule holds, in hundredths of a percent.
    pub at_most: u32,
    /// The first rows that break it, counted from 1 in the order in which the version is read.
    pub first: Vec<u64>,
}

impl Found {
    /// Whether the rule holds.
    pub fn holds(&self) -> bool {
        holds(self.checked, self.bad, self.at_most)
    }
    /// The share of good values in hundredths of a percent, rounded down; nothing where no value was looked at.
    pub fn score(&self) -> Option<u32> {
        score(self.checked, self.bad)
    }
}

/// Whether a rule holds that up to `at_most` hundredths of a percent of values may break.
pub fn holds(checked: u64, bad: u64, at_most: u32) -> bool {
    u128::from(bad) * u128::from(WHOLE) <= u128::from(checked) * u128::from(at_most)
}

/// The share of good values in hundredths of a percent, rounded down; nothing where no value was looked at.
pub fn score(checked: u64, bad: u64) -> Option<u32> {
    let good = u128::from(checked.saturating_sub(bad)) * u128::from(WHOLE);
    u32::try_from(good.checked_div(u128::from(checked))?).ok()
}

/// The score of each dimension in hundredths of a percent: the mean over its rules, rounded down, so that each counts
/// the same; nothing for one without rules.
pub fn scores(found: &[Found]) -> BTreeMap<Dimension, u32> {
    let mut sums: BTreeMap<Dimension, (u32, u32)> = BTreeMap::new();
    for own in found {
        if let Some(score) = own.score() {
            let (sum, count) = sums.entry(own.dimension).or_default();
            (*sum, *count) = (*sum + score, *count + 1);
        }
    }
    sums.into_iter()
        .filter_map(|(dimension, (sum, count))| Some((dimension, sum.checked_div(count)?)))
        .collect()
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that break a rule about rows.
    pub bad_rows: u64,
    /// By rule, in the order of the rules.
    pub found: Vec<Found>,
}

/// A check under way.
pub struct Check {
    rules: Vec<(ColumnRule, Ready)>,
    found: Vec<Found>,
    sample: Option<BTreeSet<u64>>,
    seen: u64,
    rows: u64,
    bad_rows: u64,
}

impl Check {
    /// By these rules over a version with these columns. `sample` are the rows to look at, counted from 0; all when
    /// `None`. `age` is how many days before the check the version was recorded.
    ///
    /// # Errors
    /// `quality_rule_not_usable`: no rule or too many, an unknown or hidden column, a rule that does not go with the
    /// type of its column.
    pub fn new(
        texts: &[RuleText],
        schema: &Arc<Schema>,
        sample: Option<BTreeSet<u64>>,
        age: i64,
    ) -> Result<Self, Refusal> {
        if texts.is_empty() || texts.len() > MAX_RULES {
            return Err(unusable(&RuleText::default(), "number"));
        }
        let (mut rules, mut found) = (Vec::new(), Vec::new());
        for text in texts {
            let rule = ColumnRule::read(text)?;
            let ready = Ready::of(&rule, schema).map_err(|problem| unusable(text, problem))?;
            let stale = matches!(rule.rule, Rule::Fresh(days) if age > i64::from(days));
            found.push(Found {
                column: rule.column.clone(),
                rule: rule.rule.word().to_owned(),
                dimension: rule.rule.dimension(),
                checked: u64::from(matches!(rule.rule, Rule::Fresh(_))),
                bad: u64::from(stale),
                at_most: rule.at_most,
                first: Vec::new(),
            });
            rules.push((rule, ready));
        }
        Ok(Self {
            rules,
            found,
            sample,
            seen: 0,
            rows: 0,
            bad_rows: 0,
        })
    }

    /// The columns that must be read.
    pub fn columns(&self) -> Vec<String> {
        let named = self.rules.iter().flat_map(|(rule, _)| match &rule.rule {
            Rule::NotAfter(other) => vec![&rule.column, other],
            Rule::Fresh(_) => Vec::new(),
            _ => vec![&rule.column],
        });
        named.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Looks at one more batch.
    pub fn take(&mut self, batch: &RecordBatch) {
        let first = self.seen;
        self.seen += batch.num_rows() as u64;
        let picked: Vec<u64> = match &self.sample {
            None => (first..self.seen).collect(),
            Some(sample) => sample.range(first..self.seen).copied().collect(),
        };
        if picked.is_empty() {
            return;
        }
        self.rows += picked.len() as u64;
        let mut columns: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let mut bad: BTreeSet<u64> = BTreeSet::new();
        for ((rule, ready), found) in self.rules.iter().zip(&mut self.found) {
            for (name, kind) in ready.reads(rule) {
                if let Some(array) = batch.column_by_name(name) {
                    columns.entry(name).or_insert_with(|| read(array, kind));
                }
            }
            for row in &picked {
                let at = usize::try_from(row - first).unwrap_or(usize::MAX);
                let value = |name: &str| columns.get(name).and_then(|values| values.get(at));
                match ready.judge(rule, &value) {
                    Verdict::Passed => continue,
                    Verdict::Good => found.checked += 1,
                    Verdict::Bad => {
                        found.checked += 1;
                        found.bad += 1;
                        bad.insert(*row);
                        if found.first.len() < FIRST_ROWS {
                            found.first.push(row + 1);
                        }
                    }
                }
            }
        }
        self.bad_rows += bad.len() as u64;
    }

    /// What was found.
    pub fn finish(self) -> Outcome {
        Outcome {
            rows: self.rows,
            bad_rows: self.bad_rows,
            found: self.found,
        }
    }
}
