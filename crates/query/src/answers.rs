//! Asks the release ledger about every sum behind the figures of a release.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, Float64Array, RecordBatch, UInt64Array},
    compute,
    datatypes::{DataType, Float64Type, UInt64Type},
};
use datafusion::common::Result;
use shuyu_privacy::{
    CellLayout, Contributions, Draft, GateKey, Group, Kind, Rules, SetKey, Sought, Tally, Thresholds,
    Verdict,
    quantile::{Ranked, rounded},
};

use crate::{
    groupings::Grouped,
    parallel::Hands,
    split::{
        groups::OfCells,
        measured::Added,
        sums::{Made, Sums},
    },
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
    /// By grouping, figure and cell.
    pub figures: Vec<Vec<Vec<Option<f64>>>>,
    /// By sum, in the order in which they were asked for.
    pub sums: Vec<AnsweredSum>,
}

/// What the subjects of each cell contribute to each sum, by cell and sum.
pub(crate) type OfSums = Vec<Vec<Added>>;
/// Values with their subjects, by cell.
pub(crate) type Values = Vec<Vec<(f64, u64)>>;

/// The cells of one grouping, and what of them passed the gate. Never leaves.
pub(crate) struct Grouping {
    pub found: OfSums,
    /// By part.
    pub ranks: BTreeMap<usize, Values>,
    pub exact: Exact,
    /// The groups that the cells are classes of, if they are.
    pub groups: Vec<OfCells>,
    /// By figure and cell.
    pub stays: Vec<Vec<bool>>,
    /// Number of keys.
    pub keys: usize,
    /// The keys that are left out, as bits, as `grouping()` reads them: the last key is the last bit.
    pub left_out: u64,
    /// Number of keys of all groupings together.
    pub all_keys: usize,
}

impl Grouping {
    /// The groups that a sum over a cell is about classes of.
    fn groups(&self, place: usize, sum: usize) -> Vec<Group<'_>> {
        let each = self.groups.iter();
        each.filter_map(|groups| groups.of(place, sum)).collect()
    }
}

/// Whom and what to ask.
pub(crate) struct Asking<'a> {
    pub thresholds: &'a Thresholds,
    pub key: &'a GateKey,
    pub rules: &'a Rules,
    pub sums: &'a Sums,
    /// Every subject has one row.
    pub one_row: bool,
    /// An own list has a say in who is in the cells.
    pub fused: bool,
    /// The sign to stop.
    pub hands: Hands<'a>,
}

impl Asking<'_> {
    /// Asks cell by cell in the order of their keys, so that cells of one statement are compared with each other too;
    /// margins before what they are made of, so that a part is withheld rather than the whole. Cells of several releases
    /// are compared by the draft, which goes from one to the next.
    ///
    /// # Errors
    /// When it is time to stop.
    pub fn ask(&self, draft: &mut Draft<'_>, groupings: &[Grouped]) -> Result<Answers> {
        let mut figures: Vec<Vec<Vec<Option<f64>>>> = Vec::new();
        for grouped in groupings {
            figures.push(vec![
                vec![None; grouped.asked.found.len()];
                self.sums.figures.len()
            ]);
        }
        let mut order: Vec<usize> = (0..groupings.len()).collect();
        order.sort_by_key(|number| groupings.get(*number).map(|grouped| grouped.asked.keys));
        let mut sums = Vec::new();
        for number in order {
            let (Some(Grouped { asked: grouping, .. }), Some(figures)) =
                (groupings.get(number), figures.get_mut(number))
            else {
                continue;
            };
            if self.one_row {
                // Nobody is in two cells of a grouping, so that all can be looked up together.
                let sums = |cell: &'_ Vec<Added>| -> Option<Contributions> {
                    let all = cell.iter().map(|added| &added.contributions);
                    all.max_by_key(|sum| sum.len()).cloned()
                };
                let sets: Vec<Contributions> = grouping.found.iter().filter_map(sums).collect();
                draft.expect(sets.iter());
            }
            for (place, found) in grouping.found.iter().enumerate() {
                self.hands.go_on()?;
                let mut cell = Cell {
                    asking: self,
                    grouping,
                    place,
                    found,
                    draft: &mut *draft,
                    known: BTreeMap::new(),
                    sums: &mut sums,
                };
                for (index, made) in self.sums.figures.iter().enumerate() {
                    let stays = grouping.stays.get(index).and_then(|stays| stays.get(place));
                    let answer = if stays == Some(&true) {
                        cell.figure(made)
                    } else {
                        None
                    };
                    if let Some(answers) = figures.get_mut(index).and_then(|cells| cells.get_mut(place)) {
                        *answers = answer.filter(|answer| answer.is_finite());
                    }
                }
                let known = std::mem::take(&mut cell.known);
                sums.extend(known.into_values());
            }
        }
        Ok(Answers { figures, sums })
    }
}

/// One cell that is being asked about.
pub(crate) struct Cell<'a, 'd> {
    pub asking: &'a Asking<'a>,
    pub grouping: &'a Grouping,
    place: usize,
    /// By sum.
    found: &'a [Added],
    pub draft: &'a mut Draft<'d>,
    known: BTreeMap<usize, AnsweredSum>,
    pub sums: &'a mut Vec<AnsweredSum>,
}

