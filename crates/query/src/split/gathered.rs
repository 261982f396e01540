//! What was gathered: subjects by cell with what each has there, and the hidden columns that the gate reads of it.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array, UInt64Array},
    compute,
    datatypes::{DataType, Field, Schema},
};
use datafusion::common::Result;
use shuyu_privacy::{Amounts, Contribution, Contributions, noise::contribution_of, sorting::sorted};

use super::{
    cells::rows_by_key,
    gather::{Column, Wanted},
    lower::{SUBJECTS, SUM, XOR, name},
};
use crate::check::{
    figure::{Part, Role},
    plan::cell_column,
};

/// What the subjects of a cell have of a column: of those who have a value.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfColumn {
    units: Arc<Vec<u64>>,
    /// How many values.
    counted: Amounts,
    /// What they come to.
    totals: Amounts,
}

/// Who is in a cell, each once, and what they have there.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfCell {
    units: Arc<Vec<u64>>,
    /// How many rows.
    rows: Amounts,
    columns: Vec<OfColumn>,
}

/// The cells of a grouping. Never leave.
pub(crate) struct Gathered {
    wanted: Wanted,
    keys: Vec<ArrayRef>,
    cells: Vec<OfCell>,
    whole: Vec<bool>,
}

/// Bytes of one number.
const NUMBER: usize = size_of::<u64>();

/// What a sum adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// Each subject.
    One,
    /// Each subject, if the part with this number has a value of it.
    Has(usize),
    /// Its rows.
    Rows,
    /// Its values of the part with this number; nobody who has none.
    Values(usize),
    /// The total of its values of the part with this number; nobody who has none.
    Total(usize),
    /// The total of the products of its values of two parts over the same rows.
    Product(usize, usize),
}

impl OfCell {
    /// From rows: their units, and by column their values and which of them have none.
    pub fn of(units: Vec<u64>, columns: Vec<(Vec<f64>, Vec<u32>)>, wanted: &Wanted) -> Self {
        if wanted.many {
            return Self::merged(&units, columns);
        }
        let units = Arc::new(units);
        let columns = columns.into_iter().map(|(values, without)| {
            if without.is_empty() {
                return OfColumn {
                    units: Arc::clone(&units),
                    counted: Amounts::Ones,
                    totals: Amounts::new(values),
                };
            }
            OfColumn {
                units: Arc::new(left_over(&units, &without)),
                counted: Amounts::Ones,
                totals: Amounts::new(left_over(&values, &without)),
            }
        });
        let columns = columns.collect();
        Self {
            units,
            rows: Amounts::Ones,
            columns,
        }
    }

    /// The same where a subject has several rows.
    fn merged(units: &[u64], columns: Vec<(Vec<f64>, Vec<u32>)>) -> Self {
        // Rows of a subject in the order in which they were read, so that they come to the same, bit by bit.
        let order = sorted(&[units]);
        let of_subjects = || order.chunk_by(|(one, _), (other, _)| one == other);
        let unit = |rows: &[(u64, u32)]| rows.first().map_or(0, |(unit, _)| *unit);
        let all: Arc<Vec<u64>> = Arc::new(of_subjects().map(unit).collect());
        let rows = of_subjects().map(|rows| rows.len() as f64).collect();
        let merged = columns.into_iter().map(|(values, without)| {
            let mut there = vec![true; if without.is_empty() { 0 } else { units.len() }];
            for row in without {
                if let Some(there) = there.get_mut(row as usize) {
                    *there = false;
                }
            }
            let mut column = (Vec::new(), Vec::new(), Vec::new());
            for rows in of_subjects() {
                let valued = rows.iter().map(|(_, row)| *row as usize);
                let valued = valued.filter(|row| there.get(*row).copied().unwrap_or(true));
                let (mut count, mut total) = (0.0, 0.0);
                for row in valued {
                    count += 1.0;
                    total += values.get(row).copied().unwrap_or(0.0);
                }
                if count > 0.0 {
                    column.0.push(unit(rows));
                    column.1.push(count);
                    column.2.push(total);
                }
            }
            let everybody = column.0.len() == all.len();
            OfColumn {
                units: if everybody {
                    Arc::clone(&all)
                } else {
                    Arc::new(column.0)
                },
                counted: Amounts::new(column.1),
                totals: Amounts::new(if values.is_empty() { Vec::new() } else { column.2 }),
            }
        });
        let columns = merged.collect();
        Self {
            units: all,
            rows: Amounts::new(rows),
            columns,
        }
    }
}

