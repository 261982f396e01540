//! Asks the release ledger about every sum behind the figures of a release.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, Float64Array, RecordBatch},
    compute,
    datatypes::{DataType, Float64Type},
};
use datafusion::common::Result;
use shuyu_privacy::{CellLayout, Contribution, Draft, Kind, Rule, Rules, Sought, Tally, Thresholds, Verdict};

use crate::{
    check::branch::Spread,
    split::sums::{Made, Sums},
};

/// A sum behind an answer, before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnsweredSum {
    /// Exactly.
    pub exact: f64,
    /// As it was answered.
    pub verdict: Verdict,
}

/// What the release ledger says.
pub(crate) struct Answers {
    /// By figure, then by cell.
    pub figures: Vec<Vec<Option<f64>>>,
    /// By sum, in the order in which they were asked for.
    pub sums: Vec<AnsweredSum>,
}

/// Whom and what to ask.
pub(crate) struct Asking<'a> {
    pub thresholds: &'a Thresholds,
    pub rules: &'a Rules,
    pub sums: &'a Sums,
    /// Every subject has one row.
    pub one_row: bool,
    /// By figure and cell, what passed the gate.
    pub stays: &'a [Vec<bool>],
}

impl Asking<'_> {
    /// Asks cell by cell in the order of their keys, so that cells of one statement are compared with each other too:
    /// those of one release here, those of several by the draft, which goes from one to the next.
    pub fn ask(&self, draft: &mut Draft<'_>, found: &[Vec<Vec<Contribution>>], exact: &Exact) -> Answers {
        let mut figures = vec![vec![None; found.len()]; self.sums.figures.len()];
        let mut sums = Vec::new();
        for (place, contributions) in found.iter().enumerate() {
            let mut known: BTreeMap<usize, AnsweredSum> = BTreeMap::new();
            for (index, made) in self.sums.figures.iter().enumerate() {
                if self.stays.get(index).and_then(|stays| stays.get(place)) != Some(&true) {
                    continue;
                }
                let mut value = |sum: usize| {
                    let ask = || self.verdict(draft, sum, contributions, exact.at(index, place));
                    known.entry(sum).or_insert_with(ask).verdict.value()
                };
                let answer = match *made {
                    Made::Of(sum) => value(sum),
                    Made::Ratio(first, second) => value(first).zip(value(second)).map(|(a, b)| a / b),
                    Made::Spread(total, values, spread) => {
                        let both = value(total).zip(value(values));
                        let squares = both.and_then(|both| self.squares(draft, total, contributions, both));
                        sums.extend(squares);
                        squares
                            .zip(both)
                            .and_then(|(squares, (_, count))| spread_of(squares, count, spread))
                    }
                };
                if let Some(cell) = figures.get_mut(index).and_then(|cells| cells.get_mut(place)) {
                    *cell = answer;
                }
            }
            sums.extend(known.into_values());
        }
        Answers { figures, sums }
    }

    /// Squares around the mean as it was answered (A4.3, A4.6): perturbed like any sum, and neither may two people
    /// stand for nearly all of them nor all people have the same value.
    fn squares(
        &self,
        draft: &mut Draft<'_>,
        total: usize,
        contributions: &[Vec<Contribution>],
        (sum, count): (f64, f64),
    ) -> Option<AnsweredSum> {
        let (of, amounts) = (self.sums.sums.get(total)?, contributions.get(total)?);
        let mean = sum / count;
        let squares = squares(amounts, mean);
        let tally = Tally::of(&squares, self.thresholds.k.value);
        let exact_mean = amounts.iter().map(|one| one.amount).sum::<f64>() / amounts.len() as f64;
        let around = self::squares(amounts, exact_mean);
        let around = Tally::of(&around, self.thresholds.k.value);
        let most = f64::from(self.thresholds.two_share_max.value) / 1000.0;
        // What is left of rounding does not count.
        let differ = around.total > f64::EPSILON * exact_mean.powi(2) * amounts.len() as f64;
        let even = around.first_two <= most * around.total;
        if (self.rules.hold(Rule::Dominance) && !even) || (self.rules.hold(Rule::ClassShare) && !differ) {
            return Some(AnsweredSum {
                exact: tally.total,
                verdict: Verdict::Suppressed,
            });
        }
        let verdict = draft.answer(&Sought {
            family: &format!("squares of {} around {:x}", of.family, mean.to_bits()),
            kind: Kind::Sum,
            contributions: &squares,
            tally: &tally,
            one_row: self.one_row,
        });
        Some(AnsweredSum {
            exact: tally.total,
            verdict,
        })
    }

    fn verdict(
        &self,
        draft: &mut Draft<'_>,
        sum: usize,
        contributions: &[Vec<Contribution>],
        exact: Option<f64>,
    ) -> AnsweredSum {
        let (Some(of), Some(contributions)) = (self.sums.sums.get(sum), contributions.get(sum)) else {
            return AnsweredSum {
                exact: 0.0,
                verdict: Verdict::Suppressed,
            };
        };
        let mut tally = Tally::of(contributions, self.thresholds.k.value);
        if of.kind == Kind::Distinct {
            tally.total = exact.unwrap_or_default();
        }
        let sought = Sought {
            family: &of.family,
            kind: of.kind,
            contributions,
            tally: &tally,
            one_row: self.one_row,
        };
        AnsweredSum {
            exact: tally.total,
            verdict: draft.answer(&sought),
        }
    }
}

fn squares(amounts: &[Contribution], mean: f64) -> Vec<Contribution> {
    let square = |one: &Contribution| Contribution {
        unit: one.unit,
        amount: (one.amount - mean).powi(2),
    };
    amounts.iter().map(square).collect()
}

fn spread_of(squares: AnsweredSum, count: f64, spread: Spread) -> Option<f64> {
    let among = if spread.sample { count - 1.0 } else { count };
    let variance = squares.verdict.value()?.max(0.0) / among;
    Some(if spread.root { variance.sqrt() } else { variance })
}

/// The exact values of figures, by figure. Never leave.
pub(crate) struct Exact(Vec<Float64Array>);

impl Exact {
    fn at(&self, figure: usize, cell: usize) -> Option<f64> {
        self.0.get(figure)?.iter().nth(cell).flatten()
    }
}

/// Reads the exact values of cells.
///
/// # Errors
/// When a column is missing or holds no numbers.
pub(crate) fn exact(cells: &RecordBatch, layout: &CellLayout) -> Result<Exact> {
    let column = |name: &str| -> Result<Float64Array> {
        let place = cells.schema().index_of(name)?;
        let numbers = compute::cast(cells.column(place), &DataType::Float64)?;
        Ok(numbers.as_primitive::<Float64Type>().clone())
    };
    let all = layout.statistics.iter().map(|figure| column(&figure.value));
    Ok(Exact(all.collect::<Result<Vec<_>>>()?))
}
