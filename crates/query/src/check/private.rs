//! Mode `dp`: what a release may be made of, and what it will cost and how exact it will be. Narrower than `stat`: sums
//! over subjects of which it is known, before any data is read, how much one subject can change.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use datafusion::{common::Column, logical_expr::Expr};
use shuyu_kernel::{DatasetId, Refusal};
use shuyu_privacy::{
    Permit, Statistic, TableKind, Use,
    dp::{Amount, Counted, Design},
};

use super::{
    blame::{self, first_column},
    figure::{Figure, Moment, Role, Spread},
    nearest::quoted,
    noisy::Planner,
    origin::Origin,
    relation::{Leaf, Stage},
    release::Release,
    stage::Step,
};
use crate::{
    estimate::{Estimate, Expected},
    refusal::Explain,
};

/// From which column of the plan by subject a sum is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A subject is one.
    One,
    /// A subject is one if it has a value of the part with this number.
    Has(usize),
    /// Its rows.
    Rows,
    /// Its values of the part with this number.
    Values(usize),
    /// The total of its values of the part with this number.
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
    pub of: String,
}

/// A figure, planned.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub statistic: Statistic,
    pub counted: Counted,
}

/// A release in mode `dp`, planned.
#[derive(Debug, Clone)]
pub(crate) struct Private {
    pub design: Design,
    pub sums: Vec<Sum>,
    /// By figure.
    pub figures: Vec<Planned>,
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
        let figures = release.figures.iter().zip(&self.figures);
        let expected = figures.map(|(figure, planned)| Expected {
            statistic: planned.statistic,
            column: column_told(release, figure).map(|column| column.name),
            error: self.design.error(&planned.counted),
        });
        Estimate {
            expected: expected.collect(),
            rho: self.design.rho,
            least_subjects: self.design.threshold(),
            charged: self.charged.clone(),
        }
    }
}

/// Plans a statement under the terms of a permit: one release of stored rows, or none.
///
/// # Errors
/// `dp_one_release`, and what [`plan`] refuses.
pub(crate) fn of_steps(steps: &[Step], permit: &Permit) -> Result<Option<Private>, Refusal> {
    let release = match steps {
        [] => return Ok(None),
        [Step::Release { release, .. }] => release,
        // What one subject changes in a bound changes whom a later release is about.
        [first, ..] => return Err(one_release(first.release(), permit)),
    };
    let stored = |leaf: &Leaf| matches!(leaf.origin, Origin::Stored);
    if !release.relation.leaves.iter().all(stored) {
        return Err(one_release(Some(release), permit));
    }
    plan(release, permit).map(Some)
}

/// A statement that is more than one release of stored rows.
fn one_release(release: Option<&Release>, permit: &Permit) -> Refusal {
    let refusal = Refusal::unmet("dp_one_release")
        .under(&permit.citations.raw_stays)
        .fact("node", "aggregate")
        .fact("use", Use::Measure.name())
        .instruct("one_release");
    match release.and_then(|release| release.relation.personal()) {
        Some(leaf) => refusal.fact("table", &leaf.table),
        None => refusal,
    }
}

/// Plans a release under the terms of a permit.
///
/// # Errors
/// `dp_statistic_refused`, `dp_join_refused`, `dp_limits_missing`, `dp_limits_too_wide`.
pub(crate) fn plan(release: &Release, permit: &Permit) -> Result<Private, Refusal> {
    let terms = &permit.thresholds.dp;
    if let Some(leaf) = release.relation.own().next() {
        let refusal = Refusal::unmet("dp_join_refused").under(&permit.citations.join_risk);
        return Err(refusal
            .fact("node", "own_join")
            .fact("use", Use::Link.name())
            .fact("table", &leaf.table)
            .instruct("join_on_subject"));
    }
    if let Some(column) = release.second_domains.first() {
        let refusal = Refusal::unmet("dp_join_refused").under(&permit.citations.join_risk);
        return Err(blame::naming(refusal, &release.relation, column)
            .fact("node", "join")
            .fact("use", Use::Link.name())
            .instruct("join_on_subject"));
    }
    if release.sets.is_some() {
        return Err(no_sum(release, permit, None, "grouping"));
    }
    let declared = declared(release, permit);
    let from_data = declared.is_none() && !release.keys.is_empty();
    let most = most_rows(release);
    let rows = most.min(u64::from(terms.rows.value.max(1)));
    let mut planner = Planner::new(release, permit, rows);
    if from_data {
        planner.one();
    }
    let figures = release.figures.iter().map(|figure| planner.figure(figure));
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
        let refusal = about(release, permit, release.figures.first(), "dp_limits_too_wide");
        return Err(refusal.instruct("narrower_limits"));
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
        TableKind::NonPersonal | TableKind::Public | TableKind::Own => u64::MAX,
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

/// A figure that is no sum of which one subject changes a known part, with the nearest that is.
pub(super) fn no_sum(release: &Release, permit: &Permit, figure: Option<&Figure>, function: &str) -> Refusal {
    let refusal = about(release, permit, figure, "dp_statistic_refused").fact("function", function);
    let leaves = release.relation.leaves.iter();
    let mut units = leaves.flat_map(|leaf| &leaf.grant.columns);
    match units.find(|(_, column)| column.unit) {
        Some((unit, _)) => refusal.nearest_sql(format!("count(DISTINCT {})", quoted(unit))),
        None => refusal.nearest_sql("count(*)"),
    }
}

pub(super) fn about(
    release: &Release,
    permit: &Permit,
    figure: Option<&Figure>,
    code: &'static str,
) -> Refusal {
    let refusal = Refusal::unmet(code)
        .under(&permit.citations.raw_stays)
        .fact("node", "aggregate")
        .fact("use", Use::Measure.name());
    let column = figure.and_then(|figure| column_of(release, figure));
    match (column, release.relation.personal()) {
        (Some(column), _) => blame::pointing(refusal, &release.relation, &column),
        (None, Some(leaf)) => refusal.fact("table", &leaf.table),
        (None, None) => refusal,
    }
}

/// The first column that a figure reads.
pub(super) fn column_of(release: &Release, figure: &Figure) -> Option<Column> {
    let parts = figure.parts.iter().filter_map(|part| release.parts.get(*part));
    let mut columns = parts.filter_map(|part| first_column(&part.core.as_ref()?.value));
    columns.next()
}

/// The same, unless the figure is about subjects.
fn column_told(release: &Release, figure: &Figure) -> Option<Column> {
    let of_subjects = |part: &usize| {
        let role = release.parts.get(*part).map(|part| part.role);
        role == Some(Role::Subjects)
    };
    let told = !figure.parts.iter().any(of_subjects);
    column_of(release, figure).filter(|_| told)
}

/// The function of a second moment.
pub(super) fn called(moment: Moment) -> &'static str {
    match moment {
        Moment::Spread(Spread {
            root: true,
            sample: true,
        }) => "stddev",
        Moment::Spread(Spread {
            root: true,
            sample: false,
        }) => "stddev_pop",
        Moment::Spread(Spread {
            root: false,
            sample: true,
        }) => "var",
        Moment::Spread(Spread {
            root: false,
            sample: false,
        }) => "var_pop",
        Moment::Correlation => "corr",
        Moment::Covariance { sample: true } => "covar_samp",
        Moment::Covariance { sample: false } => "covar_pop",
        Moment::Slope => "regr_slope",
        Moment::Intercept => "regr_intercept",
        Moment::Determination => "regr_r2",
        Moment::SquaresOfX => "regr_sxx",
        Moment::SquaresOfY => "regr_syy",
        Moment::Products => "regr_sxy",
    }
}
