//! The sums over subjects that all figures are made of, and what each subject of each cell contributes to them.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, RecordBatch, UInt64Array},
    datatypes::UInt64Type,
    row::{RowConverter, SortField},
};
use datafusion::{
    common::{
        HashMap, Result, exec_err,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::Expr,
};
use shuyu_privacy::Kind;

use super::{
    gathered::Given,
    lower::{UNIT, ordered},
};
use crate::check::{
    figure::{Amount, Formula, Moment, Role, Scaled, Term},
    release::Release,
};

/// A sum over subjects.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    /// What is the same for all sums that may be subtracted from each other, whatever the statement.
    pub family: String,
    pub kind: Kind,
    pub given: Given,
}

/// One of the arguments of a second moment: `factor · x + offset`.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub total: usize,
    pub values: usize,
    /// Totals of its squares.
    pub squares: usize,
    pub factor: f64,
    pub offset: f64,
    /// Names it in every statement.
    pub name: String,
}

/// How a figure is made of sums.
#[derive(Debug, Clone)]
pub(crate) enum Made {
    /// Sums with their factors.
    Linear(Vec<(f64, usize)>),
    /// The first divided by the second.
    Ratio(Vec<(f64, usize)>, Vec<(f64, usize)>),
    /// Second moments, from the totals of products.
    Second {
        moment: Moment,
        y: Variable,
        x: Variable,
        products: usize,
    },
    /// A quantile of the values of a part, which is called this in every statement.
    Quantile {
        part: usize,
        name: String,
        fraction: f64,
        grain: Option<u64>,
    },
    /// Which of these keys are left out.
    Grouping(Vec<usize>),
}

/// The sums of a release, each once, and how its figures are made of them.
pub(crate) struct Sums {
    pub sums: Vec<Sum>,
    pub figures: Vec<Made>,
    /// The number of the part that a sum is the exact value of, where it is no sum over subjects.
    pub exact: BTreeMap<usize, usize>,
}

impl Sums {
    pub fn of(release: &Release) -> Result<Self> {
        let mut all = Self {
            sums: Vec::new(),
            figures: Vec::new(),
            exact: BTreeMap::new(),
        };
        for figure in &release.figures {
            let made = match &figure.formula {
                Formula::Sum(terms) => Made::Linear(all.linear(terms, release)?),
                Formula::Ratio(above, below) => {
                    Made::Ratio(all.linear(above, release)?, all.linear(below, release)?)
                }
                Formula::Second { moment, y, x } => {
                    let (one, other) = ordered(x.part, y.part);
                    let products = all.product(one, other);
                    let (y, x) = (all.variable(y, release)?, all.variable(x, release)?);
                    Made::Second {
                        moment: *moment,
                        y,
                        x,
                        products,
                    }
                }
                Formula::Value(part) => {
                    let role = release.parts.get(*part).map(|part| part.role);
                    let kind = match role {
                        Some(Role::Greatest) => "greatest",
                        Some(Role::Smallest) => "smallest",
                        _ => "distinct",
                    };
                    let family = format!("{kind} {}", canonical(release, *part)?);
                    let sum = all.add(family, Kind::Distinct, Given::One);
                    all.exact.insert(sum, *part);
                    Made::Linear(vec![(1.0, sum)])
                }
                Formula::Quantile { part, fraction } => Made::Quantile {
                    part: *part,
                    name: canonical(release, *part)?,
                    fraction: *fraction,
                    grain: release
                        .parts
                        .get(*part)
                        .and_then(|part| part.core.as_ref()?.grain),
                },
                Formula::Grouping(keys) => Made::Grouping(keys.clone()),
            };
            all.figures.push(made);
        }
        Ok(all)
    }

    /// What each sum adds up.
    pub fn given(&self) -> Vec<Given> {
        self.sums.iter().map(|sum| sum.given).collect()
    }

    fn linear(&mut self, terms: &[Term], release: &Release) -> Result<Vec<(f64, usize)>> {
        let mut sums = Vec::new();
        for term in terms {
            sums.push((term.factor, self.term(term, release)?));
        }
        Ok(sums)
    }

