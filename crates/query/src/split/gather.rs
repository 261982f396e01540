//! One pass over the rows of a grouping: which cells there are, and which rows are in them.
//!
//! Rows go straight to their cells, column by column. Nothing of theirs is hashed but the keys, and no pair of cell and
//! subject: the rows of a subject are laid beside each other once all are there ([`super::gathered`]).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch},
    compute,
    datatypes::{DataType, Field, Float64Type, Schema},
};
use datafusion::{
    common::{Result, exec_err},
    logical_expr::EmitTo,
    physical_plan::aggregates::{
        group_values::{GroupValues, new_group_values},
        order::GroupOrdering,
    },
};

use super::{
    cells::MAX_CELLS,
    gathered::{Gathered, OfCell},
    lower::{moments, name},
    sums::{Places, units},
};
use crate::{
    check::{figure::Role, release::Release},
    parallel::Hands,
};

#[cfg(test)]
mod tests;

/// What is gathered beside the subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Whether the part with this number has a value.
    Presence(usize),
    /// The values of the part with this number.
    Values(usize),
    /// The products of the values of two parts over the same rows.
    Products(usize, usize),
}

/// What is to be gathered for a release.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub keys: usize,
    pub columns: Vec<Column>,
    /// A subject may have several rows.
    pub many: bool,
}

impl Wanted {
    /// What the sums and the gate need of a release.
    pub fn of(release: &Release) -> Self {
        let products = moments(release);
        let multiplied = |part: usize| products.iter().any(|(one, other)| [*one, *other].contains(&part));
        let parts = release.parts.iter().enumerate();
        let valued = parts.filter(|(_, part)| part.is_per_subject() && part.has_values());
        let columns = valued.map(
            |(index, part)| match part.role == Role::Total || multiplied(index) {
                true => Column::Values(index),
                false => Column::Presence(index),
            },
        );
        let columns: Vec<Column> = columns.collect();
        let products = products.iter().map(|(one, other)| Column::Products(*one, *other));
        Self {
            keys: release.keys.len(),
            columns: columns.into_iter().chain(products).collect(),
            many: release.subject.many_rows,
        }
    }

    /// Bytes of a row.
    fn bytes(&self) -> usize {
        let numbers = |column: &&Column| !matches!(column, Column::Presence(_));
        size_of::<u64>() * (1 + self.columns.iter().filter(numbers).count())
    }
}

/// Where the cell of a row is found.
enum Cells<'a> {
    /// Among some that are known; other rows are passed over.
    Known(&'a Places),
    /// In the order in which they come up.
    Met(Box<dyn GroupValues>),
}

/// A row of a batch, its cell, and which row of the cell it is.
struct Here {
    row: usize,
    cell: usize,
    at: u32,
}

/// Values of a column by cell, and the rows without one. Where only presence counts there are no values.
#[derive(Default)]
struct Read {
    values: Vec<Vec<f64>>,
    without: Vec<Vec<u32>>,
    /// All values are whole numbers.
    whole: bool,
}

/// Values of a column in one cell, and which of its rows, in their order, have none.
pub(crate) struct RowsOf {
    pub values: Vec<f64>,
    pub without: Vec<u32>,
    pub whole: bool,
}

/// Gathers rows.
pub(crate) struct Gather<'a> {
    wanted: Wanted,
    cells: Cells<'a>,
    /// Units of rows, by cell.
    units: Vec<Vec<u64>>,
    read: Vec<Read>,
    places: Vec<usize>,
    /// Bytes that may be held.
    most: usize,
    held: usize,
}

impl<'a> Gather<'a> {
    /// Of rows with this schema, for whatever cells come up. At most `most` bytes are held.
    ///
    /// # Errors
    /// When a key has a type that does not compare.
    pub fn all(wanted: &Wanted, schema: &Schema, most: usize) -> Result<Self> {
        let keys: Vec<Arc<Field>> = schema.fields().iter().take(wanted.keys).cloned().collect();
        let met = new_group_values(Arc::new(Schema::new(keys)), &GroupOrdering::None)?;
        let mut gather = Self::new(wanted, Cells::Met(met), most);
        if wanted.keys == 0 {
            // Without keys there is one cell, whoever is in it.
            gather.make_room(1);
        }
        Ok(gather)
    }

    /// The same for known cells.
    pub fn known(wanted: &Wanted, places: &'a Places, cells: usize, most: usize) -> Self {
        let mut gather = Self::new(wanted, Cells::Known(places), most);
        gather.make_room(cells);
        gather
    }

    fn new(wanted: &Wanted, cells: Cells<'a>, most: usize) -> Self {
        let mut read = Vec::new();
        read.resize_with(wanted.columns.len(), Read::default);
        Self {
            wanted: wanted.clone(),
            cells,
            units: Vec::new(),
            read,
            places: Vec::new(),
            most,
            held: 0,
        }
    }

    fn make_room(&mut self, cells: usize) {
        if self.units.len() >= cells {
            return;
        }
        self.units.resize_with(cells, Vec::new);
        for column in &mut self.read {
            column.values.resize_with(cells, Vec::new);
            column.without.resize_with(cells, Vec::new);
        }
    }

