//! The sums over subjects that all figures are made of, and what each subject of each cell contributes to them.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, Float64Array, RecordBatch},
    compute,
    datatypes::{DataType, Float64Type, UInt64Type},
    row::{RowConverter, SortField},
};
use datafusion::{
    common::{
        Result, exec_err,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::Expr,
};
use shuyu_privacy::{Contribution, Kind, Statistic};

use super::lower::{ROWS, UNIT, name};
use crate::check::{
    branch::Spread,
    relation::Relation,
    release::{Figure, Release},
};

/// What a subject contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// Itself.
    One,
    /// Its rows.
    Rows,
    /// Its values of the figure with this number; nobody who has none.
    Values(usize),
    /// The total of its values of the figure with this number; nobody who has none.
    Total(usize),
}

/// A sum over subjects.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    /// What is the same for all sums that may be subtracted from each other, whatever the statement.
    pub family: String,
    pub kind: Kind,
    amount: Amount,
}

/// Which sums a figure is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Made {
    /// It is this sum.
    Of(usize),
    /// It is the first divided by the second.
    Ratio(usize, usize),
    /// It is a spread of what the first is the sum of, around the mean that the second gives.
    Spread(usize, usize, Spread),
}

/// The sums of a release, each once, and how its figures are made of them.
pub(crate) struct Sums {
    pub sums: Vec<Sum>,
    pub figures: Vec<Made>,
}

impl Sums {
    pub fn of(release: &Release) -> Result<Self> {
        let mut all = Self {
            sums: Vec::new(),
            figures: Vec::new(),
        };
        let mut totals: BTreeMap<String, usize> = BTreeMap::new();
        for (index, figure) in release.statistics.iter().enumerate() {
            let argument = canonical(figure, &release.relation)?;
            // Different values of a subject may be made of one measure.
            let read = stripped(figure)?;
            let mut total = || {
                let of = *totals.entry(read.clone()).or_insert(index);
                // How many rows a subject has is a count, however it was come by.
                let counts = figure.argument.as_ref();
                if counts.is_some_and(|counts| release.relation.counts_rows(counts)) {
                    ("count".to_owned(), Kind::Count, Amount::Total(of))
                } else {
                    (format!("sum {argument}"), Kind::Sum, Amount::Total(of))
                }
            };
            let values = ("count".to_owned(), Kind::Count, Amount::Values(index));
            let made = match figure.statistic {
                Statistic::Rows => Made::Of(all.add(("count".to_owned(), Kind::Count, Amount::Rows))),
                Statistic::Values => Made::Of(all.add(values)),
                Statistic::Sum => Made::Of(all.add(total())),
                Statistic::Mean => Made::Ratio(all.add(total()), all.add(values)),
                Statistic::Share => {
                    let rows = ("count".to_owned(), Kind::Count, Amount::Rows);
                    Made::Ratio(all.add(values), all.add(rows))
                }
                Statistic::Spread => {
                    let spread = figure.spread.unwrap_or(Spread {
                        root: false,
                        sample: true,
                    });
                    Made::Spread(all.add(total()), all.add(values), spread)
                }
                Statistic::Distinct if figure.of_subjects => {
                    Made::Of(all.add(("count".to_owned(), Kind::Count, Amount::One)))
                }
                Statistic::Distinct => {
                    Made::Of(all.add((format!("distinct {argument}"), Kind::Distinct, Amount::One)))
                }
            };
            all.figures.push(made);
        }
        Ok(all)
    }

    fn add(&mut self, (family, kind, amount): (String, Kind, Amount)) -> usize {
        let same = |sum: &Sum| sum.family == family && sum.kind == kind && sum.amount == amount;
        match self.sums.iter().position(same) {
            Some(place) => place,
            None => {
                self.sums.push(Sum { family, kind, amount });
                self.sums.len() - 1
            }
        }
    }
}

/// The argument without conversions, which change no value that counts.
fn stripped(figure: &Figure) -> Result<String> {
    let Some(argument) = &figure.argument else {
        return Ok(String::new());
    };
    let bare = argument.clone().transform_up(|node| match node {
        Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
        Expr::Cast(cast) => Ok(Transformed::yes(*cast.expr)),
        other => Ok(Transformed::no(other)),
    });
    Ok(bare.data()?.to_string())
}

