//! The disclosure gate: cells with hidden columns in, cells that may leave out.
//!
//! Rules, in this order, for every cell (numbers in [`Thresholds`]):
//!
//! * **G1 subjects.** A cell needs `k + j` subjects. `j` is a keyed function of the set of subjects,
//!   so that the threshold is no exact counter for somebody who knows all subjects but one.
//! * **G1 second domain.** Joined through enterprises (or another domain), it needs enough of those
//!   too, and none of them may stand for most of it.
//! * **G1 arguments.** Every argument needs `k + j` subjects with a value; sums and means need them
//!   with a value other than zero. An argument that leaves out some subjects of the cell, but fewer
//!   than `k + j`, is suppressed: the difference to the cell would speak of those few.
//! * **G1 branches.** Where an argument is a branch of the analyst's own (CASE, FILTER), both sides need `k + j`
//!   subjects, and one side has at most 95 % of them; nobody, a few and nearly everybody look alike.
//! * **G2 dominance.** The two greatest subjects hold at most 90 %, the rest at least 10 % of the
//!   greatest; measured on the absolute total of each subject.
//! * **Finite.** A statistic that is not finite is suppressed, and so is a sum of whole numbers whose
//!   absolute total leaves 64 bits: it has wrapped round.
//! * **G3 classes.** Where a sensitive column or a measure is a key or filtered by, the cell, and each side of a branch,
//!   is at most 95 % of what it would be without that, unless that class is at least 80 % of everybody.
//! * **Different values** are counted where at least `k + j` subjects hold them ([`least_subjects`]);
//!   the engine does so before the gate.
//!
//! A cell that fails is dropped, an argument that fails is NULL; zero subjects look like one to nine.
//! Without group keys there is always exactly one row, all NULL if suppressed. Nothing is counted,
//! logged or explained. What passes is then perturbed (`noise`) and compared with what was answered
//! before and in the same statement (`book`). Margins of grouping sets have a rule of their own (G6, `secondary`).

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, new_null_array},
    compute,
    datatypes::{DataType, Field, Float64Type, Schema, SchemaRef},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use shuyu_kernel::DatasetId;

use crate::{
    columns::{DomainArrays, Reader, StatisticArrays},
    permit::Thresholds,
    prf::GateKey,
    release::{ReleasedCell, SetKey, Statistic},
    rules::{Rule, Rules},
};

/// Names of the columns of a batch of cells, and what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLayout {
    /// Visible group keys, in order.
    pub keys: Vec<String>,
    /// Visible statistics, in order, each with its hidden columns.
    pub statistics: Vec<StatisticColumns>,
    /// Hidden columns of the whole cell.
    pub hidden: HiddenColumns,
    /// Hidden columns of every second domain the relation was joined through.
    pub domains: Vec<DomainColumns>,
    /// Hidden columns of every class that the cells are made by.
    pub classes: Vec<ClassColumns>,
    /// Identifier domain of the subjects.
    pub domain: String,
    /// The datasets read, at which versions.
    pub datasets: BTreeMap<DatasetId, u64>,
}

/// Hidden columns of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenColumns {
    /// Number of different subjects (Int64).
    pub subjects: String,
    /// XOR of their units (UInt64).
    pub set_xor: String,
    /// Sum of their units modulo 2⁶⁴ (UInt64).
    pub set_sum: String,
}

/// One statistic and its hidden columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticColumns {
    /// Visible column.
    pub value: String,
    /// Which statistic.
    pub statistic: Statistic,
    /// Text of the checked argument; empty for rows.
    pub argument: String,
    /// Subjects with a value (Int64). Absent for rows.
    pub contributors: Option<String>,
    /// Subjects with a value other than zero (Int64). Present for sums and means.
    pub nonzero: Option<String>,
    /// Total of the absolute values of all subjects, and the two greatest (Float64 each).
    pub dominance: Option<[String; 3]>,
    /// Key of subjects with their contribution (UInt64).
    pub contribution_key: Option<String>,
    /// Whether having a value is something that is said about a subject: a branch of the analyst's own.
    pub indicator: bool,
    /// That nobody has a value says no more than that all have one: the other side of a missing value.
    pub optional: bool,
    /// Hidden columns of every second domain behind the side of a branch.
    pub domains: Vec<DomainColumns>,
    /// Hidden columns of every class that the cell is made by, as it stands in the side of a branch.
    pub classes: Vec<ClassColumns>,
}

/// Hidden columns of a second identifier domain, for example the employers behind a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainColumns {
    /// Number of different members (Int64).
    pub members: String,
    /// Pairs of total and greatest member (Float64): of the rows, and of every measured argument.
    pub shares: Vec<[String; 2]>,
}

/// Hidden columns of a class: the part of a larger cell that a predicate or a key on a sensitive column or a measure
/// makes (Float64, shares of subjects).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassColumns {
    /// Share of the cell as it would be without them.
    pub share: String,
    /// Share of everybody.
    pub base: String,
}

