//! Mode `dp`: what a release may be made of, and what it will cost and how exact it will be. Narrower than `stat`: sums
//! over subjects of which it is known, before any data is read, how much one subject can change.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use datafusion::logical_expr::Expr;
use shuyu_kernel::{DatasetId, Refusal};
use shuyu_privacy::{
    Bounds, Permit, Statistic, TableKind,
    dp::{Amount, Counted, Design},
};

use super::{
    blame::{self, first_column},
    branch::Spread,
    nearest::quoted,
    relation::Stage,
    release::{Figure, Release},
};
use crate::{
    estimate::{Estimate, Expected},
    refusal::Explain,
    split::{canonical, is_fraction},
};

/// From which column of the plan by subject a sum is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A subject is one.
    One,
    /// Its rows.
    Rows,
    /// Its values of the figure with this number.
    Values(usize),
    /// The total of its values of the figure with this number.
    Total(usize),
}

/// A sum that gets noise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub read: Read,
    pub amount: Amount,
    /// As in the release ledger: all that may be subtracted from each other.
    pub family: String,
    /// Of what it is a sum, so that the same is paid for once.
    argument: String,
}

/// A release in mode `dp`, planned.
#[derive(Debug, Clone)]
pub(crate) struct Private {
    pub design: Design,
    pub sums: Vec<Sum>,
    /// By figure.
    pub figures: Vec<Counted>,
    /// Declared values of every key, if all are declared; else keys come from the data.
    pub declared: Option<Vec<Vec<String>>>,
    /// Personal datasets that are read: each is charged.
    pub charged: BTreeSet<DatasetId>,
    /// Noise was drawn: from now on the answer has cost what it costs, whatever becomes of it.
    drawn: Arc<AtomicBool>,
}

impl Private {
    pub fn draws(&self) {
        self.drawn.store(true, Ordering::SeqCst);
    }
    pub fn has_drawn(&self) -> bool {
        self.drawn.load(Ordering::SeqCst)
    }

    /// What may be told before it runs.
    pub fn estimate(&self, release: &Release) -> Estimate {
        let expected = release
            .statistics
            .iter()
            .zip(&self.figures)
            .map(|(figure, counted)| {
                let column = figure.argument.as_ref().and_then(first_column);
                Expected {
                    statistic: figure.statistic,
                    column: column.filter(|_| !figure.indicator).map(|column| column.name),
                    error: self.design.error(*counted),
                }
            });
        Estimate {
            expected: expected.collect(),
            rho: self.design.rho,
            least_subjects: self.design.threshold(),
            charged: self.charged.clone(),
        }
    }
}

/// Plans a release under the terms of a permit.
///
/// # Errors
/// `dp_statistic_refused`, `dp_join_refused`, `dp_limits_missing`, `dp_limits_too_wide`.
pub(crate) fn plan(release: &Release, permit: &Permit) -> Result<Private, Refusal> {
    let terms = &permit.thresholds.dp;
    if let Some(column) = release.second_domains.first() {
        let refusal = Refusal::unmet("dp_join_refused").under(&permit.citations.join_risk);
        return Err(blame::naming(refusal, &release.relation, column)
            .fact("node", "join")
            .instruct("join_on_subject"));
    }
    let declared = declared(release, permit);
    let from_data = declared.is_none() && !release.keys.is_empty();
    let most = most_rows(release);
    let rows = most.min(u64::from(terms.rows.value.max(1)));
    let mut planner = Planner {
        release,
        permit,
        rows,
        sums: Vec::new(),
    };
    if from_data {
        planner.one();
    }
    let figures = release.statistics.iter().enumerate();
    let figures = figures.map(|(index, figure)| planner.figure(index, figure));
    let figures = figures.collect::<Result<Vec<_>, _>>()?;
    if planner.sums.is_empty() {
        // Keys alone, all of them declared: still one statement about the data, that costs what any does.
        planner.one();
    }
    let sums = planner.sums;
    let largest = release
        .relation
        .leaves
        .iter()
        .filter(|leaf| leaf.stage() == Stage::Personal);
    let charged = largest.clone().map(|leaf| leaf.grant.dataset).collect();
    let largest = largest.map(|leaf| terms.rows_of(&leaf.table)).max().unwrap_or(1);
    let design = Design {
        sums: sums.iter().map(|sum| sum.amount).collect(),
        rows,
        cells: if release.keys.is_empty() {
            1
        } else {
            most.min(u64::from(terms.cells.value.max(1)))
        },
        rho: u64::from(terms.query.value.max(1)),
        keys: from_data.then_some((permit.thresholds.k.value, largest)),
        terms: terms.clone(),
    };
    if design.too_wide() {
        return Err(Refusal::unmet("dp_limits_too_wide").instruct("narrower_limits"));
    }
    Ok(Private {
        design,
        sums,
        figures,
        declared,
        charged,
        drawn: Arc::default(),
    })
}

/// Most rows of one subject, as far as the tables promise. Nothing rests on it: what a subject adds is bounded anyway,
/// but narrower bounds need less noise.
fn most_rows(release: &Release) -> u64 {
    if !release.subject.many_rows {
        return 1;
    }
    let rows = release.relation.leaves.iter().map(|leaf| match leaf.grant.kind {
        TableKind::Personal { rows_per_unit, .. } => rows_per_unit.max(1),
        // A register may hold a key more than once.
        TableKind::NonPersonal | TableKind::Public => u64::MAX,
    });
    rows.fold(1, u64::saturating_mul)
}

