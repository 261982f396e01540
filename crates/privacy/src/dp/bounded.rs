//! Contribution bounds: what one subject adds to an answer, whatever rows it has.

use crate::{dp::design::Design, release::scramble};

/// What subjects have in cells, one line for each pair, or several that are added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The keyed unit of each line.
    pub units: Vec<u64>,
    /// The cell of each line.
    pub cells: Vec<u32>,
    /// Amounts, in steps: as many for each line as there are sums.
    pub amounts: Vec<i64>,
}

/// The exact sums of one cell. Never leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Subjects.
    pub subjects: u64,
    /// By sum, in steps.
    pub totals: Vec<i128>,
}

impl Subjects {
    /// The amounts of a line.
    pub fn line(&self, line: usize, sums: usize) -> &[i64] {
        self.amounts
            .get(line * sums..(line + 1) * sums)
            .unwrap_or_default()
    }

    /// Adds up the lines of every cell. Lines are to be bounded before.
    pub fn totals(&self, cells: usize, sums: usize) -> Vec<Cell> {
        let empty = Cell {
            subjects: 0,
            totals: vec![0; sums],
        };
        let mut all = vec![empty; cells];
        for (line, place) in self.cells.iter().enumerate() {
            if let Some(cell) = all.get_mut(*place as usize) {
                cell.subjects += 1;
                for (total, amount) in cell.totals.iter_mut().zip(self.line(line, sums)) {
                    *total += i128::from(*amount);
                }
            }
        }
        all
    }
}

/// The lines that count, one for each subject and cell: every amount within its limits, and every subject in as many
/// cells as it may be in. `ranks` holds, for each cell, a number that is random to everybody; which cells of a subject
/// stay depends on these, on its unit and on nobody else's rows.
pub fn bounded(subjects: &Subjects, design: &Design, ranks: &[u64]) -> Subjects {
    let sums = design.sums.len();
    let most = usize::try_from(design.cells).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..subjects.units.len()).collect();
    let key = |line: &usize| (subjects.units.get(*line), subjects.cells.get(*line));
    order.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    let mut counting = Subjects::default();
    for of_one in order.chunk_by(|a, b| subjects.units.get(*a) == subjects.units.get(*b)) {
        let Some(unit) = of_one.first().and_then(|line| subjects.units.get(*line)).copied() else {
            continue;
        };
        let mut merged: Vec<(u32, Vec<i64>)> = Vec::new();
        for line in of_one {
            let place = subjects.cells.get(*line).copied().unwrap_or_default();
            let amounts = subjects.line(*line, sums);
            match merged.last_mut() {
                Some((last, total)) if *last == place => {
                    for (total, amount) in total.iter_mut().zip(amounts) {
                        *total = total.saturating_add(*amount);
                    }
                }
                _ => merged.push((place, amounts.to_vec())),
            }
        }
        if merged.len() > most {
            let rank = |place: u32| {
                let rank = ranks.get(place as usize).copied().unwrap_or_default();
                scramble(unit ^ rank)
            };
            merged.sort_unstable_by_key(|(place, _)| (rank(*place), *place));
            merged.truncate(most);
        }
        for (place, amounts) in merged {
            counting.units.push(unit);
            counting.cells.push(place);
            let limited = amounts.iter().zip(&design.sums);
            counting
                .amounts
                .extend(limited.map(|(amount, sum)| sum.clamped(*amount, design.rows)));
        }
    }
    counting
}