    /// Reads rows: keys, unit, arguments.
    ///
    /// # Errors
    /// When the batch is another one, or when there is too much of it.
    pub fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        let here = self.find(batch)?;
        self.held += here.len() * self.wanted.bytes();
        for index in 0..self.read.len() {
            self.held += size_of::<u32>() * self.column(batch, index, &here)?;
        }
        fits(self.held, self.most)
    }

    /// Finds the cells of rows, and puts their units there.
    fn find(&mut self, batch: &RecordBatch) -> Result<Vec<Here>> {
        let rows = batch.num_rows();
        match &mut self.cells {
            Cells::Known(places) => {
                let found = places.of(batch)?;
                self.places.clear();
                self.places
                    .extend(found.into_iter().map(|place| place.unwrap_or(usize::MAX)));
            }
            Cells::Met(_) if self.wanted.keys == 0 => {
                self.places.clear();
                self.places.resize(rows, 0);
            }
            Cells::Met(values) => {
                values.intern(&batch.columns()[..self.wanted.keys], &mut self.places)?;
                let met = values.len();
                if met > MAX_CELLS {
                    return exec_err!("too many cells");
                }
                self.make_room(met);
            }
        }
        let units = units(batch)?.values();
        let mut here = Vec::with_capacity(rows);
        for ((row, cell), unit) in self.places.iter().copied().enumerate().zip(units.iter()) {
            if let Some(units) = self.units.get_mut(cell) {
                // A cell of more rows than that is more than may be held.
                let at = u32::try_from(units.len()).unwrap_or(u32::MAX);
                here.push(Here { row, cell, at });
                put(units, *unit);
            }
        }
        Ok(here)
    }

    /// Puts the values of a column into their cells. Answers how many rows have none.
    fn column(&mut self, batch: &RecordBatch, index: usize, here: &[Here]) -> Result<usize> {
        let (Some(wanted), Some(into)) = (self.wanted.columns.get(index), self.read.get_mut(index)) else {
            return Ok(0);
        };
        let (values, numbers) = match *wanted {
            Column::Presence(part) => (Arc::clone(argument(batch, part)?), None),
            Column::Values(part) => {
                let values = argument(batch, part)?;
                into.whole = values.data_type().is_integer();
                (Arc::clone(values), Some(amounts(values)?))
            }
            Column::Products(one, other) => {
                let (one, other) = (argument(batch, one)?, argument(batch, other)?);
                into.whole = one.data_type().is_integer() && other.data_type().is_integer();
                let (one, other) = (amounts(one)?, amounts(other)?);
                let products: Float64Array = compute::binary(&one, &other, |one, other| one * other)?;
                (Arc::new(products.clone()) as ArrayRef, Some(products))
            }
        };
        let nulls = values.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        let mut without_value = 0;
        for Here { row, cell, at } in here {
            let missing = nulls.as_ref().is_some_and(|nulls| nulls.is_null(*row));
            if missing && let Some(without) = into.without.get_mut(*cell) {
                without.push(*at);
                without_value += 1;
            }
            if let (Some(numbers), Some(values)) = (&numbers, into.values.get_mut(*cell)) {
                put(values, if missing { 0.0 } else { numbers.value(*row) });
            }
        }
        Ok(without_value)
    }

    /// The cells, sorted by their keys if these were not known.
    ///
    /// # Errors
    /// When the engine below refuses its own keys, when subjects take more room than may be held, or when it is time to
    /// stop.
    pub fn finish(mut self, hands: Hands<'_>) -> Result<Gathered> {
        let mut cells = Vec::with_capacity(self.units.len());
        for (place, units) in self.units.into_iter().enumerate() {
            let columns = self.read.iter_mut().map(|column| {
                let values = column.values.get_mut(place).map(std::mem::take);
                let without = column.without.get_mut(place).map(std::mem::take);
                RowsOf {
                    values: values.unwrap_or_default(),
                    without: without.unwrap_or_default(),
                    whole: column.whole,
                }
            });
            let columns: Vec<RowsOf> = columns.collect();
            cells.push((units, columns));
        }
        let many = self.wanted.many;
        let cells = hands.each(cells, |(units, columns)| OfCell::of(units, columns, many))?;
        let keys = match &mut self.cells {
            Cells::Met(values) if self.wanted.keys > 0 => values.emit(EmitTo::All)?,
            Cells::Met(_) | Cells::Known(_) => Vec::new(),
        };
        let whole = self.read.iter().map(|column| column.whole).collect();
        let gathered = Gathered::new(self.wanted, keys, cells, whole)?;
        fits(gathered.held(), self.most)?;
        Ok(gathered)
    }
}

fn fits(held: usize, most: usize) -> Result<()> {
    if held > most {
        return exec_err!("too many rows");
    }
    Ok(())
}

/// Puts one at the end. Columns grow by a quarter, so that little more is held than there is.
fn put<T>(column: &mut Vec<T>, one: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 4 + 64);
    }
    column.push(one);
}

/// The argument of a part.
fn argument(batch: &RecordBatch, part: usize) -> Result<&ArrayRef> {
    match batch.column_by_name(&name("a", part)) {
        Some(column) => Ok(column),
        None => exec_err!("rows without arguments"),
    }
}

fn amounts(column: &ArrayRef) -> Result<Float64Array> {
    let numbers = compute::cast(column, &DataType::Float64)?;
    Ok(numbers.as_primitive::<Float64Type>().clone())
}