impl Cell<'_, '_> {
    fn figure(&mut self, made: &Made) -> Option<f64> {
        match made {
            Made::Linear(terms) => self.linear(terms),
            Made::Ratio(above, below) => {
                let (above, below) = (self.linear(above)?, self.linear(below)?);
                Some(above / below)
            }
            Made::Second {
                moment,
                y,
                x,
                products,
            } => self.second(*moment, y, x, *products),
            Made::Quantile {
                part,
                name,
                fraction,
                grain,
            } => self.quantile(*part, name, *fraction, *grain),
            Made::Grouping(keys) => {
                let last = self.grouping.all_keys.checked_sub(1)?;
                let bit = |key: &usize| self.grouping.left_out >> last.saturating_sub(*key) & 1;
                Some(keys.iter().fold(0, |bits, key| bits << 1 | bit(key)) as f64)
            }
        }
    }

    fn linear(&mut self, terms: &[(f64, usize)]) -> Option<f64> {
        let mut all = 0.0;
        for (factor, sum) in terms {
            all += factor * self.value(*sum)?;
        }
        Some(all)
    }

    /// What each subject contributes to a sum.
    pub fn contributions(&self, sum: usize) -> Contributions {
        let found = self.found.get(sum).map(|added| &added.contributions);
        found.cloned().unwrap_or_default()
    }

    /// What a sum is answered with. That of nobody is nothing: only what may be nobody's gets here.
    pub fn value(&mut self, sum: usize) -> Option<f64> {
        if let Some(known) = self.known.get(&sum) {
            return known.verdict.value();
        }
        if self.contributions(sum).is_empty() && !self.asking.sums.exact.contains_key(&sum) {
            return Some(0.0);
        }
        let answered = self.verdict(sum);
        self.known.insert(sum, answered);
        answered.verdict.value()
    }

    fn verdict(&mut self, sum: usize) -> AnsweredSum {
        let asking = self.asking;
        let (Some(of), Some(added)) = (asking.sums.sums.get(sum), self.found.get(sum)) else {
            return AnsweredSum {
                exact: 0.0,
                verdict: Verdict::Suppressed,
            };
        };
        let mut tally = added.tally;
        if let Some(part) = asking.sums.exact.get(&sum) {
            match self.grouping.exact.at(*part, self.place) {
                Some(exact) => tally.total = exact,
                None => {
                    return AnsweredSum {
                        exact: 0.0,
                        verdict: Verdict::Suppressed,
                    };
                }
            }
        }
        let groups = self.grouping.groups(self.place, sum);
        let sought = Sought {
            family: &of.family,
            kind: of.kind,
            contributions: &added.contributions,
            tally: &tally,
            one_row: asking.one_row,
            fused: asking.fused,
            groups: &groups,
        };
        AnsweredSum {
            exact: tally.total,
            verdict: self.draft.answer(&sought),
        }
    }

    /// A quantile, from one window or drawn between two.
    fn quantile(&mut self, part: usize, name: &str, fraction: f64, grain: Option<u64>) -> Option<f64> {
        let asking = self.asking;
        let values = self.grouping.ranks.get(&part)?.get(self.place)?;
        let ranked = Ranked::of(values.clone(), asking.thresholds.k.value);
        let windows = ranked.windows(fraction, grain, asking.thresholds, asking.key, asking.rules);
        let Some(windows) = windows else {
            self.sums.push(AnsweredSum {
                exact: 0.0,
                verdict: Verdict::Suppressed,
            });
            return None;
        };
        let mut all = Some(0.0);
        for window in &windows {
            let tally = Tally {
                total: window.answer,
                ..ranked.tally
            };
            let verdict = self.draft.answer(&Sought {
                family: &format!("quantile {} of {name}", window.hundredths),
                kind: Kind::Quantile,
                contributions: &ranked.contributions,
                tally: &tally,
                one_row: asking.one_row,
                fused: asking.fused,
                groups: &[],
            });
            self.sums.push(AnsweredSum {
                exact: window.exact,
                verdict,
            });
            all = all
                .zip(verdict.value())
                .map(|(all, value)| all + window.share * value);
        }
        all.map(|value| {
            if windows.len() > 1 {
                rounded(value, grain)
            } else {
                value
            }
        })
    }
}

/// The exact values of parts, by part. Never leave.
pub(crate) struct Exact(Vec<Float64Array>);

impl Exact {
    fn at(&self, part: usize, cell: usize) -> Option<f64> {
        let values = self.0.get(part)?;
        (cell < values.len() && values.is_valid(cell)).then(|| values.value(cell))
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

/// Subjects of every cell, and which they are.
///
/// # Errors
/// When a column is missing or has another type.
pub(crate) fn subjects(cells: &RecordBatch, layout: &CellLayout) -> Result<Vec<(u64, SetKey)>> {
    let keys = |name: &str| -> Result<UInt64Array> {
        let column = cells.column(cells.schema().index_of(name)?);
        Ok(compute::cast(column, &DataType::UInt64)?
            .as_primitive::<UInt64Type>()
            .clone())
    };
    let hidden = &layout.hidden;
    let (count, xor, sum) = (
        keys(&hidden.subjects)?,
        keys(&hidden.set_xor)?,
        keys(&hidden.set_sum)?,
    );
    let each = count.values().iter().zip(xor.values()).zip(sum.values());
    Ok(each
        .map(|((count, xor), sum)| (*count, SetKey { xor: *xor, sum: *sum }))
        .collect())
}