    fn term(&mut self, term: &Term, release: &Release) -> Result<usize> {
        let part = term.part;
        let valued = release
            .parts
            .get(part)
            .is_some_and(|part| part.has_values() && part.role != Role::Subjects);
        let count = "count".to_owned();
        Ok(match (term.amount, valued) {
            (Amount::Subjects, false) => self.add(count, Kind::Count, Given::One),
            (Amount::Subjects, true) => self.add(count, Kind::Count, Given::Has(part)),
            (Amount::Rows, false) => self.add(count, Kind::Count, Given::Rows),
            (Amount::Rows, true) => self.add(count, Kind::Count, Given::Values(part)),
            // How many rows a subject has is a count, however it was come by.
            (Amount::Total, _) if counts_rows(release, part) => {
                self.add(count, Kind::Count, Given::Total(part))
            }
            (Amount::Total, _) => {
                let family = format!("sum {}", canonical(release, part)?);
                self.add(family, Kind::Sum, Given::Total(part))
            }
        })
    }

    fn product(&mut self, one: usize, other: usize) -> usize {
        self.add(String::new(), Kind::Sum, Given::Product(one, other))
    }

    fn variable(&mut self, of: &Scaled, release: &Release) -> Result<Variable> {
        let term = |amount| Term {
            factor: 1.0,
            part: of.part,
            amount,
        };
        Ok(Variable {
            total: self.term(&term(Amount::Total), release)?,
            values: self.term(&term(Amount::Rows), release)?,
            squares: self.product(of.part, of.part),
            factor: of.factor,
            offset: of.offset,
            name: canonical(release, of.part)?,
        })
    }

    fn add(&mut self, family: String, kind: Kind, given: Given) -> usize {
        let same = |sum: &Sum| sum.family == family && sum.kind == kind && sum.given == given;
        match self.sums.iter().position(same) {
            Some(place) => place,
            None => {
                self.sums.push(Sum { family, kind, given });
                self.sums.len() - 1
            }
        }
    }
}

/// Whether the total of a part is of counts of the rows of each subject. In a family of its own it would be perturbed by
/// the same deviation at another scale, and both together would show the total.
fn counts_rows(release: &Release, part: usize) -> bool {
    let core = release.parts.get(part).and_then(|part| part.core.as_ref());
    core.is_some_and(|core| release.relation.counts_rows(&core.value))
}

/// What a part reads, with columns named by dataset, so that it is the same text in every statement. Guards are left
/// out: which rows they leave shows in the set.
pub(crate) fn canonical(release: &Release, part: usize) -> Result<String> {
    let Some(core) = release.parts.get(part).and_then(|part| part.core.as_ref()) else {
        return Ok(String::new());
    };
    let relation = &release.relation;
    let named = core.value.clone().transform_up(|node| match node {
        Expr::Column(column) => Ok(Transformed::yes(relation.lineage(&column))),
        Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
        // A conversion changes no value that counts.
        Expr::Cast(cast) => Ok(Transformed::yes(*cast.expr)),
        other => Ok(Transformed::no(other)),
    });
    let named = named.data()?.to_string();
    Ok(if core.centre == 0 {
        named
    } else {
        format!("{named} - {}", core.centre)
    })
}

/// Finds the cell of a row by its keys.
pub(crate) struct Places {
    keys: usize,
    converter: Option<RowConverter>,
    /// Looked into for every row, and never walked through.
    cells: HashMap<Vec<u8>, usize>,
}

impl Places {
    /// Of the cells that are kept.
    ///
    /// # Errors
    /// When a key has a type that does not compare.
    pub fn new(keys: usize, cells: &RecordBatch, kept: &[bool]) -> Result<Self> {
        let columns = &cells.columns()[..keys];
        let mut places = HashMap::new();
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
            keys,
            converter,
            cells: places,
        })
    }

    /// The cell of each row of a batch that begins with the keys.
    ///
    /// # Errors
    /// When the keys are others.
    pub fn of(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
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

/// The units of a batch.
///
/// # Errors
/// When there are none.
pub(super) fn units(batch: &RecordBatch) -> Result<&UInt64Array> {
    let units = batch
        .column_by_name(UNIT)
        .and_then(|c| c.as_primitive_opt::<UInt64Type>());
    match units {
        Some(units) => Ok(units),
        None => exec_err!("subjects without units"),
    }
}