/// Without those at some places, which are sorted.
fn left_over<T: Copy>(all: &[T], without: &[u32]) -> Vec<T> {
    let mut without = without.iter().copied().peekable();
    let there = (0u32..)
        .zip(all)
        .filter(|(place, _)| without.next_if_eq(place).is_none());
    there.map(|(_, one)| *one).collect()
}

impl Gathered {
    /// Cells with their keys, sorted by these.
    ///
    /// # Errors
    /// When a key has a type that does not compare.
    pub fn new(
        wanted: Wanted,
        keys: Vec<ArrayRef>,
        mut cells: Vec<OfCell>,
        whole: Vec<bool>,
    ) -> Result<Self> {
        if keys.is_empty() {
            return Ok(Self {
                wanted,
                keys,
                cells,
                whole,
            });
        }
        let mut order = rows_by_key(&keys)?;
        order.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
        let order: Vec<u32> = order.into_iter().map(|(row, _)| row).collect();
        let sorted = order
            .iter()
            .map(|row| cells.get_mut(*row as usize).map(std::mem::take));
        let sorted = sorted.map(Option::unwrap_or_default).collect();
        let order = UInt32Array::from(order);
        let keys = keys.iter().map(|key| compute::take(key, &order, None));
        Ok(Self {
            wanted,
            keys: keys.collect::<std::result::Result<_, _>>()?,
            cells: sorted,
            whole,
        })
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        let own = |cell: &OfCell, units: &Arc<Vec<u64>>| match Arc::ptr_eq(units, &cell.units) {
            true => 0,
            false => units.len(),
        };
        let cells = self.cells.iter().map(|cell| {
            let columns = cell.columns.iter().map(|column| {
                NUMBER * own(cell, &column.units) + column.counted.held() + column.totals.held()
            });
            NUMBER * cell.units.len() + cell.rows.held() + columns.sum::<usize>()
        });
        cells.sum()
    }

    /// What subjects contribute to a sum, of some cells; nothing of the others.
    pub fn contributions(&self, sums: &[Given], kept: &[bool]) -> Vec<Vec<Contributions>> {
        let cells = self.cells.iter().enumerate();
        let of = |(place, cell): (usize, &OfCell)| match kept.get(place) {
            Some(true) => sums.iter().map(|given| self.contribution(cell, *given)).collect(),
            Some(false) | None => vec![Contributions::default(); sums.len()],
        };
        cells.map(of).collect()
    }

    fn contribution(&self, cell: &OfCell, given: Given) -> Contributions {
        let of = |wanted: Column| {
            let place = self.wanted.columns.iter().position(|column| *column == wanted);
            place.and_then(|place| cell.columns.get(place))
        };
        let part = |part| of(Column::Values(part)).or_else(|| of(Column::Presence(part)));
        let found = match given {
            Given::One => Some((&cell.units, &Amounts::Ones)),
            Given::Rows => Some((&cell.units, &cell.rows)),
            Given::Has(of) => part(of).map(|column| (&column.units, &Amounts::Ones)),
            Given::Values(of) => part(of).map(|column| (&column.units, &column.counted)),
            Given::Total(of) => part(of).map(|column| (&column.units, &column.totals)),
            Given::Product(one, other) => {
                of(Column::Products(one, other)).map(|column| (&column.units, &column.totals))
            }
        };
        let found = found.map(|(units, amounts)| Contributions::new(Arc::clone(units), amounts.clone()));
        found.unwrap_or_default()
    }

    /// Keys, then what the gate reads of the parts that are made of subjects: one row a cell.
    ///
    /// # Errors
    /// When columns do not fit each other.
    pub fn cells(&self, parts: &[Part]) -> Result<RecordBatch> {
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
                let measured = self.cells.iter().map(|cell| self.measured(cell, index, part));
                let measured: Vec<Measured> = measured.collect();
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
