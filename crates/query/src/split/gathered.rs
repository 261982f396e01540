//! What was gathered: subjects by cell, each once, with what each has there.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, UInt32Array},
    compute,
};
use datafusion::common::Result;
use shuyu_privacy::{Amounts, Contributions, sorting::sorted};

use super::{
    cells::rows_by_key,
    gather::{Column, Wanted},
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
    pub(super) units: Arc<Vec<u64>>,
    /// How many rows.
    rows: Amounts,
    columns: Vec<OfColumn>,
}

/// The cells of a grouping. Never leave.
pub(crate) struct Gathered {
    pub(super) wanted: Wanted,
    pub(super) keys: Vec<ArrayRef>,
    pub(super) cells: Vec<OfCell>,
    /// Columns of whole numbers.
    pub(super) whole: Vec<bool>,
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
        let all = Arc::new(of_subjects().map(unit_of).collect());
        let rows = of_subjects().map(|rows| rows.len() as f64).collect();
        let columns = columns.into_iter();
        Self {
            columns: columns
                .map(|(values, without)| OfColumn::merged(&all, &order, &values, &without))
                .collect(),
            rows: Amounts::new(rows),
            units: all,
        }
    }
}

fn unit_of(rows: &[(u64, u32)]) -> u64 {
    rows.first().map_or(0, |(unit, _)| *unit)
}

impl OfColumn {
    /// From the rows of subjects, which lie beside each other in this order; some of them have no value.
    fn merged(all: &Arc<Vec<u64>>, order: &[(u64, u32)], values: &[f64], without: &[u32]) -> Self {
        let mut there = vec![true; if without.is_empty() { 0 } else { order.len() }];
        for row in without {
            if let Some(there) = there.get_mut(*row as usize) {
                *there = false;
            }
        }
        let (mut units, mut counted, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        for rows in order.chunk_by(|(one, _), (other, _)| one == other) {
            let valued = rows.iter().map(|(_, row)| *row as usize);
            let valued = valued.filter(|row| there.get(*row).copied().unwrap_or(true));
            let (mut count, mut total) = (0.0, 0.0);
            for row in valued {
                count += 1.0;
                total += values.get(row).copied().unwrap_or(0.0);
            }
            if count > 0.0 {
                units.push(unit_of(rows));
                counted.push(count);
                totals.push(total);
            }
        }
        if values.is_empty() {
            totals.clear();
        }
        let everybody = units.len() == all.len();
        Self {
            units: if everybody {
                Arc::clone(all)
            } else {
                Arc::new(units)
            },
            counted: Amounts::new(counted),
            totals: Amounts::new(totals),
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

    pub(super) fn contribution(&self, cell: &OfCell, given: Given) -> Contributions {
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
}