/// The argument with columns named by dataset, so that it is the same text in every statement.
fn canonical(figure: &Figure, relation: &Relation) -> Result<String> {
    let Some(argument) = &figure.argument else {
        return Ok(String::new());
    };
    let named = argument.clone().transform_up(|node| match node {
        Expr::Column(column) => Ok(Transformed::yes(relation.lineage(&column))),
        Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
        // A conversion changes no value that counts.
        Expr::Cast(cast) => Ok(Transformed::yes(*cast.expr)),
        other => Ok(Transformed::no(other)),
    });
    Ok(named.data()?.to_string())
}

/// What the subjects of each cell contribute to each sum, by cell and sum.
pub(crate) struct Collector<'a> {
    sums: &'a [Sum],
    keys: usize,
    converter: Option<RowConverter>,
    cells: BTreeMap<Vec<u8>, usize>,
    /// By cell, then by sum.
    pub found: Vec<Vec<Vec<Contribution>>>,
    left: usize,
}

impl<'a> Collector<'a> {
    /// For the cells that are kept. At most `most` contributions are held at a time.
    pub fn new(
        sums: &'a [Sum],
        keys: usize,
        cells: &RecordBatch,
        kept: &[bool],
        most: usize,
    ) -> Result<Self> {
        let columns = &cells.columns()[..keys];
        let mut places = BTreeMap::new();
        let mut converter = None;
        if keys == 0 {
            places.insert(Vec::new(), 0);
        } else {
            let fields = columns
                .iter()
                .map(|column| SortField::new(column.data_type().clone()));
            let rows = RowConverter::new(fields.collect())?;
            let converted = rows.convert_columns(columns)?;
            for (place, key) in converted.iter().enumerate() {
                places.insert(key.as_ref().to_vec(), place);
            }
            converter = Some(rows);
        }
        places.retain(|_, place| kept.get(*place).copied().unwrap_or(false));
        Ok(Self {
            sums,
            keys,
            converter,
            cells: places,
            found: vec![vec![Vec::new(); sums.len()]; cells.num_rows()],
            left: most,
        })
    }

    /// Reads rows of the plan by subject.
    ///
    /// # Errors
    /// When the batch is another one, or when there is too much of it.
    pub fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        let places = self.places(batch)?;
        let units = batch
            .column_by_name(UNIT)
            .and_then(|c| c.as_primitive_opt::<UInt64Type>());
        let Some(units) = units else {
            return exec_err!("subjects without units");
        };
        for (index, sum) in self.sums.iter().enumerate() {
            let (amounts, with) = match sum.amount {
                Amount::One => (None, None),
                Amount::Rows => (Some(amounts(batch, ROWS)?), None),
                Amount::Values(of) => (Some(amounts(batch, &name("c", of))?), None),
                Amount::Total(of) => (
                    Some(amounts(batch, &name("s", of))?),
                    Some(amounts(batch, &name("c", of))?),
                ),
            };
            let nothing = matches!(sum.amount, Amount::Values(_));
            for (row, place) in places.iter().enumerate() {
                let Some(place) = place else { continue };
                let amount = match (&amounts, &with) {
                    (None, _) => 1.0,
                    (Some(amounts), _) if amounts.is_null(row) => continue,
                    (Some(_), Some(with)) if with.is_null(row) || with.value(row) == 0.0 => continue,
                    (Some(amounts), _) => amounts.value(row),
                };
                if nothing && amount == 0.0 {
                    continue;
                }
                let Some(left) = self.left.checked_sub(1) else {
                    return exec_err!("too many contributions");
                };
                self.left = left;
                if let Some(found) = self.found.get_mut(*place).and_then(|cell| cell.get_mut(index)) {
                    found.push(Contribution {
                        unit: units.value(row),
                        amount,
                    });
                }
            }
        }
        Ok(())
    }

    /// The cell of each row.
    fn places(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let Some(converter) = &self.converter else {
            let only = self.cells.values().next().copied();
            return Ok(vec![only; batch.num_rows()]);
        };
        let rows = converter.convert_columns(&batch.columns()[..self.keys])?;
        Ok(rows
            .iter()
            .map(|key| self.cells.get(key.as_ref()).copied())
            .collect())
    }
}

fn amounts(batch: &RecordBatch, column: &str) -> Result<Float64Array> {
    let Some(column) = batch.column_by_name(column) else {
        return exec_err!("subjects without amounts");
    };
    let column = compute::cast(column, &DataType::Float64)?;
    Ok(column.as_primitive::<Float64Type>().clone())
}