/// The declared values of all keys, if every key is a bare column whose values are declared.
fn declared(release: &Release, permit: &Permit) -> Option<Vec<Vec<String>>> {
    let of = |key: &Expr| {
        let Expr::Column(column) = key else { return None };
        let table = &release.relation.leaf(column)?.table;
        let declared = &permit.thresholds.dp.declared;
        declared.get(table)?.get(&column.name).cloned()
    };
    let all: Vec<Vec<String>> = release.keys.iter().map(of).collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}

struct Planner<'a> {
    release: &'a Release,
    permit: &'a Permit,
    rows: u64,
    sums: Vec<Sum>,
}

impl Planner<'_> {
    fn add(&mut self, sum: Sum) -> usize {
        let same = |other: &Sum| {
            other.amount == sum.amount
                && other.argument == sum.argument
                && std::mem::discriminant(&other.read) == std::mem::discriminant(&sum.read)
        };
        match self.sums.iter().position(same) {
            Some(place) => place,
            None => {
                self.sums.push(sum);
                self.sums.len() - 1
            }
        }
    }

    fn one(&mut self) -> usize {
        self.counted(Read::One, Amount::One, String::new())
    }

    /// Rows: a subject with one row is its row.
    fn rows(&mut self) -> usize {
        if self.rows == 1 {
            self.one()
        } else {
            self.counted(Read::Rows, Amount::Rows, String::new())
        }
    }

    fn values(&mut self, index: usize, figure: &Figure) -> Result<usize, Refusal> {
        let argument = self.argument(figure)?;
        Ok(self.counted(Read::Values(index), Amount::Rows, argument))
    }

    fn counted(&mut self, read: Read, amount: Amount, argument: String) -> usize {
        self.add(Sum {
            read,
            amount,
            family: "count".to_owned(),
            argument,
        })
    }

    fn argument(&self, figure: &Figure) -> Result<String, Refusal> {
        canonical(figure, &self.release.relation).map_err(|_| Refusal::unmet("query_not_planned"))
    }

    fn total(&mut self, index: usize, figure: &Figure) -> Result<usize, Refusal> {
        let (Some(bounds), Some(argument)) = (figure.bounds, &figure.argument) else {
            return Err(self.limits_missing(figure));
        };
        if bounds == Bounds::UNDECLARED {
            return Err(self.limits_missing(figure));
        }
        let whole = !is_fraction(argument, &self.release.relation);
        let argument = self.argument(figure)?;
        Ok(self.add(Sum {
            read: Read::Total(index),
            amount: Amount::total(bounds.low, bounds.high, whole),
            family: format!("sum {argument}"),
            argument,
        }))
    }

    fn figure(&mut self, index: usize, figure: &Figure) -> Result<Counted, Refusal> {
        Ok(match figure.statistic {
            Statistic::Rows => Counted::Sum(self.rows()),
            Statistic::Values => Counted::Sum(self.values(index, figure)?),
            Statistic::Distinct if figure.of_subjects => Counted::Sum(self.one()),
            Statistic::Sum => Counted::Sum(self.total(index, figure)?),
            Statistic::Mean => Counted::Ratio(self.total(index, figure)?, self.values(index, figure)?),
            Statistic::Share => Counted::Ratio(self.values(index, figure)?, self.rows()),
            // Everything else is no sum of which one subject changes a known part.
            _ => return Err(self.no_sum(figure)),
        })
    }

    fn no_sum(&self, figure: &Figure) -> Refusal {
        let refusal = self.about(Refusal::unmet("dp_statistic_refused"), figure);
        let function = match figure.spread {
            Some(Spread {
                root: true,
                sample: true,
            }) => "stddev",
            Some(Spread {
                root: true,
                sample: false,
            }) => "stddev_pop",
            Some(Spread {
                root: false,
                sample: true,
            }) => "var",
            Some(Spread {
                root: false,
                sample: false,
            }) => "var_pop",
            None => "count",
        };
        let refusal = refusal.fact("function", function);
        let units = self
            .release
            .relation
            .leaves
            .iter()
            .flat_map(|leaf| &leaf.grant.columns);
        match units.into_iter().find(|(_, column)| column.unit) {
            Some((unit, _)) => refusal.nearest_sql(format!("count(DISTINCT {})", quoted(unit))),
            None => refusal.nearest_sql("count(*)"),
        }
    }

    /// The nearest form sets limits in the text; which ones are right, only the analyst knows.
    fn limits_missing(&self, figure: &Figure) -> Refusal {
        let refusal = self.about(Refusal::unmet("dp_limits_missing"), figure);
        match figure.argument.as_ref().and_then(first_column) {
            Some(column) => {
                let name = quoted(&column.name);
                refusal.nearest_sql(format!("least(greatest({name}, 0), 10000)"))
            }
            None => refusal.instruct("set_limits"),
        }
    }

    fn about(&self, refusal: Refusal, figure: &Figure) -> Refusal {
        let refusal = refusal
            .under(&self.permit.citations.raw_stays)
            .fact("node", "aggregate");
        match figure.argument.as_ref().and_then(first_column) {
            Some(column) => {
                let place = blame::place(&column);
                blame::naming(refusal, &self.release.relation, &column).at(place, &column.name)
            }
            None => refusal,
        }
    }
}