/// What leaves the gate, and what is to be remembered about it.
#[derive(Debug, Clone)]
pub struct GateOutcome {
    /// Keys and statistics only, nothing hidden. Every column may be NULL.
    pub visible: RecordBatch,
    /// For every cell that went in, whether it is visible.
    pub kept: Vec<bool>,
    /// For every statistic and every cell that went in, whether its value is visible.
    pub stays: Vec<Vec<bool>>,
    /// One entry per released number.
    pub released: Vec<ReleasedCell>,
}

/// Applies the gate to all cells of one release.
///
/// # Errors
/// When a column of the layout is missing or has another type. The text speaks of columns, never of
/// values; callers still show it to nobody.
pub fn gate(
    cells: &RecordBatch,
    layout: &CellLayout,
    thresholds: &Thresholds,
    key: &GateKey,
    rules: &Rules,
) -> Result<GateOutcome, ArrowError> {
    let reader = Reader { cells };
    let sets = reader.sets(&layout.hidden)?;
    let subjects = reader.counts(&layout.hidden.subjects)?;
    let judge = Judge {
        thresholds,
        key,
        rules,
    };
    let domains = layout
        .domains
        .iter()
        .map(|d| reader.domain(d))
        .collect::<Result<Vec<_>, _>>()?;
    let classes = layout.classes.iter().map(|class| reader.class(class));
    let classes = classes.collect::<Result<Vec<_>, _>>()?;
    let keep: Vec<bool> = (0..cells.num_rows())
        .map(|row| {
            (subjects.value(row) >= judge.least(sets[row], None) || !rules.hold(Rule::Subjects))
                && domains.iter().all(|domain| judge.second_domain(domain, row))
                && classes.iter().all(|class| judge.class(class, row))
        })
        .collect();
    let mask = BooleanArray::from(keep.clone());
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for name in &layout.keys {
        columns.push((name.clone(), compute::filter(reader.column(name)?, &mask)?));
    }
    let (mut released, mut all_stays) = (Vec::new(), Vec::new());
    for statistic in &layout.statistics {
        let hidden = reader.statistic(statistic)?;
        let values = reader.column(&statistic.value)?;
        let stays: Vec<bool> = (0..cells.num_rows())
            .map(|row| {
                keep[row]
                    && judge.argument(&hidden, sets[row], subjects.value(row), row)
                    && finite(values, row)
                    && !wrapped(values, &hidden, row)
            })
            .collect();
        record(
            &mut released,
            layout,
            statistic,
            &hidden,
            (values, &stays, &sets, &subjects),
        )?;
        let nulled = compute::nullif(values, &BooleanArray::from_iter(stays.iter().map(|s| Some(!s))))?;
        columns.push((statistic.value.clone(), compute::filter(&nulled, &mask)?));
        all_stays.push(stays);
    }
    Ok(GateOutcome {
        visible: assemble(columns, layout.keys.is_empty())?,
        kept: keep,
        stays: all_stays,
        released,
    })
}

/// The visible schema that [`gate`] returns for cells of this schema.
///
/// # Errors
/// When a column of the layout is missing.
pub fn visible_schema(cells: &Schema, layout: &CellLayout) -> Result<SchemaRef, ArrowError> {
    let names = layout
        .keys
        .iter()
        .chain(layout.statistics.iter().map(|s| &s.value));
    let fields = names.map(|name| {
        Ok(Field::new(
            name,
            cells.field_with_name(name)?.data_type().clone(),
            true,
        ))
    });
    Ok(Arc::new(Schema::new(
        fields.collect::<Result<Vec<_>, ArrowError>>()?,
    )))
}

