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
    gather::{Column, RowsOf, Wanted},
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
    /// From rows: their units, and their values by column. A subject may have several if there may be many.
    pub fn of(units: Vec<u64>, columns: Vec<RowsOf>, many: bool) -> Self {
        if many {
            return Self::merged(&units, columns);
        }
        let units = Arc::new(units);
        let columns = columns.into_iter().map(|RowsOf { values, without, .. }| {
            let (with, totals) = match without.is_empty() {
                true => (Arc::clone(&units), values),
                false => (
                    Arc::new(left_over(&units, &without)),
                    left_over(&values, &without),
                ),
            };
            OfColumn {
                units: with,
                counted: Amounts::Ones,
                totals: Amounts::new(totals),
            }
        });
        let columns = columns.collect();
        Self {
            units,
            rows: Amounts::Ones,
            columns,
        }
    }

    fn merged(units: &[u64], columns: Vec<RowsOf>) -> Self {
        let order = sorted(&[units]);
        let of_subjects = || order.chunk_by(|(one, _), (other, _)| one == other);
        let all = Arc::new(of_subjects().map(unit_of).collect());
        let rows = Amounts::new(of_subjects().map(|rows| rows.len() as f64).collect());
        let columns = columns.into_iter();
        Self {
            columns: columns
                .map(|column| OfColumn::merged((&all, &rows), &order, &column))
                .collect(),
            units: all,
            rows,
        }
    }
}

fn unit_of(rows: &[(u64, u32)]) -> u64 {
    rows.first().map_or(0, |(unit, _)| *unit)
}

/// Up to here whole numbers come to the same in whatever order they are added.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What the values of a subject come to, bit by bit the same in whatever order its rows were read: else the same people
/// would contribute something else to a question that reads them otherwise, and have another answer.
fn added(values: &mut [f64], whole: bool) -> f64 {
    let size = || values.iter().map(|value| value.abs()).sum::<f64>();
    let in_any_order = values.len() <= 2 || whole && size() <= EXACT;
    if !in_any_order {
        values.sort_unstable_by(f64::total_cmp);
    }
    values.iter().fold(0.0, |total, value| total + value)
}

impl OfColumn {
    /// From the rows of subjects, which lie beside each other in this order; some of them have no value.
    fn merged((all, rows): (&Arc<Vec<u64>>, &Amounts), order: &[(u64, u32)], column: &RowsOf) -> Self {
        let RowsOf {
            values,
            without,
            whole,
        } = column;
        let mut there = vec![true; if without.is_empty() { 0 } else { order.len() }];
        for row in without {
            if let Some(there) = there.get_mut(*row as usize) {
                *there = false;
            }
        }
        let (mut units, mut counted, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        let mut here = Vec::new();
        for rows in order.chunk_by(|(one, _), (other, _)| one == other) {
            let valued = rows.iter().map(|(_, row)| *row as usize);
            let valued = valued.filter(|row| there.get(*row).copied().unwrap_or(true));
            here.clear();
            here.extend(valued.map(|row| values.get(row).copied().unwrap_or(0.0)));
            if here.is_empty() {
                continue;
            }
            if !without.is_empty() {
                units.push(unit_of(rows));
                counted.push(here.len() as f64);
            }
            if !values.is_empty() {
                totals.push(added(&mut here, *whole));
            }
        }
        let totals = Amounts::new(totals);
        match without.is_empty() {
            true => Self {
                units: Arc::clone(all),
                counted: rows.clone(),
                totals,
            },
            false => Self {
                units: Arc::new(units),
                counted: Amounts::new(counted),
                totals,
            },
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
        let cells = self.cells.iter().map(|cell| {
            let columns = cell.columns.iter().map(|column| {
                // Where everybody has a value, both are those of the cell.
                let own = match Arc::ptr_eq(&column.units, &cell.units) {
                    true => 0,
                    false => NUMBER * column.units.len() + column.counted.held(),
                };
                own + column.totals.held()
            });
            NUMBER * cell.units.len() + cell.rows.held() + columns.sum::<usize>()
        });
        cells.sum()
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
