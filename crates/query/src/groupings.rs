//! The groupings of a release: one without grouping sets, else one for each set. Every grouping is a family of cells of
//! its own; together they are margins of each other.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array, new_null_array},
    compute::{self, concat_batches},
    datatypes::{DataType, Schema},
};
use datafusion::common::Result;
use shuyu_privacy::{
    CellLayout, GateKey, GateOutcome, Rules, SetKey, Thresholds,
    secondary::{self, Margin},
};

use crate::{
    answers::{self, Grouping, OfSums, Values},
    check::{figure::Formula, release::Release},
    split::cells::{self, rows_by_key},
};

/// What came of one grouping before the release ledger is asked. Never leaves.
pub(crate) struct Grouped {
    pub outcome: GateOutcome,
    pub asked: Grouping,
    margin: Margin,
}

/// Each grouping of a release as a release of its own, with the keys that it leaves out as bits.
pub(crate) fn of(release: &Release) -> Vec<(Release, u64)> {
    let Some(sets) = &release.sets else {
        return vec![(release.clone(), 0)];
    };
    let each = sets.each.iter().zip(&sets.numbers).map(|(set, number)| {
        let keys = set.iter().filter_map(|key| release.keys.get(*key).cloned());
        let one = Release {
            keys: keys.collect(),
            sets: None,
            ..release.clone()
        };
        (one, number & ((1 << release.keys.len()) - 1))
    });
    each.collect()
}

impl Grouped {
    /// Puts together what was found about the cells of a grouping.
    ///
    /// # Errors
    /// When cells and layout do not fit.
    pub fn of(
        release: &Release,
        (cells, layout): (&RecordBatch, &CellLayout),
        outcome: GateOutcome,
        (found, ranks): (OfSums, BTreeMap<usize, Values>),
        left_out: u64,
    ) -> Result<Self> {
        let keys = release.keys.len();
        let mut values: Vec<Vec<Vec<u8>>> = vec![Vec::new(); cells.num_rows()];
        for column in &cells.columns()[..keys] {
            for (value, (_, bytes)) in values.iter_mut().zip(rows_by_key(std::slice::from_ref(column))?) {
                value.push(bytes);
            }
        }
        let sizes = answers::subjects(cells, layout)?;
        let cells_of = values
            .into_iter()
            .zip(sizes)
            .map(|(value, (subjects, set))| (value, subjects, set));
        Ok(Self {
            margin: Margin {
                keys: (0..keys).collect(),
                cells: cells_of.collect::<Vec<(Vec<Vec<u8>>, u64, SetKey)>>(),
                stays: outcome.stays.clone(),
            },
            asked: Grouping {
                found,
                ranks,
                exact: answers::exact(cells, layout)?,
                groups: Vec::new(),
                stays: Vec::new(),
                keys,
                left_out,
                all_keys: keys,
            },
            outcome,
        })
    }
}

/// Takes away what margins would tell, and says of every figure and cell whether it is to leave. Whether the gate kept
/// anything back.
pub(crate) fn protect(
    groupings: &mut [Grouped],
    release: &Release,
    thresholds: &Thresholds,
    key: &GateKey,
    rules: &Rules,
) -> bool {
    let mut margins: Vec<Margin> = groupings.iter().map(|grouped| grouped.margin.clone()).collect();
    if let Some(sets) = &release.sets {
        for (margin, set) in margins.iter_mut().zip(&sets.each) {
            margin.keys.clone_from(set);
        }
        secondary::protect(&mut margins, thresholds, key, rules);
    }
    let mut withheld = false;
    for (grouped, margin) in groupings.iter_mut().zip(margins) {
        withheld |=
            grouped.outcome.kept.contains(&false) || margin.stays.iter().flatten().any(|stays| !stays);
        let stays =
            |part: &usize, cell: usize| margin.stays.get(*part).and_then(|s| s.get(cell)) == Some(&true);
        grouped.asked.stays = release
            .figures
            .iter()
            .map(|figure| {
                let cells = grouped.outcome.kept.iter().enumerate();
                let all =
                    cells.map(|(cell, kept)| *kept && figure.parts.iter().all(|part| stays(part, cell)));
                all.collect()
            })
            .collect();
        grouped.asked.all_keys = release.keys.len();
        grouped.outcome.stays = margin.stays;
    }
    withheld
}

/// All groupings as the cells that the upper plan was planned with: keys, the number of the grouping set, figures.
///
/// # Errors
/// When a column has another type.
pub(crate) fn visible(
    groupings: &[Grouped],
    release: &Release,
    answers: &[Vec<Vec<Option<f64>>>],
    wanted: &Arc<Schema>,
) -> Result<RecordBatch> {
    let figures = release.figures.iter();
    let figures: Vec<(&DataType, bool)> = figures
        .map(|figure| (&figure.data_type, !matches!(figure.formula, Formula::Grouping(_))))
        .collect();
    let mut batches = Vec::new();
    for (number, (Grouped { outcome, asked, .. }, answers)) in groupings.iter().zip(answers).enumerate() {
        let batch = cells::answered(
            outcome,
            asked.keys,
            &asked.stays,
            answers,
            &figures,
            release.is_fused(),
        )?;
        let batch = match &release.sets {
            None => batch,
            Some(sets) => {
                let rows = batch.num_rows();
                let set = sets.each.get(number).map_or(&[][..], |set| set);
                let mut columns: Vec<ArrayRef> = Vec::new();
                for key in 0..release.keys.len() {
                    columns.push(match set.iter().position(|own| *own == key) {
                        Some(place) => Arc::clone(batch.column(place)),
                        None => new_null_array(wanted.field(key).data_type(), rows),
                    });
                }
                let id = UInt64Array::from(vec![sets.numbers.get(number).copied().unwrap_or(0); rows]);
                columns.push(compute::cast(&id, &sets.data_type)?);
                columns.extend(batch.columns()[set.len()..].iter().cloned());
                let fields = wanted.fields().iter().zip(&columns);
                let fields: Vec<_> = fields
                    .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
                    .collect();
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?
            }
        };
        batches.push(cells::in_types(&batch, wanted)?);
    }
    Ok(concat_batches(wanted, &batches)?)
}
