//! What the gate reads of gathered cells: one row a cell, with hidden columns ([`shuyu_privacy::CellLayout`]).

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, UInt64Array},
    compute,
    datatypes::{DataType, Field, Schema},
};
use datafusion::common::Result;
use shuyu_privacy::{Contribution, Contributions, Tally, noise::contribution_of};

use super::{
    gather::Column,
    gathered::{Gathered, Given, OfCell},
    lower::{SUBJECTS, SUM, XOR, name},
};
use crate::{
    check::{
        figure::{Part, Role},
        plan::cell_column,
    },
    parallel::Hands,
};

/// What subjects contribute to a sum, and what that comes to. Never leaves.
#[derive(Debug, Clone)]
pub(crate) struct Added {
    pub contributions: Contributions,
    pub tally: Tally,
}

/// What is added up of the cells of a grouping. Never leaves.
pub(crate) struct Totals {
    given: Vec<Given>,
    /// By cell, in the order of what is given.
    cells: Vec<Vec<Added>>,
}

/// What subjects contribute to a part.
fn given(index: usize, part: &Part) -> Given {
    match (part.has_values(), part.is_total()) {
        (false, _) => Given::Rows,
        (true, true) => Given::Total(index),
        (true, false) => Given::Values(index),
    }
}

impl Totals {
    /// The sums of some cells, in their order; of the others there are none.
    pub fn of_sums(self, sums: &[Given], kept: &[bool]) -> Vec<Vec<Added>> {
        let places = sums.iter().filter_map(|given| self.place(*given));
        let places: Vec<usize> = places.collect();
        let cells = self.cells.into_iter().enumerate();
        let of = |(cell, added): (usize, Vec<Added>)| match kept.get(cell) {
            Some(true) => places
                .iter()
                .filter_map(|place| added.get(*place).cloned())
                .collect(),
            Some(false) | None => Vec::new(),
        };
        cells.map(of).collect()
    }

    fn place(&self, given: Given) -> Option<usize> {
        self.given.iter().position(|one| *one == given)
    }

    /// The tallies of all cells.
    fn of(&self, given: Given) -> impl Iterator<Item = &Tally> + Clone {
        let place = self.place(given);
        let added = self.cells.iter().filter_map(move |cell| cell.get(place?));
        added.map(|added| &added.tally)
    }
}

impl Gathered {
    /// Adds up what the sums and the parts of a release need, each once. `k` as in the permit.
    ///
    /// # Errors
    /// When it is time to stop.
    pub fn totals(&self, sums: &[Given], parts: &[Part], k: u32, hands: Hands<'_>) -> Result<Totals> {
        let parts = parts.iter().enumerate().filter(|(_, part)| part.is_per_subject());
        let needed = [Given::One]
            .into_iter()
            .chain(parts.map(|(index, part)| given(index, part)));
        let mut all: Vec<Given> = Vec::new();
        for given in sums.iter().copied().chain(needed) {
            if !all.contains(&given) {
                all.push(given);
            }
        }
        let cells = hands.each(self.cells.iter().collect(), |cell| {
            let mut done: Vec<Added> = Vec::new();
            for given in &all {
                let contributions = self.contribution(cell, *given);
                // Rows, values and subjects are mostly the same.
                let same = done.iter().find(|added| added.contributions.is(&contributions));
                let tally = same.map_or_else(|| Tally::of(&contributions, k), |added| added.tally);
                done.push(Added { contributions, tally });
            }
            done
        });
        Ok(Totals {
            cells: cells?,
            given: all,
        })
    }

    /// Keys, then what the gate reads of the parts that are made of subjects: one row a cell.
    ///
    /// # Errors
    /// When columns do not fit each other.
    pub fn cells(&self, parts: &[Part], totals: &Totals) -> Result<RecordBatch> {
        let keys = self.keys.iter().enumerate();
        let mut all: Vec<(String, ArrayRef)> =
            keys.map(|(i, key)| (cell_column(i), Arc::clone(key))).collect();
        let everybody = totals.of(Given::One);
        let subjects = counts(everybody.clone().map(|tally| tally.subjects));
        all.push((SUBJECTS.to_owned(), Arc::clone(&subjects)));
        all.push((
            XOR.to_owned(),
            keyed(everybody.clone().map(|tally| tally.set.xor)),
        ));
        all.push((SUM.to_owned(), keyed(everybody.map(|tally| tally.set.sum))));
        for (index, part) in parts.iter().enumerate() {
            if part.role == Role::Subjects {
                all.push((name("p", index), Arc::clone(&subjects)));
            }
            if part.is_per_subject() {
                all.extend(self.columns(index, part, totals)?);
            }
        }
        let fields = all
            .iter()
            .map(|(name, column)| Field::new(name, column.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(self.cells.len()));
        let columns = all.into_iter().map(|(_, column)| column).collect();
        Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// The columns of a part.
    fn columns(&self, index: usize, part: &Part, totals: &Totals) -> Result<Vec<(String, ArrayRef)>> {
        let given = given(index, part);
        let tallies = totals.of(given);
        let exact = tallies
            .clone()
            .map(|tally| (tally.subjects > 0).then_some(tally.total));
        let exact: ArrayRef = Arc::new(exact.collect::<Float64Array>());
        let place = self
            .wanted
            .columns
            .iter()
            .position(|column| *column == Column::Values(index));
        let of_whole = |place: usize| self.whole.get(place) == Some(&true);
        let exact = match place.filter(|_| part.is_total()).is_none_or(of_whole) {
            true => compute::cast(&exact, &DataType::Int64)?,
            false => exact,
        };
        let cells = self.cells.iter().zip(tallies.clone());
        let keys = cells.map(|(cell, tally)| match given {
            // Whoever has no value contributes a count of nothing.
            Given::Values(_) => tally.contribution.wrapping_add(self.of_nothing(cell, index)),
            _ => tally.contribution,
        });
        let mut all = vec![
            (name("p", index), exact),
            (
                name("total", index),
                amounts(tallies.clone().map(|tally| tally.size)),
            ),
            (
                name("first", index),
                amounts(tallies.clone().map(|tally| tally.greatest[0])),
            ),
            (
                name("second", index),
                amounts(tallies.clone().map(|tally| tally.greatest[1])),
            ),
            (name("key", index), keyed(keys)),
        ];
        if part.has_values() {
            all.push((
                name("with", index),
                counts(tallies.clone().map(|tally| tally.subjects)),
            ));
        }
        if part.is_total() {
            all.push((name("nonzero", index), counts(tallies.map(|tally| tally.nonzero))));
        }
        Ok(all)
    }

    /// The key of those in a cell who have no value of a part, each with nothing.
    fn of_nothing(&self, cell: &OfCell, part: usize) -> u64 {
        let with = self.contribution(cell, Given::Has(part));
        if with.len() == cell.units.len() {
            return 0;
        }
        let nothing = |units: &[u64]| {
            let each = units.iter().map(|unit| {
                contribution_of(Contribution {
                    unit: *unit,
                    amount: 0.0,
                })
            });
            each.fold(0, u64::wrapping_add)
        };
        nothing(&cell.units).wrapping_sub(nothing(with.units()))
    }
}

fn amounts(of_cells: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(of_cells))
}

fn counts(of_cells: impl Iterator<Item = u64>) -> ArrayRef {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Arc::new(Int64Array::from_iter_values(of_cells.map(whole)))
}

fn keyed(of_cells: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(of_cells))
}