fn assemble(columns: Vec<(String, ArrayRef)>, keyless: bool) -> Result<RecordBatch, ArrowError> {
    let empty = columns.first().is_none_or(|(_, array)| array.is_empty());
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns
        .into_iter()
        .map(|(_, array)| {
            if keyless && empty {
                new_null_array(array.data_type(), 1)
            } else {
                array
            }
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

fn finite(values: &ArrayRef, row: usize) -> bool {
    match values.data_type() {
        DataType::Float64 => {
            values.is_null(row) || values.as_primitive::<Float64Type>().value(row).is_finite()
        }
        _ => true,
    }
}

/// Whether a whole number may have wrapped round: the total of absolute values leaves 64 bits.
fn wrapped(values: &ArrayRef, hidden: &StatisticArrays, row: usize) -> bool {
    // 2⁶², not 2⁶³: the total is a sum of fractions and not exact.
    const MOST: f64 = 4_611_686_018_427_387_904.0;
    let total = hidden
        .dominance
        .as_ref()
        .map_or(0.0, |[total, ..]| or_zero(total, row));
    values.data_type().is_integer() && total >= MOST
}

type Remembered<'a> = (&'a ArrayRef, &'a [bool], &'a [SetKey], &'a Int64Array);

fn record(
    released: &mut Vec<ReleasedCell>,
    layout: &CellLayout,
    statistic: &StatisticColumns,
    hidden: &StatisticArrays,
    (values, stays, sets, subjects): Remembered<'_>,
) -> Result<(), ArrowError> {
    let format = FormatOptions::default();
    let texts = ArrayFormatter::try_new(values, &format)?;
    for (row, _) in stays.iter().enumerate().filter(|(_, stays)| **stays) {
        released.push(ReleasedCell {
            datasets: layout.datasets.clone(),
            domain: layout.domain.clone(),
            set_key: sets[row],
            contribution_key: hidden.contribution_key.as_ref().map(|keys| keys.value(row)),
            subjects: subjects.value(row).unsigned_abs(),
            statistic: statistic.statistic,
            argument: statistic.argument.clone(),
            value: texts.value(row).to_string(),
        });
    }
    Ok(())
}

/// `k + j` for a set of subjects, or for a set with its contributions: `j` is a keyed 0…`k_jitter`.
pub fn least_subjects(thresholds: &Thresholds, key: &GateKey, set: SetKey, contribution: Option<u64>) -> i64 {
    let steps = u64::from(thresholds.k_jitter.value) + 1;
    let with = contribution.map(u64::to_be_bytes);
    let second: &[u8] = with.as_ref().map_or(&[], |bytes| bytes);
    let jitter = key.value("threshold jitter", &[&set.bytes(), second]) % steps;
    i64::from(thresholds.k.value).saturating_add_unsigned(jitter)
}

/// Decides about one cell.
struct Judge<'a> {
    thresholds: &'a Thresholds,
    key: &'a GateKey,
    rules: &'a Rules,
}

impl Judge<'_> {
    fn least(&self, set: SetKey, contribution: Option<u64>) -> i64 {
        least_subjects(self.thresholds, self.key, set, contribution)
    }

    fn second_domain(&self, domain: &DomainArrays, row: usize) -> bool {
        if !self.rules.hold(Rule::SecondDomain) {
            return true;
        }
        let share = f64::from(self.thresholds.second_domain_share_max.value) / 1000.0;
        domain.members.value(row) >= i64::from(self.thresholds.k_second_domain.value)
            && domain.shares.iter().all(|[total, greatest]| {
                let (total, greatest) = (or_zero(total, row), or_zero(greatest, row));
                total.is_finite() && greatest <= share * total
            })
    }

    /// G3: a class that is nearly everybody here, and not everywhere, speaks of everybody here.
    fn class(&self, [share, base]: &[Float64Array; 2], row: usize) -> bool {
        let most = f64::from(self.thresholds.class_share_max.value) / 1000.0;
        let usual = f64::from(self.thresholds.class_base_max.value) / 1000.0;
        let known = share.is_valid(row) && base.is_valid(row);
        !self.rules.hold(Rule::ClassShare)
            || (known && (share.value(row) <= most || base.value(row) >= usual))
    }

    fn argument(&self, hidden: &StatisticArrays, set: SetKey, subjects: i64, row: usize) -> bool {
        let least = self.least(set, hidden.contribution_key.as_ref().map(|keys| keys.value(row)));
        let enough = |counts: &Option<Int64Array>| {
            counts
                .as_ref()
                .is_none_or(|counts| !counts.is_null(row) && counts.value(row) >= least)
                || !self.rules.hold(Rule::Subjects)
        };
        let left_out = hidden
            .contributors
            .as_ref()
            .map_or(0, |c| subjects - c.value(row));
        if hidden.optional && left_out == subjects {
            return true;
        }
        enough(&hidden.contributors)
            && enough(&hidden.nonzero)
            && (left_out == 0 && !hidden.indicator || left_out >= least || !self.rules.hold(Rule::LeftOut))
            && hidden
                .domains
                .iter()
                .all(|domain| self.second_domain(domain, row))
            && hidden.classes.iter().all(|class| self.class(class, row))
            && (!hidden.indicator || self.mixed(subjects - left_out, subjects))
            && hidden
                .dominance
                .as_ref()
                .is_none_or(|columns| self.spread(columns, row))
    }

    /// G3 for a branch (A4.1): nearly everybody on one side is an answer about everybody, whatever is usual.
    fn mixed(&self, with: i64, subjects: i64) -> bool {
        let most = i64::from(self.thresholds.class_share_max.value);
        !self.rules.hold(Rule::ClassShare) || with.saturating_mul(1000) <= subjects.saturating_mul(most)
    }

    /// G2: the greatest two do not stand for nearly everything.
    fn spread(&self, [total, first, second]: &[Float64Array; 3], row: usize) -> bool {
        let (total, first, second) = (or_zero(total, row), or_zero(first, row), or_zero(second, row));
        if !self.rules.hold(Rule::Dominance) {
            return true;
        }
        let two = f64::from(self.thresholds.two_share_max.value) / 1000.0;
        let rest = f64::from(self.thresholds.rest_ratio_min.value) / 1000.0;
        // Comparisons with NaN are false, so a total that is not a number is suppressed.
        total.is_finite() && first + second <= two * total && total - first - second >= rest * first
    }
}

fn or_zero(array: &Float64Array, row: usize) -> f64 {
    if array.is_null(row) { 0.0 } else { array.value(row) }
}
