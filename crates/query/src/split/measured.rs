//! What the gate reads of gathered cells: one row a cell, with hidden columns ([`shuyu_privacy::CellLayout`]).

use std::{num::NonZeroUsize, sync::Arc};

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, UInt64Array},
    compute,
    datatypes::{DataType, Field, Schema},
};
use datafusion::common::Result;
use shuyu_privacy::{Contribution, Contributions, noise::contribution_of};

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
    parallel,
};

impl Gathered {
    /// Keys, then what the gate reads of the parts that are made of subjects: one row a cell.
    ///
    /// # Errors
    /// When columns do not fit each other.
    pub fn cells(&self, parts: &[Part], threads: NonZeroUsize) -> Result<RecordBatch> {
        let keys = self.keys.iter().enumerate();
        let mut all: Vec<(String, ArrayRef)> =
            keys.map(|(i, key)| (cell_column(i), Arc::clone(key))).collect();
        let counted = |count: fn(&OfCell) -> usize| -> ArrayRef {
            let counts = self.cells.iter().map(|cell| whole_number(count(cell)));
            Arc::new(Int64Array::from_iter_values(counts))
        };
        let keyed = |key: fn(u64, u64) -> u64| -> ArrayRef {
            let keys = self
                .cells
                .iter()
                .map(|cell| cell.units.iter().copied().fold(0, key));
            Arc::new(UInt64Array::from_iter_values(keys))
        };
        all.push((SUBJECTS.to_owned(), counted(|cell| cell.units.len())));
        all.push((XOR.to_owned(), keyed(|key, unit| key ^ unit)));
        all.push((SUM.to_owned(), keyed(u64::wrapping_add)));
        for (index, part) in parts.iter().enumerate() {
            if part.role == Role::Subjects {
                all.push((name("p", index), counted(|cell| cell.units.len())));
            }
            if part.is_per_subject() {
                let cells = self.cells.iter().collect();
                let measured = parallel::each(cells, threads, |cell| self.measured(cell, index, part));
                all.extend(self.columns(index, part, &measured)?);
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
    fn columns(&self, index: usize, part: &Part, cells: &[Measured]) -> Result<Vec<(String, ArrayRef)>> {
        let amounts = |of: fn(&Measured) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(cells.iter().map(of)))
        };
        let counts = |of: fn(&Measured) -> usize| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(
                cells.iter().map(|cell| whole_number(of(cell))),
            ))
        };
        let exact: Float64Array = cells
            .iter()
            .map(|cell| (cell.with > 0).then_some(cell.sum))
            .collect();
        let place = self
            .wanted
            .columns
            .iter()
            .position(|column| *column == Column::Values(index));
        let whole = match place {
            Some(place) if part.is_total() => self.whole.get(place) == Some(&true),
            Some(_) | None => true,
        };
        let exact: ArrayRef = Arc::new(exact);
        let exact = if whole {
            compute::cast(&exact, &DataType::Int64)?
        } else {
            exact
        };
        let mut all = vec![
            (name("p", index), exact),
            (name("total", index), amounts(|cell| cell.total)),
            (name("first", index), amounts(|cell| cell.greatest[0])),
            (name("second", index), amounts(|cell| cell.greatest[1])),
            (
                name("key", index),
                Arc::new(UInt64Array::from_iter_values(cells.iter().map(|cell| cell.key))) as ArrayRef,
            ),
        ];
        if part.has_values() {
            all.push((name("with", index), counts(|cell| cell.with)));
        }
        if part.is_total() {
            all.push((name("nonzero", index), counts(|cell| cell.nonzero)));
        }
        Ok(all)
    }

    fn measured(&self, cell: &OfCell, index: usize, part: &Part) -> Measured {
        if !part.has_values() {
            return Measured::of(&self.contribution(cell, Given::Rows));
        }
        if part.is_total() {
            return Measured::of(&self.contribution(cell, Given::Total(index)));
        }
        let mut measured = Measured::of(&self.contribution(cell, Given::Values(index)));
        let with = self.contribution(cell, Given::Has(index));
        if with.len() < cell.units.len() {
            // Whoever has no value contributes a count of nothing.
            let nothing = |units: &[u64]| {
                let each = units.iter().map(|unit| {
                    contribution_of(Contribution {
                        unit: *unit,
                        amount: 0.0,
                    })
                });
                each.fold(0, u64::wrapping_add)
            };
            let without = nothing(&cell.units).wrapping_sub(nothing(with.units()));
            measured.key = measured.key.wrapping_add(without);
        }
        measured
    }
}

/// What the gate weighs of a part in a cell.
struct Measured {
    /// What it comes to.
    sum: f64,
    /// Without signs.
    total: f64,
    /// The two greatest without their signs.
    greatest: [f64; 2],
    /// Of subjects with what they contribute.
    key: u64,
    with: usize,
    nonzero: usize,
}

impl Measured {
    fn of(contributions: &Contributions) -> Self {
        let mut all = Self {
            sum: 0.0,
            total: 0.0,
            greatest: [0.0; 2],
            key: 0,
            with: contributions.len(),
            nonzero: 0,
        };
        for one in contributions.iter() {
            let size = one.amount.abs();
            all.sum += one.amount;
            all.total += size;
            all.key = all.key.wrapping_add(contribution_of(one));
            all.nonzero += usize::from(one.amount != 0.0);
            // A value that is not a number ranks above all, so that dominance never overlooks it.
            let [first, second] = all.greatest;
            if size.total_cmp(&first).is_gt() {
                all.greatest = [size, first];
            } else if size.total_cmp(&second).is_gt() {
                all.greatest = [first, size];
            }
        }
        all
    }
}

fn whole_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
